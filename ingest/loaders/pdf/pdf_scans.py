"""Pages of a PDF that are pictures of text, and pictures on pages that have text: found, drawn, and read by OCR."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace

import numpy as np
import pypdfium2.raw as pdfium
from pypdfium2 import PdfDocument, PdfiumError, PdfPage

from passagework.ingest.loaders.base import OcrMode, tell_page
from passagework.ingest.loaders.ocr.bounds import MOST_PIXELS, most_pages
from passagework.ingest.loaders.ocr.installed import can_recognise
from passagework.ingest.loaders.ocr.recogniser import LONGEST_SIDE, Pixels, RecognisedLine, recognise
from passagework.ingest.loaders.pdf import pdf_calls as calls
from passagework.ingest.loaders.pdf.highlights import Box, on_display
from passagework.ingest.loaders.pdf.pdf_edits import PageText
from passagework.ingest.loaders.pdf.pdf_layers import Layers, box_of, drawn_objects
from passagework.ingest.loaders.pdf.pdf_recognised import recognised_page
from passagework.ingest.loaders.pdf.pdf_writer import NO_GLYPH
from passagework.retrieval.errors import IngestError

_DOTS = 200 / 72
"""Pixels a point: 200 an inch, at which letters of 6 points are read."""
_FEW = 30
"""Letters and digits of a page that is a picture for the rest, such as those of a stamp."""
_LEAST_SHARE = 0.02
"""Of the page: a picture that covers less is a logo, or an ornament."""
_MOST_PICTURES = 50
"""Pictures of a page that are read."""
_MOST_OBJECTS = 50_000


@dataclass(slots=True)
class Scans:
    """The numbers (from 1) of pages with text that nobody read: for want of the extra, or for what `notes` say."""

    unread: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_scans(pdf: PdfDocument, pages: list[PageText | None], mode: OcrMode, size: int) -> Scans:
    """Puts what OCR reads in place of the pages that are pictures; of a file of `size` bytes.

    With OcrMode.ALWAYS, the pictures on the others are read too, and stand below their text.
    """
    scans = Scans()
    if mode is OcrMode.NEVER:
        return scans
    whole = [index for index, page in enumerate(pages) if page is not None and _is_scan(pdf, index, page)]
    if not can_recognise():
        scans.unread = [index + 1 for index in whole]
        return scans
    others = sorted(set(range(len(pages))) - set(whole)) if mode is OcrMode.ALWAYS else []
    wanted = sorted([*whole, *(index for index in others if pages[index] is not None and _boxes(pdf, index))])
    most = most_pages(size)
    if len(wanted) > most:
        scans.unread = [index + 1 for index in wanted[most:]]
        parts_read = "page that is a picture was" if most == 1 else f"{most:,} pages that are pictures were"
        scans.notes.append(f"only the first {parts_read} read by OCR")
    if wanted:
        tell_page(0, min(most, len(wanted)))
    for done, index in enumerate(wanted[:most], 1):
        page = pages[index]
        if page is not None:
            try:
                pages[index] = _read_whole(pdf, index, page) if index in whole else _with_pictures(pdf, index, page)
            except (PdfiumError, IngestError) as error:
                scans.notes.append(f"page {index + 1} can't be read by OCR: {error}")
        tell_page(done, min(most, len(wanted)))
    return scans


def _is_scan(pdf: PdfDocument, index: int, read: PageText) -> bool:
    """Whether a page shows something other than text, and hardly any text."""
    letters = _letters(read.text)
    if letters > _FEW:
        return False
    try:
        with closing(pdf[index]) as page:
            if letters:
                return Layers.of(page).is_scan
            return any(kind != pdfium.FPDF_PAGEOBJ_TEXT for _, kind, _ in _objects(page))
    except PdfiumError:
        return False


def _letters(text: str) -> int:
    return sum(character.isalnum() for character in text)


def _objects(page: PdfPage) -> Iterator[tuple[int, int, tuple[float, float, float, float, float, float]]]:
    for number, drawn in enumerate(drawn_objects(calls.address(page.raw))):
        if number >= _MOST_OBJECTS:
            return
        yield drawn


def _read_whole(pdf: PdfDocument, index: int, before: PageText) -> PageText:
    """The page as OCR reads it; as it was, where that is more."""
    with closing(pdf[index]) as page:
        pixels, points = _drawn(page)
    height, width = pixels.shape[:2]
    read = recognised_page(recognise(pixels), width, height, points)
    return read if _letters(read.text) > _letters(before.text) else before


def _drawn(page: PdfPage) -> tuple[Pixels, float]:
    """The page as a picture, and the points of a pixel. Raises IngestError where pictures on it are too large."""
    if _pixels_on(page) > MOST_PIXELS:
        raise IngestError(f"it shows pictures of more than {MOST_PIXELS:,} pixels")
    scale = min(_DOTS, LONGEST_SIDE / max(1.0, *page.get_size()))
    drawn = page.render(scale=scale, force_bitmap_format=pdfium.FPDFBitmap_BGR).to_numpy()
    return np.ascontiguousarray(drawn), 1 / scale


def _pixels_on(page: PdfPage) -> int:
    across, down = ctypes.c_uint(), ctypes.c_uint()
    total = 0
    for drawn, kind, _ in _objects(page):
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE and calls.picture_size(
            drawn, ctypes.addressof(across), ctypes.addressof(down)
        ):
            total += across.value * down.value
    return total


def _boxes(pdf: PdfDocument, index: int) -> list[Box]:
    """Where the pictures of a page stand that are large enough to show text."""
    boxes: list[Box] = []
    try:
        with closing(pdf[index]) as page:
            width, height = page.get_size()
            for drawn, kind, matrix in _objects(page):
                found = box_of(drawn, matrix) if kind == pdfium.FPDF_PAGEOBJ_IMAGE else None
                if found is None or len(boxes) >= _MOST_PICTURES:
                    continue
                left, bottom, right, top = found
                if (right - left) * (top - bottom) >= _LEAST_SHARE * width * height:
                    boxes.append(Box(left, bottom, right, top))
    except PdfiumError:
        return []
    return boxes


def _with_pictures(pdf: PdfDocument, index: int, read: PageText) -> PageText:
    """The page with what OCR reads in its pictures, where no text of its own is drawn upon them."""
    boxes = _boxes(pdf, index)
    with closing(pdf[index]) as page, closing(page.get_textpage()) as text:
        pixels, points = _drawn(page)
        height, width = pixels.shape[:2]
        for box in boxes:
            if len(text.get_text_bounded(box.left, box.bottom, box.right, box.top).split()) > 2:
                continue
            left, top, across, down = on_display(page, box)
            x, y = round(left * width), round(top * height)
            part = np.ascontiguousarray(pixels[y : y + round(down * height), x : x + round(across * width)])
            lines = [_moved(line, x, y) for line in (recognise(part) if part.size else [])]
            read = _beneath(read, recognised_page(lines, width, height, points))
    return read


def _moved(line: RecognisedLine, x: int, y: int) -> RecognisedLine:
    """A line of a part of the page that begins at a pixel of it."""
    words = (replace(word, box=(a + x, b + y, c + x, d + y)) for word in line.words for a, b, c, d in [word.box])
    return replace(line, words=tuple(words))


def _beneath(page: PageText, below: PageText) -> PageText:
    """The page with another text below its own, of which no line is taken for a heading or a running line."""
    if not below.text.strip():
        return page
    gap = "\n\n" if page.text else ""
    start = len(page.text) + len(gap)
    named = np.where(below.glyphs < NO_GLYPH, below.glyphs - len(page.recognised), below.glyphs)
    none = np.full(len(gap), NO_GLYPH, dtype=np.int32)
    tables = [replace(table, start=table.start + start, end=table.end + start) for table in below.tables]
    return replace(
        page,
        text=f"{page.text}{gap}{below.text}",
        glyphs=np.concatenate([page.glyphs, none, named]).astype(np.int32),
        tables=(*page.tables, *tables),
        recognised=(*page.recognised, *below.recognised),
    )
