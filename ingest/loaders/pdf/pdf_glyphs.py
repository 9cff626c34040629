"""What a PDF page shows, glyph by glyph: where each stands, how large it is, and of which font.

Places are in the frame of the text's own direction: text that runs up the page is measured as if it ran to the right.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from passagework.ingest.loaders.pdf import pdf_calls as calls

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

SPACE, BREAK = 1, 2
WIDE = 0.9
"""A gap of so many times the letters' size parts cells and columns; words of justified lines stand closer."""
_WORD_GAP, _DIGIT_GAP = 0.15, 0.6
"""Of the letters' size: what parts words at a line's break, and digits of one text object that are cells."""
_LEFTWARD = re.compile("[\u05d0-\u05ea\u0620-\u065f\u0671-\u06d3\u06fa-\u06ff\u0750-\u077f]+")
"""Letters of Hebrew and Arabic."""
_BLANK = " \t\xa0\r\n"
_FIXED_PITCH, _FORCED_BOLD = 1, 1 << 18
_BOLD_WEIGHT = 600
_BOLD_NAMES = ("bold", "black", "heavy", "semibd", "-bd", "demi", "cmbx")
_MONOSPACED_NAMES = ("courier", "mono", "consol", "cmtt", "typewriter", "menlo", "fixed", "luxim", "sftt")
_TURNED = re.compile("[\u0622\u0623\u0625\u0627\u0671]\u0644")
_LEAP = 32
_LEAST_SIZE = 0.1
"""Points: a font's size that is given as nothing is taken for this."""


@dataclass(frozen=True, slots=True)
class Font:
    """What of a font tells headings and code."""

    bold: bool = False
    monospaced: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class PageGlyphs:
    """The characters of a page but white space, in pdfium's order; arrays are (n,), places in points.

    `index` is pdfium's of each; `base` is its baseline; `turn` the degrees that its text is turned; `before` what
    pdfium saw between it and the one before: nothing, a SPACE or a BREAK, and `space` the index of that space.
    """

    text: str
    index: Ints
    left: Floats
    right: Floats
    base: Floats
    size: Floats
    turn: Ints
    before: Ints
    space: Ints
    owner: Sequence[int]
    font: Ints
    fonts: Sequence[Font]

    def __len__(self) -> int:
        return len(self.text)

    def gap(self, before: int, row: int) -> float:
        """Points between two glyphs of a line, whichever way it is read."""
        return float(max(self.left[row] - self.right[before], self.left[before] - self.right[row]))


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """The page's glyphs as one text with the spaces between words: row `i` stands at `at[i]` of it."""

    text: str
    glyphs: list[int]
    at: list[int]

    @classmethod
    def of(cls, page: PageGlyphs) -> Flow:
        """A space stands where pdfium saw one, unless only a line's break, and where glyphs are far apart."""
        gap = np.maximum(page.left[1:] - page.right[:-1], page.left[:-1] - page.right[1:])
        size = np.minimum(page.size[1:], page.size[:-1])
        digit = np.array([character.isdigit() for character in page.text], dtype=np.bool_)
        far = gap > np.where(digit[1:] & digit[:-1], _DIGIT_GAP, WIDE) * size
        kind = page.before[1:]
        seen = (kind == SPACE) | ((kind == BREAK) & ((page.space[1:] >= 0) | (gap > _WORD_GAP * size)))
        spaced = np.concatenate([np.zeros(min(1, len(page)), dtype=np.bool_), seen | far])
        places = np.arange(len(page)) + np.cumsum(spaced)
        glyphs = np.full(len(page) + int(spaced.sum()), -1, dtype=np.int64)
        glyphs[places] = page.index
        glyphs[places[spaced] - 1] = page.space[spaced]
        text = "".join(
            " " + character if space else character for character, space in zip(page.text, spaced.tolist(), strict=True)
        )
        return cls(text, glyphs.tolist(), places.tolist())

    def part(self, rows: Sequence[int]) -> tuple[str, list[int]] | None:
        """The text of glyphs that follow one another, and their indexes; None where they don't."""
        if rows[-1] - rows[0] != len(rows) - 1 or rows[-1] < rows[0]:
            return None
        start, end = self.at[rows[0]], self.at[rows[-1]] + 1
        return self.text[start:end], self.glyphs[start:end]


