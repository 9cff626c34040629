"""The search page without a browser: what each state shows, and that all sessions share one collection."""

from __future__ import annotations

import os
import re
from html import escape
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("streamlit", reason='pip install "passagework[ui]"')

from streamlit.testing.v1 import AppTest

from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval import Hits, StoreError
from passagework.ui.web.facets import Facets
from passagework.ui.web.hit_events import HitEvents
from passagework.ui.web.judging import judgments_of
from passagework.ui.web.searched import Searched
from tests.support.app_sessions import FakeReranker, fake_models, hits_of, html_of, open_page
from tests.support.fakes import FakeEncoder

pytestmark = pytest.mark.usefixtures("empty_cache")

EVIL = "&evil.md" if os.name == "nt" else "<b>evil<b>.md"
"""A name that is markup, as far as Windows takes one."""

HOSTILE = "<script>alert(1)</script> **loud** <img src=x onerror=alert(2)> :red[x] $x$ [a](javascript:b)"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """Three documents, one of them hostile from its name to its text."""
    folder = tmp_path / "docs"
    (folder / "policies").mkdir(parents=True)
    (folder / "policies" / "travel.md").write_text(
        "---\ntitle: Travel policy\n---\n# Approval\n\nTrips abroad are approved by the head of department.\n"
    )
    (folder / "bees.txt").write_text("Bees dance to tell of flowers.")
    (folder / EVIL).write_text(f"---\ntitle: '{HOSTILE}'\n---\n# {HOSTILE}\n\nGulls cry. {HOSTILE}\n")
    return folder


@pytest.fixture
def collection(docs: Path, tmp_path: Path) -> Path:
    """Their collection."""
    ingest([docs], tmp_path / "c", encoder=FakeEncoder(window=256))
    return tmp_path / "c"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The page opens collections with a fake encoder; here is which, in order."""
    return fake_models(monkeypatch, None)


@pytest.fixture
def page(collection: Path, opened: list[Path], monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page of that collection, drawn once."""
    return open_page(collection, monkeypatch)


def _searched(page: AppTest, query: str, **settings: Any) -> AppTest:
    for key, value in settings.items():
        {"path": page.text_input, "stage": page.selectbox, "fusion": page.selectbox, "k": page.slider}.get(
            key, page.number_input
        )(key=key).set_value(value)
    page.text_input(key="query").set_value(query)
    page.run()
    assert not page.exception
    return page


def test_nothing_asked_yet(page: AppTest, collection: Path) -> None:
    """The collection's name, what it holds, a field to ask in, one place for all options, and no hit."""
    assert page.text_input(key="query").value == ""
    shown = [str(one.proto.body) for one in page.get("html")]
    assert any(f'<h1 class="pw-name" dir="auto">{collection.name}</h1>' in body for body in shown)
    assert "3 documents, 3 passages: 2 Markdown and 1 plain text</p>" in html_of(page, "holds")[0]
    assert len(page.get("popover")) == 1
    assert page.selectbox(key="stage").value == "automatic"
    assert (html_of(page, "hit"), html_of(page, "plan"), list(page.error)) == ([], [], [])


def test_blank_query_is_no_query(page: AppTest) -> None:
    """Spaces ask nothing."""
    assert html_of(_searched(page, "   "), "plan") == []


def test_hits_with_place_and_plan(page: AppTest) -> None:
    """Passages below their document: title, path, type, headings, text, a link to Read; behind a line the plan."""
    hits = hits_of(_searched(page, "who approves trips abroad?"))
    assert [f'<span class="pw-rank">{rank}</span>' in hit for rank, hit in enumerate(hits, 1)] == [True, True, True]
    [whole] = html_of(page, "results")
    assert ">Travel policy</h2>" in whole
    assert ">policies/travel.md · Markdown</div>" in whole
    assert ">Approval</a>" in hits[0]
    assert 'href="read?document=policies%2Ftravel.md&amp;start=' in hits[0]
    assert "Trips abroad are approved by the head of department." in hits[0]
    [plan] = html_of(page, "plan")
    assert "3 hits · hybrid, convex fusion, 200 candidates per retriever" in plan
    assert not page.warning


def test_settings_reach_the_search(page: AppTest) -> None:
    """Stage, fusion, k, candidates and path: the plan shows each."""
    _searched(page, "bees", stage="lexical")
    assert len(hits_of(page)) == 1
    assert "1 hit · lexical, 200 candidates" in html_of(page, "plan")[0]
    page.slider(key="candidates").set_value(50)
    _searched(page, "bees", stage="hybrid", fusion="rrf", k=2)
    assert "2 hits · hybrid, rrf fusion, 50 candidates" in html_of(page, "plan")[0]


