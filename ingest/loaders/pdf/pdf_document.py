"""Pages that were read, as one document: their text joined, and what lies where in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from passagework.ingest.loaders.pdf.pdf_edits import PageText
from passagework.ingest.loaders.pdf.pdf_headings import headings_by_type
from passagework.ingest.loaders.pdf.pdf_hidden import Codes, hidden_spans
from passagework.ingest.loaders.pdf.pdf_outline import locate
from passagework.ingest.loaders.pdf.pdf_pages import between_pages, page_places
from passagework.ingest.loaders.pdf.pdf_recognised import ocr_spans
from passagework.ingest.loaders.pdf.pdf_structure import Structure
from passagework.retrieval.types import Document, Heading, OcrSpan, Page

MOST_OCR_SPANS = 200_000
"""Words read by OCR that are told one by one, of 500 pages; those of longer documents a line each."""
_LONGEST = 200
"""Characters of such a line."""


def document_of(
    pages: Sequence[PageText],
    unseen: Sequence[Codes | None],
    structure: Structure,
    media_type: str,
    notes: Sequence[str],
) -> Document:
    """The document of pages whose hyphens and running lines are settled; `unseen` are the hidden glyphs of each."""
    between = list(between_pages(pages))
    places = page_places(pages, between, structure.labels)
    text = "".join(part for page, after in zip(pages, between, strict=True) for part in (page.text, after))
    placed = list(zip(places, pages, strict=True))
    return Document(
        text=text,
        media_type=media_type,
        title=structure.title,
        metadata={**structure.metadata, "page_count": len(pages)},
        pages=places,
        headings=_headings(structure, pages, text, places),
        notes=notes,
        hidden=tuple(
            span
            for (place, read), codes in zip(placed, unseen, strict=True)
            if codes is not None
            for span in hidden_spans(read, codes, place.start)
        ),
        tables=tuple(
            replace(table, start=place.start + table.start, end=place.start + table.end)
            for place, read in placed
            for table in read.tables
        ),
        ocr=tuple(_fewer([span for place, read in placed for span in ocr_spans(read, place.start)], text)),
    )


def _headings(structure: Structure, read: Sequence[PageText], text: str, pages: Sequence[Page]) -> list[Heading]:
    """The outline's headings, else those that the pages' tags name, else the lines that stand out as such."""
    outlined = locate(structure.outline, text, pages)
    if outlined:
        return outlined
    tagged = [
        replace(heading, start=place.start + heading.start, end=place.start + heading.end)
        for place, page in zip(pages, read, strict=True)
        for heading in page.tagged
    ]
    return tagged or headings_by_type(read, pages)


def _fewer(spans: Sequence[OcrSpan], text: str) -> Iterator[OcrSpan]:
    """The spans; where there are too many, those that stand on a line of the page with one space between as one."""
    if len(spans) <= MOST_OCR_SPANS:
        yield from spans
        return
    last: OcrSpan | None = None
    for span in spans:
        joined = _one_line(last, span) if last is not None and text[last.end : span.start] == " " else None
        if last is not None and joined is None:
            yield last
        last = joined or span
    if last is not None:
        yield last


def _one_line(before: OcrSpan, span: OcrSpan) -> OcrSpan | None:
    """Two spans as one; None where they don't stand on one line."""
    if before.box is None or span.box is None:
        return None
    left, top, width, height = before.box
    x, y, across, down = span.box
    if abs(y + down / 2 - top - height / 2) > height / 2 or x < left + width or span.end - before.start > _LONGEST:
        return None
    size, more = before.end - before.start, span.end - span.start
    confidence = (before.confidence * size + span.confidence * more) / (size + more)
    first, last = min(top, y), max(top + height, y + down)
    return OcrSpan(before.start, span.end, confidence, (left, first, x + across - left, last - first))
