"""The headings that a tagged PDF names itself, found on a page by the marks of their text."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray
from pypdfium2 import PdfPage

from passagework.ingest.loaders.pdf import pdf_calls as calls
from passagework.ingest.loaders.pdf.pdf_glyphs import PageGlyphs
from passagework.retrieval.types import Heading, Table

_HEADING = re.compile(r"H([1-6]?)|Title")
_MOST_ELEMENTS = 20_000
_MOST_MARKS = 200
_LONGEST = 300
"""Characters of a heading: what is longer is a paragraph that was tagged for its looks."""


def tagged_headings(
    page: PdfPage, glyphs: PageGlyphs, text: str, shown: NDArray[np.int32], tables: Sequence[Table]
) -> tuple[Heading, ...]:
    """The page's headings by the file's own tags, in order, each over its text; those in tables are cells."""
    tree = pdfium.FPDF_StructTree_GetForPage(page.raw)
    if not tree:
        return ()
    try:
        levels = dict(_levels(tree))
    finally:
        pdfium.FPDF_StructTree_Close(tree)
    if not levels:
        return ()
    marks = {owner: calls.marked_content(owner) for owner in set(glyphs.owner) if owner}
    heads: dict[int, tuple[int, int]] = {}
    for index, owner in zip(glyphs.index.tolist(), glyphs.owner, strict=True):
        if owner and marks[owner] in levels:
            heads[index] = levels[marks[owner]]
    return tuple(_headings(text, shown, heads, tables))


def _levels(tree: Any) -> Iterator[tuple[int, tuple[int, int]]]:
    """For each mark of a heading its level, and which heading it belongs to."""
    count = pdfium.FPDF_StructTree_CountChildren(tree)
    waiting = [(pdfium.FPDF_StructTree_GetChildAtIndex(tree, index), 0, -1) for index in reversed(range(max(0, count)))]
    looked_at = 0
    while waiting and looked_at < _MOST_ELEMENTS:
        element, level, which = waiting.pop()
        if not element:
            continue
        looked_at += 1
        match = _HEADING.fullmatch(_kind(element)) if not level else None
        if match is not None:
            level, which = int(match[1] or 1), looked_at
        if level:
            for index in range(min(pdfium.FPDF_StructElement_GetMarkedContentIdCount(element), _MOST_MARKS)):
                mark = pdfium.FPDF_StructElement_GetMarkedContentIdAtIndex(element, index)
                if mark >= 0:
                    yield mark, (level, which)
        children = max(0, pdfium.FPDF_StructElement_CountChildren(element))
        for index in reversed(range(min(children, _MOST_ELEMENTS))):
            if level:
                mark = pdfium.FPDF_StructElement_GetChildMarkedContentID(element, index)
                if mark >= 0:
                    yield mark, (level, which)
            waiting.append((pdfium.FPDF_StructElement_GetChildAtIndex(element, index), level, which))


def _kind(element: Any) -> str:
    room = ctypes.create_string_buffer(80)
    size = pdfium.FPDF_StructElement_GetType(element, room, len(room))
    return room.raw[: max(0, min(size, len(room)) - 2)].decode("utf-16-le", "replace")


def _headings(
    text: str, shown: NDArray[np.int32], heads: dict[int, tuple[int, int]], tables: Sequence[Table]
) -> Iterator[Heading]:
    """Runs of text that one heading's glyphs show, white space between them included."""
    start = end = -1
    current: tuple[int, int] | None = None
    for place, glyph in [*enumerate(shown.tolist()), (len(text), None)]:
        if glyph is not None and (text[place].isspace() or glyph < 0):
            continue
        head = heads.get(glyph) if glyph is not None else None
        if head != current:
            if current is not None and _is_heading(text, start, end, tables):
                yield Heading(current[0], " ".join(text[start:end].split()), start, end)
            start, current = place, head
        end = place + 1


def _is_heading(text: str, start: int, end: int, tables: Sequence[Table]) -> bool:
    title = text[start:end]
    in_table = any(table.start < end and start < table.end for table in tables)
    return end - start <= _LONGEST and not in_table and any(character.isalnum() for character in title)
