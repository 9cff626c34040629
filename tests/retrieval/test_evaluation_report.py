"""The HTML reports: figures stand where the marks say, hostile text stays text, and every odd evaluation has a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval.config import Settings
from passagework.retrieval.errors import EvaluationError
from passagework.retrieval.evaluation.benchmark import Benchmark
from passagework.retrieval.evaluation.compare import Comparison, Difference, Move, QueryDifference, compare
from passagework.retrieval.evaluation.evaluator import Evaluation, StageFigures, evaluate
from passagework.retrieval.evaluation.judged import JudgedDocuments
from passagework.retrieval.evaluation.report import (
    QueryAnswer,
    answers_for,
    render_comparison,
    render_evaluation,
    worst_queries,
)
from passagework.retrieval.evaluation.report.comparison_charts import means_chart, wins_chart
from passagework.retrieval.evaluation.report.drawing import apart, linear, logarithmic
from passagework.retrieval.evaluation.report.evaluation_charts import latency_chart, quality_chart
from passagework.retrieval.evaluation.report.intervals import Interval, bootstrap_intervals, delta_bars, histogram
from passagework.retrieval.evaluation.report.settings import readable_settings
from passagework.retrieval.evaluation.report.words import chance, figure, milliseconds, shortened, signed
from passagework.retrieval.hits import Hit, Hits, StageScore
from passagework.retrieval.plan import Plan
from passagework.retrieval.text import counted, page_list, visible
from passagework.retrieval.types import Copies, Json, Stage, Syntax
from tests.support.fakes import FakeEncoder

HOSTILE = (
    "</title><script>alert('1')</script><img src=x onerror=\"alert(2)\"> {{ 7*7 }} \x00\x1b[31m\u202eevil\u2066 & ü"
)
SHOWN = "</title><script>alert('1')</script><img src=x onerror=\"alert(2)\"> {{ 7*7 }}   [31mevil & ü"
VOID = {"meta", "br", "img", "link", "input"}


@dataclass(slots=True)
class Node:
    """An element: its name, its attributes, its text with that of its children, and its children."""

    tag: str
    attributes: dict[str, str]
    children: list[Node] = field(default_factory=list)
    text: str = ""

    def all(self, tag: str, kind: str = "") -> Iterator[Node]:
        """Elements beneath, by name and class."""
        for child in self.children:
            if child.tag == tag and (not kind or kind in child.attributes.get("class", "").split()):
                yield child
            yield from child.all(tag, kind)

    def number(self, name: str) -> float:
        """An attribute's number."""
        return float(self.attributes[name])


class Page(HTMLParser):
    """A page as a tree, as strict as a browser is not: each element that opens must close."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.root = Node("", {})
        self._open = [self.root]
        self.feed(html)
        self.close()
        assert self._open == [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element opens."""
        node = Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(node)
        if tag not in VOID:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        """It closes."""
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        """Text of all that are open."""
        for node in self._open:
            node.text += data

    def all(self, tag: str, kind: str = "") -> list[Node]:
        """Elements of the page."""
        return list(self.root.all(tag, kind))

    def chart(self, caption: str) -> Node:
        """The one chart whose caption begins so."""
        [found] = [one for one in self.all("svg") if one.attributes["aria-label"].startswith(caption)]
        return found


def _figures(values: Mapping[str, float], p50: float = 10.0, p95: float = 20.0, name: str = "nDCG@10") -> StageFigures:
    mean = sum(values.values()) / len(values)
    return StageFigures({name: mean}, p50, p95, {name: dict(values)})


def _evaluation(
    stages: Mapping[Stage, StageFigures],
    *,
    texts: Mapping[str, str] | None = None,
    qrels: Mapping[str, Mapping[str, int]] | None = None,
    **others: Any,
) -> Evaluation:
    names = next((list(one.per_query["nDCG@10"]) for one in stages.values()), ["q1"])
    settings: dict[str, Json] = {"encoder": {"model": "tiny", "weights": "ab" * 32}, "candidates": 200, "fusion": "rrf"}
    return Evaluation(
        dataset=others.get("dataset", "birds"),
        documents=7,
        queries=texts or {name: f"text of {name}" for name in names},
        qrels=qrels or {name: {f"d-{name}": 1} for name in names},
        measures=("nDCG@10",),
        stages=stages,
        skipped=others.get("skipped", {}),
        settings={**settings, **others.get("settings", {})},
        notes=others.get("notes", ()),
    )


