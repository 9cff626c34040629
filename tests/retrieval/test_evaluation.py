"""Evaluation of the live query path: documents, and places in one's own documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytrec_eval

from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval import ConfigError, EvaluationError, Stage
from passagework.retrieval.config import Settings
from passagework.retrieval.evaluation import evaluate, load_beir, read_run
from passagework.retrieval.evaluation.judged_places import JudgedPlaces, _relocated
from passagework.retrieval.evaluation.judgments import (
    Judgment,
    add_judgments,
    query_texts,
    read_judgments,
    with_query_ids,
)
from tests.support.beir_files import write_beir
from tests.support.collection_checks import FakeReranker
from tests.support.fakes import FakeEncoder
from tests.support.pdf_files import typed

SETTINGS = Settings(workers=1, offline=True)
STAGES = (Stage.DENSE, Stage.LEXICAL, Stage.HYBRID)


@pytest.fixture(scope="module")
def beir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A benchmark, and a collection of its corpus beside it."""
    base = tmp_path_factory.mktemp("beir")
    write_beir(base / "animals")
    ingest([base / "animals" / "corpus.jsonl"], base / "c", encoder=FakeEncoder(), settings=SETTINGS)
    return base


@pytest.fixture
def animals(beir: Path) -> Iterator[Collection]:
    """That collection, open, with a reranker."""
    with Collection.open(beir / "c", encoder=FakeEncoder(), reranker=FakeReranker(), settings=SETTINGS) as opened:
        yield opened


class TestDocuments:
    """A document scores by its best passage."""

    def test_figures_are_those_of_the_written_runs(self, beir: Path, animals: Collection, tmp_path: Path) -> None:
        """pytrec_eval finds the same in the files, to 1e-6; scores decrease; every stage has its own run."""
        benchmark = load_beir(beir / "animals")
        found = evaluate(animals, benchmark, runs=tmp_path)
        assert list(found.stages) == list(Stage)
        assert sorted(one.stem for one in tmp_path.iterdir()) == sorted(stage.value for stage in Stage)
        oracle = pytrec_eval.RelevanceEvaluator(dict(benchmark.qrels), {"ndcg_cut.10", "map", "recall.100"})
        for stage, figures in found.stages.items():
            run = read_run(tmp_path / f"{stage.value}.trec")
            theirs = oracle.evaluate(run)
            for ours, name in (("nDCG@10", "ndcg_cut_10"), ("AP", "map"), ("R@100", "recall_100")):
                expected = sum(theirs.get(query, {}).get(name, 0.0) for query in benchmark.queries) / 4
                assert figures.means[ours] == pytest.approx(expected, abs=1e-6)
            for scores in run.values():
                assert np.all(np.diff(np.array(list(scores.values()), dtype=np.float32)) < 0)

    def test_a_run_is_what_search_answers(self, beir: Path, animals: Collection, tmp_path: Path) -> None:
        """The same documents in the same order as the search an application would make."""
        evaluate(animals, load_beir(beir / "animals"), stages=STAGES, runs=tmp_path)
        for stage in STAGES:
            hits = animals.search("owls hoot", k=100, stage=stage, per_document=1)
            assert list(read_run(tmp_path / f"{stage.value}.trec")["q1"]) == [hit.document for hit in hits]

    def test_json(self, beir: Path, animals: Collection) -> None:
        """The fields of the interface; queries are the judged ones; settings say what was measured."""
        shown: Any = evaluate(animals, load_beir(beir / "animals"), measures=("nDCG@10", "P@1")).to_json()
        assert (shown["dataset"], shown["documents"], shown["queries"], shown["skipped"]) == ("animals", 5, 4, {})
        assert set(shown["stages"]["rerank"]) == {"nDCG@10", "P@1", "ms_p50", "ms_p95"}
        assert shown["settings"]["reranker"] == FakeReranker().name
        assert shown["notes"] == ["1 judged queries have no text and were left out"]
        assert 0 < shown["stages"]["dense"]["ms_p50"] <= shown["stages"]["dense"]["ms_p95"]

    def test_rerank_is_skipped_never_faked(self, beir: Path, tmp_path: Path) -> None:
        """Without a reranker there are no rerank figures, and a reason; an earlier run's file is named as such."""
        (tmp_path / "rerank.trec").write_text("q1 Q0 d1 1 0.5 rerank\n")
        with Collection.open(beir / "c", encoder=FakeEncoder(), settings=SETTINGS) as plain:
            found = evaluate(plain, load_beir(beir / "animals"), runs=tmp_path)
        assert found.notes[-1] == f"{tmp_path / 'rerank.trec'} is of an earlier run"
        assert list(found.stages) == list(STAGES)
        assert found.skipped == {Stage.RERANK: "no reranker was named"}

    def test_progress_and_bad_requests(self, beir: Path, animals: Collection) -> None:
        """Every query is told; unknown stages and measures are refused before any search."""
        told: list[tuple[int, int]] = []
        evaluate(animals, load_beir(beir / "animals"), progress=lambda done, total: told.append((done, total)))
        assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
        for stages, measures in ((["deep"], ["AP"]), ([], ["AP"]), (["dense"], ["best"])):
            with pytest.raises(ConfigError):
                evaluate(animals, load_beir(beir / "animals"), stages=stages, measures=measures)


