"""Judging without a browser: grades become judgments that `evaluate` reads, and two settings are compared blind."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("streamlit", reason='pip install "passagework[ui]"')

from streamlit.testing.v1 import AppTest

from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval import EvaluationError
from passagework.retrieval.evaluation import evaluate, load_trec
from passagework.retrieval.evaluation.judged import JudgedDocuments
from passagework.retrieval.evaluation.judged_places import JudgedPlaces
from passagework.retrieval.evaluation.judgments import Judgment, read_judgments
from passagework.retrieval.folder import JUDGMENTS, PREFERENCES
from passagework.ui.web.hit_events import HitEvents
from passagework.ui.web.judging import as_trec, grade_of, judge, judgments_of
from passagework.ui.web.links import document_names
from passagework.ui.web.preferences import Preference, a_is_left, add_preference, preferences_of, tally
from passagework.ui.web.wanted_queries import wanted_queries
from tests.support.app_sessions import fake_models, html_of, open_page
from tests.support.fakes import FakeEncoder

pytestmark = pytest.mark.usefixtures("empty_cache")

QUERY = "who tells of flowers?"


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """Two documents, one of them with a name of two words."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "bees.txt").write_text("Bees dance to tell of flowers.")
    (docs / "old wasps.txt").write_text("Wasps build paper nests.")
    ingest([docs], tmp_path / "c", encoder=FakeEncoder(window=256))
    return tmp_path / "c"


def _grade(page: AppTest, hit: int, grade: str | None) -> AppTest:
    page.segmented_control[hit].set_value(grade).run()
    assert not page.exception
    return page


