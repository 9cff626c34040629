"""Bands of a PDF page: rows one below the other in which the same strips stay free, as between columns and cells."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from passagework.ingest.loaders.pdf.pdf_spans import Row, Span

Strip = tuple[float, float]
"""From where to where along the line nothing is written."""

GUTTER = 0.3
"""Of the letters' size, at least, of a strip that parts cells or columns in all rows."""
_MOST_SPANS = 100
"""Spans of a row, and strips, at most: more are letters set one by one, and comparing them takes its time."""
_APART = 5.0
"""Of the letters' size: rows that are further apart belong to no one band."""
_BEFORE_CROSSING, _MOST_CROSSING = 3, 0.25
_LOOSE, _LOOSE_AMOUNTS = 1.6, 2.4
"""Of a band's usual step between rows: what stands further off is no row of it, or no row of amounts."""
_TITLED = 1.25
"""Of the same: so far at least stands what a title is above; a heading within a table is nearer."""
_NOTE_WORDS = 5
_PROSE_WORDS, _LOWER = 2.5, 0.35
_LONG_WORDS, _FULL = 5.0, 0.6
_CASELESS_CHARACTERS = 8
"""A column of text has lines of so many words of which so many begin in lower case, or longer ones that fill it."""
_NUMBER = re.compile(r"[-+−–—(]*[$€£¥]?\s?[-+−–(]?\d[\d.,'\s]*[%)]*|[-–—]+|[Nn]/?[AaMm]\.?")
_SIGN = re.compile(r"[$€£¥(]+|[)%*]+")
_NAME_WORDS = 4
_YEAR = re.compile(r"(?:FY\s?)?(?:19|20)\d\d")
_LED_TO_A_PAGE = re.compile(r"(?:\.\s?){4,}\d{1,4}$")
_MARKER = re.compile(r"[•·▪●○◦‣*–—-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxlc]{1,6})[.)]|\d+(?:\.\d+){1,4}\.?|\[\d+\]|§+")


@dataclass(frozen=True, slots=True)
class Band:
    """Rows `[start, end)` of a page's, and the strips between their columns from left to right.

    `crossed` are the few rows among them in which something stands in a strip, such as a label that is too long.
    """

    start: int
    end: int
    gutters: tuple[Strip, ...]
    crossed: tuple[int, ...] = ()

    def column(self, span: Span) -> int:
        """The column in which a span begins."""
        return sum(span.left >= right - 0.01 for _, right in self.gutters)

    def most_cells(self, rows: Sequence[Row]) -> int:
        """How many columns the row fills that fills most of them, signs by themselves (`$`, `%`) left out."""
        signs = _SIGN.fullmatch
        return max(
            len({self.column(s) for s in row.spans if not signs(s.words)}) for row in rows[self.start : self.end]
        )


def find_band(rows: Sequence[Row], at: int, least: int) -> Band | None:
    """The band that begins at a row of several spans, and above, down to `least`, where the same strips are free."""
    if not 2 <= len(rows[at].spans) <= _MOST_SPANS or rows[at].mixed:
        return None
    free = _narrowed([(-math.inf, math.inf)], rows[at])
    left, right = rows[at].spans[0].left, rows[at].spans[-1].right
    crossed: list[int] = []
    end = at + 1
    while end < len(rows) and _follows(rows[end - 1], rows[end]):
        still = _narrowed(free, rows[end])
        if len(still) > _MOST_SPANS:
            break
        outer = min(left, rows[end].spans[0].left), max(right, rows[end].spans[-1].right)
        lost = _lost(_inner(free, left, right), still)
        if lost and _may_cross(rows, at, end, len(crossed), _inner(free, left, right)):
            crossed.append(end)
        elif not _inner(still, *outer) or (end - at >= _BEFORE_CROSSING and _is_other(rows, at, end, lost=lost)):
            break
        else:
            free, (left, right) = still, outer
        end += 1
    while crossed and crossed[-1] == end - 1:
        end, crossed = end - 1, crossed[:-1]
    start = at
    while start > least and _follows(rows[start - 1], rows[start]) and _is_close(rows[start - 1], rows[start]):
        still = _narrowed(free, rows[start - 1])
        if _lost(_inner(free, left, right), still):
            break
        free, start = still, start - 1
    while end > at + 1 and len(rows[end - 1].spans) == 1 and not _is_close(rows[end - 2], rows[end - 1]):
        end -= 1
    gutters = _inner(free, left, right)
    return Band(start, end, tuple(gutters), tuple(crossed)) if gutters else None


def _is_other(rows: Sequence[Row], start: int, at: int, *, lost: bool) -> bool:
    """Whether a row belongs to something else than the band above it.

    In the strips stand one line, a note (`(1) Includes ...`) or what is further off; beside them, in the column of
    labels, the title of another table: further off than rows are, and from what follows it too.
    """
    row, usual = rows[at], _usual_step(rows, start, at)
    far = rows[at - 1].base - row.base > _LOOSE * usual
    if lost:
        note = len(row.spans) == 2 and _MARKER.fullmatch(row.spans[0].words) is not None
        note = note and len(row.spans[1].words.split()) >= _NOTE_WORDS
        return len(row.spans) == 1 or note or (far and not _has_amounts(row))
    below = row.base - rows[at + 1].base if at + 1 < len(rows) else 0.0
    return far and len(row.spans) == 1 and below > _TITLED * usual


