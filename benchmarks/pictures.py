"""Rows of measured values as pictures: SVG files, light or dark as their reader has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from passagework.retrieval.evaluation.report.charts import rows_below
from passagework.retrieval.evaluation.report.drawing import Chart, Dot, Label, Line, Rect, Scale, linear, logarithmic

WIDTH, NAMES, VALUES = 680.0, 260.0, 120.0
"""Units across a picture, and of those for the names on the left and the values on the right."""

ROW, TITLE = 24.0, 26.0
GRID = ("grid", "axis")
"""Lines that lie under everything else."""

STYLE = """
  svg { font: 13px system-ui, "Segoe UI", Roboto, sans-serif; --ink: #1d1f24; --faint: #5d6470; --grid: #e6e3dd;
    --axis: #8b8f98; --ours: #0b7268; --peer: #8b8f98; --paper: #ffffff; }
  @media (prefers-color-scheme: dark) { svg { --ink: #e9e7e2; --faint: #a4aab5; --grid: #2c3037; --axis: #7b818c;
    --ours: #4cc9b6; --peer: #7b818c; --paper: #0d1117; } }
  text { fill: var(--ink); stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; paint-order: stroke; }
  .paper { fill: var(--paper); } .tick { fill: var(--faint); font-size: 12px; }
  .heading, .value { font-weight: 600; } .grid { stroke: var(--grid); } .axis { stroke: var(--axis); }
  rect.ours, circle.ours { fill: var(--ours); } rect.peer, circle.peer { fill: var(--peer); }
  line.span { stroke-width: 8; stroke-linecap: round; stroke-opacity: 0.4; }
  line.ours { stroke: var(--ours); } line.peer { stroke: var(--peer); } line.reach { stroke: var(--ink); }
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A value with its reach from `low` to `high`; `shown` is how the picture writes it. `kind` is ours or peer."""

    label: str
    value: float
    low: float
    high: float
    shown: str
    kind: str = "peer"


@dataclass(frozen=True, slots=True)
class Group:
    """Rows under a title, or without one."""

    title: str
    rows: tuple[Row, ...]


def bars(caption: str, groups: Sequence[Group]) -> Chart:
    """A bar from 0 for each value, and a line over its reach."""
    scale = linear(0.0, _most(groups), NAMES, WIDTH - VALUES, steps=4)
    rects, reaches = [], []
    for y, row in _places(groups):
        rects.append(
            Rect(NAMES, y - 7, round(scale.at(row.value) - NAMES, 2), 14, row.kind, f"{row.label}: {row.shown}")
        )
        if row.high > row.low:
            reaches.append(Line(scale.at(row.low), y, scale.at(row.high), y, "reach"))
    return _chart(caption, groups, scale, tuple(reaches), tuple(rects), ())


def spans(caption: str, groups: Sequence[Group]) -> Chart:
    """A dot for each value on a logarithmic axis, and a band from its `low` to its `high`."""
    least = min(min(row.value, row.low) for group in groups for row in group.rows)
    scale = logarithmic(least, _most(groups), NAMES + 8, WIDTH - VALUES)
    lines, dots = [], []
    for y, row in _places(groups):
        title = f"{row.label}: {row.shown}"
        lines.append(Line(scale.at(row.low), y, scale.at(row.high), y, f"span {row.kind}", title))
        dots.append(Dot(scale.at(row.value), y, 5, row.kind, title))
    return _chart(caption, groups, scale, tuple(lines), (), tuple(dots))


def write_svg(chart: Chart, path: Path) -> None:
    """The chart as a file of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(_svg(chart)) + "\n", encoding="utf-8")


def _chart(
    caption: str,
    groups: Sequence[Group],
    scale: Scale,
    lines: tuple[Line, ...],
    rects: tuple[Rect, ...],
    dots: tuple[Dot, ...],
) -> Chart:
    bottom = sum((TITLE if group.title else 0) + ROW * len(group.rows) for group in groups) + 4
    grid, ticks = rows_below(scale, 0.0, bottom)
    names = [
        label
        for y, row in _places(groups)
        for label in (Label(NAMES - 8, y + 4, row.label, "end"), Label(WIDTH - 4, y + 4, row.shown, "end", "value"))
    ]
    headings, y = [], 0.0
    for group in groups:
        if group.title:
            headings.append(Label(0, y + 17, group.title, "start", "heading"))
            y += TITLE
        y += ROW * len(group.rows)
    return Chart(bottom + 22, caption, (*grid, *lines), rects, dots, (*ticks, *headings, *names), WIDTH)


def _places(groups: Sequence[Group]) -> Iterator[tuple[float, Row]]:
    """The rows with the height of their middle."""
    y = 0.0
    for group in groups:
        y += TITLE if group.title else 0
        for row in group.rows:
            yield y + ROW / 2, row
            y += ROW


def _most(groups: Sequence[Group]) -> float:
    return max(max(row.value, row.high) for group in groups for row in group.rows)


def _svg(chart: Chart) -> Iterator[str]:
    size = f'viewBox="0 0 {chart.width:g} {chart.height:g}" width="{chart.width:g}" height="{chart.height:g}"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(chart.caption)}">'
    yield f"<style>{STYLE}</style>"
    yield '<rect class="paper" width="100%" height="100%"/>'
    yield from (_line(line) for line in chart.lines if line.kind in GRID)
    for rect in chart.rects:
        where = f'x="{rect.x:g}" y="{rect.y:g}" width="{rect.width:g}" height="{rect.height:g}"'
        yield f'<rect class="{rect.kind}" {where}>{_tip(rect.title)}</rect>'
    yield from (_line(line) for line in chart.lines if line.kind not in GRID)
    for dot in chart.dots:
        yield f'<circle class="{dot.kind}" cx="{dot.x:g}" cy="{dot.y:g}" r="{dot.radius:g}">{_tip(dot.title)}</circle>'
    for one in chart.labels:
        where = f'x="{one.x:g}" y="{one.y:g}" text-anchor="{one.anchor}"'
        yield f'<text class="{one.kind}" {where}>{escape(one.text)}</text>'
    yield "</svg>"


def _line(line: Line) -> str:
    where = f'x1="{line.x1:g}" y1="{line.y1:g}" x2="{line.x2:g}" y2="{line.y2:g}"'
    return f'<line class="{line.kind}" {where}>{_tip(line.title)}</line>'


def _tip(title: str) -> str:
    return f"<title>{escape(title)}</title>" if title else ""
