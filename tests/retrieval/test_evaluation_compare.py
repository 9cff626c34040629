"""Comparison of runs, and gates."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from passagework.retrieval import ConfigError, EvaluationError, Stage
from passagework.retrieval.evaluation import Benchmark, Evaluation, StageFigures, compare, load_gate
from passagework.retrieval.evaluation.compare import Move, moves, p_value

QRELS = {"q1": {"a": 1}, "q2": {"b": 1}, "q3": {"c": 1}}
BENCHMARK = Benchmark("toy", {"q1": "one", "q2": "two", "q3": "three"}, QRELS)
FIRST = {"q1": {"a": 2.0, "x": 1.0}, "q2": {"x": 2.0, "b": 1.0}}
SECOND = {"q1": {"x": 2.0, "a": 1.0}, "q2": {"b": 2.0, "x": 1.0}, "q3": {"c": 1.0}}


class TestComparison:
    """What two runs say against each other."""

    def test_values(self) -> None:
        """Means, wins, losses and ties; a query that a run lacks counts as 0; the largest difference comes first."""
        found = compare(BENCHMARK, FIRST, SECOND, names=("old", "new"), measures=["RR", "R@1"])
        rr = found.measures[0]
        assert (rr.a, rr.b, rr.difference) == pytest.approx((0.5, 2.5 / 3, 1 / 3))
        assert (rr.wins, rr.losses, rr.ties) == (2, 1, 0)
        assert [one.query for one in found.queries] == ["q3", "q1", "q2"]
        assert found.queries[0].moves == (Move("c", 1, None, 1),)
        assert found.queries[1].moves == (Move("x", 0, 2, 1), Move("a", 1, 1, 2))
        shown = found.to_json()
        assert (shown["a"], shown["b"], shown["queries"]) == ("old", "new", 3)

    def test_p_is_that_of_every_arrangement(self) -> None:
        """Of few queries, the share of sign changes whose mean is as far from 0: counted one by one."""
        deltas = np.array([0.3, -0.1, 0.2, 0.05, 0.4, 0.0, 0.15])
        means = [np.mean(np.array(signs) * deltas) for signs in itertools.product((1, -1), repeat=len(deltas))]
        expected = np.mean(np.abs(means) >= abs(deltas.mean()) - 1e-12)
        assert p_value(deltas) == pytest.approx(expected, abs=1e-9)
        assert p_value(np.zeros(5)) == 1.0

    def test_p_of_many_is_drawn_the_same_every_time(self) -> None:
        """And near that of a t-test, where the two should agree."""
        from scipy.stats import ttest_1samp

        deltas = np.random.default_rng(5).normal(0.02, 0.2, 400)
        assert p_value(deltas) == p_value(deltas)
        assert p_value(deltas) == pytest.approx(ttest_1samp(deltas, 0).pvalue, abs=0.01)

    def test_names_with_white_space_are_found_again(self) -> None:
        """A run file has them encoded; the benchmark's own names count."""
        benchmark = Benchmark("toy", {"q 1": "one"}, {"q 1": {"my doc": 1}})
        found = compare(
            benchmark, {"q%201": {"x": 2.0, "my%20doc": 1.0}}, {"q%201": {"my%20doc": 1.0}}, measures=["RR"]
        )
        assert (found.measures[0].a, found.measures[0].b, found.measures[0].p) == (0.5, 1.0, 1.0)

    def test_queries_that_nobody_asked_do_not_count(self) -> None:
        """Runs over some of the queries are compared on those."""
        found = compare(BENCHMARK, {"q1": {"a": 1.0}}, {"q1": {"x": 2.0, "a": 1.0}}, measures=["RR"])
        assert (found.measures[0].a, found.measures[0].b, len(found.queries)) == (1.0, 0.5, 1)

    def test_ties_stand_as_trec_eval_has_them(self) -> None:
        """Equal scores are in descending order of names."""
        assert moves({"a": 1.0, "b": 1.0}, {"a": 2.0, "b": 1.0}, {"a": 1}) == (Move("a", 1, 2, 1), Move("b", 0, 1, 2))

    def test_a_run_of_other_queries_is_refused(self) -> None:
        """Else everything would be 0."""
        with pytest.raises(EvaluationError, match="run new answers no query of toy"):
            compare(BENCHMARK, FIRST, {"z": {"a": 1.0}}, names=("old", "new"))