@dataclass(frozen=True, slots=True)
class _Owner:
    """A text object: its font's place, its letters' size on the page, its degrees of turn, a point of its line."""

    font: int
    size: float
    turn: int
    origin: tuple[float, float]


def page_glyphs(page: int, text: str, glyphs: NDArray[np.int32]) -> PageGlyphs:
    """The glyphs of `text`, of which each character is shown by pdfium's of the same place in `glyphs`."""
    at = np.array([place for place, character in enumerate(text) if character not in _BLANK], dtype=np.int64)
    index = glyphs[at].astype(np.int64)
    count = len(at)
    boxes = np.zeros((count, 4), dtype=np.float32)
    to_box = boxes.ctypes.data
    for row, glyph in enumerate(index.tolist()):
        calls.loose_box(page, glyph, to_box + 16 * row)
    owner = _owned(page, index.tolist())
    owners, fonts = _owners(page, owner, index.tolist())
    of_owner = [owners[each] for each in owner]
    turn = np.array([each.turn for each in of_owner], dtype=np.int64)
    origins = np.array([each.origin for each in of_owner], dtype=np.float64).reshape(count, 2)
    left, right, base = _framed(boxes.astype(np.float64), origins, turn)
    before, space = _between(text, at, glyphs)
    shown = "".join(text[place] for place in at.tolist())
    order = _reading(shown, left + right, before)
    left, right = left[order], right[order]
    return PageGlyphs(
        text=_logical("".join(shown[row] for row in order.tolist()), left, right),
        index=index[order],
        left=left,
        right=right,
        base=base[order],
        size=np.array([each.size for each in of_owner], dtype=np.float64)[order],
        turn=turn[order],
        before=before,
        space=space,
        owner=[owner[row] for row in order.tolist()],
        font=np.array([each.font for each in of_owner], dtype=np.int64)[order],
        fonts=fonts,
    )


def _reading(text: str, middle: Floats, before: Ints) -> Ints:
    """The order of the rows with the letters of each word read from right to left from its right end on.

    pdfium turns only some words around where a file draws each for itself, from left to right.
    """
    order = np.arange(len(text))
    if text.isascii():
        return order
    for word in _LEFTWARD.finditer(text):
        starts = [word.start(), *(np.flatnonzero(before[word.start() + 1 : word.end()]) + word.start() + 1).tolist()]
        for start, end in zip(starts, [*starts[1:], word.end()], strict=True):
            if middle[start] < middle[end - 1]:
                order[start:end] = order[start:end][::-1]
    return order


def _logical(text: str, left: Floats, right: Floats) -> str:
    """The text with lam before alef where one glyph shows both: pdfium turns the parts of the ligature around too."""
    if text.isascii():
        return text
    return _TURNED.sub(
        lambda pair: (
            pair[0][::-1]
            if left[pair.start()] == left[pair.start() + 1] and right[pair.start()] == right[pair.start() + 1]
            else pair[0]
        ),
        text,
    )


def _between(text: str, at: Ints, glyphs: NDArray[np.int32]) -> tuple[Ints, Ints]:
    """For each glyph, what stands between it and the one before, and the index of a space there, else -1."""
    before, space = np.zeros(len(at), dtype=np.int64), np.full(len(at), -1, dtype=np.int64)
    for row in np.flatnonzero(np.diff(at, prepend=-1) > 1).tolist():
        start = int(at[row - 1]) + 1 if row else 0
        between = text[start : int(at[row])]
        before[row] = BREAK if "\n" in between or "\r" in between else SPACE
        place = next((start + offset for offset, character in enumerate(between) if character not in "\r\n"), -1)
        space[row] = int(glyphs[place]) if place >= 0 else -1
    return before, space


