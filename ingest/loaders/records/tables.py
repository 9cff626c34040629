"""CSV and TSV: one document a row, the columns its fields. Read twice, first for the columns' types; no row is held.

What stands above the header in a cell of its own, such as the table's name, is a document too.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from passagework.ingest.loaders.base import LoadOptions, RecordFailure
from passagework.ingest.loaders.encoding import SAMPLE, Encoding, clean, detect_file, encoding_metadata, open_text
from passagework.ingest.loaders.formats import Format
from passagework.ingest.loaders.records.columns import column_forms, typed
from passagework.ingest.loaders.records.dialect import Dialect, find_dialect, first_rows
from passagework.ingest.loaders.records.record import TEXT_FIELDS, Records
from passagework.retrieval.errors import NoTextError
from passagework.retrieval.text import one_line
from passagework.retrieval.types import Document

_DELIMITERS = (",", "\t", ";", "|", "^", "~", "\u00a6", "\x01")
_FEWEST_COLUMNS = 3
_FIELD_LIMIT = 1 << 30
"""Characters in a field; the csv module's own 131,072 would refuse long texts."""
_RESERVED = frozenset({"_id", "id", "title", *TEXT_FIELDS})

_VALUE = re.compile(
    r"[-+(]?[$€£]?\d[\d.,' ]*%?\)?"  # a number
    r"|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ].*)?|\d{1,2}:\d{2}(?::\d{2})?"  # a date or a time
    r"|\S+@\S+\.\w+|https?://\S+"
)
"""What names no column."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """How a table is written, its columns' names, and the row that holds them, from 1 (0: none does)."""

    dialect: Dialect
    columns: tuple[str, ...]
    header: int


