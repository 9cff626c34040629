"""The search page without a browser: what each state shows, and that all sessions share one collection."""

from __future__ import annotations

import os
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("streamlit", reason='pip install "passagework[ui]"')

from streamlit.testing.v1 import AppTest

from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval import Hits, StoreError
from passagework.retrieval.store import DocumentRow
from passagework.ui.web.facets import Facets, facets_of
from tests.support.app_sessions import FakeReranker, fake_models, html_of, open_page
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
    """A field to ask in, what there is to search, and no hit."""
    assert page.title[0].value == "passagework"
    assert page.text_input(key="query").value == ""
    shown = [str(one.proto.body) for one in page.get("html")]
    assert any("3 documents, 3 passages" in body for body in shown)
    assert any(f"Collection {escape(str(collection))}" in body for body in shown)
    assert page.selectbox(key="stage").value == "automatic"
    assert any("exact index, recall@10 1.000" in body for body in shown)
    assert (html_of(page, "hit"), html_of(page, "plan"), list(page.error)) == ([], [], [])


def test_blank_query_is_no_query(page: AppTest) -> None:
    """Spaces ask nothing."""
    assert html_of(_searched(page, "   "), "plan") == []


def test_hits_with_place_stages_and_plan(page: AppTest) -> None:
    """Ranked passages: title, path, headings, text, rank and score of each stage; above them the plan."""
    hits = html_of(_searched(page, "who approves trips abroad?"), "hit")
    assert [f'<span class="pw-rank">{rank}</span>' in hit for rank, hit in enumerate(hits, 1)] == [True, True, True]
    assert ">Travel policy</span>" in hits[0]
    assert ">policies/travel.md · Approval</div>" in hits[0]
    assert "Trips abroad are approved by the head of department." in hits[0]
    assert [f">{stage} #1 · " in hits[0] for stage in ("dense", "lexical", "hybrid", "rerank")] == [True] * 3 + [False]
    [plan] = html_of(page, "plan")
    assert "3 hits · hybrid, convex fusion, 200 candidates a retriever" in plan
    assert not page.warning


def test_settings_reach_the_search(page: AppTest) -> None:
    """Stage, fusion, k, candidates and path: the plan and the hits show each."""
    _searched(page, "bees", stage="lexical")
    assert [">lexical #1 · " in hit for hit in html_of(page, "hit")] == [True]
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
    assert sum("long.txt" in hit for hit in html_of(page, "hit")) > 1
    assert sum("long.txt" in hit for hit in html_of(_searched(page, "bees fly", per_document=1), "hit")) == 1


