"""Tables of HTML as rows of cells that all stand under their column (HTML Living Standard, 4.9.12).

A cell that spans rows is repeated in each, one that spans columns stands in the first of them that other rows fill; of
the names of columns, it stands in all. Columns without a text in any row are left out.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from passagework.ingest.loaders.html.html_writer import Cell, glued

MOST_COLUMNS = 1000
"""Columns that a cell may span (HTML Living Standard, 4.9.11)."""
_REPEATED = 10_000
"""Characters of repeated cells, and empty cells, that a table of any size may have; beyond, as many as its own."""
_NAME = 80
"""Characters of a column's name, where only its place makes it one."""

_OPENS = frozenset({"$", "€", "£", "¥", "(", "$(", "($"})
_CLOSES = frozenset({")", "%", ")%", "%)"})
_FIGURE = re.compile(r"[$€£¥(]*[-+−<>≤≥±~]?\s?\d")
_AMOUNT = re.compile(r"[$€£¥(]*[-+−]?\d[\d.,]*[)%]*|[-–—]+")


@dataclass(frozen=True, slots=True)
class Spanning:
    """A cell as the page has it; `names` tells that it is a heading. `column` is its first, once that is known."""

    cell: Cell
    columns: int = 1
    rows: int = 1
    names: bool = False
    column: int = 0


@dataclass(frozen=True, slots=True)
class Grid:
    """A table's rows, each with a cell for every column, and the names of the columns in one line."""

    rows: list[list[Cell]]
    columns: str

    @property
    def width(self) -> int:
        """How many columns it has."""
        return max(map(len, self.rows), default=0)

    def lines(self) -> Iterator[Cell]:
        """Each row as Markdown writes it, with what of it can't be seen."""
        for row in self.rows:
            line: Cell = ("| ", ())
            for place, cell in enumerate(row):
                line = glued(line, glued((" | ", ()), cell) if place else cell)
            yield glued(line, (" |", ()))


def grid(rows: Sequence[Sequence[Spanning]]) -> Grid:
    """The rows of a table, its columns found; takes time and room in proportion to what the rows hold."""
    placed = [_with_signs(row) for row in _placed(rows)]
    placed = [row for row in placed if row]
    cells = sum(map(len, placed))
    used = _used_columns(placed)
    if len(used) * len(placed) > 8 * cells + _REPEATED:  # made to have more empty cells than anything else
        return Grid([[spanning.cell for spanning in row] for row in placed], "")
    naming = _naming_rows(placed)
    texts = [_in_columns(row, used, repeated=number < naming) for number, row in enumerate(placed)]
    return Grid(texts, _names(placed[:naming], used))


def _placed(rows: Sequence[Sequence[Spanning]]) -> Iterator[list[Spanning]]:
    """The cells of each row that have a text, at their columns, with those of rows above that reach into it."""
    left = _REPEATED + sum(len(spanning.cell[0]) for row in rows for spanning in row)
    reaching: list[Spanning] = []
    for row in rows:
        placed: list[Spanning] = []
        above = iter(reaching)
        pending = next(above, None)
        column = 0
        for spanning in row:
            while pending is not None and pending.column <= column:
                column = max(column, pending.column + pending.columns)
                pending = next(above, None)
            placed.append(replace(spanning, column=column))
            column += spanning.columns
        repeated = reaching if any(spanning.cell[0] for spanning in row) else []
        left -= sum(len(spanning.cell[0]) + 1 for spanning in reaching)
        own = sorted([*placed, *repeated], key=lambda spanning: spanning.column)
        yield [spanning for spanning in own if spanning.cell[0]]
        further = [replace(spanning, rows=spanning.rows - 1) for spanning in [*placed, *reaching] if spanning.rows > 1]
        reaching = sorted(further, key=lambda spanning: spanning.column) if left > 0 else []