def load_csv(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """One document a row; delimiter and header row are found by looking. Raises IngestError for no rows."""
    return _load(path, Format.CSV, _DELIMITERS)


def load_tsv(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """As `load_csv`, with tabs wherever there are any."""
    return _load(path, Format.TSV, ("\t", *_DELIMITERS))


def _load(path: Path, kind: Format, delimiters: tuple[str, ...]) -> Iterator[Document | RecordFailure]:
    csv.field_size_limit(_FIELD_LIMIT)
    encoding = detect_file(path)
    layout = _layout(_sample(path, encoding), delimiters)
    records = Records(media_type=kind.value, unit="row", encoding=encoding_metadata(encoding.name))
    below = (row for number, row in _filled_rows(path, encoding, layout) if number > layout.header)
    forms = column_forms(row for row in below if not isinstance(row, RecordFailure))
    found = False
    header: tuple[str, ...] = ()  # files put together have it several times
    if layout.dialect.preamble:
        yield records.read({"text": clean(layout.dialect.preamble)}, layout.dialect.above)
    for number, row in _filled_rows(path, encoding, layout):
        if isinstance(row, RecordFailure):
            yield row
        elif number == layout.header:
            header = tuple(row)
        elif number < layout.header:
            yield records.read({"text": clean(row[0]).strip()}, number)
        elif number > layout.header and tuple(row) != header:
            cells = _cells(row, layout.columns)
            values = {name: typed(cell, forms.get(place)) for place, (name, cell) in enumerate(cells) if cell}
            found = True
            yield records.read(dict(cells), number, values=values)
    if not found:
        raise NoTextError("no text: no row below the header")


def _filled_rows(path: Path, encoding: Encoding, layout: _Layout) -> Iterator[tuple[int, list[str] | RecordFailure]]:
    """The rows of a file that are not blank, or why one can't be read, with their numbers."""
    with open_text(path, encoding, newline="") as lines:
        for number, row in _numbered(map(_without_nul, lines), layout.dialect):
            if isinstance(row, RecordFailure) or any(cell.strip() for cell in row):
                yield number, row


def _numbered(lines: Iterator[str], dialect: Dialect) -> Iterator[tuple[int, list[str] | RecordFailure]]:
    """Rows with their numbers as a spreadsheet shows them: from 1, the header row counted."""
    reader = dialect.rows(lines)
    for number in count(1):
        row = _next_row(reader, number)
        if row is None:
            return
        yield number, row


def _next_row(reader: Iterator[list[str]], number: int) -> list[str] | RecordFailure | None:
    try:
        return next(reader, None)
    except csv.Error as error:
        return RecordFailure(f"row {number}: {one_line(str(error), limit=160)}")


def _without_nul(line: str) -> str:
    return line.replace("\x00", "\ufffd") if "\x00" in line else line


def _sample(path: Path, encoding: Encoding) -> list[str]:
    """The first whole lines, some 64 KiB of them."""
    with open_text(path, encoding, newline="") as text:
        lines = text.readlines(SAMPLE)
        if not text.read(1) and not any(line.strip() for line in lines):
            raise NoTextError("no text")
    return [_without_nul(line) for line in lines]


def _layout(lines: list[str], delimiters: tuple[str, ...]) -> _Layout:
    dialect = find_dialect(lines, delimiters)
    rows = first_rows(dialect, lines)
    width = max((_used(row) for _, row in rows), default=0)
    above = _above(rows, width)
    number, first = rows[above] if rows else (1, [])
    names = [" ".join(clean(cell).split()) for cell in first[:width]]
    names[:1] = [name.lstrip("# ") for name in names[:1]]
    below = [row for _, row in rows[above + 1 :] if row != first]
    header = number if len(rows) > 1 and _is_header(names) and not _recurs(first, below) else 0
    names = names if header else []
    columns: list[str] = []
    for number, name in enumerate(names + [""] * (width - len(names)), 1):
        known = name.casefold()
        named = known if known in _RESERVED and known not in columns else name or f"column {number}"
        columns.append(_apart(named, columns, names))
    return _Layout(dialect, tuple(columns), header)


def _apart(name: str, before: Sequence[str], names: Sequence[str]) -> str:
    """A column's name; where one before has the same, with the first number that makes it another."""
    if name not in before:
        return name
    return next(numbered for n in count(2) if (numbered := f"{name} {n}") not in before and numbered not in names)


def _recurs(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether most of a row's cells come again in their columns: then they are values, and no names."""
    cells = [(place, cell.strip()) for place, cell in enumerate(first) if cell.strip()]
    again = sum(any(place < len(row) and row[place].strip() == cell for row in below) for place, cell in cells)
    return again > 1 and 2 * again >= len(cells)


def _above(rows: list[tuple[int, list[str]]], width: int) -> int:
    """How many rows stand above the first that has several cells; 0 where that is no header without a gap.

    They count where the table has three columns or more: of two, the second may just be empty.
    """
    above = next((place for place, (_, row) in enumerate(rows) if _used(row) > 1), 0)
    whole = [cell.strip() for cell in rows[above][1][:width]] if rows else []
    below = len(rows) > above + 1
    return above if below and width >= _FEWEST_COLUMNS and all(whole) and _is_header(whole) else 0


def _used(row: list[str]) -> int:
    """Columns up to the last one filled: exports end their rows with empty ones."""
    return max((index for index, cell in enumerate(row, 1) if cell.strip()), default=0)


def _is_header(first: list[str]) -> bool:
    """Names: most of them there and different, none of them a value, and none so long that it is a text."""
    names = [name for name in first if name]
    return (
        2 * len(names) > len(first)
        and 2 * len(set(names)) > len(names)
        and not any(_VALUE.fullmatch(name) or len(name) > 200 for name in names)
    )


def _cells(row: list[str], columns: tuple[str, ...]) -> list[tuple[str, str]]:
    """Each cell behind its column. Those beyond the known columns get numbers, so that ragged rows lose nothing."""
    used = row if len(row) <= len(columns) else row[: max(len(columns), _used(row))]
    names = (*columns, *(f"column {number}" for number in range(len(columns) + 1, len(used) + 1)))
    return [(name, clean(cell).strip()) for name, cell in zip(names, used, strict=False)]
