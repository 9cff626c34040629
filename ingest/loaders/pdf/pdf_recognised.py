"""What OCR read on a page, laid out as the text of a PDF page is: columns, tables and headings told by geometry."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

import numpy as np

from passagework.ingest.loaders.ocr.recogniser import RecognisedLine, Word
from passagework.ingest.loaders.pdf.pdf_edits import PageText, Recognised
from passagework.ingest.loaders.pdf.pdf_glyphs import BREAK, SPACE, WIDE, Floats, Flow, Font, PageGlyphs
from passagework.ingest.loaders.pdf.pdf_order import in_order
from passagework.ingest.loaders.pdf.pdf_page import assembled
from passagework.ingest.loaders.pdf.pdf_spans import by_turn, spans_of
from passagework.ingest.loaders.pdf.pdf_table import Ruled
from passagework.ingest.loaders.pdf.pdf_text import plain_page
from passagework.ingest.loaders.pdf.pdf_writer import NO_GLYPH
from passagework.retrieval.types import OcrSpan

A4_HEIGHT = 842.0
"""Points: how high a picture is taken to be whose true size nobody knows."""
_SIZE, _BASE = 0.8, 0.22
"""Of the height of a line's box: its letters' size, and how far its baseline is below the box's middle; both measured
on pages whose text is known."""
_ALIKE = 0.18
"""Of the page's usual size: lines that differ by less have that one, for boxes are as high as the letters in them."""
_LEVEL = 0.35
"""Of the letters' size: lines whose baselines differ by less, as boxes are put, stand on one."""
_SEEN, _WIDER = 0.25, 1.1 * WIDE
"""Of the letters' size: the least gap that the detector sees, and one that parts columns."""
_GAP, _TIMES = 0.6, 2.0
"""Of the letters' size, and times the usual gap of the line: what is wider within a line parts columns, too."""
_LEAST_GAPS, _MOST_SIDES, _WIDEST = 4, 4, 3.0
"""Rows with a gap at one place that make a gutter, lines of a row that may be columns, and a gutter's width at most, of
the letters' size."""
_NEAR = 0.1
"""Of the letters' size: so near to a gutter a line that runs across is cut between two words."""
_UPRIGHT = 1.5
"""Times as high as wide is a line that runs up the page."""
_MOST_SLOPE = 0.2
"""Radians of a page put askew; more is a line that slants by itself."""


@dataclass(frozen=True, slots=True)
class _PlacedLine:
    """A line's words in the frame of its direction: for each its ends along the line, in points."""

    words: tuple[tuple[int, Word, float, float], ...]
    base: float
    size: float
    turn: int


def recognised_page(lines: Sequence[RecognisedLine], width: int, height: int, points: float) -> PageText:
    """The text of a picture of `width` x `height` pixels, each of so many `points`; its map names words.

    A character's glyph is `NO_GLYPH - 1 - n` for the n-th of the page's `recognised` words.
    """
    words = [word for line in lines for word in line.words]
    if not words:
        return replace(plain_page(""), height=height * points)
    placed = _of_usual_size(list(_placed(lines, height, points)))
    glyphs = _glyphs(list(_levelled(placed)))
    flow = Flow.of(glyphs)
    spans = by_turn(glyphs, spans_of(glyphs, flow))
    put = assembled(glyphs, flow, [item for group in spans for item in in_order(glyphs, group, Ruled({}))])
    return PageText(
        "".join(put.text),
        np.array(put.glyphs, dtype=np.int32),
        tuple(put.lines),
        tuple(put.tables),
        height=height * points,
        recognised=tuple(Recognised(word.confidence, _shares(word, width, height)) for word in words),
    )


