"""Draws means with their confidence intervals as HTML, in the page's own font and colours: a line each, a dot on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from passagework.retrieval.evaluation import Comparison
from passagework.retrieval.evaluation.report.intervals import Interval, bootstrap_intervals
from passagework.ui.present.wording import formatted, gettext
from passagework.ui.web.measured_runs import interval_of
from passagework.ui.web.rendered_text import plain

DRAWN = 4
"""Measures that have a chart: those of documents; the table has the others too."""

NARROWEST = 0.05
"""The least that a scale of differences reaches to either side: runs that hardly differ look so."""


def interval_chart(title: str, rows: Sequence[tuple[str, Interval]], *, least: float = 0.0, most: float = 1.0) -> str:
    """Returns a chart from `least` to `most`, with a row for each name; a scale that passes 0 has a line there."""
    zero = f'<i class="pw-zero" style="left:{_percent(0.0, least, most)}"></i>' if least < 0.0 else ""
    items = "".join(_row_html(name, interval, least, most, zero) for name, interval in rows)
    ends = f"<span>{formatted(least, 2)}</span><span>{formatted(most, 2)}</span>"
    return (
        f'<figure class="pw-intervals" data-testid="intervals"><figcaption>{plain(title)}</figcaption>'
        f'<ul>{items}</ul><div class="pw-scale" aria-hidden="true">{ends}</div></figure>'
    )


def measurement_charts(figures: Mapping[str, Any]) -> str:
    """Returns charts of the first measures that have intervals, with a row for each stage; "" where none has."""
    stages: Mapping[str, Mapping[str, float]] = figures.get("stages", {})
    charts = []
    for measure in dict.fromkeys(name for values in stages.values() for name in values):
        rows = [
            (stage, Interval(float(values[measure]), *ends))
            for stage, values in stages.items()
            if measure in values and (ends := interval_of(figures, stage, measure)) is not None
        ]
        if rows:
            charts.append(interval_chart(measure, rows))
    return f'<div class="pw-charts">{"".join(charts[:DRAWN])}</div>' if charts else ""


def comparison_charts(comparison: Comparison) -> str:
    """Returns both runs by the first measure, and below them their difference with its own interval."""
    a, b = ([getattr(query, side) for query in comparison.queries] for side in ("a", "b"))
    measured = comparison.measures[0].measure
    runs = interval_chart(measured, list(zip(comparison.names, bootstrap_intervals([a, b]), strict=True)))
    [change] = bootstrap_intervals([[after - before for before, after in zip(a, b, strict=True)]])
    reach = max(NARROWEST, abs(change.low), abs(change.high))
    differences = interval_chart(f"B − A, {measured}", [("B − A", change)], least=-reach, most=reach)
    return f'<div class="pw-charts">{runs}{differences}</div>'


def _row_html(name: str, interval: Interval, least: float, most: float, zero: str) -> str:
    low, high, mean = (_percent(value, least, most) for value in (interval.low, interval.high, interval.mean))
    ends = {"low": formatted(interval.low, 2), "high": formatted(interval.high, 2)}
    value = formatted(interval.mean, 3, sign=bool(zero))
    label = gettext("{name}: {mean}, 95% interval {low} to {high}", name=name, mean=value, **ends)
    return (
        f'<li><span class="pw-row-name">{plain(name)}</span>'
        f'<span class="pw-track" role="img" aria-label="{plain(label)}">{zero}'
        f'<i class="pw-interval" style="left:{low};right:calc(100% - {high})"></i>'
        f'<i class="pw-mean" style="left:{mean}"></i></span>'
        f'<span class="pw-row-value">{plain(gettext("{mean} ({low} to {high})", mean=value, **ends))}</span></li>'
    )


def _percent(value: float, least: float, most: float) -> str:
    return f"{100 * (min(max(value, least), most) - least) / (most - least):.2f}%"
