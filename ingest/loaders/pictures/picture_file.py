"""Picture files as documents of their own: what OCR reads of each page, laid out as a page of a PDF is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from passagework.ingest.loaders.base import LoadOptions, OcrMode, RecordFailure, tell_page
from passagework.ingest.loaders.formats import PICTURES, Format
from passagework.ingest.loaders.ocr.bounds import most_pages
from passagework.ingest.loaders.ocr.installed import can_recognise
from passagework.ingest.loaders.ocr.pixels import count_pages, opened_picture, pixels_of
from passagework.ingest.loaders.ocr.recogniser import recognise
from passagework.ingest.loaders.pdf.pdf_document import document_of
from passagework.ingest.loaders.pdf.pdf_edits import PageText
from passagework.ingest.loaders.pdf.pdf_furniture import without_running_lines
from passagework.ingest.loaders.pdf.pdf_hyphens import join_hyphens
from passagework.ingest.loaders.pdf.pdf_recognised import A4_HEIGHT, recognised_page
from passagework.ingest.loaders.pdf.pdf_structure import Structure
from passagework.ingest.loaders.pdf.pdf_text import plain_page
from passagework.ingest.loaders.ways_out import picture_way_out
from passagework.retrieval.errors import IngestError, NoTextError
from passagework.retrieval.text import page_ranges
from passagework.retrieval.types import Document

_MOST_REASONS = 3
"""Pages that can't be read of which each says why."""


def load_picture(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    """One document, each page of a TIFF file a page. Raises IngestError where it is damaged or can't be read here."""
    if options.ocr is OcrMode.NEVER or not can_recognise():
        raise IngestError(f"a picture: {picture_way_out()}")
    with path.open("rb") as file:
        pages, media_type, notes = _pages(file)
    if not any(page.text.strip() for page in pages):
        raise NoTextError("no text in the picture, as far as OCR can tell")
    settled = join_hyphens(without_running_lines(pages))
    yield document_of(settled, [None] * len(settled), Structure(), media_type, notes)


def _pages(file: BinaryIO) -> tuple[list[PageText], str, list[str]]:
    """What OCR reads of each page, the media type, and notes. Raises IngestError where no page can be read."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    pages: list[PageText] = []
    failed: dict[int, str] = {}
    with opened_picture(file) as image:
        media_type = _media_type(str(image.format))
        most = most_pages(size)
        total, whole = count_pages(image, most + 1)
        tell_page(0, min(total, most))
        for number in range(min(total, most)):
            try:
                pixels = pixels_of(image, number)
            except IngestError as error:
                failed[number + 1] = str(error)
                pages.append(plain_page(""))
            else:
                height, width = pixels.shape[:2]
                points = A4_HEIGHT / max(height, width)
                pages.append(recognised_page(recognise(pixels), width, height, points))
            tell_page(number + 1, min(total, most))
    if len(failed) == len(pages):
        raise IngestError(next(iter(failed.values()), "damaged picture: it has no pages"))
    notes = [f"page {number} can't be read: {reason}" for number, reason in failed.items()]
    if len(notes) > _MOST_REASONS:
        notes = [f"pages {page_ranges(sorted(failed))} of {len(pages):,} can't be read: damaged pictures"]
    if not whole:
        notes.append("the file ends early, as if cut off: pages may be missing")
    if total > most:
        notes.append(f"only the first {most:,} pages were read")
    return pages, media_type, notes


def _media_type(name: str) -> str:
    """The media type of what Pillow calls by a name; of JPEG with several pictures, which phones write, JPEG's."""
    found = f"image/{'jpeg' if name == 'MPO' else name.lower()}"
    return found if found in {form.value for form in PICTURES} else Format.PNG.value
