"""The report of an evaluation: what was measured, how well and how fast, query by query, and what went worst."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from passagework.retrieval.errors import EvaluationError
from passagework.retrieval.evaluation.evaluator import Evaluation
from passagework.retrieval.evaluation.report.answers import QueryAnswer, losses
from passagework.retrieval.evaluation.report.charts import delta_chart, delta_tooltip, histogram_chart
from passagework.retrieval.evaluation.report.drawing import Chart
from passagework.retrieval.evaluation.report.evaluation_charts import latency_chart, quality_chart
from passagework.retrieval.evaluation.report.intervals import (
    FEW,
    MOST_BARS,
    RESAMPLES,
    Interval,
    bootstrap_intervals,
    delta_bars,
    histogram,
)
from passagework.retrieval.evaluation.report.rendering import render
from passagework.retrieval.evaluation.report.settings import readable_settings
from passagework.retrieval.evaluation.report.worst import Card, card
from passagework.retrieval.types import Stage


@dataclass(frozen=True, slots=True)
class Contrast:
    """Compares the last stage with an earlier one over all queries: the mean difference, and how many are which."""

    earlier: str
    mean: Interval
    better: int
    same: int
    worse: int
    chart: Chart


@dataclass(frozen=True, slots=True)
class Distribution:
    """Tells how one stage's values are spread."""

    stage: str
    zero: int
    chart: Chart


def render_evaluation(evaluation: Evaluation, answers: Sequence[QueryAnswer]) -> str:
    """Returns one HTML page that needs no other file; `answers` (of `answers_for`) are shown in their order.

    The same arguments give the same page. Raises EvaluationError for an answer to a query that was not evaluated.
    """
    strange = next((answer.query for answer in answers if answer.query not in evaluation.queries), None)
    if strange is not None:
        raise EvaluationError(f"an answer to {strange!r} was given, which is no query of {evaluation.dataset}")
    intervals = _intervals(evaluation)
    stages, primary = evaluation.stages, evaluation.measures[0]
    lost = losses(evaluation)
    return render(
        "evaluation.html",
        {
            "evaluation": evaluation,
            "facts": readable_settings(evaluation.settings),
            "first": primary,
            "last": list(stages)[-1].value if stages else "",
            "best": _best(intervals[primary]) if stages else None,
            "tied": stages and _is_tied(intervals[primary]),
            "few": FEW,
            "intervals": intervals,
            "quality": [quality_chart(name, intervals[name]) for name in evaluation.measures] if stages else [],
            "latency": latency_chart(primary, stages) if stages else None,
            "contrasts": list(_contrasts(evaluation)),
            "distributions": list(_distributions(evaluation)),
            "worst": [_card(evaluation, answer, lost) for answer in answers],
            "lossless": not any(loss > 0 for loss in lost.values()),
            "most_bars": MOST_BARS,
            "resamples": RESAMPLES,
        },
    )


def _intervals(evaluation: Evaluation) -> dict[str, dict[Stage, Interval]]:
    """Returns intervals by measure and stage, all over the same resamples."""
    stages = evaluation.stages
    cells = [(name, stage) for name in evaluation.measures for stage in stages]
    resampled = bootstrap_intervals(
        [[stages[stage].per_query[name][query] for query in evaluation.queries] for name, stage in cells]
    )
    out: dict[str, dict[Stage, Interval]] = {name: {} for name in evaluation.measures}
    for (name, stage), interval in zip(cells, resampled, strict=True):
        out[name][stage] = interval
    return out


def _best(by_stage: Mapping[Stage, Interval]) -> Stage:
    """Returns the stage of the highest mean, the earliest of equals: it takes the least."""
    return max(by_stage, key=lambda stage: by_stage[stage].mean)


def _is_tied(by_stage: Mapping[Stage, Interval]) -> bool:
    """Tells whether several stages have the highest mean."""
    means = sorted((interval.mean for interval in by_stage.values()), reverse=True)
    return len(means) > 1 and math.isclose(means[0], means[1], abs_tol=1e-12)


def _contrasts(evaluation: Evaluation) -> Iterator[Contrast]:
    if not evaluation.stages:
        return
    *earlier, last = evaluation.stages
    primary = evaluation.measures[0]
    b = evaluation.stages[last].per_query[primary]
    for stage in earlier:
        a = evaluation.stages[stage].per_query[primary]
        deltas = {query: b[query] - a[query] for query in evaluation.queries}
        chart = delta_chart(
            delta_bars(deltas),
            f"{last.value} less {stage.value} in {primary}, query by query, greatest gain first",
            delta_tooltip(a, b, evaluation.queries),
        )
        yield Contrast(
            earlier=stage.value,
            mean=bootstrap_intervals([list(deltas.values())])[0],
            better=sum(delta > 0 for delta in deltas.values()),
            same=sum(delta == 0 for delta in deltas.values()),
            worse=sum(delta < 0 for delta in deltas.values()),
            chart=chart,
        )


def _distributions(evaluation: Evaluation) -> Iterator[Distribution]:
    primary = evaluation.measures[0]
    values = {stage: list(of.per_query[primary].values()) for stage, of in evaluation.stages.items()}
    most = max((int(histogram(by_query)[1].max()) for by_query in values.values()), default=0)
    for stage, by_query in values.items():
        caption = f"Queries by {primary} of {stage.value}"
        chart = histogram_chart(by_query, stage.value, caption, most)
        yield Distribution(stage=stage.value, zero=sum(value == 0 for value in by_query), chart=chart)


def _card(evaluation: Evaluation, answer: QueryAnswer, lost: Mapping[str, float]) -> Card:
    primary = evaluation.measures[0]
    values = {stage.value: of.per_query[primary][answer.query] for stage, of in evaluation.stages.items()}
    return card(answer, evaluation.queries[answer.query], values, lost[answer.query], list(evaluation.stages))
