"""Excel workbooks: each sheet a heading, each block of cells in it a Markdown table.

Read with openpyxl itself: markitdown goes through pandas, whose tables write 2018 as 2018.0 where the column has a
gap, and 12345.6789 as 1.234568e+04.
"""

from __future__ import annotations

import datetime
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.loaders.archive import core_properties, damaged, open_archive
from ingest.loaders.base import LoadOptions, RecordFailure
from ingest.loaders.encoding import clean
from ingest.loaders.formats import Format
from retrieval.errors import IngestError
from retrieval.types import Document, Heading

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook  # type: ignore[import-untyped]  # openpyxl ships no types

MAX_TEXT = 200_000_000
"""Characters of a workbook's text; shared strings let a small file say much."""
MAX_ROW = 1_048_576
"""The last row that Excel has: behind a cell that claims to stand lower, openpyxl would count there row by row."""

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def load_xlsx(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """One document, the sheets in their order; formulas by the values last computed. Raises IngestError where none."""
    with open_archive(path) as archive:
        title, metadata = core_properties(archive)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of what it leaves out: styles, drawings, validation
            text, headings = _read(path)
    except (MemoryError, RecursionError, IngestError):
        raise
    except Exception as error:  # openpyxl raises whatever malformed parts lead it to
        raise damaged(path, error) from error
    if not headings:
        raise IngestError("no text: all sheets are empty")
    yield Document(text=text, media_type=Format.XLSX.value, title=title, metadata=metadata, headings=headings)


def _read(path: Path) -> tuple[str, list[Heading]]:
    from openpyxl import load_workbook  # type: ignore[import-untyped]  # openpyxl ships no types

    # From a stream: by a path, openpyxl judges the suffix.
    with path.open("rb") as file:
        workbook: Workbook = load_workbook(file, read_only=True, data_only=True)
        try:
            return _text(workbook)
        finally:
            workbook.close()


def _text(workbook: Workbook) -> tuple[str, list[Heading]]:
    pieces: list[str] = []
    headings: list[Heading] = []
    length = 0
    for sheet in workbook.worksheets:
        # The stated dimensions are often wrong, and a wrong one cuts rows or pads them to 16,384 cells.
        sheet.reset_dimensions()
        rows = sheet.iter_rows(values_only=True, max_row=MAX_ROW)
        tables = [_table(block) for block in _blocks(_rows(rows, MAX_TEXT - length))]
        if not tables:
            continue
        name = " ".join(clean(sheet.title).split())
        start = length + 2 if pieces else 0
        headings.append(Heading(level=2, title=name, start=start, end=start + len(name) + 3))
        piece = "\n\n".join((f"## {name}", *tables))
        pieces.append(piece)
        length = start + len(piece)
    return "\n\n".join(pieces), headings


def _rows(rows: Iterator[tuple[object, ...]], room: int) -> Iterator[list[str]]:
    """The rows' texts without the empty cells at their ends. Raises IngestError beyond `room` characters."""
    for row in rows:
        cells = [cell_text(value) for value in row]
        while cells and not cells[-1]:
            cells.pop()
        room -= sum(map(len, cells))
        if room < 0:
            raise IngestError(f"holds more than {MAX_TEXT} characters of text: refused")
        yield cells


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