PAGES = [["Sheet one tells of apples."], ["Sheet two tells of pears."], ["Sheet three tells of plums."]]
NOTES = "alpha beta gamma. delta epsilon zeta. eta theta iota. kappa lambda mu."


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PDF of three pages and a text of four sentences, in passages of at most 8 tokens."""
    base = tmp_path_factory.mktemp("own")
    (base / "docs").mkdir()
    (base / "docs" / "sheets.pdf").write_bytes(typed(PAGES))
    (base / "docs" / "notes.txt").write_text(NOTES)
    ingest([base / "docs"], base / "c", encoder=FakeEncoder(), passage_tokens=8, overlap=0, settings=SETTINGS)
    return base / "c"


@pytest.fixture
def mine(own: Path) -> Iterator[Collection]:
    """That collection, open."""
    with Collection.open(own, encoder=FakeEncoder(), settings=SETTINGS) as opened:
        yield opened


def span(quote: str, **more: Any) -> Judgment:
    """A judgment of some characters of the notes."""
    start = NOTES.index(quote)
    return Judgment(more.pop("query", "delta epsilon"), "notes.txt", start=start, end=start + len(quote), **more)


class TestPlaces:
    """Pages and characters of one's own documents."""

    def test_pages(self, mine: Collection) -> None:
        """The hit that touches the page counts, at its rank."""
        places = JudgedPlaces(mine, [Judgment("pears", "sheets.pdf", page=2)], name="own")
        found = evaluate(mine, places, stages=["lexical"], measures=["Success@1", "RR"])
        assert found.stages[Stage.LEXICAL].means == {"Success@1": 1.0, "RR": 1.0}
        assert found.qrels == {"q1": {"sheets.pdf#page=2": 1}}

    def test_a_place_found_twice_counts_once(self, mine: Collection) -> None:
        """The second passage of a judged document stands for itself, in its rank."""
        hits = mine.search("delta epsilon theta", k=4, stage="dense")
        places = JudgedPlaces(mine, [Judgment("x", "notes.txt")], name="own")
        things = places.things("q1", hits)
        assert things[0] == ("notes.txt", hits[0].score)
        assert len(things) == len(hits)
        assert all("#char=" in name for name, _ in things[1:])

    def test_characters_and_token_measures(self, mine: Collection) -> None:
        """Recall, precision and IoU counted by hand: tokens are words and full stops."""
        places = JudgedPlaces(mine, [span("delta epsilon zeta. eta theta iota.")], name="own")
        passages = [hit for hit in mine.search("delta", k=10, stage="dense") if hit.path == "notes.txt"]
        [first, second] = sorted(passages, key=lambda hit: hit.start)
        assert (first.text, second.text) == (NOTES[:37], NOTES[38:])
        assert places.token_measures("q1", [first]) == {
            "token_recall@5": 4 / 8, "token_precision@5": 4 / 8, "token_IoU@5": 4 / 12
        }  # fmt: skip
        twice = places.token_measures("q1", [first, second, first])
        assert twice == {"token_recall@5": 1.0, "token_precision@5": 8 / 24, "token_IoU@5": 8 / 24}
        assert places.token_measures("q1", []) == {"token_recall@5": 0, "token_precision@5": 0, "token_IoU@5": 0}

    def test_characters_within_a_word(self, mine: Collection) -> None:
        """A token counts when some of its characters are judged."""
        start = NOTES.index("delta")
        places = JudgedPlaces(mine, [Judgment("x", "notes.txt", start=start + 1, end=start + 3)], name="own")
        (first, *_) = sorted(
            (hit for hit in mine.search("delta", k=10) if hit.path == "notes.txt"), key=lambda x: x.start
        )
        assert places.token_measures("q1", [first])["token_recall@5"] == 1.0

    def test_half_of_it_is_found(self, mine: Collection) -> None:
        """A passage that holds less than half of a span, and lies less than half within it, did not find it."""
        hits = mine.search("gamma", k=10, stage="dense")
        for quote, found in (("gamma. delta", True), ("zeta. eta theta iota", True), ("a. eta theta iota", True)):
            places = JudgedPlaces(mine, [span(quote)], name="own")
            names = [name for name, _ in places.things("q1", hits)]
            assert (f"notes.txt#char={NOTES.index(quote)}-{NOTES.index(quote) + len(quote)}" in names) == found
        first = next(hit for hit in hits if hit.text == NOTES[:37])
        places = JudgedPlaces(mine, [span("a. eta theta iota")], name="own")
        assert "notes.txt#char=35-52" not in [name for name, _ in places.things("q1", [first])]

    def test_a_place_judged_under_two_names_is_one(self, mine: Collection) -> None:
        """By path and by URI."""
        uri = mine.documents(where={"path": "notes.txt"})[0].uri
        twice = [span("delta epsilon zeta"), Judgment("delta epsilon", uri, start=18, end=36)]
        places = JudgedPlaces(mine, twice, name="own")
        assert places.qrels == {"q1": {"notes.txt#char=18-36": 1}}

    def test_drift_is_told_and_not_a_miss(self, mine: Collection) -> None:
        """What is gone is left out of the mean; a quote that moved is judged where it is now."""
        judgments = [
            Judgment("held", "notes.txt", start=18, end=31, quote="delta epsilon", query_id="held"),
            Judgment("moved", "notes.txt", start=0, end=9, quote="eta theta", query_id="moved"),
            Judgment("gone", "notes.txt", start=0, end=5, quote="omega", query_id="gone"),
            Judgment("long", "notes.txt", start=60, end=600, query_id="long"),
            Judgment("page", "sheets.pdf", page=9, query_id="page"),
            Judgment("file", "lost.pdf", page=1, query_id="file"),
        ]
        places = JudgedPlaces(mine, judgments, name="own")
        assert list(places.queries) == ["held", "moved"]
        assert places.qrels["moved"] == {"notes.txt#char=38-47": 1}
        assert [line.split(":")[0] for line in places.drifted] == ["file", "gone", "long", "page"]
        assert "'sheets.pdf' has no page 9, only 3 pages" in places.drifted[3]
        with pytest.raises(EvaluationError, match="no judgment holds"):
            JudgedPlaces(mine, judgments[2:], name="own")

    def test_the_nearest_quote_is_meant(self) -> None:
        """Where a quote stands twice, the place nearest to the old one."""
        assert _relocated("ab ab ab", 4, 6, "ab") == (3, 5)
        assert _relocated("ab ab ab", 6, 8, "ab") == (6, 8)
        assert _relocated("ab ab ab", 0, 2, "zz") is None
        assert _relocated("ab", 1, 3, None) is None


