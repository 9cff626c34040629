"""A passage's own lines on a page of its PDF: the glyphs that show its characters, joined to boxes.

Boxes are in the page's own space, in points, as pdfium gives them; `on_display` puts them where a picture of the page
shows them, whatever its rotation and crop. pdfium isn't thread-safe: call this from one thread of a process at a time.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
import pypdfium2.raw as pdfium
from pypdfium2 import PdfPage, PdfTextPage

from passagework.ingest.loaders.pdf.pdf_edits import Glyphs, PageText
from passagework.ingest.loaders.pdf.pdf_settled import settled_as
from passagework.ingest.loaders.pdf.pdf_text import page_text
from passagework.ingest.loaders.pdf.pdf_writer import NO_GLYPH

_GAP = 2.0
"""Heights of a line between two glyphs, at most, for one box to hold both: more is another column or cell."""

_STRAIGHT = math.radians(1)
_SPAN = 1_000_000
"""Units of a picture's width and height, for pdfium maps to whole numbers."""

_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the page, `left < right` and `bottom < top`."""

    left: float
    bottom: float
    right: float
    top: float

    def joined(self, other: Box) -> Box:
        """The least that holds both."""
        return Box(
            min(self.left, other.left),
            min(self.bottom, other.bottom),
            max(self.right, other.right),
            max(self.top, other.top),
        )


@dataclass(frozen=True, slots=True)
class Highlight:
    """The boxes of `[start, end)` of a page's text; `exact` where the page reads as it did when it was ingested.

    `missing` counts letters and digits that nothing on the page shows.
    """

    boxes: tuple[Box, ...]
    exact: bool
    missing: int


@dataclass(frozen=True, slots=True)
class _Glyph:
    box: Box
    angle: float


def highlight(page: PdfTextPage, text: str, start: int, end: int) -> Highlight:
    """Where `text[start:end]` is on the page that `text` was read from."""
    glyphs, exact = glyphs_of(page, text)
    wanted = [at for at in range(max(0, start), min(end, len(text))) if not text[at].isspace()]
    chosen = [int(glyphs[at]) for at in wanted]
    boxes = _lines([_glyph(page, index) for index in dict.fromkeys(chosen) if index != NO_GLYPH])
    missing = sum(index == NO_GLYPH and text[at].isalnum() for at, index in zip(wanted, chosen, strict=True))
    return Highlight(tuple(boxes), exact, missing)


def glyphs_of(page: PdfTextPage, text: str) -> tuple[Glyphs, bool]:
    """For each character of the page's text as it was stored, the glyph that shows it; and whether all agree.

    Where the page reads otherwise than it did, the words that both readings share are aligned, and the rest has none.
    """
    read = page_text(page)
    settled = settled_as(read, text)
    return (settled, True) if settled is not None else (_aligned(read, text), False)


def on_display(page: PdfPage, box: Box) -> tuple[float, float, float, float]:
    """Left, top, width and height of a box as shares of the page's picture, 0 to 1."""
    corners = [(box.left, box.bottom), (box.right, box.top)]
    points = [_to_device(page, x, y) for x, y in corners]
    (left, right), (top, bottom) = (sorted(values) for values in zip(*points, strict=True))
    left, top, right, bottom = (min(1.0, max(0.0, value)) for value in (left, top, right, bottom))
    return left, top, right - left, bottom - top


def _aligned(read: PageText, text: str) -> Glyphs:
    glyphs = np.full(len(text), NO_GLYPH, dtype=np.int32)
    here, there = list(_WORD.finditer(text)), list(_WORD.finditer(read.text))
    matcher = SequenceMatcher(None, [word[0] for word in here], [word[0] for word in there], autojunk=False)
    for first, second, size in matcher.get_matching_blocks():
        for first_word, second_word in zip(here[first : first + size], there[second : second + size], strict=True):
            glyphs[first_word.start() : first_word.end()] = read.glyphs[second_word.start() : second_word.end()]
    return glyphs


def _glyph(page: PdfTextPage, index: int) -> _Glyph:
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    pdfium.FPDFText_GetCharBox(page, index, left, right, bottom, top)
    box = Box(left.value, bottom.value, right.value, top.value)
    return _Glyph(box, pdfium.FPDFText_GetCharAngle(page, index))


def _lines(glyphs: Sequence[_Glyph]) -> list[Box]:
    """Glyphs that follow one another on a line as one box; those of slanting text each by itself."""
    boxes: list[Box] = []
    before: _Glyph | None = None
    for glyph in glyphs:
        if glyph.box.left >= glyph.box.right and glyph.box.bottom >= glyph.box.top:
            continue  # nothing was drawn
        if before is not None and _goes_on(before, glyph, boxes[-1]):
            boxes[-1] = boxes[-1].joined(glyph.box)
        else:
            boxes.append(glyph.box)
        before = glyph
    return boxes


def _goes_on(before: _Glyph, glyph: _Glyph, line: Box) -> bool:
    """Whether a glyph stands on the line of the one before it, not far from it."""
    quarter = glyph.angle / (math.pi / 2)
    if abs(before.angle - glyph.angle) > _STRAIGHT or abs(quarter - round(quarter)) > _STRAIGHT:
        return False
    upright = round(quarter) % 2 == 1
    along = _interval(before.box, upright), _interval(glyph.box, upright)
    across = _interval(line, not upright), _interval(glyph.box, not upright)
    height = max(across[0][1] - across[0][0], across[1][1] - across[1][0])
    apart = max(along[1][0] - along[0][1], along[0][0] - along[1][1])
    shared = min(across[0][1], across[1][1]) - max(across[0][0], across[1][0])
    # A full stop is low and a quotation mark high: they share no height with each other, but do with the line.
    return apart <= _GAP * height and (shared > 0 or -shared < 0.3 * height) and not _turned_back(along, height)


def _turned_back(along: tuple[tuple[float, float], tuple[float, float]], height: float) -> bool:
    """Whether the second begins well before the first: the next line of a narrow column does."""
    return abs(along[1][0] - along[0][0]) > _GAP * height + (along[0][1] - along[0][0])


def _interval(box: Box, upright: bool) -> tuple[float, float]:
    return (box.bottom, box.top) if upright else (box.left, box.right)


def _to_device(page: PdfPage, x: float, y: float) -> tuple[float, float]:
    across, down = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDF_PageToDevice(page, 0, 0, _SPAN, _SPAN, 0, x, y, across, down)
    return across.value / _SPAN, down.value / _SPAN
