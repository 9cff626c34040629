"""Workbook cells that nobody sees: in hidden rows and columns, by their format, by that of a part of their text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from passagework.ingest.loaders.encoding import clean
from passagework.ingest.loaders.office.office_values import decimal, flag, whole_number
from passagework.ingest.loaders.office.office_writer import Line
from passagework.ingest.loaders.office.package import Package
from passagework.ingest.loaders.office.xlsx_parts import DamagedPartError, excel
from passagework.ingest.loaders.office.xlsx_strings import Runs
from passagework.ingest.loaders.office.xlsx_style import Look, Verdict
from passagework.retrieval.text import one_line
from passagework.retrieval.types import HiddenReason

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

LAST_COLUMN = 16_384
LAST_ROW = 1_048_576
_LOW = 1.0
"""Points of a row's height up to which nothing shows."""
_MOST_AREAS = 200
"""Areas of a sheet with colours of their own; where there are more, all of it is one."""
_FURTHEST = 1_000
"""Rows and columns of a merged cell that are looked at."""
_MOST_MERGED = 10_000
"""Merged cells of a sheet that are looked at."""
_REFERENCE = re.compile(r"\$?([A-Z]{0,3})\$?([0-9]{0,7})(?::\$?([A-Z]{0,3})\$?([0-9]{0,7}))?", re.IGNORECASE)

Area: TypeAlias = "tuple[int, int, int, int]"
"""First row and column, last row and column, from 1."""
_EVERYWHERE: Area = (1, 1, 1 << 30, 1 << 30)
Seen: TypeAlias = "Verdict | tuple[tuple[str, Verdict | None], ...]"
"""Why a whole cell is unseen, or each part of its text."""


@dataclass(slots=True)
class SheetLook:
    """What hides a sheet's cells, and which of them are merged."""

    rows: set[int] = field(default_factory=set)
    columns: set[int] = field(default_factory=set)
    merged: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    cells: dict[tuple[int, int], Seen] = field(default_factory=dict)
    conditional: list[Area] = field(default_factory=list)
    styled: list[Area] = field(default_factory=list)
    failed: bool = False

    def line(self, row: int, column: int, text: str) -> Line:
        """A cell's text, with why it is unseen, or parts of it are."""
        if not text or self.failed:
            return [(text, None)]
        if (row in self.rows or column in self.columns) and not self._reaches_out(row, column):
            return [(text, HiddenReason.INVISIBLE)]
        cell = self.cells.get((row, column))
        if cell is None:
            return [(text, None)]
        if isinstance(cell, Verdict):
            return [(text, cell.reason if self._holds(cell, row, column) else None)]
        judged = [(part, look if look is not None and self._holds(look, row, column) else None) for part, look in cell]
        if _on_one_line("".join(part for part, _ in judged)) == _on_one_line(text):
            return [(part, look.reason if look is not None else None) for part, look in judged]
        hidden = [look for part, look in judged if part.strip()]
        first = hidden[0] if hidden else None
        return [(text, first.reason if first is not None and all(hidden) else None)]

    def note(self, element: _Element, kind: str) -> None:
        """Takes down what a sheet says of its columns, or of areas."""
        if kind == "cols":
            for column in element.iterchildren(*excel("col")):
                first, last = whole_number(column.get("min")) or 0, whole_number(column.get("max")) or 0
                if flag(column.get("hidden")) or decimal(column.get("width")) == 0:
                    self.columns.update(range(max(1, first), min(last, LAST_COLUMN) + 1))
        elif kind == "mergeCell":
            for top, left, bottom, right in areas(element.get("ref")) if len(self.merged) < _MOST_MERGED else ():
                self.merged[top, left] = bottom, right
        elif kind == "conditionalFormatting":
            self.conditional += areas(element.get("sqref"))
        elif kind == "picture":
            self.styled.append(_EVERYWHERE)

    def note_tables(self, package: Package, parts: list[str]) -> None:
        """Takes down where tables colour the cells. Raises IngestError for one that can't be read."""
        for name in parts:
            self.styled += _styled_areas(package.root(name))
        self.conditional, self.styled = _few(self.conditional), _few(self.styled)

    def _reaches_out(self, row: int, column: int) -> bool:
        """Whether a cell is merged with others that are seen, and so is itself."""
        last_row, last_column = self.merged.get((row, column), (row, column))
        rows, columns = range(row, last_row + 1)[:_FURTHEST], range(column, last_column + 1)[:_FURTHEST]
        return not self.rows.issuperset(rows) and not self.columns.issuperset(columns)

    def _holds(self, verdict: Verdict, row: int, column: int) -> bool:
        """Whether a colour is what it seems: rules and the styles of tables may give the cell others."""
        if verdict.reason is not HiddenReason.BACKGROUND:
            return True
        coloured = [*self.conditional, *(self.styled if verdict.on_paper else ())]
        return not any(top <= row <= bottom and left <= column <= right for top, left, bottom, right in coloured)


def judged(look: Look, kind: str | None, runs: Runs | None) -> Seen | None:
    """Why a cell of a format is unseen, or parts of its text are; None where all is seen."""
    if runs is None:
        return look.unseen(text=kind not in (None, "n", "d"))
    parts = tuple((text, look.unseen(text=True, font=font)) for text, font in runs)
    return parts if any(verdict is not None for _, verdict in parts) else None


def is_hidden(row: _Element) -> bool:
    """Whether a row is hidden, or too low to show anything."""
    height = decimal(row.get("ht"))
    return flag(row.get("hidden")) or (height is not None and height <= _LOW)


def column_number(letters: str) -> int:
    """The number of a column from its letters; 0 of none. Raises DamagedPartError beyond the last that Excel has."""
    number = 0
    for letter in letters.upper():
        number = 26 * number + ord(letter) - 64
    if not 0 <= number <= LAST_COLUMN:
        raise DamagedPartError(f"a cell stands in column {one_line(letters, limit=20)}, which no sheet has")
    return number


def areas(references: str | None) -> list[Area]:
    """`A1:B2 C3` as numbers; one that isn't written so is everywhere."""
    found = []
    for reference in (references or "").split()[: _MOST_AREAS + 1]:
        match = _REFERENCE.fullmatch(reference)
        if match is None:
            return [_EVERYWHERE]
        left, top, right, bottom = match[1], match[2], match[3], match[4]
        ends = (left, top) if right is None else (right, bottom)
        found.append(
            (
                int(top or 1),
                column_number(left) or 1,
                int(ends[1] or _EVERYWHERE[2]),
                column_number(ends[0]) or _EVERYWHERE[3],
            )
        )
    return found


def _styled_areas(root: _Element | None) -> list[Area]:
    """Where a table, or a pivot table, colours the cells."""
    styled = (*excel("tableStyleInfo"), *excel("pivotTableStyleInfo"))
    if root is None or not any(element.get("name") for element in root.iter(*styled)):
        return []
    places = [root.get("ref"), *(location.get("ref") for location in root.iterchildren(*excel("location")))]
    return [area for place in places for area in areas(place)]


def _few(found: list[Area]) -> list[Area]:
    return found if len(found) <= _MOST_AREAS else [_EVERYWHERE]


def _on_one_line(text: str) -> str:
    return " ".join(clean(text).split())