class TestJudgments:
    """The file that outlives the versions."""

    def test_the_last_word_counts(self, tmp_path: Path) -> None:
        """A later judgment of a place replaces the earlier, and grade null takes it back."""
        first = [Judgment("a", "d", grade=2), Judgment("b", "d", page=1), Judgment("a", "e")]
        add_judgments(tmp_path, first)
        add_judgments(tmp_path, [Judgment("a", "d", grade=0), Judgment("b", "d", page=1, grade=None)])
        assert read_judgments(tmp_path / "judgments.jsonl") == [Judgment("a", "d", grade=0), Judgment("a", "e")]

    def test_queries_get_names(self) -> None:
        """Their own, else q1 and on, never one that is taken."""
        judgments = [Judgment("a", "d"), Judgment("b", "d", query_id="q1"), Judgment("a", "e")]
        assert [name for name, _ in with_query_ids(judgments)] == ["q2", "q1", "q2"]
        mixed = [Judgment("harbour", "b"), Judgment("secret", "c", query_id="harbour")]
        for order in (mixed, mixed[::-1]):
            assert sorted(name for name, _ in with_query_ids(order)) == ["harbour", "q1"]
            assert query_texts(order)["harbour"] == "secret"

    @pytest.mark.parametrize(
        "line", ["[]", "{", '{"query": "a"}', '{"query": " ", "path": "d"}', '{"query": "a", "path": "d", "page": 0}',
                 '{"query": "a", "path": "d", "start": 3}', '{"query": "a", "path": "d", "start": 5, "end": 5}',
                 '{"query": "a", "path": "d", "page": 1, "start": 1, "end": 2}', '{"query": "a", "path": 3}',
                 '{"query": "a", "path": "d", "grade": "high"}', '{"query": "a", "path": "d", "quote": "x"}',
                 '{"query": "a", "path": "d", "start": 1, "end": 2, "quote": 5}',
                 '{"query": "a", "path": "d", "start": 1, "end": 2, "quote": ""}',
                 '{"query": "a", "path": "d", "grade": 30000}', '{"query": "a", "path": "d", "pages": 1}',
                 '{"query": "a", "path": "d", "grade": 1, "grade": 0}']
    )  # fmt: skip
    def test_what_is_no_judgment(self, tmp_path: Path, line: str) -> None:
        """The line is named."""
        good = json.dumps(Judgment("a", "d").to_json())
        (tmp_path / "j.jsonl").write_text(f"{good}\n{line}\n")
        with pytest.raises(EvaluationError, match="line 2: no judgment"):
            read_judgments(tmp_path / "j.jsonl")
