"""Tables of Word: merged cells under their columns, tables that only lay out a page as the blocks in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from passagework.ingest.loaders.office.docx_elements import children, named, opened, value, word, word_name
from passagework.ingest.loaders.office.docx_inline import Paragraph
from passagework.ingest.loaders.office.docx_style import is_on
from passagework.ingest.loaders.office.office_tables import Rows, group_headers
from passagework.ingest.loaders.office.office_values import whole_number
from passagework.ingest.loaders.office.office_writer import Line, OfficeWriter, plain

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_AROUND_ROWS = frozenset({"sdt", "sdtContent", "customXml"})
_MOST_COLUMNS = 63
"""Columns that a table of Word has at most; merged cells reach no further."""


class CellReader(Protocol):
    """Reads what stands in cells."""

    writer: OfficeWriter

    def blocks(self, container: _Element, part: str, prefix: str = "") -> None:
        """Writes the paragraphs and tables of a cell."""

    def cell(self, container: _Element, part: str) -> tuple[Line, list[tuple[Paragraph, str]]]:
        """A cell as one line, and the paragraphs whose marks are still to be followed."""

    def hang(self, paragraph: Paragraph, part: str) -> None:
        """Writes what hangs on a paragraph."""


@dataclass(frozen=True, slots=True)
class _Row:
    """The cells of a row, how many columns each spans, and how it is merged with the one above."""

    cells: list[_Element]
    spans: list[int]
    merges: list[str | None]
    before: int
    is_header: bool


class WordTable:
    """One table."""

    def __init__(self, element: _Element) -> None:
        self._element = element

    def rows(self) -> list[_Row]:
        """Its rows, but for those that were deleted."""
        rows = (row for row in opened(self._element, _AROUND_ROWS) if word_name(row.tag) == "tr")
        return [read for row in rows if (read := _row(row)) is not None]

    def write(self, reader: CellReader, part: str) -> None:
        """Writes it as a table; what only lays out a page, as the blocks in its cells."""
        rows = self.rows()
        if _lays_out(rows):
            for row in rows:
                for cell, merge in zip(row.cells, row.merges, strict=True):
                    if merge != "continue":
                        reader.blocks(cell, part)
            return
        grid: Rows[Line] = []
        hanging: list[tuple[Paragraph, str]] = []
        above: dict[int, Line] = {}
        for row in rows:
            grid.append(_lines(row, above, reader, part, hanging))
        reader.writer.table(grid, headers=_headers(rows, grid))
        for paragraph, place in hanging:
            reader.hang(paragraph, place)


def _lines(
    row: _Row, above: dict[int, Line], reader: CellReader, part: str, hanging: list[tuple[Paragraph, str]]
) -> list[Line]:
    """The row's cells column by column: one merged with the cell above says what that says."""
    lines: list[Line] = [[] for _ in range(row.before)]
    for cell, span, merge in zip(row.cells, row.spans, row.merges, strict=True):
        column = len(lines)
        if merge == "continue":
            line = above.get(column, [])
        else:
            line, more = reader.cell(cell, part)
            hanging += more
            above[column] = line
        lines.append(line)
        lines += [line if row.is_header else [] for _ in range(span - 1)]
    return lines


def _headers(rows: list[_Row], grid: Rows[Line]) -> int | None:
    """How many rows name the columns, where the table says so, or names groups of columns above the columns."""
    stated = next((number for number, row in enumerate(rows) if not row.is_header), len(rows))
    if stated:
        return min(stated, max(1, len(rows) - 1))
    merged = [[False] * row.before + [at > 0 for span in row.spans for at in range(span)] for row in rows[:2]]
    return group_headers(grid, [[plain(line) for line in row] for row in grid[:2]], merged) or None


def _row(element: _Element) -> _Row | None:
    before, is_header = 0, False
    for properties in element.iterchildren(*word("trPr")):
        found = children(properties)
        if "del" in found:
            return None
        before = min(max(whole_number(named(properties, "gridBefore")) or 0, 0), _MOST_COLUMNS)
        is_header = "tblHeader" in found and is_on(found["tblHeader"])
    cells: list[_Element] = []
    spans: list[int] = []
    merges: list[str | None] = []
    width = before
    for cell in opened(element, _AROUND_ROWS):
        if word_name(cell.tag) != "tc":
            continue
        span, merge, reached = 1, None, False
        for properties in cell.iterchildren(*word("tcPr")):
            found = children(properties)
            span = whole_number(named(properties, "gridSpan")) or 1
            reached = "hMerge" in found and (value(found["hMerge"], "val") or "continue") == "continue"
            if "vMerge" in found:
                merge = value(found["vMerge"], "val") or "continue"
        if (
            reached
            and cells
            and not "".join(text for part in cell.iter(*word("t")) for text in part.itertext()).strip()
        ):
            spans[-1] += 1  # merged with the cell to its left, as older files have it
            width += 1
            continue
        cells.append(cell)
        spans.append(max(1, min(span, _MOST_COLUMNS - width)))
        merges.append(merge)
        width += spans[-1]
    return _Row(cells, spans, merges, before, is_header)


def _is_empty(cell: _Element) -> bool:
    return not any((text.text or "").strip() for text in cell.iter(*word("t")))


def _lays_out(rows: list[_Row]) -> bool:
    """Whether a table has no columns, or holds tables in one row, or tables of more cells than its own."""
    cells = [cell for row in rows for cell in row.cells]
    if max((len(row.cells) for row in rows), default=0) < 2:
        return True
    inner = [table for cell in cells for table in opened(cell, _AROUND_ROWS) if word_name(table.tag) == "tbl"]
    held = sum(len(row.cells) for table in inner for row in WordTable(table).rows())
    return held > (1 if len(rows) == 1 else len(cells))
