"""Lines and tables of a PDF page written as text, each character with the glyph that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from passagework.ingest.loaders.pdf.pdf_glyphs import SPACE, Flow, Ints, PageGlyphs
from passagework.ingest.loaders.raised import lowered, parted, raised

NO_GLYPH = -1
"""In a map to glyphs: nothing on the page shows this character."""

_SMALL = 0.86
_MOST_RAISED = 12
"""Characters: what is longer is small text beside large."""
_SLASHES = "/\u2044"


@dataclass(slots=True)
class Written:
    """Text that grows, with pdfium's index of the glyph that shows each character."""

    text: str = ""
    glyphs: list[int] = field(default_factory=list)

    def add(self, text: str, glyph: int = NO_GLYPH) -> None:
        """Adds what one glyph shows, or nothing."""
        self.text += text
        self.glyphs += [glyph] * len(text)

    def join(self, other: Written) -> None:
        """Adds what was written elsewhere."""
        self.text += other.text
        self.glyphs += other.glyphs


def written_line(glyphs: PageGlyphs, flow: Flow, rows: Sequence[int]) -> Written:
    """A line's glyphs, by their rows in order, as text: words apart, raised and lowered letters marked as such."""
    rows = _placed(glyphs, rows)
    heights = _heights(glyphs, rows)
    if heights is None:
        return _run(glyphs, flow, rows)
    written = Written()
    start = 0
    while start < len(rows):
        end = start + 1
        while end < len(rows) and heights[end] == heights[start]:
            end += 1
        run = _run(glyphs, flow, rows[start:end])
        if start and _is_denominator(glyphs, heights, rows, start) and _is_numerator(written.text, run.text):
            written.add("/")
            written.join(run)
            start = end
            continue
        if start:
            _space(written, glyphs, flow, rows[start - 1], rows[start])
        if heights[0] > 0 == heights[start] and written.text.isalnum() and run.text[:1].isalpha():
            written.add(" ")  # the mark of a note before its text
        slash = end < len(rows) and glyphs.text[rows[end]] in _SLASHES
        _add_run(written, run, heights[start], before_slash=slash)
        start = end
    return written


def _is_numerator(before: str, below: str) -> bool:
    """Whether a line ends in a digit by itself, beneath which a number stands."""
    return before[-1:].isdigit() and before[-2:-1] in ("", " ", "(", "=", "-", "−") and below.isdigit()


def _is_denominator(glyphs: PageGlyphs, heights: Sequence[int], rows: Sequence[int], at: int) -> bool:
    """Whether what is lowered stands beneath what is raised before it; an index does so too, beneath an exponent."""
    beneath = heights[at - 1] > 0 > heights[at]
    return beneath and bool(glyphs.left[rows[at]] < glyphs.right[rows[at - 1]] - 0.2 * glyphs.size[rows[at]])


def _placed(glyphs: PageGlyphs, rows: Sequence[int]) -> Sequence[int]:
    """The glyphs of a line in order of place where small ones were drawn behind it into its midst."""
    size = glyphs.size[np.asarray(rows, dtype=np.int64)]
    largest = float(size.max())
    if size.min() >= _SMALL * largest:
        return rows
    into = any(
        glyphs.size[row] < _SMALL * largest and glyphs.left[row] < glyphs.left[before] for before, row in pairwise(rows)
    )
    leftward = any("\u0590" <= glyphs.text[row] <= "\u08ff" for row in rows)
    return sorted(rows, key=lambda row: float(glyphs.left[row])) if into and not leftward else rows


def _run(glyphs: PageGlyphs, flow: Flow, rows: Sequence[int]) -> Written:
    """Glyphs of one height as text."""
    part = flow.part(rows)
    if part is not None:
        return Written(*part)
    run = Written()
    start = 0
    for end in range(1, len(rows) + 1):
        if end == len(rows) or rows[end] != rows[end - 1] + 1:
            if start:
                _space(run, glyphs, flow, rows[start - 1], rows[start])
            text, indexes = flow.part(rows[start:end]) or ("", [])
            run.join(Written(text, indexes))
            start = end
    return run


def _space(written: Written, glyphs: PageGlyphs, flow: Flow, before: int, row: int) -> None:
    """Adds the space between two glyphs of a line, if there is one."""
    if row == before + 1:
        if flow.at[row] > flow.at[before] + 1:
            written.add(" ", flow.glyphs[flow.at[row] - 1])
        return
    size, size_before = glyphs.size[row], glyphs.size[before]
    parted_before = glyphs.before[row] == SPACE and size >= _SMALL * size_before
    if parted_before or glyphs.gap(before, row) > 0.15 * min(size, size_before):
        written.add(" ")


def _heights(glyphs: PageGlyphs, rows: Sequence[int]) -> list[int] | None:
    """For each glyph 1 where it is raised above the line, -1 where it is lowered, else 0; None where no glyph is."""
    at: slice | Ints = np.asarray(rows, dtype=np.int64)
    if rows[-1] - rows[0] == len(rows) - 1:
        at = slice(rows[0], rows[-1] + 1)
    size, base = glyphs.size[at], glyphs.base[at]
    largest = float(size.max())
    large = size >= _SMALL * largest
    if bool(large.all()) and float(np.ptp(base)) <= 0.2 * largest:
        return None
    places, counts = np.unique(np.round(base[large], 1), return_counts=True)
    line = float(places[counts.argmax()])
    step = base - line
    small = size < _SMALL * largest
    heights = np.where(small & (step > 0.12 * largest), 1, np.where(small & (step < -0.08 * largest), -1, 0))
    heights = np.where(~small & (step > 0.2 * largest), 1, np.where(~small & (step < -0.2 * largest), -1, heights))
    if not heights.any() or (heights != 0).mean() > 0.5:
        return None
    return [int(height) for height in heights]


def _add_run(written: Written, run: Written, height: int, *, before_slash: bool) -> None:
    """Adds letters of one height as they follow what stands before them."""
    if height == 0 or len(run.text) > _MOST_RAISED:
        text = parted(written.text, run.text)
    elif height > 0 and before_slash and run.text.isdigit():
        text = parted(written.text, run.text)  # the numerator of a fraction
    else:
        text = (raised if height > 0 else lowered)(written.text, run.text)
    place = text.find(run.text)
    if place < 0:
        written.add(text, run.glyphs[0])
        return
    written.add(text[:place])
    written.join(run)
    written.add(text[place + len(run.text) :])