def _hit(document: str, rank: int = 1, *, text: str = "a passage", title: str = "", path: str = "a.md") -> Hit:
    return Hit(
        rank=rank,
        score=1.0 / rank,
        text=text,
        document=document,
        path=path,
        title=title,
        pages=(3, 4),
        start=0,
        end=len(text),
        headings=(),
        metadata={},
        stages={Stage.DENSE: StageScore(rank, 1.0 / rank)},
        id=rank,
        uri=f"file:///{document}",
    )


def _answer(query: str, hits: Sequence[Hit] = (), **others: Any) -> QueryAnswer:
    return QueryAnswer(
        query=query,
        hits=tuple(hits),
        grades=others.get("grades", (None,) * len(hits)),
        relevant=others.get("relevant", {}),
        ranks=others.get("ranks", {}),
        titles=others.get("titles", {}),
    )


TWO = {
    Stage.DENSE: _figures({"q1": 0.2, "q2": 0.5, "q3": 0.8}, 10, 20),
    Stage.HYBRID: _figures({"q1": 0.6, "q2": 0.5, "q3": 0.7}, 20, 40),
}


class TestIntervals:
    """Bootstrap intervals and what is made of sorted differences."""

    def test_the_interval_is_numpys_own(self) -> None:
        """Percentiles of 2,000 means of seeded draws, for every sample the same draws."""
        values = np.random.default_rng(7).random((2, 40))
        draws = np.random.default_rng(0).integers(0, 40, (2000, 40))
        for sample, found in zip(values, bootstrap_intervals(cast("Any", values)), strict=True):
            low, high = np.percentile(sample[draws].mean(axis=1), [2.5, 97.5])
            assert (found.mean, found.low, found.high) == pytest.approx((sample.mean(), low, high), abs=1e-12)
            assert found.low < found.mean < found.high

    def test_what_cannot_vary_has_no_width(self) -> None:
        """One query, equal values, none at all."""
        assert bootstrap_intervals([[0.25]]) == [Interval(0.25, 0.25, 0.25)]
        [equal] = bootstrap_intervals([[0.1] * 3])
        assert equal.low <= equal.mean <= equal.high
        assert equal.high - equal.low < 1e-12
        assert bootstrap_intervals([]) == []
        assert bootstrap_intervals([[]]) == []

    def test_bars_are_sorted_and_many_are_gathered(self) -> None:
        """Greatest first, ties by id; 600 differences make 300 bars of two each, with their mean and their limits."""
        few = delta_bars({"b": 0.0, "a": 0.0, "c": 0.5, "d": -0.25})
        assert [(bar.query, bar.value, bar.count) for bar in few] == [
            ("c", 0.5, 1),
            ("a", 0.0, 1),
            ("b", 0.0, 1),
            ("d", -0.25, 1),
        ]
        many = delta_bars({f"{number:03}": number / 1000 for number in range(600)})
        assert len(many) == 300
        assert (many[0].query, many[0].count, many[0].most, many[0].least) == ("598", 2, 0.599, 0.598)
        assert many[0].value == pytest.approx(0.5985)
        assert delta_bars({}) == []

    def test_a_value_on_an_edge_belongs_above(self) -> None:
        """0 to 1 in ten bins, the last closed; values outside widen the range."""
        edges, counts = histogram([0.0, 0.5, 0.95, 1.0])
        assert counts.tolist() == [1, 0, 0, 0, 0, 1, 0, 0, 0, 2]
        assert (edges[0], edges[-1]) == (0.0, 1.0)
        assert histogram([-1.0, 4.0])[0][[0, -1]].tolist() == [-1.0, 4.0]
        assert histogram([])[1].sum() == 0


