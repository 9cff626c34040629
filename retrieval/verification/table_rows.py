"""Reads the rows of a table in a passage as statements: each cell under the name of its column.

A value alone says nothing: whose it is, the row's first cell says, and what it is, the column's name. That may stand in
another passage, and is the last of the passage's headings then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from passagework.retrieval.verification.compared_facts import FactKind, facts_of

_LINE = re.compile(r"^[^\S\n]*\|.*\|[^\S\n]*$", re.MULTILINE)
_RULE = re.compile(r"[|\s:-]*-[|\s:-]*")
_CELL = re.compile(r"(?:\\.|[^|\\])+")
_BETWEEN = " | "
"""What stands between the names of columns in a heading."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class TableRow:
    """Is what a row says, or one value of it: `[start, end)` of the passage, and its `text` with the names of columns.

    `pieces` tell where what was taken from the passage stands: its place in the text, its end, its place in the
    passage. Names that stand in the headings alone are in none.
    """

    start: int
    end: int
    text: str
    pieces: tuple[tuple[int, int, int], ...]

    def place(self, start: int, end: int) -> Span | None:
        """Returns where `[start, end)` of the text stands in the passage; None where it doesn't stand there."""
        for first, last, origin in self.pieces:
            if first <= start and end <= last:
                return start - first + origin, end - first + origin
        return None


@dataclass(frozen=True, slots=True)
class _Cell:
    """Is the text of a cell, or of a column's name, and where it stands in the passage; None for a heading's."""

    text: str
    start: int | None


def table_rows(passage: str, headings: Sequence[str] = ()) -> list[TableRow]:
    """Returns the rows of a passage's tables, as statements, in order.

    Where columns are told apart by numbers or dates, as years are, a row is one statement a value: that of 2019 is not
    that of 2020. The names of a table's columns are its first row where a rule stands below it, else the last of
    `headings`, where that has as many.
    """
    rows: list[TableRow] = []
    for lines in _tables(passage):
        cells = [_cells(passage, *line) for line in lines]
        ruled = len(lines) > 1 and _RULE.fullmatch(passage[slice(*lines[1])]) is not None
        names = cells[0] if ruled else _names(headings, len(cells[0]))
        alternatives = sum(_is_told_apart(name.text) for name in names[1:]) > 1
        for span, row in zip(lines[2 if ruled else 0 :], cells[2 if ruled else 0 :], strict=True):
            values = [(place, cell) for place, cell in enumerate(row) if place and cell.text]
            if not alternatives:
                rows.append(_statement(span, row, names))
                continue
            rows += [
                _statement(span, [row[0], cell], [*names[:1], *names[place : place + 1]]) for place, cell in values
            ]
    return rows


def without_rows(passage: str) -> str:
    """Returns a passage with blanks in place of its tables, each other character at its place."""
    return _LINE.sub(lambda match: " " * len(match[0]), passage)


def _tables(passage: str) -> Iterator[list[Span]]:
    """Yields the lines of each table."""
    lines: list[Span] = []
    for match in _LINE.finditer(passage):
        if lines and match.start() > lines[-1][1] + 1:
            yield lines
            lines = []
        lines.append(match.span())
    if lines:
        yield lines


def _cells(passage: str, start: int, end: int) -> list[_Cell]:
    first, last = passage.index("|", start, end) + 1, passage.rindex("|", start, end)
    found = []
    while first <= last:
        match = _CELL.match(passage, first, last)
        end_of_cell = match.end() if match else first
        text = passage[first:end_of_cell]
        found.append(_Cell(text.strip(), first + len(text) - len(text.lstrip())))
        first = end_of_cell + 1
    return found


def _names(headings: Sequence[str], count: int) -> list[_Cell]:
    names = headings[-1].split(_BETWEEN) if headings else []
    return [_Cell(name.strip(), None) for name in names] if len(names) == count > 1 else []


def _is_told_apart(name: str) -> bool:
    return any(fact.kind in (FactKind.NUMBER, FactKind.DATE) for fact in facts_of(name))


def _statement(span: Span, row: Sequence[_Cell], names: Sequence[_Cell]) -> TableRow:
    """Returns "name: value; name: value" of a row, without the cells that are empty."""
    text, pieces = "", list[tuple[int, int, int]]()
    for place, cell in enumerate(row):
        name = names[place] if place < len(names) else _Cell("", None)
        if not cell.text:
            continue
        text += "; " if text else ""
        for part, behind in ((name, ": "), (cell, "")):
            if part.text:
                if part.start is not None:
                    pieces.append((len(text), len(text) + len(part.text), part.start))
                text += part.text + behind
    return TableRow(*span, text, tuple(pieces))
