"""Charts that both reports have, and the frames around a plot: differences query by query, distributions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from passagework.retrieval.evaluation.report.drawing import WIDTH, Chart, Label, Line, Rect, Scale, linear
from passagework.retrieval.evaluation.report.intervals import DeltaBar, histogram
from passagework.retrieval.evaluation.report.words import figure, shortened, signed
from passagework.retrieval.text import counted

LEFT = 40.0
"""Units left of a plot, for the numbers of its vertical axis."""

HISTOGRAM_WIDTH = 280.0
"""Units across a histogram: three of them stand side by side."""

TOOLTIP_QUERY = 100
"""Characters of a query in a tooltip."""


def rows_below(scale: Scale, top: float, bottom: float) -> tuple[tuple[Line, ...], tuple[Label, ...]]:
    """Draws grid lines and numbers of a horizontal axis, which stands below the plot."""
    lines = tuple(Line(scale.at(tick), top, scale.at(tick), bottom, _grid(tick)) for tick in scale.ticks)
    labels = tuple(Label(scale.at(tick), bottom + 16, text, "middle", "tick") for tick, text in scale.numbers())
    return lines, labels


def columns_left(scale: Scale, right: float = WIDTH) -> tuple[tuple[Line, ...], tuple[Label, ...]]:
    """Draws grid lines and numbers of a vertical axis, which stands left of the plot."""
    lines = tuple(Line(LEFT, scale.at(tick), right, scale.at(tick), _grid(tick)) for tick in scale.ticks)
    labels = tuple(Label(LEFT - 5, round(scale.at(tick) + 4, 2), text, "end", "tick") for tick, text in scale.numbers())
    return lines, labels


def delta_chart(bars: Sequence[DeltaBar], caption: str, tooltip: Callable[[DeltaBar], str]) -> Chart:
    """Draws a bar for each difference, greatest first: gains stand above the zero line, losses hang below it."""
    top, bottom = 8.0, 172.0
    low = min((bar.value for bar in bars), default=0.0)
    high = max((bar.value for bar in bars), default=0.0)
    scale = linear(min(low, 0.0), max(high, 0.0), bottom, top, steps=6)
    lines, labels = columns_left(scale)
    zero = scale.at(0.0)
    step = (WIDTH - LEFT) / max(1, len(bars))
    width = round(step * (0.8 if step > 3 else 1.0), 2)
    rects = []
    for position, bar in enumerate(bars):
        x, y = round(LEFT + position * step, 2), scale.at(bar.value)
        if bar.value:
            height = round(abs(y - zero), 2)
            rects.append(Rect(x, min(y, zero), width, height, "gain" if bar.value > 0 else "loss"))
        # as high as the plot, so that a pointer finds small differences too
        rects.append(Rect(x, top, round(step, 2), bottom - top, "touch", tooltip(bar)))
    return Chart(bottom + 8, caption, lines=lines, rects=tuple(rects), labels=labels)


def delta_tooltip(
    a: Mapping[str, float], b: Mapping[str, float], queries: Mapping[str, str]
) -> Callable[[DeltaBar], str]:
    """Returns what a bar of differences `b - a` says of its query, or of the queries that share it."""

    def tooltip(bar: DeltaBar) -> str:
        query = bar.query
        named = f"{shortened(query, TOOLTIP_QUERY)}: {shortened(queries.get(query, ''), TOOLTIP_QUERY)}"
        if bar.count == 1:
            return f"{signed(bar.value)} ({figure(a[query])} → {figure(b[query])})\n{named}"
        spread = f"{signed(bar.least)} to {signed(bar.most)}"
        return f"{counted(bar.count, 'query')}: {spread}, mean {signed(bar.value)}\nThe middle one is {named}"

    return tooltip


def histogram_chart(values: Sequence[float], kind: str, caption: str, most: int) -> Chart:
    """Draws how many queries have which values; the vertical axis goes to `most`, so that charts can be compared."""
    top, bottom = 8.0, 132.0
    edges, counts = histogram(values)
    across = linear(float(edges[0]), float(edges[-1]), LEFT, HISTOGRAM_WIDTH - 8)
    upward = linear(0.0, float(max(1, most)), bottom, top, steps=4)
    numbered = Scale(upward.low, upward.high, bottom, top, tuple(tick for tick in upward.ticks if tick.is_integer()))
    lines, labels = columns_left(numbered, HISTOGRAM_WIDTH)
    _, below = rows_below(across, top, bottom)
    rects = []
    for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True):
        left, right, y = across.at(float(low)), across.at(float(high)), upward.at(float(count))
        title = f"{figure(float(low))} to {figure(float(high))}: {counted(int(count), 'query')}"
        rects.append(Rect(left + 1, y, round(right - left - 2, 2), round(bottom - y, 2), kind, title))
    return Chart(bottom + 24, caption, lines=lines, rects=tuple(rects), labels=labels + below, width=HISTOGRAM_WIDTH)


def _grid(tick: float) -> str:
    return "axis" if tick == 0 else "grid"