class TestAxes:
    """Scales and the places of labels."""

    @pytest.mark.parametrize(
        ("low", "high", "ticks"),
        [
            (0.363, 0.475, (0.35, 0.40, 0.45, 0.50)),
            (-0.3, 0.6, (-0.4, -0.2, 0.0, 0.2, 0.4, 0.6)),
            (0.5, 0.5, (0.44, 0.46, 0.48, 0.5, 0.52, 0.54, 0.56)),
            (0.0, 0.0, (-0.06, -0.04, -0.02, 0.0, 0.02, 0.04, 0.06)),
        ],
    )
    def test_ticks_are_round_and_hold_the_values(self, low: float, high: float, ticks: tuple[float, ...]) -> None:
        """Steps of 1, 2 or 5; a range of no width gets one."""
        scale = linear(low, high, 0, 100)
        assert scale.ticks == ticks
        assert (scale.at(ticks[0]), scale.at(ticks[-1])) == (0, 100)

    def test_a_decade_is_as_long_as_the_next(self) -> None:
        """Logarithmic: 1 to 100 in two equal halves; numbers are written as short as they are."""
        scale = logarithmic(1.0, 100.0, 0, 100)
        assert list(scale.ticks) == [1, 2, 5, 10, 20, 50, 100]
        assert [scale.at(value) for value in (1, 10, 100)] == [0, 50, 100]
        assert logarithmic(0.3, 0.3, 0, 100).ticks == (0.2, 0.5)
        assert [text for _, text in logarithmic(0.5, 2, 0, 9).numbers()] == ["0.5", "1", "2"]
        assert [text for _, text in linear(-0.1, 0.05, 0, 9).numbers()] == ["−0.10", "−0.05", "0", "0.05"]

    def test_labels_do_not_cover_each_other(self) -> None:
        """Moved apart in their order, and kept inside."""
        assert apart([50.0, 10.0], 15, 0, 100) == [50, 10]
        assert apart([50.0, 49.0, 51.0], 15, 0, 100) == [64, 49, 79]
        assert apart([99.0, 100.0], 15, 0, 100) == [85, 100]


class TestWording:
    """Text and figures."""

    def test_figures(self) -> None:
        """Signs are minus signs, plurals are right, nothing is negative nought."""
        assert [signed(value) for value in (0.0384, -0.12, 0.0, -0.00001)] == ["+0.038", "−0.120", "0.000", "0.000"]
        assert [figure(value) for value in (0.4, -0.25, -0.0001)] == ["0.400", "−0.250", "0.000"]
        assert [counted(number, "query") for number in (1, 2000)] == ["1 query", "2,000 queries"]
        assert [milliseconds(value) for value in (0.423, 7.48, 17.4, 1250)] == [
            "0.42 ms",
            "7.5 ms",
            "17 ms",
            "1,250 ms",
        ]
        assert [chance(p) for p in (0.0001, 0.0124, 1.0)] == ["p < 0.001", "p = 0.012", "p = 1.000"]
        assert [page_list(pages) for pages in ((), (3,), (3, 4, 5, 7))] == ["", "p. 3", "pp. 3-5, 7"]

    def test_what_is_cut_is_said(self) -> None:
        """An ellipsis, and how much of how much."""
        assert shortened("x" * 10_000, 5) == "xxxxx… (5 of 10,000 characters)"
        assert shortened("xxxxx", 5) == "xxxxx"

    def test_characters_that_drive_or_turn_text_are_gone(self) -> None:
        """Control codes and direction marks; joiners, which scripts and emoji need, stay."""
        assert visible("a\x00b\x1b\u202ec\u200fd\ufeff\u2028e\ud800\U000e0041") == "a b cd e\ufffd"
        assert visible("می\u200cخواهم\n👩\u200d🚀") == "می\u200cخواهم\n👩\u200d🚀"

    def test_settings_in_words(self) -> None:
        """Digests are shortened, None is none, a model needs no word, an unknown setting has its own name."""
        given: dict[str, Json] = {
            "strange": [1, True],
            "encoder": {"model": "m", "weights": "0" * 64, "query_prompt": ""},
            "rerank_depth": 20,
            "reranker": None,
            "passages": 1400,
        }
        assert readable_settings(given) == [
            ("Encoder", "m · weights 000000000000…"),
            ("Passages", "1,400"),
            ("Reranker", "none"),
            ("Rerank depth", "20"),
            ("strange", "1, yes"),
        ]