def goes_beyond(band: Band, first: Band, rows: Sequence[Row]) -> bool:
    """Whether a band that was found within a first one goes on below the title at which that ends."""
    ended = first.end - first.start >= _BEFORE_CROSSING and first.end < len(rows)
    return band.end > first.end and ended and _is_other(rows, first.start, first.end, lost=False)


def _has_amounts(row: Row) -> bool:
    """Whether a row is a label and amounts: it goes on a table also where it stands a little off."""
    return len(row.spans) > 1 and all(is_number(span.words) for span in row.spans[1:])


def _usual_step(rows: Sequence[Row], start: int, at: int) -> float:
    steps = [above.base - below.base for above, below in pairwise(rows[start:at])]
    return max(median(steps), rows[at].size) if steps else rows[at].size * _APART


def _may_cross(rows: Sequence[Row], start: int, at: int, crossed: int, inner: Sequence[Strip]) -> bool:
    """Whether a row may be one of few that stand in the strips of those above it, which go on below it."""
    row = rows[at]
    if at - start >= _BEFORE_CROSSING and row.spans[0].left > min(strip[0] for strip in inner):
        return False  # the title of another table
    if (at - start < _BEFORE_CROSSING and len(row.spans) > 1) or crossed >= 1 + (at - start) * _MOST_CROSSING:
        return False
    below = row.base - rows[at + 1].base if at + 1 < len(rows) else 0.0
    loose = _LOOSE_AMOUNTS if _has_amounts(row) else _LOOSE
    if max(rows[at - 1].base - row.base, below) > loose * _usual_step(rows, start, at):
        return False
    ahead = [row for row in rows[at + 1 : at + 3] if len(row.spans) > 1 and not row.mixed]
    return any(not _lost(inner, _narrowed(inner, row)) for row in ahead)


def _lost(strips: Sequence[Strip], still: Sequence[Strip]) -> bool:
    """Whether nothing is left of one of the strips; both are in order from left to right."""
    ends = [end for _, end in still]
    places = ((bisect_right(ends, start), end) for start, end in strips)
    return any(place == len(still) or still[place][0] >= end for place, end in places)


def _follows(above: Row, below: Row) -> bool:
    if above.mixed or below.mixed or max(len(above.spans), len(below.spans)) > _MOST_SPANS:
        return False
    return above.base - below.base <= _APART * max(above.size, below.size)


def _is_close(above: Row, below: Row) -> bool:
    return above.base - below.base <= 1.7 * max(above.size, below.size)


def _narrowed(free: Sequence[Strip], row: Row) -> list[Strip]:
    """What stays free of the strips in a row."""
    left = free
    least = GUTTER * row.size
    for span in row.spans:
        cut: list[Strip] = []
        for start, end in left:
            if span.right <= start or span.left >= end:
                cut.append((start, end))
            else:
                cut += [(a, b) for a, b in ((start, span.left), (span.right, end)) if b - a >= least]
        left = cut
    return list(left)


def _inner(free: Sequence[Strip], left: float, right: float) -> list[Strip]:
    """The strips with something on both sides."""
    return [(start, end) for start, end in free if left < start and end < right]


def is_number(text: str) -> bool:
    """Whether a cell shows a number, or that there is none."""
    return _NUMBER.fullmatch(text) is not None


def is_amount(text: str) -> bool:
    """Whether a cell shows a number that is no year."""
    return is_number(text) and not _YEAR.fullmatch(text)


def may_name(text: str) -> bool:
    """Whether a cell may name one of two columns of words, as those of a glossary have no names."""
    return len(text.split()) <= _NAME_WORDS and not text[:1].islower()


def are_markers(texts: Sequence[str]) -> bool:
    """Whether a column holds nothing but the bullets and numbers of a list."""
    return all(_MARKER.fullmatch(text) for text in texts)


def are_led_to_pages(texts: Sequence[str]) -> bool:
    """Whether most end in dots that lead to the number of a page: lines of a table of contents."""
    return 2 * sum(_LED_TO_A_PAGE.search(text) is not None for text in texts) >= len(texts)


def is_prose(texts: Sequence[str], spans: Sequence[Span]) -> bool:
    """Whether the lines of a column run on from one to the next, as those of text do and those of cells don't."""
    if len(texts) < 3:
        return False
    words = sum(len(text.split()) for text in texts) / len(texts)
    widest = max(span.width for span in spans)
    full = sum(span.width >= 0.75 * widest for span in spans) / len(spans)
    cased = sum(text[:1].lower() != text[:1].upper() for text in texts)
    if cased < 0.3 * len(texts) and not any(is_number(text) for text in texts):
        letters = sum(len(text) for text in texts) / len(texts)
        caseless = sum(text[:1].isalpha() and text[:1].lower() == text[:1].upper() for text in texts)
        return caseless > 0.5 * len(texts) and letters >= _CASELESS_CHARACTERS and full >= _FULL
    lower = sum(text[:1].islower() for text in texts[1:]) / (len(texts) - 1)
    return (words >= _PROSE_WORDS and lower >= _LOWER) or (words >= _LONG_WORDS and full >= _FULL)
