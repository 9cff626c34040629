"""The rows of a sheet as tables, one below the other, merged cells under their columns."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from passagework.ingest.loaders.office.office_tables import NUMBER, header_rows, is_amount
from passagework.ingest.loaders.office.office_writer import Line, OfficeWriter
from passagework.ingest.loaders.office.xlsx_sheet import Row, Sheet

_MOST_CELLS = 1_000_000
"""Cells of a table up to which all its rows have as many."""
_MOST_REPEATED = 100_000
"""Cells that merged ones are repeated in."""


def write_rows(sheet: Sheet, writer: OfficeWriter) -> None:
    """Writes the sheet's tables."""
    _repeat(sheet)
    for block in _blocks(sheet.rows):
        columns = sorted({column for row in block for column in row.columns})
        while len(columns) > 2 and len(block) > 2 and len(block[0].columns) == 1:
            title = block.pop(0)
            writer.write(sheet.look.line(title.number, title.columns[0], title.texts[0]))
        if len(columns) < 2:
            for number, row in enumerate(block):
                writer.write(sheet.look.line(row.number, row.columns[0], row.texts[0]), gap=1 if number else 2)
            continue
        headers = _headers(block, sheet)
        place = {column: at for at, column in enumerate(columns)}
        whole = len(columns) * len(block) <= _MOST_CELLS
        first = [[" ".join(text.split()) for text in _texts(row, place)] for row in block[:3]]
        lines = (_line(row, place, sheet, whole=whole) for row in block)
        writer.grid(lines, first, header_rows(first) if headers is None else headers)


def _line(row: Row, place: dict[int, int], sheet: Sheet, *, whole: bool) -> list[Line]:
    """A row's cells by their columns; of a table that isn't `whole`, up to its last that has any text."""
    line: list[Line] = [[] for _ in range(len(place) if whole else place[row.columns[-1]] + 1)]
    for column, text in zip(row.columns, row.texts, strict=True):
        line[place[column]] = sheet.look.line(row.number, column, text)
    return line


def _texts(row: Row, place: dict[int, int]) -> list[str]:
    texts = [""] * len(place)
    for column, text in zip(row.columns, row.texts, strict=True):
        texts[place[column]] = text
    return texts


def _blocks(rows: list[Row]) -> Iterator[list[Row]]:
    """An empty row parts two tables, unless numbers follow it, which want their header."""
    block: list[Row] = []
    for row in rows:
        parted = bool(block) and row.number > block[-1].number + 1
        behind = (text for column, text in zip(row.columns, row.texts, strict=True) if column > 1)
        if parted and not any(NUMBER.fullmatch(text) for text in behind):
            yield block
            block = []
        block.append(row)
    if block:
        yield block


def _repeat(sheet: Sheet) -> None:
    """What a cell that reaches over several rows says, in each of those that have any text."""
    numbers = [row.number for row in sheet.rows]
    left_to_repeat = _MOST_REPEATED
    for (top, left), (bottom, _) in sheet.look.merged.items():
        at = bisect_left(numbers, top)
        if bottom == top or at == len(numbers) or numbers[at] != top or left not in sheet.rows[at].columns:
            continue
        text = sheet.rows[at].texts[sheet.rows[at].columns.index(left)]
        below = range(at + 1, min(bisect_right(numbers, bottom), at + 1 + left_to_repeat))
        left_to_repeat -= len(below)
        for place in below:
            _put(sheet.rows[place], left, text)


def _headers(block: list[Row], sheet: Sheet) -> int | None:
    """Two, where the first row names groups of the columns that the second names; else None, to be told by looks.

    The name of a group then stands over each of its columns.
    """
    first = block[0]
    widths = {left: sheet.look.merged.get((first.number, left), (0, left))[1] for left in first.columns}
    wide = {left: right for left, right in widths.items() if right > left}
    if len(block) < 3 or len(first.columns) < 2 or any(map(is_amount, (*first.texts, *block[1].texts))):
        return None
    if not wide:
        return 2 if _goes_on_naming(first, block[1], block[2]) else None
    named = set(block[1].columns)
    for left, right in wide.items():
        text = first.texts[first.columns.index(left)]
        for column in sorted(column for column in named if left < column <= right):
            _put(first, column, text)
    return 2


def _goes_on_naming(first: Row, second: Row, third: Row) -> bool:
    """Whether a second row names the columns that the first leaves without a name, above a label and its numbers."""
    labels = second.columns[0] > first.columns[0] == third.columns[0]
    return labels and len(second.columns) > len(first.columns) and any(map(is_amount, third.texts))


def _put(row: Row, column: int, text: str) -> None:
    """The text in a cell that has none."""
    at = bisect_left(row.columns, column)
    if at == len(row.columns) or row.columns[at] != column:
        row.columns.insert(at, column)
        row.texts.insert(at, text)
