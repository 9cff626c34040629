"""Tables that are drawn in text: with bars (GitHub Flavored Markdown, 4.10), as grids, and between double lines (reST).

The text stays as it is written; what is found is where the tables are, and what their columns are called.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from passagework.retrieval.text import collapsed
from passagework.retrieval.types import Table

_LEAD = r"[ \t>]{0,99}(?:(?:[-*+]|\d{1,9}[.)])[ \t]{1,99})?"
"""What may stand before a block that is in a quote or an item of a list; blanks have a bound, or a line of nothing
else would take the square of its length."""
_CELL = r"[ \t]{0,99}:?-+:?[ \t]{0,99}"
# A literal newline leads, so that the search runs from line to line and not from character to character.
_MARK = re.compile(
    rf"\n{_LEAD}(?:(?P<fence>`{{3,}}(?=[^`\n]*(?:\n|\Z))|~{{3,}})|(?P<comment><!--)"
    rf"|(?P<rule>\|{_CELL}(?:[|+]{_CELL})*\|?|{_CELL}(?:[|+]{_CELL})+\|?)(?=[ \t]*(?:\n|\Z)))"
)
_BAR = re.compile(r"(?<!\\)\|")
_RULE_BAR = re.compile(r"[|+]")
_PREFIX = re.compile(_LEAD)
_INDENTED = re.compile(r"(?: {4}|\t)")
_ITEM = re.compile(r"[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]")
_LOOK_BACK = 40
"""Lines above an indented table in which the item of a list that it belongs to is looked for."""

_GRID = re.compile(r"\n(?P<table>(?P<indent>[ \t]*)\+(?:-+\+)+[ \t]*(?:\n(?P=indent)[|+][^\n]*)+)")
_GRID_HEAD = re.compile(r"\n[ \t]*(\+(?:=+\+)+)[ \t]*(?=\n|\Z)")
_DOUBLE = re.compile(r"\n(?P<line>[ \t]*=+(?:[ ]+=+)+)[ \t]*(?=\n(?P<blank>[ \t]*(?:\n|\Z))?|(?P<end>\Z))")


def barred_tables(text: str) -> list[Table]:
    """The tables of Markdown, with or without bars at their sides; none in code or comments."""
    found: list[Table] = []
    source = f"\n{text}"  # the first line has no line end before it
    position = 0
    while match := _MARK.search(source, position):
        position = match.end()
        if match["fence"]:
            position = _fence_end(source, match["fence"], position)
        elif match["comment"]:
            end = source.find("-->", position)
            position = end if end >= 0 else position
        elif (table := _barred(source, match)) is not None and (not found or found[-1].end <= table.start):
            found.append(table)
            position = table.end
    return [Table(table.start - 1, table.end - 1, table.columns) for table in found]


def ruled_tables(text: str) -> list[Table]:
    """The grids of a text, and the tables between double lines."""
    source = f"\n{text}"
    found = [*_grids(source), *_double_ruled(source)]
    return without_overlaps([Table(table.start - 1, table.end - 1, table.columns) for table in found])


def without_overlaps(tables: Iterable[Table]) -> list[Table]:
    """The tables in order; of those that overlap the first."""
    kept: list[Table] = []
    for table in sorted(tables, key=lambda table: table.start):
        if not kept or kept[-1].end <= table.start:
            kept.append(table)
    return kept


def _fence_end(text: str, fence: str, position: int) -> int:
    closing = re.compile(rf"\n[ \t>]*{fence[0]}{{{len(fence)},}}[ \t]*(?=\n|\Z)").search(text, position)
    return closing.end() if closing else len(text)


def _barred(text: str, rule: re.Match[str]) -> Table | None:
    """The table whose second line is a rule: as many names above it as it has columns."""
    above = text.rfind("\n", 0, rule.start()) + 1
    if not rule.start() or above > rule.start():
        return None
    line = text[above : rule.start()]
    prefix = _PREFIX.match(line)
    lead = prefix.end() if prefix else 0
    names = _cells(line[lead:], _BAR)
    if len(names) != len(_cells(rule["rule"], _RULE_BAR)) or not _BAR.search(line) or _is_code(text, above, line):
        return None
    end = rule.end()
    while end < len(text):
        close = text.find("\n", end + 1)
        close = len(text) if close < 0 else close
        if not _BAR.search(text, end + 1, close) or _ITEM.match(text, end + 1, close):
            break
        end = close
    return Table(above + lead, end, " | ".join(names) if any(names) else "")


def _cells(row: str, bar: re.Pattern[str]) -> list[str]:
    cells = bar.split(row.strip())
    first, last = int(not cells[0]), len(cells) - int(len(cells) > 1 and not cells[-1].strip())
    return [collapsed(cell) for cell in cells[first:last]]


def _is_code(text: str, start: int, line: str) -> bool:
    """Whether a line is indented as code is, and no item of a list above it is why."""
    if not _INDENTED.match(line):
        return False
    indent = len(line) - len(line.lstrip())
    for _ in range(_LOOK_BACK):
        if start <= 1:
            return True
        before = text.rfind("\n", 0, start - 1) + 1
        above = text[before : start - 1]
        start = before
        if above.strip() and len(above) - len(above.lstrip()) < indent:
            return not _ITEM.match(above)
    return True


def _grids(text: str) -> Iterator[Table]:
    for match in _GRID.finditer(text):
        table = match["table"]
        head = _GRID_HEAD.search(table)
        start = match.start("table") + len(match["indent"])
        if head is None:
            yield Table(start, match.end(), "")
            continue
        edges = [place - head.start() - 1 for place in _places(table, head.start(1), head.end(1), "+")]
        lines = [line for line in table[: head.start()].split("\n") if not line.lstrip().startswith("+")]
        columns = [(first + 1, last) for first, last in pairwise(edges)]
        yield Table(start, match.end(), _named(lines, columns))


def _double_ruled(text: str) -> Iterator[Table]:
    """Tables from a double line to one with nothing below it; a double line between them parts names and rows."""
    opened: re.Match[str] | None = None
    named: re.Match[str] | None = None
    for match in _DOUBLE.finditer(text):
        last = match["blank"] is not None or match["end"] is not None
        if opened is None:
            opened = None if last else match
        elif not last:
            named = named or match
        else:
            columns = [part.span() for part in re.finditer("=+", opened["line"])]
            columns[-1] = (columns[-1][0], len(text))
            head = text[opened.end() : named.start()].split("\n")[1:] if named is not None else []
            lines = [line for line in head if line.strip(" \t-")]
            yield Table(opened.start("line"), match.end("line"), _named(lines, columns))
            opened = named = None


def _named(lines: Sequence[str], columns: Sequence[tuple[int, int]]) -> str:
    """The names of columns, each of the characters that stand above it in one or several lines."""
    names = [collapsed(" ".join(line[start:end].strip("| \t") for line in lines)) for start, end in columns]
    return " | ".join(names) if any(names) else ""


def _places(text: str, start: int, end: int, character: str) -> Iterator[int]:
    return (place for place in range(start, end) if text[place] == character)
