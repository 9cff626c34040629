"""Means and their intervals as HTML: where each line and dot stands, and what a screen reader says of it."""

from __future__ import annotations

import re

from passagework.retrieval.evaluation.report.intervals import Interval
from passagework.ui.web.interval_chart import interval_chart, measurement_charts


def _places(chart: str) -> list[str]:
    return re.findall(r'style="([^"]*)"', chart)


def test_lines_and_dots_stand_where_the_numbers_say() -> None:
    """On a scale from 0 to 1, and on one to either side of 0, which has a line there, and ends at its ends."""
    chart = interval_chart("nDCG@10", [("<dense>", Interval(0.5, 0.25, 0.75))])
    assert _places(chart) == ["left:25.00%;right:calc(100% - 75.00%)", "left:50.00%"]
    assert 'aria-label="&lt;dense&gt;: 0.500, 95% interval 0.25 to 0.75"' in chart
    assert "0.500 (0.25 to 0.75)" in chart
    chart = interval_chart("B − A", [("B − A", Interval(0.1, -0.1, 0.3))], least=-0.2, most=0.2)
    assert _places(chart) == ["left:50.00%", "left:25.00%;right:calc(100% - 100.00%)", "left:75.00%"]
    assert "+0.100 (-0.10 to 0.30)" in chart


def test_a_measurement_has_a_chart_for_each_measure_with_intervals() -> None:
    """Milliseconds have none, and one measured without intervals has no chart at all."""
    stages = {"dense": {"RR@10": 0.5, "ms_p50": 3.0}, "hybrid": {"RR@10": 0.75, "ms_p50": 4.0}}
    intervals = {"dense": {"RR@10": [0.25, 0.75]}, "hybrid": {"RR@10": [0.5, 1.0]}}
    charts = measurement_charts({"stages": stages, "intervals": intervals})
    assert re.findall("<figcaption>([^<]*)<", charts) == ["RR@10"]
    assert re.findall('pw-row-name">([^<]*)<', charts) == ["dense", "hybrid"]
    assert measurement_charts({"stages": stages}) == ""
