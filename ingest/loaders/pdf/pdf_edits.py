"""A PDF page's text with the map to its glyphs, its lines and its tables, all of which stay true when it is edited."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from passagework.ingest.loaders.pdf.pdf_page import Line
from passagework.ingest.loaders.pdf.pdf_writer import NO_GLYPH
from passagework.retrieval.types import Heading, Table

Glyphs: TypeAlias = NDArray[np.int32]
Edit: TypeAlias = tuple[int, int, str]
"""Put the string in place of `[start, end)`."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """How surely OCR read a word, and its box: left, top, width and height as shares of the page's picture."""

    confidence: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class PageText:
    """A page's text, and for each of its code points the pdfium character that shows it: (len(text),) int32.

    NO_GLYPH marks what was put in (line breaks, the bars of tables), and all that pdfium did not read. `lines`,
    `tables` and `tagged` (the headings that the file itself names) are places in the text, in order; `height` is the
    page's. A page `runs_on` whose last word goes on upon the next. Glyphs below NO_GLYPH stand for words that OCR read,
    the first of `recognised` for the first below it.
    """

    text: str
    glyphs: Glyphs
    lines: Sequence[Line] = ()
    tables: Sequence[Table] = ()
    tagged: Sequence[Heading] = ()
    height: float = 0.0
    runs_on: bool = False
    recognised: Sequence[Recognised] = ()


_Place = TypeVar("_Place", Line, Table, Heading)


def rewritten(page: PageText, edits: Iterable[Edit]) -> PageText:
    """The page with the edits made, which are in order and apart; white space put in has no glyph."""
    texts: list[str] = []
    maps: list[Glyphs] = []
    starts, ends, shifts = [0], [0], [0]
    done = 0
    for start, end, new in edits:
        texts += page.text[done:start], new
        glyph = NO_GLYPH if new.isspace() else page.glyphs[start]
        maps += page.glyphs[done:start], np.full(len(new), glyph, dtype=np.int32)
        done = end
        starts.append(start)
        ends.append(end)
        shifts.append(shifts[-1] + len(new) - (end - start))
    if len(ends) == 1:
        return page
    text = "".join([*texts, page.text[done:]])

    def moved(place: int) -> int:
        edit = bisect_right(ends, place) - 1
        within = edit + 1 < len(starts) and place > starts[edit + 1]  # of what was taken away: where that began
        return (starts[edit + 1] if within else place) + shifts[edit]

    return replace(
        page,
        text=text,
        glyphs=np.concatenate([*maps, page.glyphs[done:]]),
        lines=_kept(page.lines, moved),
        tables=_kept(page.tables, moved),
        tagged=_kept(page.tagged, moved),
    )


def _kept(places: Sequence[_Place], moved: Callable[[int], int]) -> tuple[_Place, ...]:
    """The places where they are now, less those of which nothing is left."""
    now = (replace(place, start=moved(place.start), end=moved(place.end)) for place in places)
    return tuple(place for place in now if place.start < place.end)
