"""The names of a PDF table's columns: the rows above its amounts, each name in all the columns that it stands over."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from passagework.ingest.loaders.pdf.pdf_bands import Strip, is_amount, may_name
from passagework.ingest.loaders.pdf.pdf_rulings import Line
from passagework.ingest.loaders.pdf.pdf_spans import Row, Span

Cell: TypeAlias = "tuple[Span, ...]"
"""The spans of a cell, in order; () where it is empty."""

_MOST_NAMES = 6
"""Rows that name columns, at most."""
_LARGER = 1.3
"""Of the size below, how large the letters of a heading above a table are, at least."""
_NEAR = 2.4
_EDGE = 2.5
"""Of the letters' size: how far above the next row one of names may be. Points: edges that are closer are aligned."""
_REMARK = re.compile(r"\(.*\)")


@dataclass(frozen=True, slots=True)
class Columns:
    """From where to where the cells of each column reach, and the strip between the labels and the first of values."""

    edges: Sequence[Strip]
    gutter: Strip

    @classmethod
    def of(cls, cells: Sequence[Sequence[Cell]], gutter: Strip | None = None) -> Columns:
        """The columns of rows of cells, of which each has one that holds something."""
        held = [[line[column] for line in cells if line[column]] for column in range(len(cells[0]))]
        edges = [(min(cell[0].left for cell in cells), max(cell[-1].right for cell in cells)) for cells in held]
        return cls(edges, gutter or (edges[0][1], edges[1][0]))


def text_of(cell: Cell) -> str:
    """What a cell says, roughly: for telling what it is."""
    return " ".join(span.words for span in cell)


def names_within(texts: Sequence[Sequence[str]]) -> int:
    """How many of a table's first rows name its columns: those before the first number; years are names."""
    if not any(is_amount(text) for line in texts for text in line):
        return int(len(texts[0]) > 2 or all(map(may_name, texts[0])))
    names = 0
    for line in texts[:_MOST_NAMES]:
        if any(is_amount(text) for text in line[1:]):
            break
        if line[0] and not any(line[1:]):
            break  # a heading within the table
        names += 1
    return names if names < len(texts) else 0


def names_above(
    rows: Sequence[Row], columns: Columns, start: int, top: tuple[int, int], level: Sequence[Line]
) -> list[list[Cell]]:
    """The rows above `start` that name columns; `top` has the row from which on all do, and that above which none does.

    Less divided rows of amounts may be among those that are the table's in any case; names are those before them.
    """
    found: list[Row] = []
    while start > top[1] and (start > top[0] or len(found) < _MOST_NAMES):
        if _is_heading(rows[start - 1], rows[start]):
            break
        if start <= top[0] and not _may_name(rows[start - 1], rows[start], columns):
            break
        start -= 1
        found.insert(0, rows[start])
    while found and not _names_columns(found[0], columns, only=len(found) == 1):
        found.pop(0)
    return [_placed(row, columns, level) for row in found]


def _is_heading(row: Row, below: Row) -> bool:
    """Whether a row is a line of larger letters alone."""
    return len(row.spans) == 1 and row.spans[0].grid is None and row.size >= _LARGER * below.size


def _may_name(row: Row, below: Row, columns: Columns) -> bool:
    """Whether a row may name columns: near to the next, no row of amounts, and all of it beside or over the values."""
    size = row.size if below.spans[0].grid is not None else max(row.size, below.size)
    if row.spans[0].grid is not None or _overlaps(row) or row.base - below.base > _NEAR * size:
        return False
    values = _values(row, columns)
    inside = all(span.right <= columns.gutter[1] for span in row.spans[: len(row.spans) - len(values)])
    ends = row.spans[-1].right <= columns.edges[-1][1] + row.size
    return inside and ends and not any(is_amount(span.words) for span in values)


def _overlaps(row: Row) -> bool:
    return row.mixed and any(a.right > b.left for a, b in zip(row.spans, row.spans[1:], strict=False))


def _values(row: Row, columns: Columns) -> list[Span]:
    """What stands over the values, not over the labels."""
    return [span for span in row.spans if span.left >= columns.gutter[0]]


