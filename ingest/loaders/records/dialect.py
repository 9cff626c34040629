"""How a file of rows is written: its delimiter, quotes escaped by backslashes, and what stands above its rows."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

NO_DELIMITER = "\x1f"
"""The delimiter of a table of one column: the unit separator, which no text holds."""
SAMPLE_ROWS = 50
_PAIR, _LEAST_COLUMNS, _LEAST_ROWS, _MOST_ABOVE, _MOSTLY = 2, 4, 2, 20, 0.9
"""Cells of a row above a table, and columns and rows of that table, at least; how many such rows there are, at most."""

_SEP = re.compile(r"\"?sep=(.)\"?\s*", re.IGNORECASE)
_FRAME = re.compile(r"\s*[|+]?[-=]{3,}(?:[|+][-=]+)*[|+]?\s*")
"""What some programs draw between the rows of a table that bars part."""
_QUOTED = re.compile(r"\s*'[^']*'(?:([,;\t|])'[^']*')*\s*")
"""A line all of whose fields have single quotes."""
_ESCAPED_QUOTE = re.compile(r"\\\"(?!\s*(?:[,;\t|]|$))")
_ESCAPE = re.compile(r"\\([\"\\])")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How rows are parted. The first `above` lines are none: what they say is in `preamble`."""

    delimiter: str
    backslashes: bool = False
    above: int = 0
    preamble: str = ""
    quote: str = '"'

    def rows(self, lines: Iterator[str]) -> Iterator[list[str]]:
        """The rows, those of the lines above as empty ones; raises csv.Error for one that can't be read."""
        return csv.reader(map(self._line, lines, count()), delimiter=self.delimiter, quotechar=self.quote)

    def _line(self, line: str, number: int) -> str:
        if number < self.above or (self.delimiter == "|" and _FRAME.fullmatch(line)):
            return "\n"
        return _ESCAPE.sub(_unescaped, line) if self.backslashes and "\\" in line else line


def find_dialect(lines: Sequence[str], delimiters: Sequence[str]) -> Dialect:
    """The dialect of a file whose first lines these are.

    A line `sep=;` names the delimiter; lines of `#` at the top are remarks, unless the last one holds the names of the
    columns.
    """
    match = _SEP.fullmatch(lines[0]) if lines else None
    named, start = (match[1], 1) if match else ("", 0)
    remarks = 0
    while start + remarks < len(lines) and lines[start + remarks].startswith("#"):
        remarks += 1
    rest = lines[start + remarks :]
    backslashes = any(_ESCAPED_QUOTE.search(line) and '"' in line.replace('\\"', "") for line in rest)
    delimiter = named or _delimiter(rest, delimiters, backslashes=backslashes)
    quoted = _QUOTED.fullmatch(rest[0]) if rest and not any('"' in line for line in rest) else None
    quote = "'" if quoted is not None and quoted[1] in (None, delimiter) else '"'
    dialect = Dialect(delimiter, backslashes, quote=quote)
    if remarks and _names_columns(dialect, lines[start + remarks - 1], rest):
        remarks -= 1
    said = [line.lstrip("#").strip() for line in lines[start : start + remarks]]
    rows = first_rows(dialect, lines[start + remarks :])
    above = _rows_above(rows)
    said += [" ".join(filter(None, map(str.strip, row))) for number, row in rows if number <= above]
    return Dialect(delimiter, backslashes, start + remarks + above, "\n".join(said).strip(), quote)


def first_rows(dialect: Dialect, lines: Sequence[str]) -> list[tuple[int, list[str]]]:
    """The first rows that are not blank, with their numbers from 1."""
    rows = []
    for number, row in enumerate(dialect.rows(iter(lines)), 1):
        rows.append((number, row))
        if len(rows) == SAMPLE_ROWS + dialect.above:
            break
    return [(number, row) for number, row in rows if row]


def _delimiter(lines: Sequence[str], delimiters: Sequence[str], *, backslashes: bool) -> str:
    """The delimiter that gives most rows the same number of columns, the first of equals.

    csv.Sniffer guesses letters and blanks as delimiters, so it isn't asked.
    """
    best, best_score = NO_DELIMITER, 0.6
    for delimiter in delimiters:
        rows = first_rows(Dialect(delimiter, backslashes), lines)
        above = _rows_above(rows)
        widths = Counter(len(row) for number, row in rows if number > above)
        if not widths:
            continue
        width, many = max(widths.items(), key=lambda item: (item[1], item[0]))
        score = many / widths.total() if width > 1 else 0.0
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _rows_above(rows: Sequence[tuple[int, list[str]]]) -> int:
    """The number of the last row above a table that has no more than a name and a value, as exports of banks do."""
    filled = [(number, sum(map(bool, map(str.strip, row)))) for number, row in rows]
    first = next((at for at, (_, cells) in enumerate(filled) if cells > _PAIR), 0)
    if not 0 < first <= _MOST_ABOVE or len(filled) - first < _LEAST_ROWS or filled[first][1] < _LEAST_COLUMNS:
        return 0
    wide = sum(cells > _PAIR for _, cells in filled[first:])
    pairs = any(cells == _PAIR for _, cells in filled[:first])
    return filled[first - 1][0] if pairs and wide >= _MOSTLY * (len(filled) - first) else 0


def _names_columns(dialect: Dialect, remark: str, rest: Sequence[str]) -> bool:
    """Whether the last remark has a name for each column: `#id,name`, above rows that begin with a number."""
    names = next(dialect.rows(iter([remark.lstrip("#").strip()])), [])
    rows = first_rows(dialect, rest)
    as_wide = bool(rows) and len(names) == len(rows[0][1]) > 1
    return as_wide and (not remark.startswith("# ") or any(cell.strip()[:1].isdigit() for cell in rows[0][1]))


def _unescaped(match: re.Match[str]) -> str:
    return '""' if match[1] == '"' else "\\"
