"""Workbook cells that nobody sees: in hidden rows and columns, by their format, by that of a part of their text.

openpyxl gives rows as they stream by, without what hides them; so each sheet that may hide any is gone through once
more, before, with a parser that is several times faster, and cells are looked at only where the workbook has a format
that hides.
"""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from passagework.ingest.loaders.encoding import clean
from passagework.ingest.loaders.hidden_marks import marked, unmarked
from passagework.ingest.loaders.office.office_values import decimal, flag, local, whole_number
from passagework.ingest.loaders.office.package import main_part, part_root, related, relations
from passagework.ingest.loaders.office.xlsx_parts import MAIN, elements, forget, may_hide
from passagework.ingest.loaders.office.xlsx_style import Font, Styles, Verdict
from passagework.retrieval.errors import IngestError
from passagework.retrieval.text import one_line
from passagework.retrieval.types import HiddenReason

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_LAST_COLUMN = 18_278
"""ZZZ, beyond which openpyxl doesn't read."""
_LOW = 1.0
"""Points of a row's height up to which nothing shows."""
_MOST_AREAS = 200
"""Areas of a sheet with colours of their own; where there are more, all of it is one."""
_FURTHEST = 1_000
"""Rows and columns of a merged cell that are looked at."""
_FAILURES = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, SyntaxError, KeyError, IngestError)
"""What a malformed part may lead to; lxml's errors of syntax are Python's."""
_PARTS = tuple(MAIN + name for name in ("cols", "row", "rPr", "mergeCell", "conditionalFormatting", "picture"))

Area = tuple[int, int, int, int]
"""First row and column, last row and column, from 1."""
_EVERYWHERE: Area = (1, 1, 1 << 30, 1 << 30)
_Runs = tuple[tuple[str, Font | None], ...]
_Cell = Verdict | tuple[tuple[str, Verdict | None], ...]
"""Why a whole cell is unseen, or each part of its text."""


@dataclass(slots=True)
class SheetLook:
    """What hides a sheet's cells."""

    rows: set[int] = field(default_factory=set)
    columns: set[int] = field(default_factory=set)
    merged: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    cells: dict[int, dict[int, _Cell]] = field(default_factory=dict)
    conditional: list[Area] = field(default_factory=list)
    styled: list[Area] = field(default_factory=list)
    failure: str = ""

    def __bool__(self) -> bool:
        return bool(self.rows or self.columns or self.cells)

    def mark(self, row: int, texts: list[str]) -> list[str]:
        """A row's texts, with marks around what is unseen."""
        if not "".join(texts).isascii():
            texts = [unmarked(text) for text in texts]
        cells = self.cells.get(row, {})
        if not cells and not self.columns and row not in self.rows:
            return texts
        return [self._marked(row, column, text, cells.get(column)) for column, text in enumerate(texts, 1)]

    def _marked(self, row: int, column: int, text: str, cell: _Cell | None) -> str:
        if not text:
            return text
        if (row in self.rows or column in self.columns) and not self._reaches_out(row, column):
            return marked(text, HiddenReason.INVISIBLE)
        if isinstance(cell, Verdict):
            return marked(text, cell.reason) if self._holds(cell, row, column) else text
        judged = [(part, look is not None and self._holds(look, row, column) and look) for part, look in cell or ()]
        hidden = [look for part, look in judged if look and part.strip()]
        if not hidden:
            return text
        if _line("".join(part for part, _ in judged)) == text:
            return _line("".join(marked(part, look.reason) if look and part.strip() else part for part, look in judged))
        whole = all(look for part, look in judged if part.strip())
        return marked(text, hidden[0].reason) if whole else text

    def _reaches_out(self, row: int, column: int) -> bool:
        """Whether a cell is merged with others that are seen, and so is itself."""
        last_row, last_column = self.merged.get((row, column), (row, column))
        rows, columns = range(row, last_row + 1)[:_FURTHEST], range(column, last_column + 1)[:_FURTHEST]
        return not self.rows.issuperset(rows) and not self.columns.issuperset(columns)

    def _holds(self, verdict: Verdict, row: int, column: int) -> bool:
        """Whether a colour is what it seems: rules and the styles of tables may give the cell others."""
        if verdict.reason is not HiddenReason.BACKGROUND:
            return True
        areas = [*self.conditional, *(self.styled if verdict.on_paper else ())]
        return not any(top <= row <= bottom and left <= column <= right for top, left, bottom, right in areas)