class TestCharts:
    """Marks stand where the figures are."""

    def test_quality(self) -> None:
        """A dot at the mean, a bar over the interval, on the axis that the ticks show."""
        chart = quality_chart("AP", {Stage.DENSE: Interval(0.4, 0.3, 0.5), Stage.HYBRID: Interval(0.5, 0.45, 0.7)})
        ticks = {label.text: label.x for label in chart.labels if label.kind == "tick"}
        spans = [(line.x1, line.x2) for line in chart.lines if line.kind.startswith("span")]
        assert [dot.x for dot in chart.dots] == [ticks["0.4"], ticks["0.5"]]
        assert spans[0] == (ticks["0.3"], ticks["0.5"])
        assert spans[1] == ((ticks["0.4"] + ticks["0.5"]) / 2, ticks["0.7"])
        assert chart.dots[0].title == "dense: AP 0.400, 95% interval 0.300 to 0.500"

    def test_latency(self) -> None:
        """A dot at the median, the bar to the 95th percentile; better is higher; far apart makes it logarithmic."""
        near = latency_chart("nDCG@10", TWO)
        ticks = {label.text: label.x for label in near.labels if label.anchor == "middle"}
        assert [(dot.x, line.x2) for dot, line in zip(near.dots, _spans(near), strict=True)] == [
            (ticks["10"], ticks["20"]),
            (ticks["20"], ticks["40"]),
        ]
        assert near.dots[1].y < near.dots[0].y
        far = latency_chart(
            "nDCG@10", {Stage.DENSE: _figures({"q": 0.5}, 1, 10), Stage.RERANK: _figures({"q": 0.6}, 10, 100)}
        )
        ticks = {label.text: label.x for label in far.labels if label.anchor == "middle"}
        assert [dot.x for dot in far.dots] == [ticks["1"], ticks["10"]]
        assert any(label.text == "milliseconds a query, logarithmic" for label in far.labels)
        assert latency_chart("nDCG@10", {Stage.DENSE: _figures({"q": 0.5}, 0, 0)}).dots  # all queries blank

    def test_differences_of_means(self) -> None:
        """Bars from zero, a loss to the left of it."""
        chart = means_chart([_difference("AP", 0.1), _difference("RR", -0.05)])
        ticks = {label.text: label.x for label in chart.labels if label.kind == "tick"}
        gain, loss = chart.rects
        assert (gain.kind, gain.x, round(gain.x + gain.width, 2)) == ("gain", ticks["0"], ticks["0.10"])
        assert (loss.kind, loss.x, round(loss.x + loss.width, 2)) == ("loss", ticks["−0.05"], ticks["0"])

    def test_wins(self) -> None:
        """Widths are as the counts, side by side over the whole width; what is none has no bar."""
        chart = wins_chart([_difference("AP", 0.1, wins=3, ties=0, losses=1)])
        assert [(rect.kind, rect.x, rect.width) for rect in chart.rects] == [("gain", 0, 285), ("loss", 285, 95)]


def _spans(chart: Any) -> list[Any]:
    return [line for line in chart.lines if line.kind.startswith("span")]


def _difference(measure: str, by: float, **counts: int) -> Difference:
    return Difference(
        measure, 0.4, 0.4 + by, by, counts.get("wins", 2), counts.get("losses", 1), counts.get("ties", 0), 0.03
    )


class TestWorstQueries:
    """Where most was lost."""

    def test_most_first_and_ties_by_id(self) -> None:
        """By the last stage's first measure; who lost nothing is not among them."""
        last = _figures({"q3": 0.5, "q2": 0.5, "q1": 0.9, "q4": 1.0, "q0": 0.0})
        evaluation = _evaluation(
            {Stage.DENSE: _figures(dict.fromkeys(last.per_query["nDCG@10"], 0.0)), Stage.HYBRID: last}
        )
        assert worst_queries(evaluation) == ["q0", "q2", "q3", "q1"]
        assert worst_queries(evaluation, 2) == ["q0", "q2"]

    def test_what_could_not_be_reached_is_no_loss(self) -> None:
        """R@1 of two relevant documents is 0.5 at best; a query without anything relevant loses nothing."""
        figures = StageFigures({"R@1": 0.0}, 1, 1, {"R@1": {"two": 0.0, "one": 0.2, "none": 0.0}})
        evaluation = Evaluation(
            dataset="d",
            documents=1,
            queries={"two": "", "one": "", "none": ""},
            qrels={"two": {"a": 1, "b": 2}, "one": {"a": 1}, "none": {"a": 0}},
            measures=("R@1",),
            stages={Stage.DENSE: figures},
            skipped={},
            settings={},
        )
        assert worst_queries(evaluation) == ["one", "two"]

    def test_nothing_measured(self) -> None:
        """No stage, no worst query."""
        assert worst_queries(_evaluation({})) == []