def measured(skipped: Mapping[Stage, str], **values: float) -> Evaluation:
    """An evaluation of hybrid and dense, with `skipped`."""
    figures = {
        stage: StageFigures({"nDCG@10": value}, 10.0, 30.0, {"nDCG@10": {"q": value}})
        for stage, value in ((Stage.DENSE, values["dense"]), (Stage.HYBRID, values["hybrid"]))
    }
    return Evaluation("toy", 3, BENCHMARK.queries, QRELS, ("nDCG@10",), figures, skipped, {})


class TestGate:
    """Thresholds for a pipeline of one's own."""

    @pytest.mark.parametrize(
        ("text", "missed"),
        [
            ('{"nDCG@10": 0.7}', []),
            ('{"nDCG@10": 7e-1}', []),
            ('{"nDCG@10": 0.71}', ["hybrid nDCG@10 is 0.7000, under 0.71"]),
            ('{"dense": {"nDCG@10": 0.6}}', ["dense nDCG@10 is 0.5000, under 0.6"]),
            ("hybrid:\n  nDCG@10: 0.6\n  ms_p95: 20\n", ["hybrid ms_p95 is 30.0000, over 20"]),
            ('{"hybrid": {"token_IoU@5": 0.1}}', ["hybrid token_IoU@5: not measured"]),
            ('{"hybrid": {"nDCG@10": {"min": 0.1, "max": 0.6}}}', ["hybrid nDCG@10 is 0.7000, over 0.6"]),
            ('{"rerank": {"nDCG@10": 0.1}}', ["rerank nDCG@10: not measured"]),
            ('{"AP": 0.1}', ["hybrid AP: not measured"]),
            ('{"stages": {"dense": {"nDCG@10": 0.5}}}', []),
        ],
    )
    def test_thresholds(self, tmp_path: Path, text: str, missed: list[str]) -> None:
        """Least of a measure, most of a time; without a stage the last one is meant; what wasn't measured is missed."""
        (tmp_path / "gate").write_text(text)
        assert load_gate(tmp_path / "gate").missed(measured({}, dense=0.5, hybrid=0.7)) == missed

    @pytest.mark.parametrize("text", ['{"nDCG@10": 0.1}', '{"rerank": {"nDCG@10": 0.1}}'])
    def test_a_stage_that_was_skipped_passes_no_gate(self, tmp_path: Path, text: str) -> None:
        """Named, or meant as the last one: figures of an earlier stage never stand in for it."""
        (tmp_path / "gate").write_text(text)
        found = load_gate(tmp_path / "gate").missed(measured({Stage.RERANK: "no reranker"}, dense=0.5, hybrid=0.7))
        assert found == ["rerank nDCG@10: not measured (no reranker)"]

    @pytest.mark.parametrize(
        "text", ["", "[]", "{", '{"nope": 1}', '{"nDCG@10": "high"}', '{"hybrid": 3}', '{"nDCG@10": {"least": 1}}',
                 '{"AP": 0.1, "AP": 0.9}', "AP: 0.1\nAP: 0.9", "hybrid:\n  AP: 0.1\n  AP: 0.2",
                 '{"nDCG@10": true}', '{"nDCG@10": {}}', "nDCG@10: .nan", '{"nDCG@10": NaN}',
                 '{"nDCG@10": {"max": Infinity}}']
    )  # fmt: skip
    def test_what_is_no_gate(self, tmp_path: Path, text: str) -> None:
        """One line, before anything is measured."""
        (tmp_path / "gate").write_text(text)
        with pytest.raises(ConfigError) as raised:
            load_gate(tmp_path / "gate")
        assert "\n" not in str(raised.value)

    def test_measures_to_take(self, tmp_path: Path) -> None:
        """What a gate names is measured, times aside."""
        (tmp_path / "gate").write_text('{"hybrid": {"P@3": 0.1, "ms_p50": 9, "token_recall@5": 1}, "AP": 0.2}')
        assert load_gate(tmp_path / "gate").measures == ("P@3", "AP")
