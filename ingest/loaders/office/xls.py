"""Excel workbooks of 1997 to 2003, by xlrd: written as those of later years."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from passagework.ingest.loaders.archive import damaged, given_title
from passagework.ingest.loaders.base import LoadOptions, RecordFailure
from passagework.ingest.loaders.colours import WHITE, Rgb
from passagework.ingest.loaders.encoding import clean
from passagework.ingest.loaders.formats import Format
from passagework.ingest.loaders.office.number_formats import shown, text_shown
from passagework.ingest.loaders.office.office_writer import OfficeWriter, words
from passagework.ingest.loaders.office.xlsx_blocks import write_rows
from passagework.ingest.loaders.office.xlsx_sheet import Row, Sheet
from passagework.ingest.loaders.office.xlsx_style import Font, Look
from passagework.ingest.loaders.raised import lowered, raised
from passagework.retrieval.errors import IngestError, NoTextError
from passagework.retrieval.types import Document, HiddenReason, Json

if TYPE_CHECKING:
    from xlrd.book import Book
    from xlrd.sheet import Cell, Sheet as XlsSheet

_TEXT, _NUMBER, _DATE, _BOOLEAN, _ERROR = range(1, 6)
_SOLID = 1
_TWIPS = 20
"""To a point."""


def load_xls(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """One document, the sheets in their order. Raises IngestError where it is damaged, encrypted or empty."""
    import xlrd

    data = path.read_bytes()
    try:
        book = xlrd.open_workbook(file_contents=data, formatting_info=True, ragged_rows=True, logfile=io.StringIO())
        writer = _Workbook(book).written()
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # malformed records lead to whatever they lead to
        if "encrypted" in str(error).lower():
            raise IngestError("encrypted: the file opens only with its password") from error
        raise damaged(path, error) from error
    text = writer.text()
    if not text:
        raise NoTextError("no text: all sheets are empty")
    title, metadata = _properties(data)
    yield Document(
        text=text,
        media_type=Format.XLS.value,
        title=title,
        metadata=metadata,
        headings=writer.headings,
        hidden=writer.hidden(text, whole_lines=True),
        tables=writer.tables,
    )


class _Workbook:
    """Writes the sheets of a workbook."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._looks: dict[int, Look] = {}

    def written(self) -> OfficeWriter:
        """All sheets that say anything, each below its name."""
        writer = OfficeWriter()
        for found in self._book.sheets():
            hidden = HiddenReason.INVISIBLE if found.visibility else None
            inner = OfficeWriter()
            inner.forced = hidden
            write_rows(self._read(found), inner)
            for (row, column), note in sorted(found.cell_note_map.items()):
                where = f"[Note on row {row + 1}, column {column + 1}] "
                inner.write(words(where + " ".join(clean(note.text).split()), hidden))
            if inner.length:
                writer.write(words(clean(found.name), hidden), level=2)
                writer.extend(inner)
        return writer

    def _read(self, found: XlsSheet) -> Sheet:
        sheet = Sheet()
        sheet.look.rows.update(number + 1 for number, info in found.rowinfo_map.items() if info.hidden)
        sheet.look.columns.update(number + 1 for number, info in found.colinfo_map.items() if info.hidden)
        for top, below, left, right in found.merged_cells:
            sheet.look.merged[top + 1, left + 1] = below, right
        for number in range(found.nrows):
            row = Row(number + 1, [], [])
            for column, cell in enumerate(found.row(number)):
                self._cell(cell, row, column + 1, sheet, found.rich_text_runlist_map.get((number, column)))
            if row.columns:
                sheet.rows.append(row)
        return sheet

    def _cell(self, cell: Cell, row: Row, column: int, sheet: Sheet, fonts: list[tuple[int, int]] | None) -> None:
        look = self._look(cell.xf_index)
        text = self._on_the_line(str(cell.value), fonts) if fonts else self._shown(cell, look.code)
        if not text or text.isspace():
            return
        row.columns.append(column)
        row.texts.append(text)
        unseen = look.unseen(text=cell.ctype == _TEXT)
        if unseen is not None:
            sheet.look.cells[row.number, column] = unseen

    def _shown(self, cell: Cell, code: str) -> str:
        if cell.ctype in (_NUMBER, _DATE):
            return shown(float(cell.value), code, from_1904=bool(self._book.datemode))
        if cell.ctype == _BOOLEAN:
            return "TRUE" if cell.value else "FALSE"
        if cell.ctype == _ERROR:
            from xlrd.biffh import error_text_from_code

            return str(error_text_from_code.get(cell.value, ""))
        return text_shown(clean(str(cell.value)), code) if cell.ctype == _TEXT else ""

    def _on_the_line(self, text: str, fonts: list[tuple[int, int]]) -> str:
        """A text in several fonts, from a place each, its raised and lowered parts written on the line."""
        line = ""
        for (start, number), (end, _) in zip([(0, 0), *fonts], [*fonts, (len(text), 0)], strict=True):
            part = clean(text[start:end])
            escaped = self._book.font_list[number].escapement if 0 < number < len(self._book.font_list) else 0
            line += (raised if escaped == 1 else lowered)(line, part) if escaped else part
        return line

    def _look(self, number: int | None) -> Look:
        known = self._looks.get(number or 0)
        if known is None:
            known = self._looks[number or 0] = self._format(number or 0)
        return known

    def _format(self, number: int) -> Look:
        if not 0 <= number < len(self._book.xf_list):
            return Look()
        used = self._book.xf_list[number]
        font = self._book.font_list[used.font_index] if used.font_index < len(self._book.font_list) else None
        described = self._book.format_map.get(used.format_key)
        filled = used.background.fill_pattern == _SOLID
        plain = used.background.fill_pattern == 0
        ground = self._colour(used.background.pattern_colour_index) if filled else WHITE if plain else None
        return Look(
            font=Font(self._colour(font.colour_index), font.height / _TWIPS) if font is not None else Font(),
            ground=ground,
            on_paper=plain,
            hides_text=described is not None and described.format_str == ";;;",
            hides_numbers=described is not None and described.format_str.startswith(";;"),
            code=described.format_str if described is not None else "",
        )

    def _colour(self, index: int) -> Rgb | None:
        found = self._book.colour_map.get(index)
        return (found[0], found[1], found[2]) if found else None


def _properties(data: bytes) -> tuple[str, dict[str, Json]]:
    """The title and the author; nothing where the file's properties are damaged or missing."""
    import olefile

    try:
        with olefile.OleFileIO(data) as container:
            found = container.get_metadata()
            codec = "utf-8" if found.codepage == 65001 else f"cp{found.codepage or 1252}"
            title, author = (
                (value or b"").decode(codec, "replace").strip("\x00 ") for value in (found.title, found.author)
            )
    except (OSError, ValueError, LookupError, AttributeError, TypeError, IndexError):
        return "", {}
    return given_title(clean(title)), {"author": clean(author)} if author else {}
