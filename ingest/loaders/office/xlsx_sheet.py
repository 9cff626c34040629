"""One sheet in one pass: its rows as they are shown, what hides them, and which formulas have no value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from passagework.ingest.loaders.office.number_dates import day_number
from passagework.ingest.loaders.office.number_formats import shown, text_shown
from passagework.ingest.loaders.office.office_values import decimal, local, whole_number
from passagework.ingest.loaders.office.package import Package
from passagework.ingest.loaders.office.xlsx_hidden import LAST_ROW, SheetLook, column_number, is_hidden, judged
from passagework.ingest.loaders.office.xlsx_parts import elements, excel, forget
from passagework.ingest.loaders.office.xlsx_strings import Runs, SharedTexts, parts_of, text_of, unescaped
from passagework.ingest.loaders.office.xlsx_style import Look, Styles
from passagework.retrieval.errors import IngestError

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

MAX_TEXT = 200_000_000
"""Characters of a workbook's text; shared strings let a small file say much."""

_KINDS = ("cols", "row", "mergeCell", "conditionalFormatting", "picture")
_VALUE, _FORMULA = frozenset(excel("v")), frozenset(excel("f"))
_PARTS = tuple(tag for kind in _KINDS for tag in excel(kind))


@dataclass(slots=True)
class Row:
    """A row that has any text: its number, and the columns and texts of its cells, in order."""

    number: int
    columns: list[int]
    texts: list[str]


@dataclass(slots=True)
class Sheet:
    """A sheet's rows, what hides their cells, and the cells whose formulas have no value."""

    rows: list[Row] = field(default_factory=list)
    look: SheetLook = field(default_factory=SheetLook)
    uncached: list[str] = field(default_factory=list)


@dataclass(slots=True)
class SheetReader:
    """Reads the sheets of a workbook; `room` is how many characters all of them may still say."""

    package: Package
    styles: Styles
    shared: SharedTexts
    from_1904: bool = False
    room: int = MAX_TEXT
    _looks: dict[str | None, tuple[Look, bool]] = field(default_factory=dict)

    def read(self, name: str, sheet: Sheet) -> None:
        """Reads a part into a sheet. Where it is damaged, the errors of lxml and zipfile come through."""
        number = last = 0
        for element in elements(self.package, name, _PARTS):
            kind = local(element)
            if kind == "row":
                stated = decimal(element.get("r"))
                number = number + 1 if stated is None else int(stated)
                if last < number <= LAST_ROW:  # a row that comes again is passed over, as by other readers
                    last = number
                    self._row(element, number, sheet)
            else:
                sheet.look.note(element, kind)
            forget(element)

    def _row(self, row: _Element, number: int, sheet: Sheet) -> None:
        if is_hidden(row):
            sheet.look.rows.add(number)
        found = Row(number, [], [])
        for column, cell in self._cells(row):
            text = self._text(cell, number, column, sheet)
            if not text or text.isspace():
                continue
            if found.columns and column <= found.columns[-1]:
                continue  # a cell that comes again
            self.room -= len(text)
            if self.room < 0:
                raise IngestError(f"holds more than {MAX_TEXT} characters of text: refused")
            found.columns.append(column)
            found.texts.append(text)
        if found.columns:
            sheet.rows.append(found)

    @staticmethod
    def _cells(row: _Element) -> Iterator[tuple[int, _Element]]:
        """A row's cells with their columns; one that doesn't say where it is follows the one before."""
        column = 0
        for cell in row.iterchildren(*excel("c")):
            place = cell.get("r")
            column = column_number(place.rstrip("0123456789")) if place else column + 1
            yield column, cell

    def _text(self, cell: _Element, row: int, column: int, sheet: Sheet) -> str:
        kind, style = cell.get("t"), cell.get("s")
        look, suspicious = self._look(style)
        text, runs = self._value(cell, kind, look, row, column, sheet)
        if text and (suspicious or runs is not None):
            seen = judged(look, kind, runs)
            if seen is not None:
                sheet.look.cells[row, column] = seen
        return text

    def _look(self, style: str | None) -> tuple[Look, bool]:
        known = self._looks.get(style)
        if known is None:
            number = whole_number(style) or 0
            known = self._looks[style] = self.styles.look(number), number in self.styles.suspicious
        return known

    def _value(
        self, cell: _Element, kind: str | None, look: Look, row: int, column: int, sheet: Sheet
    ) -> tuple[str, Runs | None]:
        """A cell's text as it is shown, and its parts where they have fonts of their own."""
        if kind == "inlineStr":
            inline = next(cell.iterchildren(*excel("is")), None)
            return ("", None) if inline is None else (text_of(inline), parts_of(inline, self.styles))
        values = [str(child.text or "") for child in cell if child.tag in _VALUE]
        if not values or not values[0]:
            if kind != "str" and any(child.tag in _FORMULA for child in cell):
                sheet.uncached.append(cell.get("r") or f"row {row}, column {column}")
            return "", None
        if kind == "s":
            return self._shared(values[0], look)
        return self._shown(values[0], kind, look), None

    def _shared(self, value: str, look: Look) -> tuple[str, Runs | None]:
        at = whole_number(value)
        if at is None or not 0 <= at < len(self.shared.texts):
            return "", None
        return text_shown(self.shared.texts[at], look.code), self.shared.runs.get(at)

    def _shown(self, value: str, kind: str | None, look: Look) -> str:
        if kind in (None, "n"):
            number = decimal(value)
            return value if number is None else shown(number, look.code, from_1904=self.from_1904)
        if kind == "b":
            return "FALSE" if value == "0" else "TRUE"
        return self._date(value, look) if kind == "d" else text_shown(unescaped(value), look.code)

    def _date(self, value: str, look: Look) -> str:
        try:
            moment = datetime.fromisoformat(value.removesuffix("Z"))
        except ValueError:
            return value
        number = day_number(moment.replace(tzinfo=None), from_1904=self.from_1904)
        return shown(number, look.code or "yyyy-mm-dd h:mm:ss", from_1904=self.from_1904)