def ocr_spans(page: PageText, start: int, *, on_a_page: bool = True) -> Iterator[OcrSpan]:
    """What OCR read of a page that begins at `start` of its document, word by word; without boxes but `on_a_page`."""
    at = np.flatnonzero(page.glyphs < NO_GLYPH)
    if not len(at):
        return
    word = NO_GLYPH - 1 - page.glyphs[at]
    begins = np.flatnonzero((np.diff(at, prepend=-2) != 1) | (np.diff(word, prepend=-1) != 0))
    for first, last in zip(begins.tolist(), [*(begins[1:] - 1).tolist(), len(at) - 1], strict=True):
        read = page.recognised[int(word[first])]
        yield OcrSpan(
            start + int(at[first]),
            start + int(at[last]) + 1,
            round(read.confidence, 4),
            read.box if on_a_page else None,
        )


def _shares(word: Word, width: int, height: int) -> tuple[float, float, float, float]:
    left, right = (min(1.0, max(0.0, x / width)) for x in (word.box[0], word.box[2]))
    top, bottom = (min(1.0, max(0.0, y / height)) for y in (word.box[1], word.box[3]))
    return round(left, 5), round(top, 5), round(max(0.0, right - left), 5), round(max(0.0, bottom - top), 5)


def _placed(lines: Sequence[RecognisedLine], height: int, points: float) -> Iterator[_PlacedLine]:
    """The lines in points above the page's foot, as if the page lay straight."""
    slope = _slope(lines)
    cos, sin = math.cos(slope), math.sin(slope)
    number = 0
    for line in lines:
        boxes = np.array([word.box for word in line.words])
        left, top, right, bottom = boxes.T
        numbered = list(enumerate(line.words, number))
        number += len(line.words)
        tall = (bottom.max() - top.min()) > _UPRIGHT * (right.max() - left.min())
        if tall and sum(len(word.text) for word in line.words) > 2:
            size = float(np.median(right - left)) * points
            base = -(float(np.median((left + right) / 2)) * points + _BASE * size)
            ends = zip((height - bottom) * points, (height - top) * points, strict=True)
            turn = 90
        else:
            middle = (top + bottom) / 2
            size = float(np.median(bottom - top - (right - left) * abs(sin))) * points
            level = float(np.median(middle * cos - (left + right) / 2 * sin))
            base = (height - level) * points - _BASE * size
            ends = zip((left * cos + middle * sin) * points, (right * cos + middle * sin) * points, strict=True)
            turn = 0
        words = tuple((n, word, float(a), float(b)) for (n, word), (a, b) in zip(numbered, ends, strict=True))
        yield _PlacedLine(words, base, max(1.0, _SIZE * size), turn)


def _levelled(lines: Sequence[_PlacedLine]) -> Iterator[_PlacedLine]:
    """The lines from top to bottom, and those side by side on one baseline, from left to right."""
    rows: list[list[_PlacedLine]] = []
    for line in sorted(lines, key=lambda line: (line.turn, -line.base)):
        first = rows[-1][0] if rows else None
        if first is not None and first.turn == line.turn and first.base - line.base <= _LEVEL * line.size:
            rows[-1].append(line)
        else:
            rows.append([line])
    rows = [sorted(row, key=lambda line: line.words[0][2]) for row in rows]
    gutters = _gutters(rows)
    for row in rows:
        base = median(line.base for line in row)
        yield from _parted([replace(part, base=base) for line in row for part in _cut(line, gutters)])


def _gutters(rows: Sequence[Sequence[_PlacedLine]]) -> set[float]:
    """Where several rows have a gap between two lines, one above the other, that is as narrow as between columns."""
    pairs = (pair for row in rows if len(row) <= _MOST_SIDES for pair in pairwise(row))
    gaps = [(before.words[-1][3], line.words[0][2], line.size) for before, line in pairs]
    narrow = [(left, right) for left, right, size in gaps if 0 < right - left <= _WIDEST * size]
    middles = {round((left + right) / 2, 1) for left, right in narrow}
    return {at for at in middles if sum(left < at < right for left, right in narrow) >= _LEAST_GAPS}