def test_a_grade_is_kept_changed_and_taken_back(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a judgment of the passage's characters with its words; another session sees it."""
    fake_models(monkeypatch, None)
    asked = HitEvents(why=1)
    monkeypatch.setattr("passagework.ui.web.hit_events.hit_events", lambda _: asked)
    page = open_page(collection, monkeypatch)
    page.text_input(key="query").set_value(QUERY).run()
    _grade(page, 0, "relevant")
    line = {"query": QUERY, "document": "bees.txt", "grade": 2, "start": 0, "end": 30}
    line["quote"] = "Bees dance to tell of flowers."
    assert [json.loads(one) for one in (collection / JUDGMENTS).read_text().splitlines()] == [line]
    assert any("Saved as a judgment: relevant." in str(one.proto.body) for one in page.get("html"))
    other = open_page(collection, monkeypatch)
    other.text_input(key="query").set_value(QUERY).run()
    assert other.segmented_control[0].value == "relevant"
    _grade(other, 0, "not")
    assert [one.grade for one in read_judgments(collection / JUDGMENTS)] == [0]
    _grade(other, 0, None)
    assert read_judgments(collection / JUDGMENTS) == []


def test_what_was_judged_is_what_evaluate_reads(collection: Path, tmp_path: Path) -> None:
    """Characters as JSONL; documents as TREC qrels with topics, a document with its best grade, and by its URI where
    white space in its name would end the column."""
    with Collection.open(collection, encoder=FakeEncoder(window=256)) as opened:
        hits = opened.search(QUERY)
        judge(collection, QUERY, "bees.txt", hits[0], 2)
        judge(collection, QUERY, "old wasps.txt", hits[1], 0)
        judgments = judgments_of(collection)
        assert [grade_of(judgments, QUERY, hit.path, hit) for hit in hits] == ["relevant", "not"]
        assert grade_of(judgments, "another query", "bees.txt", hits[0]) is None
        found = evaluate(opened, JudgedPlaces(opened, judgments, name="own"), stages=["lexical"], measures=["RR@10"])
        assert [stage.means["RR@10"] for stage in found.stages.values()] == [1.0]
        odd = [*judgments, Judgment("a\tb", "gone\tdocument.txt", query_id="q 2")]
        qrels, topics = as_trec(odd, opened)
    assert [len(line.split()) for line in qrels.splitlines()] == [4, 4, 4]
    assert qrels.splitlines()[2] == "q%202\t0\tgone%09document.txt\t1"
    assert topics.splitlines()[1] == "q%202\ta b"
    (tmp_path / "qrels.txt").write_text(qrels)
    (tmp_path / "topics.tsv").write_text(topics)
    benchmark = load_trec(tmp_path / "topics.tsv", tmp_path / "qrels.txt")
    assert dict(benchmark.queries) == {"q1": QUERY, "q%202": "a b"}
    wasps = (tmp_path / "docs" / "old wasps.txt").as_uri()
    assert benchmark.qrels["q1"] == {"bees.txt": 2, wasps: 0}
    assert [name for name, _ in JudgedDocuments(benchmark).things("q1", hits)] == ["bees.txt", wasps]


def test_the_judge_page_lists_and_exports(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """First it says where to begin; then each grade with its passage, three files, and the command."""
    fake_models(monkeypatch, None)
    page = open_page(collection, monkeypatch, "judge")
    assert [one.value for one in page.info] == [
        "No judgments yet. Search, choose Why this beside a passage, and say whether it answers."
    ]
    with Collection.open(collection) as opened:
        judge(collection, "<b>who</b>", "bees.txt", opened.search("bees")[0], 1)
    page.run()
    [table] = html_of(page, "judgments")
    assert "&lt;b&gt;who&lt;/b&gt;</td><td>partly</td><td>bees.txt</td><td>Bees dance" in table
    assert page.code[0].value == f"passagework evaluate {collection / JUDGMENTS} --collection {collection}"
    assert len(page.get("download_button")) == 3


def test_two_settings_side_by_side(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each list says what it was made by, and how each of its hits stands in the other."""
    fake_models(monkeypatch, None)
    page = open_page(collection, monkeypatch, "judge")
    page.segmented_control(key="view").set_value("Side by side").run()
    page.selectbox(key="stage_a").set_value("lexical")
    page.selectbox(key="stage_b").set_value("dense")
    page.text_input(key="query").set_value("bees dance").run()
    assert not page.exception
    left, right = html_of(page, "side")
    assert left.count('data-testid="compact-hit"') == 1
    assert "same rank" in left
    assert right.count('data-testid="compact-hit"') == 2
    assert "only here" in right
    notes = [str(one.proto.body) for one in page.get("html")]
    assert any(">A: lexical, " in note for note in notes)
    assert any(">B: dense, " in note for note in notes)


def test_the_same_text_elsewhere_is_not_judged(
    collection: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Side by side counts the grades of the hits shown, not of another document that says the same."""
    (tmp_path / "docs" / "copy.txt").write_text("Bees dance to tell of flowers.")
    ingest([tmp_path / "docs"], collection, encoder=FakeEncoder(window=256))
    with Collection.open(collection, encoder=FakeEncoder(window=256)) as opened:
        judge(collection, "bees dance", "copy.txt", opened.search("bees dance", where={"path": "copy.txt"})[0], 2)
    fake_models(monkeypatch, None)
    page = open_page(collection, monkeypatch, "judge", query="bees dance", stage_a="lexical", stage_b="lexical")
    page.segmented_control(key="view").set_value("Side by side").run()
    notes = [str(one.proto.body) for one in page.get("html")]
    assert sum("1 of 2 judged relevant or partly so" in note for note in notes) == 2


def test_a_record_is_judged_by_a_name_that_lasts(collection: Path, tmp_path: Path) -> None:
    """Its path and row, not where the file lies on this machine; the judgment is found again by that name."""
    (tmp_path / "docs" / "list.csv").write_text("text\nAnts dig.\nMoths fly.\n")
    ingest([tmp_path / "docs"], collection, encoder=FakeEncoder(window=256))
    with Collection.open(collection, encoder=FakeEncoder(window=256)) as opened:
        [hit] = opened.search("moths", stage="lexical")
        [name] = document_names(opened, [hit]).values()
        assert name == "list.csv#row=3"
        judge(collection, "what flies?", name, hit, 2)
        judged = JudgedPlaces(opened, judgments_of(collection), name="own")
    assert (judged.drifted, judged.qrels) == ([], {"q1": {"list.csv#row=3#char=0-10": 2}})


def test_blind_comparison(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither side is named before the vote; the vote is kept with both settings, and then they are named."""
    fake_models(monkeypatch, None)
    page = open_page(collection, monkeypatch, "judge")
    page.segmented_control(key="view").set_value("Blind").run()
    page.selectbox(key="stage_a").set_value("lexical")
    page.selectbox(key="stage_b").set_value("dense")
    page.text_input(key="query").set_value("bees dance").run()
    assert not any("lexical, " in str(one.proto.body) for one in page.get("html"))
    sizes = [one.count('data-testid="compact-hit"') for one in html_of(page, "blind")]
    next(one for one in page.button if one.label == "First is better").click().run()
    [said] = preferences_of(collection)
    assert said.better == {1: "a", 2: "b"}[sizes[0]]
    assert (said.query, said.a["stage"], said.b["stage"]) == ("bees dance", "lexical", "dense")
    [success] = page.success
    assert ("The first was A" in success.value) == (said.better == "a")
    assert 'class="pw-number">1</td>' in html_of(page, "tally")[0]


def test_preferences_are_counted_whichever_way_round(tmp_path: Path) -> None:
    """The last word on a query counts; other settings don't; a damaged file is named."""
    a, b = {"stage": "dense"}, {"stage": "rerank"}
    for query, first, second, better in (
        ("one", a, b, "a"),
        ("one", b, a, "a"),
        ("two", a, b, "neither"),
        ("three", a, {"stage": "lexical"}, "a"),
    ):
        add_preference(tmp_path, Preference(query, first, second, better))
    assert tally(preferences_of(tmp_path), a, b) == {"a": 0, "b": 1, "neither": 1}
    assert len({a_is_left(str(number), "salt") for number in range(20)}) == 2
    (tmp_path / PREFERENCES).write_text("{}\n")
    with pytest.raises(EvaluationError, match=PREFERENCES):
        preferences_of(tmp_path)


def test_half_a_line_costs_only_itself(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Search goes on and says so; what is judged next begins a line of its own."""
    (collection / JUDGMENTS).write_text('{"query": "be')
    fake_models(monkeypatch, None)
    asked = HitEvents(why=1)
    monkeypatch.setattr("passagework.ui.web.hit_events.hit_events", lambda _: asked)
    page = open_page(collection, monkeypatch)
    page.text_input(key="query").set_value("bees").run()
    assert html_of(page, "hit")
    assert "no judgment" in page.warning[0].value
    with Collection.open(collection) as opened:
        (hit, *_) = opened.search("bees", stage="lexical")
    judge(collection, "bees", hit.path, hit, 2)
    torn, whole = (collection / JUDGMENTS).read_text().splitlines()
    assert torn == '{"query": "be'
    (collection / JUDGMENTS).write_text(whole + "\n")
    [judged] = judgments_of(collection)
    assert grade_of([judged], "bees", hit.path, hit) == "relevant"
    assert grade_of([judged], "bees", hit.path, replace(hit, text="Other words.")) is None


def test_nothing_is_judged_where_no_collection_is(tmp_path: Path) -> None:
    """Neither makes its folder anew."""
    with pytest.raises(EvaluationError, match="can't be written"):
        add_preference(tmp_path / "gone", Preference("q", {}, {}, "a"))
    assert not (tmp_path / "gone").exists()


def test_the_queries_that_matter_lead_to_a_measurement(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each once, a line; the next one that nobody judged is a link; when all are, the way leads on."""
    fake_models(monkeypatch, None)
    page = open_page(collection, monkeypatch, "judge")
    assert html_of(page, "wanted") == []
    page.text_area(key="wanted_text").set_value(f"{QUERY}\n\n <b>paper</b>  nests\n{QUERY}\n")
    next(button for button in page.button if button.label == "Save these queries").click().run()
    assert not page.exception
    assert wanted_queries(collection) == [QUERY, "<b>paper</b> nests"]
    assert "&lt;b&gt;paper&lt;/b&gt; nests" in html_of(page, "wanted")[0]
    with Collection.open(collection) as opened:
        hits = opened.search("wasps", stage="lexical")
        judge(collection, QUERY, "bees.txt", hits[0], 0)
        assert QUERY not in html_of(page.run(), "wanted")[0]
        judge(collection, "<b>paper</b> nests", "old wasps.txt", hits[0], 2)
    assert html_of(page.run(), "wanted") == []
    assert [link.proto.label for link in page.get("page_link")] == [
        "3. Measure how well they are answered, and write a gate"
    ]
