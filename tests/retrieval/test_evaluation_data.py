"""Benchmarks, measures and runs: what is read, what is counted, what is written."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import numpy as np
import pytest
import pytrec_eval

from passagework.retrieval import ConfigError, EvaluationError, Stage
from passagework.retrieval.evaluation import load_beir, load_trec, read_qrels, read_run, scan_corpus
from passagework.retrieval.evaluation.benchmark import corpus_texts, evenly_spaced
from passagework.retrieval.evaluation.measures import check_measures, mean, per_query
from passagework.retrieval.evaluation.runs import RunFiles, run_field, strictly_decreasing
from tests.support.beir_files import QUERIES, write_beir


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    """A small benchmark."""
    return write_beir(tmp_path / "animals")


class TestBenchmark:
    """BEIR folders and TREC files."""

    def test_judged_queries_only(self, beir: Path) -> None:
        """Queries in order of their file with their grades; what has no text is counted in a note."""
        found = load_beir(beir)
        assert (found.name, list(found.queries)) == ("animals", ["q1", "q2", "q3", "q4"])
        assert found.qrels["q1"] == {"d1": 2, "d2": 1}
        assert found.notes == ("1 judged queries have no text and were left out",)

    def test_another_split_is_named(self, beir: Path) -> None:
        """A split that isn't there is told with those that are."""
        with pytest.raises(EvaluationError, match="no judgments for split 'train': its splits are test"):
            load_beir(beir, split="train")
        with pytest.raises(EvaluationError, match=r"it has no qrels/\*\.tsv"):
            load_beir(beir.parent)

    def test_the_corpus_is_digested(self, beir: Path) -> None:
        """Its sha256 says whether a collection holds it; titles and texts are found by `_id`."""
        corpus = scan_corpus(beir / "corpus.jsonl")
        assert corpus.sha256 == hashlib.sha256((beir / "corpus.jsonl").read_bytes()).hexdigest()
        assert corpus_texts(beir / "corpus.jsonl", {"d3", "gone"}) == {"d3": ("Cats", "cats purr by the stove")}

    def test_names_that_no_tool_could_read(self, beir: Path) -> None:
        """NUL and lone surrogates become U+FFFD on both sides, as they do in documents."""
        (beir / "queries.jsonl").write_text('{"_id": "q\\u0000\\ud800", "text": "a\\u0000b"}\n')
        (beir / "qrels" / "test.tsv").write_bytes(b"q\0\xef\xbf\xbd\td\0\t1\n")
        found = load_beir(beir)
        assert found.queries == {"q\ufffd\ufffd": "a\ufffdb"}
        assert found.qrels == {"q\ufffd\ufffd": {"d\ufffd": 1}}

    @pytest.mark.parametrize(
        ("name", "text", "says"),
        [
            ("queries.jsonl", '{"_id": "q1", "text": "a"}\n{bad\n', "line 2: unreadable"),
            ("queries.jsonl", '{"_id": "q1"}\n', "line 1: no field 'text'"),
            ("queries.jsonl", '{"_id": "q1", "text": "a", "_id": "q2"}\n', "line 1: '_id' comes twice"),
            ("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\td1\tmany\n", "line 2: unreadable"),
            ("qrels/test.tsv", "q1\td1\n", "line 1|no query has judgments"),
            ("queries.jsonl", "", "no query has judgments"),
        ],
    )
    def test_a_bad_line_is_named(self, beir: Path, name: str, text: str, says: str) -> None:
        """File and line, in one line."""
        (beir / name).write_text(text)
        with pytest.raises(EvaluationError, match=says) as raised:
            load_beir(beir)
        assert "\n" not in str(raised.value)

    def test_what_is_no_corpus(self, beir: Path) -> None:
        """A file that isn't there, or is empty, is told; so is a line without `_id` where titles are looked up."""
        (beir / "corpus.jsonl").write_text('{"text": "x"}\n')
        with pytest.raises(EvaluationError, match=r"corpus.jsonl, line 1: no field '_id'"):
            corpus_texts(beir / "corpus.jsonl", {"d1"})
        with pytest.raises(EvaluationError, match="can't be read: No such file"):
            scan_corpus(beir / "none.jsonl")
        (beir / "corpus.jsonl").write_text("\n")
        with pytest.raises(EvaluationError, match="holds no documents"):
            scan_corpus(beir / "corpus.jsonl")

    def test_trec_files(self, tmp_path: Path) -> None:
        """Topics as lines or as <top> blocks, judgments in four columns."""
        (tmp_path / "qrels").write_text("301 0 a/b.txt 1\n302 0 c 0\n")
        (tmp_path / "lines.tsv").write_text("301\tinternational crime\n302\tpolio\n")
        blocks = "<top>\n<num> Number: 301\n<title> international\ncrime\n<desc> Description:\nmore\n</top>\n"
        blocks += "<top>\n<num>302</num>\n<title>polio</title>\n</top>\n"
        (tmp_path / "blocks.txt").write_text(blocks)
        for name in ("lines.tsv", "blocks.txt"):
            found = load_trec(tmp_path / name, tmp_path / "qrels")
            assert found.queries == {"301": "international crime", "302": "polio"}
            assert found.qrels == {"301": {"a/b.txt": 1}, "302": {"c": 0}}

    def test_qrels_with_and_without_header(self, tmp_path: Path) -> None:
        """Documents may hold spaces where tabs divide; the last word on a document counts."""
        (tmp_path / "q").write_text("q1\tmy file.txt\t1\nq1\tmy file.txt\t2\n")
        assert read_qrels(tmp_path / "q") == {"q1": {"my file.txt": 2}}

    def test_the_first_row_is_a_header_only_where_its_grade_is_a_word(self, tmp_path: Path) -> None:
        """Grades may be written `2.0` or `+1`; one that is no whole number, or beyond any scale, is refused."""
        (tmp_path / "q").write_text("q0 d0 2.0\nq0 d1 +1\n")
        assert read_qrels(tmp_path / "q") == {"q0": {"d0": 2, "d1": 1}}
        (tmp_path / "q").write_text("\nquery-id\tcorpus-id\tscore\nq0\td0\t1\n")
        assert read_qrels(tmp_path / "q") == {"q0": {"d0": 1}}
        for wrong in ("0.5", "3000000000", "nan", "inf"):
            (tmp_path / "q").write_text(f"q0 d0 1\nq0 d1 {wrong}\n")
            with pytest.raises(EvaluationError, match="line 2: unreadable"):
                read_qrels(tmp_path / "q")

    def test_a_limit_spreads_evenly(self, beir: Path) -> None:
        """From the first, never more than there are."""
        assert evenly_spaced(list("abcdefghij"), 4) == ["a", "c", "f", "h"]
        assert list(load_beir(beir).limited(2).queries) == ["q1", "q3"]
        assert load_beir(beir).limited(2).qrels.keys() == {"q1", "q3"}
        assert len(load_beir(beir).limited(99).queries) == len(QUERIES) - 1