def _cut(line: _PlacedLine, gutters: Set[float]) -> Iterator[_PlacedLine]:
    """A line in parts where the detector took two columns for one: at a wide gap, and at one where a gutter is."""
    gaps = [(before[3], after[2]) for before, after in pairwise(line.words)]
    least = max(_GAP * line.size, _TIMES * median(right - left for left, right in gaps)) if gaps else 0.0
    start = 0
    for at, (left, right) in enumerate(gaps, 1):
        near = _NEAR * line.size
        if right - left > least or any(left - near <= gutter <= right + near for gutter in gutters):
            yield replace(line, words=line.words[start:at])
            start = at
    yield replace(line, words=line.words[start:])


def _parted(row: Sequence[_PlacedLine]) -> list[_PlacedLine]:
    """Lines side by side with a wide gap between them: they are columns or cells, for the detector saw an end there.

    Their ends, which are known to a letter's width or so, give way where the gap is narrow, as in papers.
    """
    lines = list(row)
    for at in range(1, len(lines)):
        before, line = lines[at - 1], lines[at]
        size = max(before.size, line.size)
        gap = line.words[0][2] - before.words[-1][3]
        if _SEEN * size <= gap < _WIDER * size:
            lines[at - 1] = _drawn_in(before, -(_WIDER * size - gap) / 2)
            lines[at] = _drawn_in(line, (_WIDER * size - gap) / 2)
    return lines


def _drawn_in(line: _PlacedLine, by: float) -> _PlacedLine:
    """A line that begins so much later, or, where `by` is negative, ends so much earlier; it isn't turned around."""
    left, right = line.words[0][2], line.words[-1][3]
    width = max(right - left, 0.01)
    share = max(0.5, 1 - abs(by) / width)
    fixed = right if by > 0 else left
    words = tuple((n, word, fixed + (a - fixed) * share, fixed + (b - fixed) * share) for n, word, a, b in line.words)
    return replace(line, words=words)


def _slope(lines: Sequence[RecognisedLine]) -> float:
    """How far the page is askew: the slope of most of its text, in radians."""
    weights = sorted(
        (line.slope, sum(len(word.text) for word in line.words)) for line in lines if abs(line.slope) < _MOST_SLOPE
    )
    half = sum(weight for _, weight in weights) / 2
    passed = 0
    for slope, weight in weights:
        passed += weight
        if passed >= half:
            return slope
    return 0.0


def _of_usual_size(lines: Sequence[_PlacedLine]) -> list[_PlacedLine]:
    """The lines, those about as large as most letters of the page of one size."""
    sizes = sorted(line.size for line in lines for _, word, _, _ in line.words for _ in word.text)
    usual = sizes[len(sizes) // 2]
    return [replace(line, size=usual) if abs(line.size - usual) <= _ALIKE * usual else line for line in lines]


def _glyphs(lines: Sequence[_PlacedLine]) -> PageGlyphs:
    """The letters of the lines, those of a word each as wide as the others."""
    rows: list[tuple[str, int, float, float, float, float, int, int]] = []
    for line in lines:
        for place, (number, word, left, right) in enumerate(line.words):
            step = max(0.01, right - left) / len(word.text)
            rows += [
                (
                    character,
                    NO_GLYPH - 1 - number,
                    left + at * step,
                    left + (at + 1) * step,
                    line.base,
                    line.size,
                    line.turn,
                    0 if at else SPACE if place else BREAK,
                )
                for at, character in enumerate(word.text)
            ]
    text, index, lefts, rights, bases, sizes, turn, before = zip(*rows, strict=True)
    nothing = np.full(len(rows), NO_GLYPH, dtype=np.int64)
    return PageGlyphs(
        text="".join(text),
        index=np.array(index, dtype=np.int64),
        left=_floats(lefts),
        right=_floats(rights),
        base=_floats(bases),
        size=_floats(sizes),
        turn=np.array(turn, dtype=np.int64),
        before=np.array(before, dtype=np.int64),
        space=nothing,
        owner=[0] * len(rows),
        font=np.zeros(len(rows), dtype=np.int64),
        fonts=[Font()],
    )


def _floats(values: Sequence[float]) -> Floats:
    return np.array(values, dtype=np.float64)