class Searched:
    """A collection that finds what it was given: hits by stage."""

    def __init__(self, found: Mapping[Stage, Sequence[Hit]]) -> None:
        self.found = found
        self.asked: list[tuple[str, Stage, int, str, int | None]] = []

    def search(
        self,
        query: str,
        *,
        k: int,
        stage: Stage,
        candidates: int,
        fusion: str,
        per_document: int | None,
        **switched_off: object,
    ) -> Hits:
        """The first `k` of that stage."""
        assert switched_off == {"relevance": False, "copies": Copies.KEEP, "syntax": Syntax.PLAIN}
        self.asked.append((query, stage, k, fusion, candidates))
        assert per_document == 1
        return Hits(query, tuple(self.found[stage][:k]), Plan(stage, stage, candidates), {})

    def documents_named(self, names: object) -> dict[str, list[Any]]:
        """None is there to have a title."""
        return {}


class TestAnswers:
    """The worst queries, searched again."""

    def test_ranks_grades_and_passages(self) -> None:
        """The first of the last stage, what was judged of each, and the ranks of what is relevant at every stage."""
        found = {
            Stage.DENSE: [_hit("d1"), _hit("d2", 2)],
            Stage.HYBRID: [_hit(f"h{number}", number) for number in range(1, 7)] + [_hit("d1", 7)],
            Stage.RERANK: [_hit("h2", 1), _hit("d0", 2)],
        }
        collection = Searched(found)
        evaluation = _evaluation(
            {stage: _figures({"q": 0.1}) for stage in found}, qrels={"q": {"d1": 2, "d2": 1, "d0": 0, "h2": -1}}
        )
        judged = JudgedDocuments(Benchmark("b", {"q": "words"}, evaluation.qrels))
        [answer] = answers_for(cast("Collection", collection), evaluation, judged, ["q"])
        assert [hit.document for hit in answer.hits] == ["h2", "d0"]
        assert answer.grades == (-1, 0)
        assert answer.relevant == {"d1": 2, "d2": 1}
        # rerank goes on as hybrid does: h2 d0 | h1 h3 h4 h5 h6 d1
        assert answer.ranks == {Stage.DENSE: {"d1": 1, "d2": 2}, Stage.HYBRID: {"d1": 7}, Stage.RERANK: {"d1": 8}}
        assert ("words", Stage.DENSE, 100, "rrf", 200) in collection.asked
        assert ("words", Stage.RERANK, 50, "rrf", 200) in collection.asked

    def test_of_a_real_collection(self, tmp_path: Path) -> None:
        """Judgments that name paths: titles are looked up, of documents too that no stage has found."""
        (tmp_path / "docs").mkdir()
        for name in ("gull", "tern"):
            (tmp_path / "docs" / f"{name}.md").write_text(f"# The {name}\n\nA {name} by the sea.\n", encoding="utf-8")
        settings = Settings(workers=1, offline=True)
        ingest([tmp_path / "docs"], tmp_path / "c", encoder=FakeEncoder(), settings=settings)
        benchmark = Benchmark("b", {"q": "gull"}, {"q": {"gull.md": 1, "tern.md": 1}})
        with Collection.open(tmp_path / "c", encoder=FakeEncoder(), settings=settings) as collection:
            evaluation = evaluate(collection, benchmark, stages=[Stage.LEXICAL])
            answers = answers_for(collection, evaluation, JudgedDocuments(benchmark), worst_queries(evaluation))
        assert [(one.query, one.ranks, one.grades) for one in answers] == [("q", {Stage.LEXICAL: {"gull.md": 1}}, (1,))]
        assert answers[0].titles == {"gull.md": "The gull", "tern.md": "The tern"}
        assert "The tern tern.md" in _text(render_evaluation(evaluation, answers))

    def test_a_blank_query_finds_nothing(self) -> None:
        """It isn't searched, as in an evaluation."""
        evaluation = _evaluation({Stage.DENSE: _figures({"q": 0.0})})
        judged = JudgedDocuments(Benchmark("b", {"q": " "}, evaluation.qrels))
        [answer] = answers_for(cast("Collection", Searched({})), evaluation, judged, ["q"])
        assert (answer.hits, answer.ranks, answer.relevant) == ((), {Stage.DENSE: {}}, {"d-q": 1})


