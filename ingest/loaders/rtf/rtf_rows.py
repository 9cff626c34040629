"""The rows of a table of Rich Text Format, whose cells say how far to the right they reach, not which columns."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from passagework.ingest.loaders.office.office_writer import Line

_CLOSE = 30
"""Twips between edges that are meant to be one."""
_MOST_COLUMNS = 1_000


@dataclass(slots=True)
class RowShape:
    """What stands before a row's cells: the right edge of each, and which go on from the cell above."""

    left: int = 0
    edges: list[int] = field(default_factory=list)
    continued: list[bool] = field(default_factory=list)
    joined: list[bool] = field(default_factory=list)
    """Which go on from the cell to their left."""
    goes_on: bool = False
    goes_right: bool = False
    """Whether the cell that is being described goes on from above, and from its left."""

    def describe(self, name: bytes, number: int) -> None:
        """What a control word says of the row or its next cell; words of other uses say nothing."""
        if name == b"trleft":
            self.left = number
        elif name == b"clvmrg":
            self.goes_on = True
        elif name == b"clmrg":
            self.goes_right = True
        elif name == b"cellx":
            self._edge(number)

    def _edge(self, place: int) -> None:
        if len(self.edges) < _MOST_COLUMNS:
            self.edges.append(place)
            self.continued.append(self.goes_on)
            self.joined.append(self.goes_right)
        self.goes_on = self.goes_right = False


Row = tuple[RowShape, list[Line]]


def aligned(rows: list[Row]) -> tuple[list[list[Line]], list[list[bool]]]:
    """The rows with each cell under its column, and which columns of each the cell to their left reaches over.

    What a cell says that goes on downwards stands in each row.
    """
    lefts = sorted({left for shape, cells in rows for left in _lefts(shape, len(cells))})
    columns = [left for at, left in enumerate(lefts) if not at or left - lefts[at - 1] > _CLOSE]
    table: list[list[Line]] = []
    merged: list[list[bool]] = []
    for shape, cells in rows:
        reached = [0 < at < bisect_right(columns, max(shape.edges, default=0) - _CLOSE) for at in range(len(columns))]
        line: list[Line] = [[] for _ in columns]
        for number, (left, cell) in enumerate(zip(_lefts(shape, len(cells)), cells, strict=True)):
            at = max(0, bisect_right(columns, left) - 1)
            above = table[-1][at] if table and number < len(shape.continued) and shape.continued[number] else []
            reached[at] = number < len(shape.joined) and shape.joined[number]
            line[at] = cell if any(text.strip() for text, _ in cell) else above
        table.append(line)
        merged.append(reached)
    return table, merged


def _lefts(shape: RowShape, cells: int) -> list[int]:
    """Where each of so many cells begins."""
    lefts = [shape.left, *shape.edges][:cells]
    lefts += [max([shape.left, *shape.edges]) + 1_000 * more for more in range(1, cells - len(lefts) + 1)]
    return lefts
