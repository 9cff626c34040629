"""Text of a PDF page that shows nothing to whoever looks at the page.

Asking pdfium about every glyph would cost more than reading the page, so every STRIDE-th character is asked about, and
the page looked at whole where one of them is suspicious: a run that is shorter may be missed, a longer one can't be.
"""

from __future__ import annotations

import ctypes
import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray
from pypdfium2 import PdfPage, PdfTextPage

from passagework.ingest.loaders.pdf import pdf_calls as calls
from passagework.ingest.loaders.pdf.pdf_edits import PageText
from passagework.ingest.loaders.pdf.pdf_layers import Layers, Rgb
from passagework.ingest.loaders.pdf.pdf_writer import NO_GLYPH
from passagework.retrieval.types import Hidden, HiddenReason

STRIDE = 48
"""Characters of text from one that is asked about to the next."""

TINY = 1.2
"""Points of a glyph's box, which is a little larger than its font's size."""
_FLAT = 0.3
"""Points of one side of a glyph's box, however long the other is: squeezed to a line."""
_MARGIN = 1.0
_WHITE = 250
"""Of 255, from which a channel counts as white."""
_FEW_OBJECTS = 150
"""On a page of at most so many, text of any colour is compared with what lies beneath it; white text is on any page."""

Codes = NDArray[np.int8]
"""For each of pdfium's characters: 0 where it is seen, else 1 + the place of the reason in REASONS."""
REASONS = tuple(HiddenReason)

_FOUR, _FOUR_WHOLE = struct.Struct("=4f"), struct.Struct("=4I")
_EVERYWHERE = (-math.inf, -math.inf, math.inf, math.inf)

_STROKED = (pdfium.FPDF_TEXTRENDERMODE_STROKE, pdfium.FPDF_TEXTRENDERMODE_STROKE_CLIP)
_NOTHING = (pdfium.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium.FPDF_TEXTRENDERMODE_CLIP)
_FILLED_AND_STROKED = (pdfium.FPDF_TEXTRENDERMODE_FILL_STROKE, pdfium.FPDF_TEXTRENDERMODE_FILL_STROKE_CLIP)


