"""Excel workbooks: each sheet a heading, each block of its cells a table, then what stands beside the cells."""

from __future__ import annotations

import zipfile
import zlib
from typing import TYPE_CHECKING

from passagework.ingest.loaders.encoding import clean
from passagework.ingest.loaders.office.office_values import flag
from passagework.ingest.loaders.office.office_writer import OfficeWriter, words
from passagework.ingest.loaders.office.package import Package, Relation, linked, related
from passagework.ingest.loaders.office.xlsx_beside import people_of, write_beside
from passagework.ingest.loaders.office.xlsx_blocks import write_rows
from passagework.ingest.loaders.office.xlsx_parts import excel
from passagework.ingest.loaders.office.xlsx_sheet import Sheet, SheetReader
from passagework.ingest.loaders.office.xlsx_strings import SharedTexts
from passagework.ingest.loaders.office.xlsx_style import Styles
from passagework.retrieval.errors import IngestError, NoTextError
from passagework.retrieval.text import counted, one_line
from passagework.retrieval.types import HiddenReason

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_DAMAGE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, SyntaxError, KeyError)
_FAILURES = (*_DAMAGE, IngestError)
"""What a malformed part may lead to; lxml's errors of syntax are Python's."""
_NAMED = 5
"""Cells that a note names before it only counts."""


class WorkbookReader:
    """Reads a workbook's sheets in their order; what a damaged one still says is kept."""

    def __init__(self, package: Package, name: str, root: _Element) -> None:
        self._package = package
        self._root = root
        self._relations = package.relations(name)
        theme = package.side(related(self._relations, "theme"), "the theme")
        styles = Styles(package.side(related(self._relations, "styles"), "the formats of cells"), theme)
        self._people = people_of(package, self._relations)
        self._reader = SheetReader(package, styles, self._shared(styles), self._from_1904())
        self._failure = ""
        self.writer = OfficeWriter()

    def read(self) -> None:
        """Writes the sheets that say anything. Raises IngestError where none does."""
        for listed in self._root.iterchildren(*excel("sheets")):
            for sheet in listed.iterchildren(*excel("sheet")):
                self._sheet(sheet)
        if not self.writer.length:
            raise IngestError(self._failure) if self._failure else NoTextError("no text: all sheets are empty")

    def _sheet(self, sheet: _Element) -> None:
        name = " ".join(clean(sheet.get("name") or "").split())
        relation = self._relations.get(linked(sheet) or "")
        if relation is None or self._package.member(relation.target) is None:
            self._package.note(f"the sheet {name} is missing")
            return
        hidden = HiddenReason.INVISIBLE if (sheet.get("state") or "visible") != "visible" else None
        inner = OfficeWriter()
        relations = self._package.relations(relation.target)
        if relation.kind == "worksheet":
            found = self._read(relation.target, name)
            self._look_further(found, relations, name)
            inner.forced = hidden
            write_rows(found, inner)
        write_beside(self._package, relations, self._people, inner, hidden)
        if inner.length:
            self.writer.write(words(name, hidden), level=2)
            self.writer.extend(inner)

    def _read(self, part: str, name: str) -> Sheet:
        """A sheet's cells; of a damaged one those before the damage, which is noted."""
        sheet = Sheet()
        try:
            self._reader.read(part, sheet)
        except _DAMAGE as error:
            words = one_line(str(error), limit=160)
            self._failure = self._failure or f"damaged .xlsx: {words}"
            self._package.note(f"the sheet {name} can't be read to its end: {words}")
        return sheet

    def _look_further(self, sheet: Sheet, relations: dict[str, Relation], name: str) -> None:
        """What the tables of a sheet colour; and a note of its formulas without a value."""
        parts = [relation.target for relation in relations.values() if relation.kind in ("table", "pivotTable")]
        try:
            sheet.look.note_tables(self._package, parts)
        except _FAILURES as error:
            sheet.look.failed = True
            self._package.note(
                f"hidden text of the sheet {name} could not be looked for: {one_line(str(error), limit=160)}"
            )
        if sheet.uncached:
            cells = ", ".join(sheet.uncached[:_NAMED]) + (", …" if len(sheet.uncached) > _NAMED else "")
            said = counted(len(sheet.uncached), "formula")
            self._package.note(f"{said} of the sheet {name} without a stored value: {cells}")

    def _shared(self, styles: Styles) -> SharedTexts:
        shared = SharedTexts()
        name = related(self._relations, "sharedStrings")
        if name is not None:
            try:
                shared.read(self._package, name, styles)
            except _FAILURES as error:
                self._package.note(f"the texts that cells share can't all be read: {one_line(str(error), limit=160)}")
        return shared

    def _from_1904(self) -> bool:
        return any(flag(said.get("date1904")) for said in self._root.iterchildren(*excel("workbookPr")))
