"""The glyphs of a page as spans, runs without a wide gap on one line, and spans as rows from top to bottom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from passagework.ingest.loaders.pdf.pdf_glyphs import WIDE, Floats, Flow, Ints, PageGlyphs
from passagework.ingest.loaders.pdf.pdf_rulings import Grid, Line

_AMOUNT_GAP = 0.3
_SIGN_GAP = 12
_SIGNS, _BEGINS_NUMBER = frozenset(["$", "€", "£", "¥", "$(", "("]), frozenset("0123456789(.—–-−")
_ENDS_AMOUNT, _BEGINS_AMOUNT = frozenset("%)—–"), frozenset("$€£¥(—–0123456789")
"""Of the letters' size: a gap that parts cells already between these; one over which a sign belongs to its number."""
_SMALL = 0.86
"""Of the size beside it: letters that are raised or lowered are smaller still."""
_RAISED = 0.65
"""Of the larger size: no raised or lowered letter stands further from its line."""
_JITTER = 0.12
"""Of the size: baselines that differ by less are one, as scans have them."""
_ROW = 0.35
_BESIDE = 0.7
"""Of the smaller size: how far apart the baselines of one row are, and of columns that stand beside each other."""


@dataclass(slots=True, eq=False)
class Span:
    """Glyphs side by side, by their rows of PageGlyphs in order; or a ruled table, which has a grid and no glyphs.

    `leftward` tells text that is read from right to left. `words` is its text, roughly: for telling what it is.
    """

    glyphs: list[int]
    left: float
    right: float
    base: float
    size: float
    grid: Grid | None = None
    leftward: bool = False
    words: str = ""
    added: bool = False
    """Whether it is of an annotation, which the file draws last wherever it stands."""

    @property
    def first(self) -> int:
        """The first glyph in the file's order."""
        return min(self.glyphs, default=-1)

    @property
    def width(self) -> float:
        """Points."""
        return self.right - self.left


@dataclass(slots=True)
class Row:
    """Spans beside one another, from left to right; `mixed` where that is a ruled table, or text drawn upon text."""

    spans: list[Span]
    mixed: bool = False

    @property
    def base(self) -> float:
        """The baseline of its highest span."""
        return max(span.base for span in self.spans)

    @property
    def size(self) -> float:
        """The size of its largest letters."""
        return max(span.size for span in self.spans)