class TestMeasures:
    """ir-measures against pytrec_eval, and what counts as 0."""

    def test_equal_to_pytrec_eval(self) -> None:
        """On random runs and grades, query by query, to 1e-6."""
        rng = random.Random(3)
        documents = [f"d{n}" for n in range(60)]
        qrels = {f"q{n}": {one: rng.randint(-1, 3) for one in rng.sample(documents, 12)} for n in range(25)}
        run = {
            query: strictly_decreasing([(one, rng.random()) for one in rng.sample(documents, 40)])
            for query in list(qrels)[:20]
        }
        found = per_query(["nDCG@10", "AP", "R@100", "RR"], qrels, run)
        names = {"ndcg_cut.10": "nDCG@10", "map": "AP", "recall.100": "R@100", "recip_rank": "RR"}
        oracle = pytrec_eval.RelevanceEvaluator(qrels, set(names)).evaluate(run)
        for theirs, ours in names.items():
            for query in qrels:
                expected = oracle.get(query, {}).get(theirs.replace(".", "_"), 0.0)
                assert found[ours][query] == pytest.approx(expected, abs=1e-6)

    def test_a_query_without_hits_counts_as_zero(self) -> None:
        """Absent or empty in the run, it is in the mean."""
        qrels = {"a": {"d": 1}, "b": {"d": 1}, "c": {"d": 1}}
        found = per_query(["nDCG@10"], qrels, {"a": {"d": 1.0}, "b": {}})
        assert found == {"nDCG@10": {"a": 1.0, "b": 0.0, "c": 0.0}}
        assert mean(found["nDCG@10"]) == pytest.approx(1 / 3)
        assert per_query(["AP"], qrels, {}) == {"AP": {"a": 0.0, "b": 0.0, "c": 0.0}}

    def test_names(self) -> None:
        """As ir-measures prints them, each once; an unknown one is told."""
        assert check_measures(["nDCG@10", "NDCG@10", "R(rel=2)@5"]) == ("nDCG@10", "R(rel=2)@5")
        for wrong in ("nonsense", "nDCG@", "", "__import__('os')"):
            with pytest.raises(ConfigError, match="is unknown"):
                check_measures([wrong])
        for wrong in ("nDCG@0", "P(rel=0)@5", "nDCG@1.5", "alpha_nDCG@10"):
            with pytest.raises(ConfigError, match="measure"):
                check_measures([wrong])

    def test_grades_under_zero_are_not_relevant(self) -> None:
        """Whatever they are: trec_eval would read beyond its tables."""
        qrels = {"q": {"a": -2, "b": 1, "c": -7}}
        run = {"q": {"a": 3.0, "b": 2.0, "c": 1.0}}
        assert per_query(["RR", "AP"], qrels, run) == {"RR": {"q": 0.5}, "AP": {"q": 0.5}}


