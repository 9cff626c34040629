"""Excel workbooks: each sheet a heading, each block of cells in it a Markdown table.

Read with openpyxl itself: markitdown goes through pandas, whose tables write 2018 as 2018.0 where the column has a
gap, and 12345.6789 as 1.234568e+04.
"""

from __future__ import annotations

import datetime
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from passagework.ingest.loaders.archive import core_properties, damaged, open_archive
from passagework.ingest.loaders.base import LoadOptions, RecordFailure
from passagework.ingest.loaders.encoding import clean
from passagework.ingest.loaders.formats import Format
from passagework.ingest.loaders.hidden_marks import MARK, over_markup, unmarked, without_marks
from passagework.ingest.loaders.office.xlsx_hidden import Looks, SheetLook
from passagework.retrieval.errors import IngestError, NoTextError
from passagework.retrieval.types import Document, Heading, Hidden, HiddenReason

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook  # type: ignore[import-untyped]  # openpyxl ships no types

MAX_TEXT = 200_000_000
"""Characters of a workbook's text; shared strings let a small file say much."""
MAX_ROW = 1_048_576
"""The last row that Excel has: behind a cell that claims to stand lower, openpyxl would count there row by row."""

_NUMBER = re.compile(rf"{MARK}?-?\d+(?:\.\d+)?(?:e[-+]?\d+)?{MARK}?")


def load_xlsx(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """One document, the sheets in their order; formulas by the values last computed. Raises IngestError where none."""
    with open_archive(path) as archive:
        title, metadata = core_properties(archive)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # openpyxl warns of what it leaves out: styles, drawings, validation
                read = _read(path, Looks(archive))
        except (MemoryError, RecursionError, IngestError):
            raise
        except Exception as error:  # openpyxl raises whatever malformed parts lead it to
            raise damaged(path, error) from error
    if not read.headings:
        raise NoTextError("no text: all sheets are empty")
    yield Document(
        text="\n\n".join(read.pieces),
        media_type=Format.XLSX.value,
        title=title,
        metadata=metadata,
        headings=read.headings,
        notes=tuple(read.notes),
        hidden=tuple(read.hidden),
    )


@dataclass(slots=True)
class _Read:
    """A workbook's text so far, sheet by sheet."""

    pieces: list[str] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    hidden: list[Hidden] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    length: int = 0


def _read(path: Path, looks: Looks) -> _Read:
    from openpyxl import load_workbook  # type: ignore[import-untyped]  # openpyxl ships no types

    # From a stream: by a path, openpyxl judges the suffix.
    with path.open("rb") as file:
        workbook: Workbook = load_workbook(file, read_only=True, data_only=True)
        try:
            return _text(workbook, looks)
        finally:
            workbook.close()


def _text(workbook: Workbook, looks: Looks) -> _Read:
    read = _Read()
    for sheet in workbook.worksheets:
        shown = sheet.sheet_state == "visible"
        look = looks.sheet(sheet._worksheet_path) if shown else SheetLook()
        # The stated dimensions are often wrong, and a wrong one cuts rows or pads them to 16,384 cells.
        sheet.reset_dimensions()
        rows = sheet.iter_rows(values_only=True, max_row=MAX_ROW)
        tables = [_table(block) for block in _blocks(_rows(rows, MAX_TEXT - read.length, look))]
        name = unmarked(" ".join(clean(sheet.title).split()))
        if look.failure:
            read.notes.append(f"hidden text of the sheet {name} could not be looked for: {look.failure}")
        if not tables:
            continue
        start = read.length + 2 if read.pieces else 0
        read.headings.append(Heading(level=2, title=name, start=start, end=start + len(name) + 3))
        piece = "\n\n".join((f"## {name}", *tables))
        spans: tuple[Hidden, ...] = () if shown else (Hidden(0, len(piece), HiddenReason.INVISIBLE),)
        if look:
            piece, spans = without_marks(piece)
            spans = over_markup(spans, piece)
        read.hidden += [Hidden(start + span.start, start + span.end, span.reason) for span in spans]
        read.pieces.append(piece)
        read.length = start + len(piece)
    return read


def _rows(rows: Iterator[tuple[object, ...]], room: int, look: SheetLook) -> Iterator[list[str]]:
    """The rows' texts without the empty cells at their ends. Raises IngestError beyond `room` characters."""
    marks = bool(look)
    for number, row in enumerate(rows, 1):
        cells = [cell_text(value) for value in row]
        while cells and not cells[-1]:
            cells.pop()
        room -= sum(map(len, cells))
        if room < 0:
            raise IngestError(f"holds more than {MAX_TEXT} characters of text: refused")
        yield look.mark(number, cells) if marks else cells


def _blocks(rows: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    """Tables, one below the other: an empty row parts two, unless numbers follow it, which want their header."""
    block: list[list[str]] = []
    parted = False
    for row in rows:
        if not row:
            parted = True
            continue
        if parted and block and not any(_NUMBER.fullmatch(cell) for cell in row[1:]):
            yield block
            block = []
        block.append(row)
        parted = False
    if block:
        yield block


def _table(block: list[list[str]]) -> str:
    """A Markdown table without its empty columns; a block of one column is lines, for it is text."""
    width = max(len(row) for row in block)
    used = [column for column in range(width) if any(len(row) > column and row[column] for row in block)]
    if len(used) == 1:
        return "\n".join(row[used[0]] for row in block)
    lines = [
        "| " + " | ".join(row[column].replace("|", "\\|") if column < len(row) else "" for column in used) + " |"
        for row in block
    ]
    lines.insert(1, "|" + " --- |" * len(used))
    return "\n".join(lines)


def cell_text(value: object) -> str:
    """A cell as one line: whole numbers without a point, others to Excel's 15 digits, dates in ISO form."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ")
    return " ".join(clean(str(value)).split())