def _framed(boxes: Floats, origins: Floats, turn: Ints) -> tuple[Floats, Floats, Floats]:
    """Left, right and baseline along the text's own direction, from boxes (left, top, right, bottom) of the page."""
    angle = np.radians(turn)
    cos, sin = np.cos(angle), np.sin(angle)
    x, y = origins[:, 0], origins[:, 1]
    base = y * cos - x * sin
    corners = [boxes[:, column] * cos + boxes[:, row] * sin for column in (0, 2) for row in (1, 3)]
    left, right = np.minimum.reduce(corners), np.maximum.reduce(corners)
    slanting = turn % 90 != 0
    middle = (left + right) / 2
    quarter = np.minimum(np.abs(boxes[:, 2] - boxes[:, 0]), np.abs(boxes[:, 1] - boxes[:, 3])) / 4
    left, right = np.where(slanting, middle - quarter, left), np.where(slanting, middle + quarter, right)
    finite = np.isfinite(left) & np.isfinite(right) & np.isfinite(base)
    clean = (np.clip(np.where(finite, values, 0.0), -1e6, 1e6) for values in (left, right, base))
    return next(clean), next(clean), next(clean)


def _owned(page: int, glyphs: Sequence[int]) -> list[int]:
    """The text object of each glyph; those of one object follow one another, so that few need be asked about."""
    owner: list[int] = []
    while len(owner) < len(glyphs):
        first = len(owner)
        this = calls.text_object(page, glyphs[first]) or 0
        step, last = 1, first
        while step:  # leaps that double while the object stays, and halve where it doesn't
            ahead = last + step
            if ahead < len(glyphs) and (calls.text_object(page, glyphs[ahead]) or 0) == this and this:
                last, step = ahead, min(2 * step, _LEAP)
            else:
                step //= 2
        owner += [this] * (last + 1 - first)
    return owner


def _owners(page: int, owners: Sequence[int], glyphs: Sequence[int]) -> tuple[dict[int, _Owner], list[Font]]:
    """What each text object says of its letters, told by the first of them."""
    found: dict[int, _Owner] = {}
    fonts: list[Font] = []
    places: dict[int, int] = {}
    room, point = calls.Numbers(ctypes.c_float, 6), calls.Numbers(ctypes.c_double, 2)
    for owner, glyph in zip(owners, glyphs, strict=True):
        if owner in found:
            continue
        a, b, c, d = (1.0, 0.0, 0.0, 1.0)
        if calls.char_matrix(page, glyph, room.places[0]):
            a, b, c, d, _, _ = room.values
        size = abs(calls.font_size(page, glyph)) * math.hypot(c, d)
        font = (calls.font_of(owner) or 0) if owner else 0
        if font not in places:
            places[font] = len(fonts)
            fonts.append(_font(font) if font else Font())
        turn = round(math.degrees(math.atan2(b, a))) % 360 if math.isfinite(a) and math.isfinite(b) else 0
        known = max(size, _LEAST_SIZE) if math.isfinite(size) else _LEAST_SIZE
        calls.char_origin(page, glyph, *point.places)
        x, y = point.values
        found[owner] = _Owner(places[font], known, turn, (x, y))
    return found, fonts


def _font(font: int) -> Font:
    room = ctypes.create_string_buffer(200)
    calls.font_name(font, ctypes.addressof(room), len(room))
    name = room.value.decode("latin-1").lower()
    flags = max(0, calls.font_flags(font))
    bold = bool(flags & _FORCED_BOLD) or calls.font_weight(font) >= _BOLD_WEIGHT
    return Font(
        bold=bold or any(part in name for part in _BOLD_NAMES),
        monospaced=bool(flags & _FIXED_PITCH) or any(part in name for part in _MONOSPACED_NAMES),
    )