class TestRuns:
    """TREC run files."""

    def test_scores_strictly_decrease_in_float32(self) -> None:
        """Equal scores and scores that differ only in float64 are kept apart, in order; others stay as they are."""
        ranking = [("z", 1.0), ("a", 1.0), ("m", 1.0 - 1e-12), ("b", 0.5), ("c", -3.0), ("d", -3.0)]
        scores = strictly_decreasing(ranking)
        assert list(scores) == ["z", "a", "m", "b", "c", "d"]
        values = np.array(list(scores.values()), dtype=np.float32)
        assert np.all(values[1:] < values[:-1])
        assert (scores["z"], scores["b"], scores["c"]) == (1.0, 0.5, -3.0)

    def test_written_and_read_again(self, tmp_path: Path) -> None:
        """Only `<stage>.trec` lies there, six columns a line, ranks from 1, white space in names encoded."""
        with RunFiles.open(tmp_path / "runs", [Stage.DENSE, Stage.HYBRID]) as files:
            files.write(Stage.DENSE, "q 1", strictly_decreasing([("my doc", 0.25), ("b", 0.1)]))
            files.write(Stage.LEXICAL, "q 1", {"x": 1.0})
        assert sorted(one.name for one in (tmp_path / "runs").iterdir()) == ["dense.trec", "hybrid.trec"]
        lines = (tmp_path / "runs" / "dense.trec").read_text().splitlines()
        assert (run_field("100% a"), run_field("file:///a%20b"), run_field("a\u00a0b")) == (
            "100%25%20a", "file:///a%20b", "a%C2%A0b"
        )  # fmt: skip
        assert lines == ["q%201 Q0 my%20doc 1 0.25 dense", "q%201 Q0 b 2 0.100000001 dense"]
        assert read_run(tmp_path / "runs" / "dense.trec") == {"q%201": {"my%20doc": 0.25, "b": 0.100000001}}

    def test_an_interrupted_run_leaves_nothing(self, tmp_path: Path) -> None:
        """No half of a file that looks whole; what was there before stays."""
        (tmp_path / "dense.trec").write_text("before")

        def interrupted() -> None:
            with RunFiles.open(tmp_path, [Stage.DENSE]) as files:
                files.write(Stage.DENSE, "q", {"a": 1.0})
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("dense.trec", "before")]

    def test_what_is_no_run(self, tmp_path: Path) -> None:
        """A line is named; a folder that can't be written and a file that can't be read are told."""
        (tmp_path / "bad").write_text("q Q0 d 1 0.5 tag\nq Q0 d 1 high tag\n")
        (tmp_path / "empty").write_text("\n")
        (tmp_path / "nan").write_text("q Q0 d 1 nan tag\n")
        for name, says in (
            ("bad", "line 2: six columns"),
            ("nan", "line 1: six"),
            ("empty", "holds no run"),
            ("none", "can't be read"),
        ):
            with pytest.raises(EvaluationError, match=says):
                read_run(tmp_path / name)
        with pytest.raises(EvaluationError, match="can't be written"), RunFiles.open(tmp_path / "bad", [Stage.DENSE]):
            pass
