"""Charts of a comparison: how far the means are apart, and in how many queries each is better."""

from __future__ import annotations

from collections.abc import Sequence

from passagework.retrieval.evaluation.compare import Difference
from passagework.retrieval.evaluation.report.charts import rows_below
from passagework.retrieval.evaluation.report.drawing import WIDTH, Chart, Label, Rect, linear
from passagework.retrieval.evaluation.report.words import chance, figure, shortened, signed
from passagework.retrieval.text import counted

ROW = 44.0
NAME = 40
"""Characters of a measure's name."""


def means_chart(measures: Sequence[Difference]) -> Chart:
    """Draws a row for each measure: the difference as a bar from zero, both means and p in words."""
    bottom = 4 + ROW * len(measures)
    differences = [measure.difference for measure in measures]
    scale = linear(min(0.0, *differences), max(0.0, *differences), 16.0, WIDTH - 16)
    lines, labels = rows_below(scale, 0.0, bottom)
    zero, rects, names = scale.at(0.0), [], []
    for position, measure in enumerate(measures):
        y, x = 4 + ROW * position, scale.at(measure.difference)
        summary = f"{figure(measure.a)} → {figure(measure.b)}, {chance(measure.p)}"
        if measure.difference:
            kind = "gain" if measure.difference > 0 else "loss"
            title = f"{measure.measure}: {signed(measure.difference)} ({summary})"
            rects.append(Rect(min(x, zero), y + 20, round(abs(x - zero), 2), 14, kind, title))
        names += [
            Label(0, y + 14, shortened(measure.measure, NAME), "start", "value"),
            Label(WIDTH, y + 14, summary, "end"),
        ]
    return Chart(bottom + 22, "b minus a by measure", lines=lines, rects=tuple(rects), labels=(*labels, *names))


def wins_chart(measures: Sequence[Difference]) -> Chart:
    """Draws a row for each measure: the queries where `b` is better, where both are the same, and where it is worse."""
    rects, labels = [], []
    for position, measure in enumerate(measures):
        y, x = 4 + ROW * position, 0.0
        total = max(1, measure.wins + measure.ties + measure.losses)
        for count, kind, word in (
            (measure.wins, "gain", "better"),
            (measure.ties, "tie", "the same"),
            (measure.losses, "loss", "worse"),
        ):
            width = round(count / total * WIDTH, 2)
            if count:
                rects.append(
                    Rect(x, y + 20, width, 14, kind, f"{measure.measure}: {word} in {counted(count, 'query')}")
                )
            x = round(x + width, 2)
        summary = f"{measure.wins:,} better · {measure.ties:,} same · {measure.losses:,} worse"
        labels += [
            Label(0, y + 14, shortened(measure.measure, NAME), "start", "value"),
            Label(WIDTH, y + 14, summary, "end"),
        ]
    height = 4 + ROW * len(measures)
    return Chart(height, "Queries where b is better, the same, worse", rects=tuple(rects), labels=tuple(labels))
