"""PDF files: page text by pdfium, structure by pypdf, and each standing in where the other fails.

`extract_pages` reads the same text again with the map to the page's glyphs, for whoever wants to mark it on the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import pypdfium2.raw as pdfium
from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdfium2 import PdfDocument, PdfiumError

from passagework.ingest.loaders.base import LoadOptions, OcrMode, RecordFailure
from passagework.ingest.loaders.formats import Format
from passagework.ingest.loaders.ocr.installed import WAY_OUT
from passagework.ingest.loaders.pdf.pdf_annotations import with_forms
from passagework.ingest.loaders.pdf.pdf_document import document_of
from passagework.ingest.loaders.pdf.pdf_edits import PageText
from passagework.ingest.loaders.pdf.pdf_furniture import without_running_lines
from passagework.ingest.loaders.pdf.pdf_hidden import Codes, hidden_glyphs
from passagework.ingest.loaders.pdf.pdf_hyphens import join_hyphens
from passagework.ingest.loaders.pdf.pdf_scans import read_scans
from passagework.ingest.loaders.pdf.pdf_structure import Structure, open_reader, quiet, read_structure
from passagework.ingest.loaders.pdf.pdf_text import page_text, plain_page
from passagework.retrieval.errors import IngestError, NoTextError
from passagework.retrieval.text import page_ranges
from passagework.retrieval.types import Document

MAX_PAGES = 100_000
"""More than any real document has; a file that claims more is damaged or hostile."""

_HEADER_WITHIN = 1024
"""Bytes in which the header must begin (PDF 1.7 implementation note 13); pdfium looks no further either."""

_TRAILER_WITHIN = 2048
_LOCKED = "encrypted: give its password with --pdf-password"
_STILL_LOCKED = "encrypted: the password given does not open it"
_MAX_NOTE = 150
_PLAIN_WORDS = re.compile(r"[\w /.,-]{1,80}")


_Read: TypeAlias = "tuple[PageText, Codes | None]"


class _RefusedError(Exception):
    """pdfium can't open the file; `code` is one of its FPDF_ERR constants."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class _Content:
    """Every page's text, its glyphs that can't be seen, the numbers (from 1) of the pages that failed, and notes.

    `way_out` says how the text of pages can be had that are pictures, "" where there are none.
    """

    pages: Sequence[PageText]
    unseen: Sequence[Codes | None]
    failed: Sequence[int] = ()
    notes: Sequence[str] = ()
    way_out: str = ""


@dataclass(frozen=True, slots=True)
class _Opened:
    """pypdf's reader, or why there is none: `problem`, or neither where the password is missing or wrong."""

    reader: PdfReader | None
    problem: Exception | None = None


