"""Says where places of a text lie once parts of it were replaced, and moves a document's structure there."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from passagework.retrieval.types import Document, Masked, OcrSpan, Page, PlaceUnit, SourcePlace, Table

Apart = TypeVar("Apart", Page, Table, SourcePlace, OcrSpan)
"""What doesn't overlap its like."""


@dataclass(frozen=True, slots=True)
class OffsetMap:
    """Maps offsets of the original text to those of the text in which `masked` was replaced; they are in order."""

    masked: Sequence[Masked]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Returns where `[start, end)` lies now; what begins or ends within a value takes its whole placeholder in."""
        return self._moved(start, at_end=False), self._moved(end, at_end=True)

    def _moved(self, offset: int, *, at_end: bool) -> int:
        place = bisect_right(self.masked, offset, key=lambda mask: mask.original_start) - 1
        if place < 0:
            return offset
        mask = self.masked[place]
        if offset < mask.original_end and offset != mask.original_start:
            return mask.end if at_end else mask.start
        return mask.start if offset == mask.original_start else offset - mask.original_end + mask.end


def moved_structure(document: Document, text: str, masked: Sequence[Masked]) -> Document:
    """Returns the document with another text, in which `masked` was replaced, and all of its structure in its place.

    What of pages, tables, places and OCR lay within one value would overlap now: the first of them keeps it.
    """
    offsets = OffsetMap(masked)

    def moved(item: Apart) -> Apart:
        start, end = offsets.span(item.start, item.end)
        return replace(item, start=start, end=end)

    headings = [(heading, offsets.span(heading.start, heading.end)) for heading in document.headings]
    hidden = [(span, offsets.span(span.start, span.end)) for span in document.hidden]
    places = [part for place in document.places for part in _by_line_ends(place, document.text, masked)]
    return replace(
        document,
        text=text,
        pages=_apart(map(moved, document.pages), may_be_empty=True),
        headings=[replace(heading, start=start, end=end) for heading, (start, end) in headings],
        hidden=[replace(span, start=start, end=end) for span, (start, end) in hidden],
        tables=_apart(map(moved, document.tables)),
        places=_apart(map(moved, places)),
        ocr=_apart(map(moved, document.ocr)),
        masked=masked,
    )


def _apart(items: Iterator[Apart], *, may_be_empty: bool = False) -> list[Apart]:
    """Returns the items without overlaps, as they begin in order; those of which nothing is left are left out."""
    kept: list[Apart] = []
    end = 0
    for item in items:
        start = max(item.start, end)
        if start < item.end or (may_be_empty and start >= item.end):
            kept.append(replace(item, start=start, end=max(start, item.end)))
            end = max(start, item.end)
    return kept


def _by_line_ends(place: SourcePlace, text: str, masked: Sequence[Masked]) -> Iterator[SourcePlace]:
    """Yields a place, cut behind each value of several lines: its placeholder has none of their ends to be counted."""
    start, first = place.start, place.first
    for mask in masked if place.unit is PlaceUnit.LINE else ():
        inside = place.start <= mask.original_start and mask.original_end < place.end
        if inside and "\n" in text[mask.original_start : mask.original_end]:
            yield replace(place, start=start, end=mask.original_end, first=first)
            first = place.first + text.count("\n", place.start, mask.original_end)
            start = mask.original_end
    yield replace(place, start=start, first=first)
