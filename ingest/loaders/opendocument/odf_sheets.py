"""Spreadsheets of OpenDocument: each sheet a heading, each block of its cells a table, as of Excel's workbooks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from passagework.ingest.loaders.office.office_writer import OfficeWriter, plain, words
from passagework.ingest.loaders.office.xlsx_blocks import write_rows
from passagework.ingest.loaders.office.xlsx_hidden import LAST_COLUMN, LAST_ROW
from passagework.ingest.loaders.office.xlsx_sheet import Row, Sheet
from passagework.ingest.loaders.office.xlsx_style import Verdict
from passagework.ingest.loaders.opendocument.odf_inline import OdfInline
from passagework.ingest.loaders.opendocument.odf_names import (
    attribute,
    children_named,
    count_of,
    full_name,
    name_of,
)
from passagework.ingest.loaders.opendocument.odf_package import OdfPackage
from passagework.ingest.loaders.opendocument.odf_style import Look, OdfStyles
from passagework.ingest.loaders.opendocument.odf_text import OdfText
from passagework.retrieval.types import HiddenReason

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_MOST_REPEATED = 1_000
"""Equal rows or cells in a row that are written; a sheet's style may repeat one to its end."""
_UNSEEN = ("collapse", "filter")
_GROUPS = (
    "table:table-header-rows", "table:table-rows", "table:table-row-group", "table:table-columns",
    "table:table-header-columns", "table:table-column-group",
)  # fmt: skip


class OdfSheets:
    """Writes sheets."""

    def __init__(self, package: OdfPackage, styles: OdfStyles) -> None:
        self.writer = OfficeWriter()
        self._package = package
        self._shapes: list[_Element] = []
        self._styles = styles
        self._inline = OdfInline(styles)
        self._remarks: list[tuple[str, str]] = []

    def write(self, table: _Element) -> None:
        """Writes a sheet that says anything."""
        said = self._styles.properties("table", attribute(table, "table:style-name"))
        hidden = HiddenReason.INVISIBLE if said.get("table:display") == "false" else None
        sheet = Sheet()
        self._remarks = []
        self._shapes = [shape for shapes in children_named(table, "table:shapes") for shape in shapes]
        self._read(table, sheet)
        inner = OfficeWriter()
        inner.forced = hidden
        write_rows(sheet, inner)
        beside = OdfText(self._package, self._styles)
        beside.blocks(self._shapes, Look())
        inner.extend(beside.writer)
        for before, text in self._remarks:
            inner.write(words(before + text, hidden))
        if inner.length:
            self.writer.write(words(attribute(table, "table:name"), hidden), level=2)
            self.writer.extend(inner)

    def _read(self, table: _Element, sheet: Sheet) -> None:
        column = 1
        number = 1
        for element in _within(table):
            if name_of(element) == "table:table-column":
                count = count_of(element, "table:number-columns-repeated", LAST_COLUMN)
                if attribute(element, "table:visibility") in _UNSEEN:
                    sheet.look.columns.update(range(column, min(column + count, LAST_COLUMN + 1)))
                column += count
                continue
            repeated = count_of(element, "table:number-rows-repeated", LAST_ROW)
            row = self._row(element, number, sheet)
            hidden = attribute(element, "table:visibility") in _UNSEEN
            for more in range(min(repeated, _MOST_REPEATED) if row.columns else 0):
                sheet.rows.append(Row(number + more, list(row.columns), list(row.texts)))
                if hidden:
                    sheet.look.rows.add(number + more)
            number += repeated

    def _row(self, element: _Element, number: int, sheet: Sheet) -> Row:
        row = Row(number, [], [])
        column = 1
        for cell in children_named(element, "table:table-cell", "table:covered-table-cell"):
            repeated = count_of(cell, "table:number-columns-repeated", LAST_COLUMN)
            if name_of(cell) == "table:table-cell" and len(cell):
                self._cell(cell, row, column, min(repeated, _MOST_REPEATED), sheet)
            column += repeated
        return row

    def _cell(self, cell: _Element, row: Row, column: int, repeated: int, sheet: Sheet) -> None:
        look = self._styles.look("table-cell", attribute(cell, "table:style-name"), Look())
        lines = [self._inline.read(p, look)[0] for p in children_named(cell, "text:p")]
        text = "\n".join(filter(None, map(plain, lines)))
        for remark in children_named(cell, "office:annotation"):
            said = " ".join(plain(self._inline.read(p, Look())[0]) for p in remark.iter(full_name("text:p")))
            author = next((str(child.text or "").strip() for child in remark if child.tag.endswith("}creator")), "")
            if said.strip():
                where = f"Note on row {row.number}, column {column}"
                self._remarks.append((f"[{where}, {author}] " if author else f"[{where}] ", said))
        self._shapes += [child for child in cell if name_of(child).startswith("draw:")]
        if not text:
            return
        down = count_of(cell, "table:number-rows-spanned", LAST_ROW)
        wide = count_of(cell, "table:number-columns-spanned", LAST_COLUMN)
        if down > 1 or wide > 1:
            sheet.look.merged[row.number, column] = row.number + down - 1, column + wide - 1
        reasons = {reason for line in lines for part, reason in line if part.strip()}
        hides = reasons.pop() if len(reasons) == 1 else None
        for at in range(column, column + repeated):
            row.columns.append(at)
            row.texts.append(text)
            if hides is not None:
                sheet.look.cells[row.number, at] = Verdict(hides, on_paper=True)


def _within(table: _Element) -> Iterator[_Element]:
    """The columns and rows of a sheet in order, those of groups too."""
    for element in table:
        kind = name_of(element)
        if kind in ("table:table-row", "table:table-column"):
            yield element
        elif kind in _GROUPS:
            yield from _within(element)
