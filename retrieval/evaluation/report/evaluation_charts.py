"""Charts of one evaluation: quality by stage, and what it costs in time."""

from __future__ import annotations

from collections.abc import Mapping

from passagework.retrieval.evaluation.evaluator import StageFigures
from passagework.retrieval.evaluation.report.charts import LEFT, columns_left, rows_below
from passagework.retrieval.evaluation.report.drawing import (
    WIDTH,
    Chart,
    Dot,
    Label,
    Line,
    Scale,
    apart,
    linear,
    logarithmic,
)
from passagework.retrieval.evaluation.report.intervals import Interval
from passagework.retrieval.evaluation.report.words import figure, milliseconds
from passagework.retrieval.types import Stage

ROW = 28.0
NAMES = 62.0
"""Units left of the plot for the names of stages."""

VALUES = 48.0
"""Units right of the plot for a value."""

LOGARITHMIC_FROM = 8.0
"""Times that the slowest is slower than the fastest before milliseconds stand on a logarithmic axis."""


def quality_chart(measure: str, intervals: Mapping[Stage, Interval]) -> Chart:
    """Draws a row for each stage: its mean as a dot, and the 95% interval as a bar behind it."""
    bottom = 4 + ROW * len(intervals)
    low = min(interval.low for interval in intervals.values())
    high = max(interval.high for interval in intervals.values())
    scale = linear(low, high, NAMES, WIDTH - VALUES, steps=4)
    lines, labels = rows_below(scale, 0.0, bottom)
    bars, dots, names = [], [], []
    for position, (stage, interval) in enumerate(intervals.items()):
        y = 4 + ROW * (position + 0.5)
        spread = f"95% interval {figure(interval.low)} to {figure(interval.high)}"
        title = f"{stage.value}: {measure} {figure(interval.mean)}, {spread}"
        bars.append(Line(scale.at(interval.low), y, scale.at(interval.high), y, f"span {stage.value}", title))
        dots.append(Dot(scale.at(interval.mean), y, 5.5, stage.value, title))
        names += [Label(0, y + 4, stage.value), Label(WIDTH, y + 4, figure(interval.mean), "end", "value")]
    caption = f"{measure} by stage, with 95% intervals"
    return Chart(bottom + 22, caption, lines=(*lines, *bars), dots=tuple(dots), labels=(*labels, *names))


def latency_chart(measure: str, stages: Mapping[Stage, StageFigures]) -> Chart:
    """Draws a bar for each stage from its median to its 95th percentile of milliseconds, at its mean quality."""
    top, bottom, right = 20.0, 190.0, WIDTH - 66
    means = {stage: figures.means[measure] for stage, figures in stages.items()}
    across = _time_scale(stages, LEFT + 12, right - 8)
    upward = linear(min(means.values()), max(means.values()), bottom - 12, top + 12, steps=4)
    lines, labels = columns_left(upward, right)
    grid, below = rows_below(across, top, bottom)
    heights = [upward.at(mean) for mean in means.values()]
    bars, dots, names = [], [], []
    for (stage, figures), y, at in zip(stages.items(), heights, apart(heights, 15, top, bottom), strict=True):
        timing = f"{milliseconds(figures.ms_p50)} (p50) to {milliseconds(figures.ms_p95)} (p95)"
        title = f"{stage.value}: {measure} {figure(means[stage])}, {timing}"
        start, end = across.at(figures.ms_p50), across.at(figures.ms_p95)
        bars.append(Line(round(end + 6, 2), y, right + 2, round(at, 2), "leader"))
        bars.append(Line(start, y, end, y, f"span {stage.value}", title))
        dots.append(Dot(start, y, 6, stage.value, title))
        names.append(Label(right + 6, round(at + 4, 2), stage.value))
    titles = (Label(0, 12, measure, "start", "tick"), Label(right, bottom + 32, _axis_title(across), "end", "tick"))
    return Chart(
        bottom + 38,
        f"{measure} against milliseconds a query, by stage",
        lines=(*lines, *grid, *bars),
        dots=tuple(dots),
        labels=(*labels, *below, *names, *titles),
    )


def _time_scale(stages: Mapping[Stage, StageFigures], start: float, end: float) -> Scale:
    least = min(figures.ms_p50 for figures in stages.values())
    most = max(max(figures.ms_p50, figures.ms_p95) for figures in stages.values())
    if least > 0 and most / least >= LOGARITHMIC_FROM:
        return logarithmic(least, most, start, end)
    return linear(0.0, most, start, end)


def _axis_title(scale: Scale) -> str:
    return f"milliseconds a query{', logarithmic' if scale.logarithmic else ''}"