def test_rerank_depth(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """As set; 0 leaves it to the reranker."""
    asked: list[object] = []
    honest = Collection.search

    def noted(self: Collection, query: str, **choices: Any) -> Hits:
        asked.append(choices["rerank_depth"])
        return honest(self, query, **choices)

    monkeypatch.setattr(Collection, "search", noted)
    _searched(page, "bees", stage="hybrid")
    _searched(page, "bees fly", rerank_depth=7)
    assert asked == [None, 7]


def test_path_filter(page: AppTest) -> None:
    """Only paths that match the glob; spaces around it don't count."""
    hits = html_of(_searched(page, "bees", path=" policies/* "), "hit")
    assert len(hits) == 1
    assert ">policies/travel.md · " in hits[0]
    assert "(1 passage)" in html_of(page, "plan")[0]


@pytest.mark.parametrize("path", ["[", "nothing/*", "**", "'; DROP TABLE documents; --", "\\"])
def test_path_that_matches_nothing(page: AppTest, path: str) -> None:
    """However odd, it is no error: nothing is found, or everything, and the page says which."""
    _searched(page, "bees", path=path)
    hits = html_of(page, "hit")
    assert len(hits) == (3 if path == "**" else 0)
    shown = "No passage found with these filters. Loosen them, or try other words or another stage."
    assert [one.value for one in page.info] == ([] if hits else [shown])
    assert not page.error


def test_hostile_document_is_shown_as_text(page: AppTest) -> None:
    """Title, path, heading and passage are escaped, and none of them is handed to Markdown."""
    hit = html_of(_searched(page, "gulls cry"), "hit")[0]
    escaped = "&lt;script&gt;alert(1)&lt;/script&gt; **loud** &lt;img src=x onerror=alert(2)&gt; :red[x] $x$ [a]"
    assert hit.count(escaped) >= 3
    assert escape(EVIL) in hit
    assert "<script" not in hit
    assert "<img" not in hit
    assert not any("loud" in one.value for one in page.markdown)


def test_query_that_was_cut(page: AppTest) -> None:
    """A warning tells how much of it was read."""
    _searched(page, "bees " * 20_000)
    assert [one.value for one in page.warning] == [
        r"the query was cut\: 20\,000 tokens\, of which the encoder read 254",
    ]
    assert "Bees dance" in html_of(page, "hit")[0]


def test_hostile_query_is_harmless(page: AppTest) -> None:
    """What a user types is never syntax."""
    for query in ('"', "NEAR(a", "a AND OR", "<script>alert(1)</script>", "\x00", "%' --"):
        assert len(html_of(_searched(page, query), "plan")) == 1


def test_reranker(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is one, it is the default stage, and its probability is shown."""
    fake_models(monkeypatch, FakeReranker())
    page = _searched(open_page(collection, monkeypatch), "bees")
    assert "3 hits · rerank, convex fusion" in html_of(page, "plan")[0]
    assert ">rerank #1 ▲1 · " in html_of(page, "hit")[0]
    assert "evil" in html_of(page, "hit")[0]


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
    assert "Bees dance" in html_of(page, "hit")[0]


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
    assert "Bees sleep in winter." in html_of(page, "hit")[0]


def test_what_is_ingested_meanwhile_is_found(page: AppTest, collection: Path, docs: Path) -> None:
    """The next search sees it, without opening the collection again."""
    _searched(page, "wasps", stage="lexical")
    assert html_of(page, "hit") == []
    assert [one.value for one in page.info] == ["No passage found. Try other words or another stage."]
    (docs / "wasps.txt").write_text("Wasps build paper nests.")
    ingest([docs], collection, encoder=FakeEncoder(window=256))
    assert "Wasps build" in html_of(page.run(), "hit")[0]


def test_sessions_share_one_collection(collection: Path, opened: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Two people, many searches: the collection and its model are opened once, and each sees his own hits."""
    first, second = (open_page(collection, monkeypatch) for _ in range(2))
    assert "Bees" in html_of(_searched(first, "bees dance"), "hit")[0]
    assert "Trips" in html_of(_searched(second, "trips abroad"), "hit")[0]
    assert "Bees" in html_of(first.run(), "hit")[0]
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
    assert len(html_of(_searched(page, "bees", path=""), "hit")) == 3
    page.text_input(key="where").set_value('{"title": {"$glob": "Travel*"}}').run()
    assert [">Travel policy<" in hit for hit in html_of(page, "hit")] == [True]
    page.text_input(key="where").set_value('{"path": "policies"}').run()
    assert ["policies" in warning.value and "is a folder" in warning.value for warning in page.warning] == [True]
    for wrong in ("{", "[1]", '{"title": {"$no": 1}}', '{"title": "a", "title": "b"}'):
        page.text_input(key="where").set_value(wrong).run()
        assert len(page.error) == 1
        assert page.text_input(key="where").value == wrong


def test_neighbours_on_demand(collection: Path, opened: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The passages before and after a hit; of a document of one passage, that there are none."""
    long = collection.parent / "docs" / "long.txt"
    long.write_text(" ".join(f"Wasps fly over field {n}." for n in range(120)))
    ingest([collection.parent / "docs"], collection, encoder=FakeEncoder(window=256))
    page = _searched(open_page(collection, monkeypatch), "wasps fly field 60", stage="lexical", k=1)
    assert html_of(page, "neighbour") == []
    page.toggle[0].set_value(True).run()
    beside = html_of(page, "neighbour")
    assert 1 <= len(beside) <= 2
    assert all("Wasps fly over field" in one for one in beside)
    page = _searched(page, "bees dance", k=1)
    page.toggle[0].set_value(True).run()
    assert any("No passage stands beside it." in str(one.proto.body) for one in page.get("html"))


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
    real = facets_of

    def counting(documents: Iterable[DocumentRow]) -> Facets:
        counted.append(1)
        return real(documents)

    monkeypatch.setattr("passagework.ui.web.collection_cache.facets_of", counting)
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

    monkeypatch.setattr("passagework.ui.web.highlighting.highlights_of", never)
    _searched(page, "bees")
    assert [one.value for one in page.error] == [r"looked for too early"]
    assert len(html_of(page, "hit")) == 3
    assert any('<mark class="pw-word">Bees</mark>' in str(one.proto.body) for one in page.get("html"))