class TestEvaluationPage:
    """The report of an evaluation."""

    def test_bars_of_differences_have_the_height_of_the_figures(self) -> None:
        """+0.4, 0 and -0.1 against the grid lines of -0.2 and 0.4; each bar says which query it is."""
        chart = Page(render_evaluation(_evaluation(TWO), [])).chart("hybrid less dense")
        grid = {text.text: text.number("y") - 4 for text in chart.all("text")}
        [gain], [loss] = list(chart.all("rect", "gain")), list(chart.all("rect", "loss"))
        unit = (grid["0"] - grid["0.4"]) / 0.4
        assert (gain.number("y"), gain.number("height")) == pytest.approx((grid["0.4"], 0.4 * unit), abs=0.02)
        assert (loss.number("y"), loss.number("height")) == pytest.approx((grid["0"], 0.1 * unit), abs=0.02)
        assert gain.number("x") < loss.number("x")
        assert [next(one.all("title")).text for one in chart.all("rect", "touch")] == [
            "+0.400 (0.200 → 0.600)\nq1: text of q1",
            "0.000 (0.500 → 0.500)\nq2: text of q2",
            "−0.100 (0.800 → 0.700)\nq3: text of q3",
        ]

    def test_every_figure_is_told(self) -> None:
        """The best stage, settings, reasons, notes, how many are better, and the table."""
        skipped = {Stage.RERANK: "no reranker was named"}
        text = _text(render_evaluation(_evaluation(TWO, skipped=skipped, notes=("two were left out",)), []))
        for told in (
            "hybrid is best: nDCG@10 0.600",
            "over 3 queries, at 20 ms a query (median).",
            "rerank was not measured: no reranker was named",
            "two were left out",
            "tiny · weights abababababab…",
            "+0.100 on average",
            "better in 1, the same in 1, worse in 1",
            "exactly 0 in 0 queries",
            "0.6000",
            "They were not searched again for this report.",
        ):
            assert told in text

    @pytest.mark.parametrize(
        ("dense", "hybrid", "count", "told"),
        [
            (0.5, 0.5, 3, "dense is as good as any: nDCG@10 0.500 (too few queries to tell more) over 3 queries"),
            (0.5, 0.6, 9, "hybrid is best: nDCG@10 0.600 (too few queries to tell more) over 9 queries"),
            (0.5, 0.6, 10, "hybrid is best: nDCG@10 0.600 (95% interval 0.600 to 0.600) over 10 queries"),
        ],
    )
    def test_no_more_is_said_than_is_known(self, dense: float, hybrid: float, count: int, told: str) -> None:
        """Of equal stages none is the best, and the interval of a handful of queries would say nothing."""
        queries = [f"q{number}" for number in range(count)]
        stages = {
            stage: _figures(dict.fromkeys(queries, value))
            for stage, value in ((Stage.DENSE, dense), (Stage.HYBRID, hybrid))
        }
        assert told in _text(render_evaluation(_evaluation(stages), []))

    def test_a_card_tells_what_was_wanted_and_found(self) -> None:
        """Ranks by stage with a dash for what is not among 100; passages with score, place and mark."""
        answer = _answer(
            "q1",
            [_hit("x", 1, title="Wrong"), _hit("y", 2), _hit("d-q1", 3)],
            grades=(None, 0, 2),
            relevant={"d-q1": 2, "gone": 1},
            ranks={Stage.DENSE: {"d-q1": 17}, Stage.HYBRID: {"d-q1": 3}},
            titles={"gone": "The lost one"},
        )
        page = Page(render_evaluation(_evaluation(TWO), [answer]))
        [card] = page.all("details")
        rows = [[" ".join(cell.text.split()) for cell in row.all("td")] for row in card.all("tr")][1:]
        assert rows == [["d-q1", "2", "17", "3"], ["The lost one gone", "1", "–", "–"]]
        assert "dense 0.200 hybrid 0.600 lost 0.400" in " ".join(card.text.split())
        items = [" ".join(item.text.split()) for item in card.all("li")]
        assert items == [
            "1Wrong 1.000 not judged · a.md · pp. 3-4 a passage",
            "2y 0.500 judged not relevant · a.md · pp. 3-4 a passage",
            "3d-q1 0.333 ✓ relevant, grade 2 · a.md · pp. 3-4 a passage",
        ]

    @pytest.mark.parametrize(
        ("evaluation", "told"),
        [
            (_evaluation({}, skipped={Stage.DENSE: "no model"}), "No stage was measured."),
            (_evaluation({Stage.DENSE: _figures({"q": 0.5})}), "dense was measured: nDCG@10 0.500"),
            (_evaluation({Stage.DENSE: _figures({"q": 1.0})}), "No query lost anything"),
            (_evaluation({Stage.DENSE: _figures({"q": 0.0}, 0, 0)}), "over 1 query, at 0.00 ms"),
        ],
        ids=["all skipped", "one stage and one query", "nothing lost", "nothing found"],
    )
    def test_odd_evaluations(self, evaluation: Evaluation, told: str) -> None:
        """Each has a page that says so."""
        assert told in _text(render_evaluation(evaluation, []))

    def test_an_answer_without_hits(self) -> None:
        """Nothing relevant and nothing found are said."""
        text = _text(render_evaluation(_evaluation(TWO), [_answer("q2")]))
        assert "Nothing is judged relevant." in text
        assert "Nothing was found." in text

    def test_a_strange_answer_is_refused(self) -> None:
        """An answer to a query that was not evaluated names it."""
        with pytest.raises(EvaluationError, match="'nobody'"):
            render_evaluation(_evaluation(TWO), [_answer("nobody")])

    def test_hostile_text_is_text(self) -> None:
        """In names, queries, reasons, settings, passages, titles, paths and ids, in tooltips too."""
        evaluation = _evaluation(
            {Stage.DENSE: _figures({HOSTILE: 0.2}), Stage.HYBRID: _figures({HOSTILE: 0.4})},
            texts={HOSTILE: HOSTILE},
            dataset=HOSTILE,
            skipped={Stage.RERANK: HOSTILE},
            settings={HOSTILE: HOSTILE, "encoder": {HOSTILE: HOSTILE}},
            notes=(HOSTILE,),
        )
        hit = _hit(HOSTILE, text=HOSTILE, title=HOSTILE, path=HOSTILE)
        answer = _answer(HOSTILE, [hit], relevant={HOSTILE: 1}, titles={HOSTILE: HOSTILE})
        _check_harmless(render_evaluation(evaluation, [answer]), at_least=12)

    def test_long_text_is_shortened(self) -> None:
        """10,000 characters of anything are shown in part, and it is said."""
        long = "y" * 10_000
        evaluation = _evaluation({Stage.DENSE: _figures({long: 0.2})}, texts={long: long}, dataset=long, notes=(long,))
        html = render_evaluation(evaluation, [_answer(long, [_hit(long, text=long, title=long, path=long)])])
        assert "y" * 401 not in html
        assert f"{'y' * 400}… (400 of 10,000 characters)" in html
        assert len(html) < 60_000

    @pytest.mark.slow
    def test_ten_thousand_queries_are_a_small_page(self) -> None:
        """Bars are gathered, which is said; the page is below 2 MB, and the same each time."""
        generator = np.random.default_rng(1)
        names = [f"q{number:05}" for number in range(10_000)]
        stages = {
            stage: _figures({name: float(value) for name, value in zip(names, generator.random(10_000), strict=True)})
            for stage in Stage
        }
        evaluation = _evaluation(stages, texts=dict.fromkeys(names, "a query of some length " * 10))
        html = render_evaluation(evaluation, [])
        assert len(html.encode()) < 2_000_000
        assert "each of the 300 bars is the mean of neighbours in that order, about 33 of them." in _text(html)
        assert len(list(Page(html).chart("rerank less dense").all("rect", "touch"))) == 300
        assert html == render_evaluation(evaluation, [])