def hidden_glyphs(page: PdfPage, text: PdfTextPage, read: PageText) -> Codes | None:
    """Which of the page's characters can't be seen, and why; None where all can."""
    look = _Look(page, text)
    points = np.frombuffer(read.text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    solid = read.glyphs[(read.glyphs != NO_GLYPH) & (points != ord(" "))]
    if not look.is_suspicious(solid[::STRIDE].tolist()):
        return None
    codes = np.zeros(int(read.glyphs.max()) + 1, dtype=np.int8)
    for glyph in np.unique(solid).tolist():
        reason = look.reason(glyph)
        if reason is not None:
            codes[glyph] = 1 + REASONS.index(reason)
    return codes if codes.any() else None


def hidden_spans(read: PageText, codes: Codes, start: int) -> Iterator[Hidden]:
    """The runs of the page's text that can't be seen, in a document in which the page begins at `start`.

    White space and characters that nothing on the page shows belong to the run around them; blank runs are none.
    """
    of_text = np.where(read.glyphs <= NO_GLYPH, -1, codes[np.maximum(read.glyphs, 0)])
    of_text[[character.isspace() for character in read.text]] = -1
    first, last, current = 0, 0, 0
    for at in np.flatnonzero(of_text >= 0).tolist():
        code = int(of_text[at])
        if code != current:
            if current:
                yield Hidden(start + first, start + last, REASONS[current - 1])
            first, current = at, code
        last = at + 1
    if current:
        yield Hidden(start + first, start + last, REASONS[current - 1])


@dataclass(frozen=True, slots=True)
class _Ink:
    """How a text object is drawn: nothing of it, or in a colour with an opacity, of 255 each."""

    drawn: bool
    colour: Rgb = (0, 0, 0)
    opacity: int = 255


class _Look:
    """One page, and what was learned of its text objects."""

    def __init__(self, page: PdfPage, text: PdfTextPage) -> None:
        self._page, self._text = page, calls.address(text.raw)
        self._seen: dict[int, _Ink | None] = {}
        self._layers: Layers | None = None
        self._colour = calls.Numbers(ctypes.c_uint, 4)
        self._box = calls.Numbers(ctypes.c_float, 4)  # FS_RECTF: left, top, right, bottom
        bounds = pdfium.FS_RECTF()
        known = pdfium.FPDF_GetPageBoundingBox(page.raw, bounds)
        self._bounds = _EVERYWHERE
        if known:
            west, south = bounds.left - _MARGIN, bounds.bottom - _MARGIN
            self._bounds = west, south, bounds.right + _MARGIN, bounds.top + _MARGIN
        self._few = calls.count_objects(calls.address(page.raw)) <= _FEW_OBJECTS
        self._misplaced = False

    def is_suspicious(self, glyphs: Sequence[int]) -> bool:
        """Whether the page is worth a look at every glyph, told by some: cheap, and sometimes wrong."""
        text, object_of, seen = self._text, calls.text_object, self._seen
        suspicious = False
        for glyph in glyphs:
            owner = object_of(text, glyph)
            if not owner:
                continue
            if self._place(glyph) is not None:
                suspicious = self._misplaced = True
            if owner not in seen:
                self._look_at(owner)
            suspicious |= seen[owner] is not None
        return suspicious

    def reason(self, glyph: int) -> HiddenReason | None:
        """Why the glyph can't be seen; None where it can, or where that can't be told. After `is_suspicious`."""
        owner = calls.text_object(self._text, glyph)
        if not owner:
            return None
        if owner not in self._seen:
            self._look_at(owner)
        ink = self._seen[owner]
        if ink is None and not self._misplaced:
            return None
        place = self._place(glyph)
        if place is not None or ink is None:
            return place
        if not ink.drawn or not ink.opacity:
            if self._layered().is_scan:
                return None  # the text that was recognised in the picture
            return HiddenReason.TRANSPARENT if ink.drawn else HiddenReason.INVISIBLE
        left, top, right, bottom = _FOUR.unpack_from(self._box.values)
        same = self._layered().same_beneath(owner, (left + right) / 2, (top + bottom) / 2, ink.colour)
        return HiddenReason.BACKGROUND if same else None

    def _place(self, glyph: int) -> HiddenReason | None:
        if not calls.loose_box(self._text, glyph, self._box.places[0]):
            return None
        left, top, right, bottom = _FOUR.unpack_from(self._box.values)
        west, south, east, north = self._bounds
        if right < west or left > east or top < south or bottom > north:
            return HiddenReason.OUTSIDE
        high, wide = top - bottom, right - left
        tiny = (0 < high < TINY and 0 < wide < TINY) or 0 < high < _FLAT or 0 < wide < _FLAT
        return HiddenReason.TINY if tiny else None

    def _look_at(self, owner: int) -> None:
        """Notes how a text object is drawn, where that may make it unseen, else that it is seen."""
        mode = calls.render_mode(owner)
        if mode in _NOTHING:
            self._seen[owner] = _Ink(drawn=False)
            return
        read = calls.stroke_colour if mode in _STROKED else calls.fill_colour
        if not read(owner, *self._colour.places):
            self._seen[owner] = None
            return
        red, green, blue, opacity = _FOUR_WHOLE.unpack_from(self._colour.values)
        if mode in _FILLED_AND_STROKED and (not opacity or min(red, green, blue) >= _WHITE):
            calls.stroke_colour(owner, *self._colour.places)
            red, green, blue, opacity = _FOUR_WHOLE.unpack_from(self._colour.values)
        colour = (red, green, blue)
        faint = not opacity or (red >= _WHITE and green >= _WHITE and blue >= _WHITE)
        faint = faint or (self._few and self._layered().has_ground(colour))
        self._seen[owner] = _Ink(True, colour, opacity) if faint else None

    def _layered(self) -> Layers:
        if self._layers is None:
            self._layers = Layers.of(self._page)
        return self._layers