class Looks:
    """A workbook's formats and shared texts, and by them what its sheets hide."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._styles = Styles(None, None)
        self._shared: dict[int, _Runs] = {}
        self._suspects: set[int] = set()
        self._known: dict[str | None, bool] = {}
        self._failure = ""
        try:
            name = main_part(archive)
            parts = relations(archive, name) if name is not None else {}
            theme = part_root(archive, related(parts, "theme"))
            self._styles = Styles(part_root(archive, related(parts, "styles")), theme)
            self._read_shared(related(parts, "sharedStrings"))
        except _FAILURES as error:
            self._failure = one_line(str(error), limit=160)

    def sheet(self, name: str) -> SheetLook:
        """What hides the cells of a sheet, by the name of its part; of one that can't be read so, why."""
        if self._failure:
            return SheetLook(failure=self._failure)
        look = SheetLook()
        try:
            if self._styles.suspicious or self._suspects or may_hide(self._archive, name):
                self._look_through(name, look)
        except _FAILURES as error:
            return SheetLook(failure=one_line(str(error), limit=160))
        return look

    def _look_through(self, name: str, look: SheetLook) -> None:
        number, last, rich = 0, 0, False
        for element in elements(self._archive, name, _PARTS):
            kind = local(element)
            if kind == "row":
                number = _row_number(element, number)
                if number > last:  # openpyxl passes over rows that come again
                    last = number
                    if _is_hidden(element):
                        look.rows.add(number)
                    if rich or self._suspects or self._styles.suspicious:
                        self._look_at(element, number, look)
                rich = False
            elif kind == "rPr":
                rich = True
                continue
            else:
                _note(element, kind, look)
            forget(element)
        for relation in relations(self._archive, name).values():
            if relation.kind in ("table", "pivotTable"):
                look.styled += _styled_areas(part_root(self._archive, relation.target))
        look.conditional = _few(look.conditional)
        look.styled = _few(look.styled)

    def _look_at(self, row: _Element, number: int, look: SheetLook) -> None:
        known, shared = self._known, bool(self._shared)
        found: list[tuple[_Element, _Cell]] = []
        for cell in row:
            style, kind = cell.get("s"), cell.get("t")
            suspicious = known.get(style)
            if suspicious is None:
                suspicious = known[style] = int(style or 0) in self._styles.suspicious
            runs = self._runs(cell, kind) if kind == "inlineStr" or (shared and kind == "s") else None
            if suspicious or runs is not None:
                seen = self._judged(int(style or 0), kind, runs)
                if seen is not None:
                    found.append((cell, seen))
        if found:
            places = _columns(row)
            look.cells[number] = {places[cell]: seen for cell, seen in found}

    def _judged(self, style: int, kind: str | None, runs: _Runs | None) -> _Cell | None:
        look = self._styles.look(style)
        if runs is None:
            return look.unseen(text=kind not in (None, "n", "d"))
        parts = tuple((text, look.unseen(text=True, font=font)) for text, font in runs)
        return parts if any(verdict is not None for _, verdict in parts) else None

    def _runs(self, cell: _Element, kind: str) -> _Runs | None:
        """The parts of a text in fonts of their own; None where it has none."""
        if kind == "s":
            number = whole_number(next((value.text for value in cell.iterchildren(MAIN + "v")), None))
            return self._shared.get(number) if number is not None else None
        return next((self._parts(inline) for inline in cell.iterchildren(MAIN + "is")), None)

    def _read_shared(self, name: str | None) -> None:
        if name is None or name not in self._archive.NameToInfo:
            return
        for number, element in enumerate(elements(self._archive, name, (MAIN + "si",))):
            runs = self._parts(element)
            if runs is not None:
                self._shared[number] = runs
                if any(font is not None and self._styles.may_hide(font) for _, font in runs):
                    self._suspects.add(number)
            forget(element)

    def _parts(self, element: _Element) -> _Runs | None:
        found: list[tuple[str, Font | None]] = []
        for run in element.iterchildren(MAIN + "r"):
            text = "".join(str(element.text or "") for element in run.iterchildren(MAIN + "t"))
            properties = next(run.iterchildren(MAIN + "rPr"), None)
            found.append((text, None if properties is None else self._styles.font(properties)))
        return tuple(found) if any(font is not None for _, font in found) else None


def _is_hidden(row: _Element) -> bool:
    height = decimal(row.get("ht"))
    return flag(row.get("hidden")) or (height is not None and height <= _LOW)


def _note(element: _Element, kind: str, look: SheetLook) -> None:
    """Takes down what a sheet says of its columns, or of areas."""
    if kind == "cols":
        for column in element.iterchildren(MAIN + "col"):
            first, last = whole_number(column.get("min")) or 0, whole_number(column.get("max")) or 0
            columns = range(max(1, first), min(last, _LAST_COLUMN) + 1)
            if flag(column.get("hidden")) or decimal(column.get("width")) == 0:
                look.columns.update(columns)
    elif kind == "mergeCell":
        for top, left, bottom, right in _areas(element.get("ref")):
            look.merged[top, left] = bottom, right
    elif kind == "conditionalFormatting":
        look.conditional += _areas(element.get("sqref"))
    elif kind == "picture":
        look.styled.append(_EVERYWHERE)


def _styled_areas(root: _Element | None) -> list[Area]:
    """Where a table, or a pivot table, colours the cells."""
    styled = (MAIN + "tableStyleInfo", MAIN + "pivotTableStyleInfo")
    if root is None or not any(element.get("name") for element in root.iter(*styled)):
        return []
    places = [root.get("ref"), *(location.get("ref") for location in root.iterchildren(MAIN + "location"))]
    return [area for place in places for area in _areas(place)]


def _areas(references: str | None) -> list[Area]:
    """`A1:B2 C3` as numbers; one that isn't written so is everywhere."""
    from openpyxl.utils import range_boundaries  # type: ignore[import-untyped]  # openpyxl ships no types

    found = []
    for reference in (references or "").split()[: _MOST_AREAS + 1]:
        try:
            left, top, right, bottom = range_boundaries(reference)
        except (ValueError, TypeError):
            return [_EVERYWHERE]
        found.append((top or 1, left or 1, bottom or _EVERYWHERE[2], right or _EVERYWHERE[3]))
    return found


def _few(areas: list[Area]) -> list[Area]:
    return areas if len(areas) <= _MOST_AREAS else [_EVERYWHERE]


def _row_number(row: _Element, before: int) -> int:
    stated = decimal(row.get("r"))
    return before + 1 if stated is None else int(stated)


def _columns(row: _Element) -> dict[_Element, int]:
    """The columns of a row's cells; one that doesn't say where it is follows the one before."""
    from openpyxl.utils import column_index_from_string

    found, column = {}, 0
    for cell in row:
        place = cell.get("r")
        column = int(column_index_from_string(place.rstrip("0123456789"))) if place else column + 1
        found[cell] = column
    return found


def _line(text: str) -> str:
    return " ".join(clean(text).split())