def load_pdf(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    """Yields the file's one document. Raises IngestError where it is damaged, locked or without text."""
    with quiet():
        document = _document(_read(path), options)
    yield document


def extract_pages(path: Path, *, password: str | None = None) -> list[PageText]:
    """Each page's text, equal to `document.text[page.start:page.end]`, with its map to pdfium's glyphs.

    Raises IngestError as `load_pdf` does, except for want of text.
    """
    data = _read(path)
    with quiet():
        return list(_content(data, LoadOptions(pdf_password=password), _open(data, password)).pages)


def _document(data: bytes, options: LoadOptions) -> Document:
    opened = _open(data, options.pdf_password)
    content = _content(data, options, opened)
    count = len(content.pages)
    blank = [number for number, page in enumerate(content.pages, 1) if not page.text.strip("\n \ufffd")]
    if len(blank) == count and not content.failed and _is_blank(data, options.pdf_password):
        raise NoTextError("no text: the pages are blank")
    if len(blank) == count:
        without = _without_text(count, len(content.failed)) + content.way_out
        seen = options.ocr is not OcrMode.NEVER and not (content.failed or content.way_out or content.notes)
        raise NoTextError(f"{without}: OCR finds none") if seen else IngestError(without)
    structure = read_structure(opened.reader) if opened.reader else Structure(notes=(_no_structure(opened),))
    notes = [*content.notes, *structure.notes]
    if content.failed:
        notes.append(f"{_pages(content.failed, count)} can't be read")
    if silent := sorted(set(blank) - set(content.failed)):
        notes.append(f"no text on {_pages(silent, count)}{content.way_out}")
    if b"%%EOF" not in data[-_TRAILER_WITHIN:]:
        notes.append("the file ends early, as if cut off: pages may be missing")
    return document_of(content.pages, content.unseen, structure, Format.PDF.value, notes)


def _read(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise IngestError(f"can't be read: {error.strerror or type(error).__name__}") from error
    if not data:
        raise NoTextError("empty file")
    if b"%PDF-" not in data[:_HEADER_WITHIN]:
        raise IngestError("not a PDF: it has no %PDF header")
    return data


def _open(data: bytes, password: str | None) -> _Opened:
    try:
        return _Opened(open_reader(data, password))
    except Exception as error:  # noqa: BLE001 - pypdf raises nearly anything on a malformed file
        return _Opened(None, error)


def _content(data: bytes, options: LoadOptions, opened: _Opened) -> _Content:
    """The pages by pdfium, else by pypdf. Raises IngestError where neither can."""
    try:
        return _by_pdfium(data, options)
    except _RefusedError as error:
        if error.code == pdfium.FPDF_ERR_PASSWORD:  # pypdf would go on: an empty owner password lets it in
            raise IngestError(_LOCKED if options.pdf_password is None else _STILL_LOCKED) from error
        if opened.reader is not None:
            return _by_pypdf(data, opened.reader)
        if error.code == pdfium.FPDF_ERR_SECURITY:
            raise IngestError("encrypted: in a way that can't be read, other than by password") from error
        raise IngestError(_damage(data, opened.problem)) from error


def _by_pdfium(data: bytes, options: LoadOptions) -> _Content:
    """Raises _RefusedError where the file can't be opened; a page that can't is reported and empty."""
    try:
        pdf = _pdfium_document(data, None)
    except _RefusedError:
        if options.pdf_password is None:
            raise
        pdf = _pdfium_document(data, options.pdf_password)
    with closing(with_forms(pdf)):
        if len(pdf) < 1:
            raise _RefusedError(pdfium.FPDF_ERR_PAGE)
        read = [_pdfium_page(pdf, index) for index in range(_checked(len(pdf)))]
        texts = [None if page is None else page[0] for page in read]
        scans = read_scans(pdf, texts, options.ocr, len(data))
    unseen = [None if page is None else page[1] for page in read]
    pages = [None if text is None else (text, codes) for text, codes in zip(texts, unseen, strict=True)]
    way_out = f": {WAY_OUT}" if scans.unread and not scans.notes else ""
    return replace(_gathered(pages, *scans.notes), way_out=way_out)


def _pdfium_document(data: bytes, password: str | None) -> PdfDocument:
    try:
        return PdfDocument(data, password=password)
    except PdfiumError as error:
        raise _RefusedError(pdfium.FPDF_GetLastError()) from error


def _is_blank(data: bytes, password: str | None) -> bool:
    """Tells whether no page shows anything, such as a picture of text."""
    with suppress(PdfiumError, _RefusedError), closing(_pdfium_document(data, password)) as pdf:
        shown = (item.type for index in range(len(pdf)) for item in pdf[index].get_objects())
        return all(kind == pdfium.FPDF_PAGEOBJ_TEXT for kind in shown)
    return False


def _pdfium_page(pdf: PdfDocument, index: int) -> _Read | None:
    try:
        with closing(pdf[index]) as page, closing(page.get_textpage()) as text:
            read = page_text(text)
            return read, hidden_glyphs(page, text, read)
    except PdfiumError:
        return None


def _by_pypdf(data: bytes, reader: PdfReader) -> _Content:
    """The fallback: much slower, rougher, and without glyphs. Raises IngestError where pypdf can't either."""
    try:
        count = len(reader.pages)
    except Exception as error:
        raise IngestError(_damage(data, error)) from error
    pages = [_pypdf_page(reader, index) for index in range(_checked(count))]
    return _gathered(pages, "damaged PDF, read by the rougher of two parsers: words may be out of order")


def _pypdf_page(reader: PdfReader, index: int) -> _Read | None:
    try:
        return plain_page(reader.pages[index].extract_text()), None
    except Exception:  # noqa: BLE001 - pypdf raises nearly anything on a malformed page
        return None


def _gathered(pages: Sequence[_Read | None], *notes: str) -> _Content:
    failed = [number for number, page in enumerate(pages, 1) if page is None]
    texts = join_hyphens(without_running_lines([page[0] if page else plain_page("") for page in pages]))
    return _Content(texts, [page[1] if page else None for page in pages], failed, notes)


def _checked(count: int) -> int:
    if count < 1:
        raise IngestError("damaged PDF: it has no pages")
    if count > MAX_PAGES:
        raise IngestError(f"damaged PDF: it claims {count:,} pages, more than the {MAX_PAGES:,} that are read")
    return count


def _pages(numbers: Sequence[int], count: int) -> str:
    """`pages 3, 7-9 of 12`, from ascending numbers; a list too long to read is cut, and counted instead."""
    listed = page_ranges(numbers)
    if len(listed) > _MAX_NOTE:
        return f"{len(numbers):,} pages of {count:,}: {listed[:_MAX_NOTE].rpartition(', ')[0]}, ..."
    return f"{'page' if len(numbers) == 1 else 'pages'} {listed} of {count:,}"


def _without_text(count: int, failed: int) -> str:
    if failed == count:
        return f"damaged PDF: 0 of {count:,} {'page' if count == 1 else 'pages'} can be read"
    return f"scanned: 0 of {count:,} {'page has' if count == 1 else 'pages have'} text"


def _no_structure(opened: _Opened) -> str:
    why = _reason(opened.problem) if opened.problem else "pypdf can't decrypt it"
    return f"no title, outline or page labels: {why}"


def _damage(data: bytes, problem: Exception | None) -> str:
    if b"%%EOF" not in data[-_TRAILER_WITHIN:]:
        return "damaged PDF: it ends early, as if cut off"
    return f"damaged PDF: {_reason(problem)}"


def _reason(problem: Exception | None) -> str:
    """One line. Only pypdf's own plain words are quoted: the rest is pieces of the file, or tells of its insides."""
    said = str(problem) if isinstance(problem, PyPdfError) else ""
    return f"its structure is broken ({said})" if _PLAIN_WORDS.fullmatch(said) else "its structure is broken"