def test_per_document(collection: Path, opened: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """At most so many hits of one document; 0 means no limit."""
    long = collection.parent / "docs" / "long.txt"
    long.write_text(" ".join(f"Bees fly over field {n}." for n in range(60)))
    ingest([collection.parent / "docs"], collection, encoder=FakeEncoder(window=256))
    page = _searched(open_page(collection, monkeypatch), "bees fly", stage="lexical")
    assert sum("long.txt" in hit for hit in hits_of(page)) > 1
    assert sum("long.txt" in hit for hit in hits_of(_searched(page, "bees fly", per_document=1))) == 1


def test_rerank_depth(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """As set; 0 leaves it to the reranker."""
    asked: list[object] = []
    honest = Collection.search

    def noted(self: Collection, query: str, **choices: Any) -> Hits:
        asked.append(choices.get("rerank_depth"))
        return honest(self, query, **choices)

    monkeypatch.setattr(Collection, "search", noted)
    _searched(page, "bees", stage="hybrid")
    _searched(page, "bees fly", rerank_depth=7)
    assert asked == [None, None, None, 7]  # what facets are counted over is not reranked


def test_path_filter(page: AppTest) -> None:
    """Only paths that match the glob; spaces around it don't count."""
    hits = hits_of(_searched(page, "bees", path=" policies/* "))
    assert len(hits) == 1
    assert ">policies/travel.md · " in html_of(page, "results")[0]
    assert "(1 passage)" in html_of(page, "plan")[0]


@pytest.mark.parametrize("path", ["[", "nothing/*", "**", "'; DROP TABLE documents; --", "\\"])
def test_path_that_matches_nothing(page: AppTest, path: str) -> None:
    """However odd, it is no error: nothing is found, or everything, and the page says which."""
    _searched(page, "bees", path=path)
    hits = hits_of(page)
    assert len(hits) == (3 if path == "**" else 0)
    shown = "No passages found with these filters. Remove one, or try other words."
    assert [one.value for one in page.info] == ([] if hits else [shown])
    assert not page.error


def test_hostile_document_is_shown_as_text(page: AppTest) -> None:
    """Title, path, heading and passage are escaped; of the passage's Markdown, links and HTML are text."""
    assert "Gulls" in hits_of(_searched(page, "gulls cry"))[0]
    [whole] = html_of(page, "results")
    escaped = "&lt;script&gt;alert(1)&lt;/script&gt; **loud** &lt;img src=x onerror=alert(2)&gt; :red[x] $x$ [a]"
    assert whole.count(escaped) == 2
    assert whole.count(escaped.replace("**loud**", "<strong>loud</strong>")) == 1
    assert escape(EVIL) in whole
    assert "<script" not in whole
    assert "<img" not in whole
    assert not any("loud" in one.value for one in page.markdown)


def test_query_that_was_cut(page: AppTest) -> None:
    """A warning tells how much of it was read."""
    _searched(page, "bees " * 20_000)
    assert [one.value for one in page.warning] == [
        r"the query was cut\: 20\,000 tokens\, of which the encoder read 254",
    ]
    assert "dance" in hits_of(page)[0]


def test_hostile_query_is_harmless(page: AppTest) -> None:
    """What a user types is never syntax."""
    for query in ('"', "NEAR(a", "a AND OR", "<script>alert(1)</script>", "\x00", "%' --"):
        assert len(html_of(_searched(page, query), "plan")) == 1


def test_reranker(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is one, it is the default stage."""
    fake_models(monkeypatch, FakeReranker())
    page = _searched(open_page(collection, monkeypatch), "bees")
    assert "3 hits · rerank, convex fusion" in html_of(page, "plan")[0]
    assert "evil" in html_of(page, "results")[0].split("pw-rank")[0]


def test_missing_collection_and_what_to_do(
    docs: Path, tmp_path: Path, opened: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page says what makes one, as text; when it is there, trying again finds it."""
    missing = tmp_path / "*c*"
    page = open_page(missing, monkeypatch)
    [error] = [one.value for one in page.error]
    assert r"\*c\*" in error
    assert "make one with" in error
    assert r"passagework ingest" in error
    page.text_input(key="query").set_value("bees")
    ingest([docs], missing, encoder=FakeEncoder(window=256))
    page.button[0].click().run()
    assert not page.error
    assert "dance" in hits_of(page)[0]


def test_collection_that_vanishes_and_comes_back(page: AppTest, collection: Path, docs: Path, tmp_path: Path) -> None:
    """An error, not a crash; a new one in its place is read, and not what was there before."""
    _searched(page, "bees")
    collection.rename(tmp_path / "gone")
    page.run()
    assert not page.exception
    assert "no collection at" in page.error[0].value
    (docs / "bees.txt").write_text("Bees sleep in winter.")
    ingest([docs], collection, encoder=FakeEncoder(window=256))
    page.run()
    assert "Bees sleep in winter." in hits_of(page)[0]


def test_what_is_ingested_meanwhile_is_found(page: AppTest, collection: Path, docs: Path) -> None:
    """The next search sees it, without opening the collection again."""
    _searched(page, "wasps", stage="lexical")
    assert html_of(page, "hit") == []
    assert [one.value for one in page.info] == ["No passages found. Try other words."]
    (docs / "wasps.txt").write_text("Wasps build paper nests.")
    ingest([docs], collection, encoder=FakeEncoder(window=256))
    assert "Wasps build" in hits_of(page.run())[0]


def test_sessions_share_one_collection(collection: Path, opened: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Two people, many searches: the collection and its model are opened once, and each sees his own hits."""
    first, second = (open_page(collection, monkeypatch) for _ in range(2))
    assert "Bees" in hits_of(_searched(first, "bees dance"))[0]
    assert "Trips" in hits_of(_searched(second, "trips abroad"))[0]
    assert "Bees" in hits_of(first.run())[0]
    assert opened == [collection]


def test_the_address_brings_query_and_settings(
    collection: Path, opened: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a link says is what is searched for; a setting that is none is left at its usual value."""
    address = {"query": "bees", "stage": "lexical", "k": "2", "type": "text/plain", "fusion": "nonsense"}
    page = open_page(collection, monkeypatch, **address)
    assert "1 hit · lexical, 200 candidates" in html_of(page, "plan")[0]
    assert page.slider(key="k").value == 2
    assert page.multiselect(key="type").value == ["text/plain"]
    assert any(option.startswith("plain text (") for option in page.multiselect(key="type").options)
    assert page.selectbox(key="fusion").value == "convex"
    page.multiselect(key="type").set_value([]).run()
    assert "type" not in page.query_params
    page.multiselect(key="folder").set_value(["policies"]).run()
    assert page.query_params["folder"] == "policies"
    gone = open_page(collection, monkeypatch, query="bees", folder="gone", stage="lexical")
    assert gone.multiselect(key="folder").value == ["gone"]
    assert html_of(gone, "hit") == []


def test_a_filter_in_json(page: AppTest) -> None:
    """Any filter there is; what is none is said to be, and what was typed stays."""
    assert len(hits_of(_searched(page, "bees", path=""))) == 3
    page.text_input(key="where").set_value('{"title": {"$glob": "Travel*"}}').run()
    assert len(hits_of(page)) == 1
    assert ">Travel policy</h2>" in html_of(page, "results")[0]
    page.text_input(key="where").set_value('{"path": "policies"}').run()
    assert ["policies" in warning.value and "is a folder" in warning.value for warning in page.warning] == [True]
    for wrong in ("{", "[1]", '{"title": {"$no": 1}}', '{"title": "a", "title": "b"}'):
        page.text_input(key="where").set_value(wrong).run()
        assert len(page.error) == 1
        assert page.text_input(key="where").value == wrong


def test_why_a_hit_is_there(collection: Path, opened: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """In a dialog: stages, relevance, the passages around it, and a grade that is kept as a judgment."""
    long = collection.parent / "docs" / "long.txt"
    long.write_text(" ".join(f"Wasps fly over field {n}." for n in range(120)))
    ingest([collection.parent / "docs"], collection, encoder=FakeEncoder(window=256))
    asked = HitEvents(why=1)
    monkeypatch.setattr("passagework.ui.web.hit_events.hit_events", lambda _: asked)
    page = _searched(open_page(collection, monkeypatch), "wasps fly field 60", stage="hybrid", k=1)
    assert re.findall(r"<td>(dense|lexical|hybrid)</td>", html_of(page, "stages")[0]) == ["dense", "lexical", "hybrid"]
    assert "estimated probability that it answers" in html_of(page, "evidence")[0]
    assert "Words of its text that match: wasps, fly, field, 60." in html_of(page, "evidence")[0]
    assert "Ranks by stage" not in html_of(page, "evidence")[0]
    beside = html_of(page, "neighbour")
    assert 1 <= len(beside) <= 2
    assert all("Wasps fly over field" in one for one in beside)
    grade = next(one for one in page.segmented_control if one.label == "Does it answer?")
    grade.set_value("partly").run()
    assert [(one.query, one.document, one.grade) for one in judgments_of(collection)] == [
        ("wasps fly field 60", "long.txt", 1)
    ]
    page = _searched(page, "bees dance", k=1)
    assert any("The document has no other passages." in str(one.proto.body) for one in page.get("html"))


def test_filters_are_chips_that_can_be_taken_off(page: AppTest) -> None:
    """One for each value, with counts of what the query finds; one taken off leaves the others, or all go at once."""
    _searched(page, "bees", stage="lexical")
    page.multiselect(key="type").set_value(["text/markdown", "text/plain"]).run()
    page.text_input(key="path").set_value("b*").run()
    chips = [one.label for one in page.button]
    assert chips == ["Markdown ✕", "plain text ✕", r"b\* ✕", "Clear all"]
    assert page.multiselect(key="type").options == ["Markdown (2)", "plain text (1)"]
    page.button[0].click().run()
    assert page.multiselect(key="type").value == ["text/plain"]
    assert page.query_params["type"] == "text/plain"
    assert len(hits_of(page)) == 1
    page.button[-1].click().run()
    assert (page.multiselect(key="type").value, page.text_input(key="path").value) == ([], "")
    assert [one.label for one in page.button] == []


def test_examples_are_asked_with_a_click(
    collection: Path, docs: Path, opened: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is a heading of a document, shown as it is."""
    (docs / "wasps.md").write_text("# Wasps\n\n## Do *wasps* build?\n\nWasps build paper nests.\n")
    ingest([docs], collection, encoder=FakeEncoder(window=256))
    page = open_page(collection, monkeypatch)
    assert [one.label for one in page.button] == [r"Do \*wasps\* build\?"]
    page.button[0].click().run()
    assert page.text_input(key="query").value == "Do *wasps* build?"
    assert len(hits_of(page)) == 4


def test_the_story_of_the_list_is_drawn(page: AppTest) -> None:
    """Where there are several hits and stages, a chart of their ranks."""
    assert len(html_of(_searched(page, "who approves trips abroad?"), "bump-chart")) == 1
    assert html_of(_searched(page, "bees", stage="dense"), "bump-chart") == []
    assert html_of(_searched(page, "bees", stage="hybrid", k=1), "bump-chart") == []


def test_what_is_counted_is_what_is_there_now(
    collection: Path, docs: Path, opened: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document that changed its year or its folder is counted anew, though as many documents are there as before;
    and nothing is counted again where nothing changed."""
    (docs / "wasps.md").write_text("---\nyear: 2023\n---\nWasps build.")
    ingest([docs], collection, encoder=FakeEncoder(window=256))
    counted: list[int] = []
    real = Searched.facets

    def counting(searched: Searched) -> Facets:
        counted.append(1)
        return real(searched)

    monkeypatch.setattr(Searched, "facets", counting)
    page = open_page(collection, monkeypatch)
    page.selectbox(key="field").set_value("year").run()
    assert page.multiselect(key="value-year").options == ["2023 (1)"]
    _searched(page, "wasps")
    assert len(counted) == 1
    (docs / "wasps.md").write_text("---\nyear: 2022\n---\nWasps build.")
    ingest([docs], collection, encoder=FakeEncoder(window=256))
    assert page.run().multiselect(key="value-year").options == ["2022 (1)"]
    (docs / "policies").rename(docs / "rules")
    ingest([docs], collection, encoder=FakeEncoder(window=256))  # moved: no passage comes or goes
    assert page.run().multiselect(key="folder").options == ["rules (1)"]
    assert len(counted) == 3


def test_nobody_waits_for_the_best_sentences(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hits stand there, with their matching words, before those are looked for."""

    def never(*_: object) -> None:
        raise StoreError("looked for too early")

    monkeypatch.setattr("passagework.ui.web.found.highlights_of", never)
    _searched(page, "bees")
    assert [one.value for one in page.error] == [r"looked for too early"]
    assert len(hits_of(page)) == 3
    assert any('<mark class="pw-word">Bees</mark>' in str(one.proto.body) for one in page.get("html"))