class TestComparisonPage:
    """The report of a comparison."""

    def test_figures_and_moves(self) -> None:
        """Means, p, counts, the queries that changed most, and the documents that moved, relevant ones first."""
        benchmark = Benchmark("birds", {"q1": "gull", "q2": "tern"}, {"q1": {"d1": 1}, "q2": {"d2": 2}})
        a = {"q1": {"d9": 2.0, "d1": 1.0}, "q2": {"d2": 1.0}}
        b = {"q1": {"d1": 2.0, "d9": 1.0}, "q2": {"d8": 2.0, "d7": 1.5, "d2": 1.0}}
        comparison = compare(benchmark, a, b, names=("old", "new"), measures=["RR"])
        html = render_comparison(comparison, {"d1": "The gull"})
        text, page = _text(html), Page(html)
        assert "new (b) is worse than old (a) on average: RR 0.750 → 0.667, −0.083 (p = 1.000, so it may be" in text
        gained, lost = page.all("details")
        assert "gull query q1 a 0.500 b 1.000 +0.500" in " ".join(gained.text.split())
        assert _cells(gained) == [["The gull d1", "1", "2", "→", "1"], ["d9", "0", "1", "→", "2"]]
        assert _cells(lost) == [["d2", "2", "1", "→", "3"], ["d8", "0", "–", "→", "1"], ["d7", "0", "–", "→", "2"]]
        [row] = [[cell.text for cell in row.all("td")] for row in page.all("table")[-1].all("tr")][1:]
        assert row == ["0.7500", "0.6667", "-0.0833", "1.0000", "1", "0", "1"]
        assert [next(one.all("title")).text for one in page.chart("b minus a in RR").all("rect", "touch")] == [
            "+0.500 (0.500 → 1.000)\nq1: gull",
            "−0.667 (1.000 → 0.333)\nq2: tern",
        ]

    def test_equal_runs(self) -> None:
        """Nothing gained, nothing lost, no bar."""
        same = QueryDifference("q", "text", 0.5, 0.5, ())
        page = render_comparison(Comparison("d", ("a", "b"), (_difference("AP", 0.0),), (same,)), {})
        assert "Both runs are equal on average" in _text(page)
        assert _text(page).count("None.") == 2
        assert list(Page(page).chart("b minus a in AP").all("rect", "gain")) == []

    def test_nothing_compared(self) -> None:
        """No measure and no query: a page without charts."""
        assert Page(render_comparison(Comparison("d", ("a", "b"), (), ()), {})).all("svg") == []

    def test_hostile_and_long_text(self) -> None:
        """In names, measures, queries, documents and titles."""
        moves = (Move(HOSTILE, 1, None, 3), Move("z" * 10_000, 0, 2, None))
        query = QueryDifference(HOSTILE, HOSTILE, 0.1, 0.9, moves)
        comparison = Comparison(HOSTILE, (HOSTILE, HOSTILE), (_difference(HOSTILE, 0.8),), (query,))
        html = render_comparison(comparison, {HOSTILE: HOSTILE})
        _check_harmless(html, at_least=6)
        assert f"{'z' * 160}… (160 of 10,000 characters)" in html
        assert "z" * 161 not in html

    def test_ten_thousand_queries_are_a_small_page(self) -> None:
        """Ten gained most, ten lost most, 300 bars: below 2 MB."""
        moves = tuple(Move(f"d{number}", 0, number + 1, number + 2) for number in range(10))
        queries = tuple(
            QueryDifference(f"q{number}", "words " * 40, 0.5, number / 10_000, moves) for number in range(10_000)
        )
        html = render_comparison(Comparison("d", ("a", "b"), (_difference("AP", 0.1),), queries), {})
        assert len(html.encode()) < 2_000_000
        assert len(Page(html).all("details")) == 20


def _cells(node: Node) -> list[list[str]]:
    return [[" ".join(cell.text.split()) for cell in row.all("td")] for row in node.all("tr")][1:]


def _text(html: str) -> str:
    [body] = Page(html).all("body")
    return " ".join(body.text.split()).replace(" ,", ",")


def _check_harmless(html: str, at_least: int) -> None:
    """No element or attribute came from the text, nothing can be fetched or run, no control code is left."""
    page = Page(html)
    assert {"script", "img", "link", "a", "iframe", "object", "base", "form"} & {
        one.tag for one in _every(page.root)
    } == set()
    attributes = {name for one in _every(page.root) for name in one.attributes}
    assert {name for name in attributes if name.startswith("on") or name in ("src", "href", "style")} == set()
    assert "http" not in html.replace("http-equiv", "")
    assert "url(" not in html
    assert [one for one in "\x00\x1b\u202e\u2066" if one in html] == []
    assert "49 " not in html
    assert page.root.text.count(SHOWN) >= at_least
    policies = [one.attributes.get("content") for one in page.all("meta") if "http-equiv" in one.attributes]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]


def _every(node: Node) -> Iterator[Node]:
    for child in node.children:
        yield child
        yield from _every(child)
