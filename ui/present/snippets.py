"""Cuts from a passage the two or three lines that answer best: a sentence and what follows it, or rows of a table."""

from __future__ import annotations

import re
from dataclasses import dataclass

from passagework.retrieval.hits import Hit
from passagework.retrieval.words.sentences import sentence_spans
from passagework.ui.present.highlighting import Highlights, Span

CHARACTERS = 260
"""The most characters of a snippet of prose: two or three lines of a list of results."""

ROWS = 2
"""The most rows of a table in a snippet, beside the one of its columns' names."""

CELLS = " | "
"""What stands between columns' names, in a heading as in a row."""

ROW = re.compile(r"^\|.*\|[ \t]*$", re.MULTILINE)
RULE = re.compile(r"^\|([ \t]*:?-+:?[ \t]*\|)+[ \t]*$")
"""The line beneath the columns' names in Markdown."""

_WRAPPED = re.compile(r"^(?![#|>\s]|[-*+] |\d+[.)] )([^\n|]{60,})\n(?=[^\W\d_])", re.MULTILINE)
"""A long line that a word follows on the next one: no list, table or heading of Markdown looks so."""

_HEADING = re.compile(r"^#{1,6} .*$", re.MULTILINE)
_WORD_END = re.compile(r"\s\S*\Z")


@dataclass(frozen=True, slots=True)
class Snippet:
    """Is `text`, cut from a passage, with the offsets of matching `words` in it, and whether it goes on at either end.

    `columns` are the names that stand above rows of a table, as in a heading; "" where it is no table.
    """

    text: str
    words: tuple[Span, ...] = ()
    columns: str = ""
    before: bool = False
    after: bool = False


def unwrapped(text: str) -> str:
    """Returns a text with its lines joined where they were broken to a width: at another width they would break twice.

    A space stands for each line end, so that offsets hold.
    """
    return _WRAPPED.sub(r"\1 ", text)


def names_columns(heading: str) -> bool:
    """Tells whether a heading is the names of a table's columns, of which the outermost may be empty."""
    return CELLS in f" {heading} "


def columns_of(hit: Hit) -> str:
    """Returns the names of the columns of a table that the passage goes on with, from above it; "" where it doesn't."""
    return hit.headings[-1] if hit.headings and names_columns(hit.headings[-1]) else ""


def breadcrumb(hit: Hit) -> tuple[str, ...]:
    """Returns the headings above a passage, outermost first, without names of a table's columns."""
    return tuple(heading for heading in hit.headings if not names_columns(heading))


def snippet_of(hit: Hit, highlights: Highlights) -> Snippet:
    """Returns what of a passage is shown in a list: around its best sentence, else the one with most matching words."""
    center = highlights.best or _most_words(hit.text, highlights.words)
    rows = _rows_around(hit.text, center)
    if rows:
        return _table(hit, rows, highlights)
    text = unwrapped(hit.text)
    start, end = _prose_around(text, center)
    first, _, rest = text[start:end].partition("\n")
    if hit.headings and rest.strip() and first.strip() == hit.headings[-1].strip():
        start = end - len(rest.lstrip())  # the breadcrumb has its heading
    before, after = bool(_bare(text[:start])), end < len(text.rstrip())
    return Snippet(text[start:end], _shifted(highlights.words, start, end), "", before, after)


def _most_words(text: str, words: tuple[Span, ...]) -> Span:
    """Returns the sentence with most matching words, the first of equals."""
    spans = sentence_spans(text) or [(0, len(text))]
    return max(spans, key=lambda span: sum(span[0] <= word[0] < span[1] for word in words))


def _rows_around(text: str, center: Span) -> list[Span]:
    """Returns the lines of the table that `center` begins in, itself first of those shown; [] where it is no row."""
    lines = [match.span() for match in ROW.finditer(text)]
    at = next((place for place, (start, end) in enumerate(lines) if start <= center[0] < end), None)
    if at is None:
        return []
    first = at
    while first and lines[first][0] == lines[first - 1][1] + 1:
        first -= 1
    last = at
    while last + 1 < len(lines) and lines[last + 1][0] == lines[last][1] + 1:
        last += 1
    return [lines[at], *lines[first : last + 1]]


def _table(hit: Hit, rows: list[Span], highlights: Highlights) -> Snippet:
    """Returns the best row and the one behind it, under the names that the passage or the heading above it has."""
    best, *run = rows
    lines = [hit.text[start:end] for start, end in run]
    columns = columns_of(hit)
    named = len(run) > 1 and (bool(RULE.match(lines[1])) or not columns)
    if named:
        columns = lines[0].strip().strip("|").strip()
    body = [row for row, line in zip(run, lines, strict=True) if not RULE.match(line)][1 if named else 0 :]
    at = next((place for place, row in enumerate(body) if row >= best), 0)
    if body and not _has_values(hit.text[slice(*body[at])]):
        at = max(range(len(body)), key=lambda place: _telling(hit.text, body[place], highlights.words))
    shown = body[at : at + ROWS]
    if not shown:
        return Snippet(hit.text[best[0] : best[1]], _shifted(highlights.words, *best))
    start, end = shown[0][0], shown[-1][1]
    return Snippet(
        hit.text[start:end],
        _shifted(highlights.words, start, end),
        columns,
        before=at > 0,
        after=len(body) > at + ROWS,
    )


def _telling(text: str, row: Span, words: tuple[Span, ...]) -> tuple[bool, int]:
    """Returns how much a row says of what is asked: one with values more than one that names a group of rows."""
    return _has_values(text[slice(*row)]), sum(row[0] <= first < row[1] for first, _ in words)


def _has_values(row: str) -> bool:
    """Tells whether a row has anything in a cell behind its first."""
    return any(cell.strip() for cell in row.strip().strip("|").split("|")[1:])


def _prose_around(text: str, center: Span) -> Span:
    """Returns the best sentence with as much behind it as there is room for, and before it where little is behind."""
    start, end = center[0], min(len(text), center[0] + CHARACTERS)
    if table := ROW.search(text, center[1]):
        end = min(end, table.start())
    if end < len(text) and not text[end].isspace():
        cut = _WORD_END.search(text, start, end)
        end = cut.start() if cut and cut.start() > start else end
    if not _bare(text[:start]) or (end - start < CHARACTERS // 2):
        for first, _ in reversed(sentence_spans(text[:start])):
            if end - first > CHARACTERS or ROW.match(text, first):
                break
            start = first
    while (heading := _HEADING.match(text, start)) and heading.end() < end:
        start = heading.end()
        while start < end and text[start].isspace():
            start += 1
    return start, len(text[:end].rstrip())


def _bare(text: str) -> str:
    """Returns a text without its headings, which the breadcrumb has."""
    return _HEADING.sub("", text).strip()


def _shifted(words: tuple[Span, ...], start: int, end: int) -> tuple[Span, ...]:
    return tuple((first - start, last - start) for first, last in words if start <= first and last <= end)