def spans_of(glyphs: PageGlyphs, flow: Flow, upright: Sequence[Line] = ()) -> list[Span]:
    """The page's spans in the file's order; the `upright` rules of tables part them as wide gaps do."""
    if not len(glyphs):
        return []
    ends = [*(np.flatnonzero(_parted(glyphs, upright)) + 1).tolist(), len(glyphs)]
    return [_span(glyphs, flow, list(range(start, end))) for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def _parted(glyphs: PageGlyphs, upright: Sequence[Line]) -> NDArray[np.bool_]:
    """Whether each glyph but the last is the last of its span."""
    left, right, base, size = glyphs.left, glyphs.right, glyphs.base, glyphs.size
    em = np.maximum(size[1:], size[:-1])
    gap = np.maximum(left[1:] - right[:-1], left[:-1] - right[1:])
    step = np.abs(np.diff(base))
    small = np.minimum(size[1:], size[:-1]) < _SMALL * em
    close = gap < 0.3 * em
    on_line = (step <= _JITTER * em) | (close & (step <= np.where(small, _RAISED, 0.5) * em))
    parted: NDArray[np.bool_] = ~on_line | (gap > WIDE * em) | (np.diff(glyphs.turn) != 0)
    parted |= _amounts_meet(glyphs, gap, em)
    for line in upright:
        between = (right[:-1] <= line.at + 1) & (left[1:] >= line.at - 1)
        parted |= between & (base[1:] >= line.start - 1) & (base[1:] <= line.end + 1)
    return parted


def _amounts_meet(glyphs: PageGlyphs, gap: Floats, em: Floats) -> NDArray[np.bool_]:
    """Whether between two glyphs one amount of a table ends and the next begins, such as `37.4 %` and `$ 2,737`."""
    ends = np.array([character in _ENDS_AMOUNT for character in glyphs.text[:-1]], dtype=np.bool_)
    begins = np.array([character in _BEGINS_AMOUNT for character in glyphs.text[1:]], dtype=np.bool_)
    digit = np.array([character.isdigit() for character in glyphs.text[:-1]], dtype=np.bool_)
    sign = np.array([character in _SIGNS for character in glyphs.text[1:]], dtype=np.bool_)
    return ((ends & begins) | (digit & sign)) & (gap > _AMOUNT_GAP * em)


def _span(glyphs: PageGlyphs, flow: Flow, rows: list[int]) -> Span:
    at = slice(rows[0], rows[-1] + 1)
    size = float(glyphs.size[at].max())
    large = glyphs.base[at][glyphs.size[at] >= _SMALL * size]
    left, right = float(glyphs.left[at].min()), float(glyphs.right[at].max())
    words = flow.text[flow.at[rows[0]] : flow.at[rows[-1]] + 1]
    leftward, added = _is_leftward(words), bool(glyphs.index[rows[0]] < 0)
    return Span(rows, left, right, float(np.median(large)), size, leftward=leftward, words=words, added=added)


def _is_leftward(text: str) -> bool:
    if text.isascii():
        return False
    strong = sum("\u0590" <= character <= "\u08ff" or "\ufb1d" <= character <= "\ufefc" for character in text)
    return strong > len(text) / 2


def by_turn(glyphs: PageGlyphs, spans: Sequence[Span]) -> Iterator[list[Span]]:
    """The spans of each direction of text, that of most glyphs first."""
    groups: dict[int, list[Span]] = {}
    for span in spans:
        groups.setdefault(int(glyphs.turn[span.glyphs[0]]), []).append(span)
    counts: Ints = np.bincount(glyphs.turn, minlength=360)
    yield from (groups[turn] for turn in sorted(groups, key=lambda turn: (-int(counts[turn]), turn)))


def rows_of(spans: Sequence[Span], *, joined: bool = True) -> list[Row]:
    """The spans as rows, from top to bottom; those that touch on a line become one, unless they are cells."""
    rows: list[Row] = []
    for span in sorted(spans, key=lambda span: (-span.base, span.left)):
        if rows and _in_row(rows[-1], span):
            rows[-1].spans.append(span)
        else:
            rows.append(Row([span]))
    for row in rows:
        ordered = sorted(row.spans, key=lambda span: span.left)
        row.spans = _joined(ordered) if joined else ordered
        row.mixed = _is_mixed(row.spans)
    return rows


def _in_row(row: Row, span: Span) -> bool:
    if span.grid is not None or row.spans[0].grid is not None:
        return False
    first = row.spans[0]
    step, least, most = first.base - span.base, min(first.size, span.size), max(first.size, span.size)
    if step <= _ROW * least or (0.5 * most < least < _SMALL * most and step <= 0.45 * most):
        return True
    return step <= _BESIDE * least and all(
        span.left > other.right or span.right < other.left for other in row.spans[-8:]
    )


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Spans of one baseline without a wide gap between as one, such as words that were drawn by themselves."""
    joined: list[Span] = []
    for span in spans:
        before = joined[-1] if joined else None
        if before is None or not _touches(before, span):
            joined.append(span)
            continue
        larger = before if before.size >= span.size else span
        leftward = before.leftward and span.leftward
        joined[-1] = Span(
            span.glyphs + before.glyphs if leftward else before.glyphs + span.glyphs,
            before.left,
            max(before.right, span.right),
            larger.base,
            larger.size,
            leftward=leftward,
            words=f"{span.words} {before.words}" if leftward else f"{before.words} {span.words}",
            added=before.added and span.added,
        )
    return joined


def _touches(before: Span, span: Span) -> bool:
    em = max(before.size, span.size)
    gap, step = span.left - before.right, abs(before.base - span.base)
    if before.words in _SIGNS and span.words[:1] in _BEGINS_NUMBER and step <= _ROW * em and gap < _SIGN_GAP * em:
        return True
    small = min(before.size, span.size) < _SMALL * em
    last, first = before.words[-1:], span.words[:1]
    meet = (last in _ENDS_AMOUNT and first in _BEGINS_AMOUNT) or (last.isdigit() and first in _SIGNS)
    if meet and gap > _AMOUNT_GAP * em:
        return False
    near = gap <= WIDE * em and step <= _ROW * min(before.size, span.size)
    return near or (small and gap < 0.3 * em and step <= _RAISED * em)


def _is_mixed(spans: Sequence[Span]) -> bool:
    if any(span.grid for span in spans):
        return True
    drawn = [span.first for span in spans if not span.added]
    return sum(before > after for before, after in pairwise(drawn)) > 1 and not any(span.leftward for span in spans)
