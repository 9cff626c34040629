"""One page of a PDF read again without the document that decided about its hyphens and its running lines.

The text that was stored of the page tells what was decided: each of its lines is one of the page's.
"""

from __future__ import annotations

from collections import defaultdict, deque

import numpy as np

from passagework.ingest.loaders.pdf.pdf_edits import Glyphs, PageText
from passagework.ingest.loaders.pdf.pdf_page import HYPHEN
from passagework.ingest.loaders.pdf.pdf_writer import NO_GLYPH

_EITHER_WAY = dict.fromkeys(map(ord, f"-{HYPHEN}"))


def settled_as(page: PageText, text: str) -> Glyphs | None:
    """The glyphs of `text` as the document left the page; None where a line of it is none of the page's.

    Lines of the page may be missing from the text, and those at its edges stand elsewhere in it.
    """
    places: dict[str, deque[int]] = defaultdict(deque)
    start = 0
    for line in page.text.split("\n"):
        places[line.translate(_EITHER_WAY)].append(start)
        start += len(line) + 1
    glyphs = np.full(len(text), NO_GLYPH, dtype=np.int32)
    at = 0
    for line in text.split("\n"):
        found = places.get(line.translate(_EITHER_WAY))
        if not found:
            return None
        if not _copied(page, found[0], line, glyphs, at):
            return None
        if line:
            found.popleft()
        at += len(line) + 1
    return glyphs


def _copied(page: PageText, start: int, line: str, glyphs: Glyphs, at: int) -> bool:
    """Copies the glyphs of a line; False where hyphens stand elsewhere than on the page."""
    place = start
    for offset, character in enumerate(line):
        while place < len(page.text) and page.text[place] != character:
            if page.text[place] != HYPHEN:
                return False
            if character == "-":
                break
            place += 1
        if place >= len(page.text):
            return False
        glyphs[at + offset] = page.glyphs[place]
        place += 1
    place += page.text[place : place + 1] == HYPHEN
    return page.text[place : place + 1] in ("", "\n")