def _names_columns(row: Row, columns: Columns, *, only: bool) -> bool:
    """Whether the first row of names names columns, and is no title or remark (`(in millions)`) of the whole table."""
    values = _values(row, columns)
    if len(row.spans) > 1 or not values:
        return bool(values)
    if only and len(columns.edges) == 2:
        return True
    middle = (columns.edges[0][0] + columns.edges[-1][1]) / 2
    return not _REMARK.fullmatch(values[0].words) and abs(_middle(values[0]) - middle) > row.size


def _placed(row: Row, columns: Columns, level: Sequence[Line]) -> list[Cell]:
    values = _values(row, columns)
    line: list[Cell] = [()] * len(columns.edges)
    line[0] = tuple(row.spans[: len(row.spans) - len(values)])
    for span in values:
        for column in _spanned(span, values, columns, level):
            line[column] += (span,)
    return line


def _spanned(span: Span, names: Sequence[Span], columns: Columns, level: Sequence[Line]) -> Sequence[int]:
    """The columns that a name stands over: as far as the rule below it, in the middle of them, or above one."""
    values = range(1, len(columns.edges))
    rule = _rule(span, level, columns.gutter[0])
    left, right = (span.left, span.right) if rule is None else (min(span.left, rule[0]), max(span.right, rule[1]))
    over = [column for column in values if left <= columns.edges[column][1] and right >= columns.edges[column][0]]
    sharing = [] if rule is None else [name for name in names if rule[0] <= _middle(name) <= rule[1]]
    if len(sharing) > 1:
        over = _shared(span, sharing, over, columns)
    elif rule is None and len(over) < 2:
        over = _in_the_middle_of(span, names, columns) or over
    return over or [min(values, key=lambda column: abs(_centre(columns.edges[column]) - _middle(span)))]


def _rule(span: Span, level: Sequence[Line], left: float) -> Strip | None:
    """From where to where the rule below a name reaches, unless it goes on beneath the labels."""
    below = [
        line
        for line in level
        if left <= line.start <= _middle(span) <= line.end and 0 <= span.base - line.at <= span.size
    ]
    line = min(below, key=lambda line: line.end - line.start, default=None)
    return (line.start, line.end) if line is not None else None


def _shared(span: Span, names: Sequence[Span], over: Sequence[int], columns: Columns) -> list[int]:
    """Of the columns over one rule those of one name: up to that which ends where it ends, or the nearest."""
    lasts = [
        next((column for column in over if abs(columns.edges[column][1] - name.right) <= _EDGE), 0) for name in names
    ]
    if all(lasts):
        at = names.index(span)
        before = lasts[at - 1] if at else 0
        return [column for column in over if before < column <= lasts[at]]
    return [column for column in over if _nearest(columns.edges[column], names) is span]


def _in_the_middle_of(span: Span, names: Sequence[Span], columns: Columns) -> list[int]:
    """The columns beside one another in whose middle a name stands, rather than above one of them."""
    near = [column for column in range(1, len(columns.edges)) if _nearest(columns.edges[column], names) is span]
    off = min((_off(span, columns.edges[column]) for column in near), default=0.0)
    fitting = [
        group
        for group in (near[a : b + 1] for a in range(len(near)) for b in range(a + 1, len(near)))
        if abs((columns.edges[group[0]][0] + columns.edges[group[-1]][1]) / 2 - _middle(span)) < min(off, span.size)
    ]
    return max(fitting, key=len, default=[]) if off > _EDGE else []


def _off(span: Span, edges: Strip) -> float:
    """How far a name's left, right or middle is from that of a column, the nearest of them."""
    return min(abs(span.left - edges[0]), abs(span.right - edges[1]), abs(_middle(span) - _centre(edges)))


def _nearest(edges: Strip, names: Sequence[Span]) -> Span:
    return min(names, key=lambda name: abs(_middle(name) - _centre(edges)))


def _middle(span: Span) -> float:
    return (span.left + span.right) / 2


def _centre(edges: Strip) -> float:
    return (edges[0] + edges[1]) / 2