def _with_signs(row: list[Spanning]) -> list[Spanning]:
    """The row; a sign in a cell of its own joins the amount that it belongs to, which then has the columns of both."""
    joined: list[Spanning] = []
    opened: Spanning | None = None
    for spanning in row:
        text = spanning.cell[0]
        if text in _OPENS:
            opened = _together(opened, spanning) if opened else spanning
        elif text in _CLOSES and joined and not opened and _AMOUNT.fullmatch(joined[-1].cell[0]):
            joined[-1] = _together(joined[-1], spanning)
        elif opened and _AMOUNT.fullmatch(text):
            joined.append(_together(opened, spanning))
            opened = None
        else:
            joined += [opened, spanning] if opened else [spanning]
            opened = None
    return [*joined, opened] if opened else joined


def _together(first: Spanning, second: Spanning) -> Spanning:
    columns = second.column + second.columns - first.column
    return replace(first, cell=glued(first.cell, second.cell), columns=columns, names=first.names and second.names)


def _used_columns(rows: Sequence[Sequence[Spanning]]) -> list[int]:
    """The columns that are written: of a cell that spans several, one at least."""
    used: set[int] = set()
    ordered: list[int] = []
    by_width = sorted((spanning for row in rows for spanning in row), key=lambda spanning: spanning.columns)
    for spanning in by_width:
        if spanning.columns > 1:
            if len(ordered) != len(used):
                ordered = sorted(used)
            place = bisect_left(ordered, spanning.column)
            if place < len(ordered) and ordered[place] < spanning.column + spanning.columns:
                continue
            ordered.insert(place, spanning.column)
        used.add(spanning.column)
    return sorted(used)


def _naming_rows(rows: Sequence[Sequence[Spanning]]) -> int:
    """How many rows at the top name columns: those of headings alone, else the first if amounts stand below words.

    What stands alone above that first one is the title of the table, or of a part of it.
    """
    naming = next((n for n, row in enumerate(rows) if not all(spanning.names for spanning in row)), len(rows))
    if 0 < naming < len(rows):
        return naming
    lead = next((n for n, row in enumerate(rows) if len(row) > 1 or row[0].column > 0), 0)
    if lead >= len(rows) - 1 or _holds_figures(rows[0]):
        return 0
    first = {spanning.column: spanning.cell[0] for spanning in rows[lead]}
    if (len(first) < 2 and not lead) or any(len(text) > _NAME for text in first.values()) or _holds_figures(rows[lead]):
        return 0
    below: dict[int, bool] = {}
    for row in rows[lead + 1 :]:
        for spanning in row if len(row) > 1 else ():
            amount = _FIGURE.match(spanning.cell[0]) is not None or _AMOUNT.fullmatch(spanning.cell[0]) is not None
            below[spanning.column] = below.get(spanning.column, True) and amount
    return lead + 1 if any(below.get(column, False) for column in first) else 0


def _holds_figures(row: Sequence[Spanning]) -> bool:
    return any(any(map(str.isdigit, spanning.cell[0])) for spanning in row)


def _in_columns(row: Sequence[Spanning], used: Sequence[int], *, repeated: bool) -> list[Cell]:
    cells: list[Cell] = [("", ())] * len(used)
    for spanning in row:
        for place in _places(spanning, used, repeated=repeated):
            known = cells[place]
            cells[place] = glued(glued(known, (" ", ())), spanning.cell) if known[0] else spanning.cell
    return cells


def _places(spanning: Spanning, used: Sequence[int], *, repeated: bool) -> range:
    """The columns, of those used, that a cell stands in; one that spans the whole table stands in the first."""
    first = bisect_left(used, spanning.column)
    end = bisect_left(used, spanning.column + spanning.columns)
    return range(first, end if repeated and end - first < len(used) else first + 1)


def _names(rows: Sequence[Sequence[Spanning]], used: Sequence[int]) -> str:
    """What each column is called, from all the rows that name them; not what stands above the whole table."""
    names: list[dict[str, None]] = [{} for _ in used]
    for row in rows:
        for spanning in row:
            places = _places(spanning, used, repeated=True)
            if len(used) == 1 or bisect_left(used, spanning.column + spanning.columns) - places.start < len(used):
                for place in places:
                    names[place][spanning.cell[0]] = None
    line = " | ".join(" ".join(parts) for parts in names)
    return line if any(names) else ""
