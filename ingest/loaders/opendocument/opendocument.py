"""OpenDocument files to documents: Markdown without markup inside the lines, as of the other office files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from passagework.ingest.loaders.archive import damaged
from passagework.ingest.loaders.base import LoadOptions, OcrMode, RecordFailure
from passagework.ingest.loaders.formats import Format
from passagework.ingest.loaders.office.office_writer import OfficeWriter
from passagework.ingest.loaders.opendocument.odf_names import attribute, children_named
from passagework.ingest.loaders.opendocument.odf_package import OdfPackage, open_package
from passagework.ingest.loaders.opendocument.odf_sheets import OdfSheets
from passagework.ingest.loaders.opendocument.odf_slides import OdfSlides
from passagework.ingest.loaders.opendocument.odf_style import Look, OdfStyles
from passagework.ingest.loaders.opendocument.odf_text import OdfText
from passagework.ingest.loaders.text.markdown import first_title
from passagework.retrieval.errors import IngestError, NoTextError
from passagework.retrieval.types import Document, Page

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_MARGINS = ("style:header", "style:header-first", "style:header-left", "style:footer", "style:footer-first",
            "style:footer-left")  # fmt: skip


def load_odt(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    """One document: paragraphs, lists, tables and notes. Raises IngestError where it is damaged or empty."""

    def read(package: OdfPackage, styles: OdfStyles, body: _Element) -> tuple[OfficeWriter, Sequence[Page]]:
        text = OdfText(package, styles)
        text.blocks(children_named(body, "office:text"), Look())
        said: set[str] = set()
        for master in styles.masters.values():
            for margin in children_named(master, *_MARGINS):
                inner = OdfText(package, styles)
                inner.blocks(margin, Look(hidden=attribute(margin, "style:display") == "false"))
                if inner.writer.text() not in said:
                    said.add(inner.writer.text())
                    text.writer.extend(inner.writer)
        return text.writer, ()

    yield _document(path, Format.ODT, read, options.ocr)


def load_ods(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """One document, the sheets in their order. Raises IngestError where it is damaged or empty."""

    def read(package: OdfPackage, styles: OdfStyles, body: _Element) -> tuple[OfficeWriter, Sequence[Page]]:
        sheets = OdfSheets(package, styles)
        for spreadsheet in children_named(body, "office:spreadsheet"):
            for table in children_named(spreadsheet, "table:table"):
                sheets.write(table)
        return sheets.writer, ()

    yield _document(path, Format.ODS, read)


def load_odp(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    """One document, each slide a page, its title a heading. Raises IngestError where it is damaged or empty."""

    def read(package: OdfPackage, styles: OdfStyles, body: _Element) -> tuple[OfficeWriter, Sequence[Page]]:
        slides = OdfSlides(package, styles)
        for presentation in children_named(body, "office:presentation", "office:drawing"):
            slides.write(presentation)
        return slides.writer, slides.pages

    yield _document(path, Format.ODP, read, options.ocr)


def _document(
    path: Path,
    form: Format,
    read: Callable[[OdfPackage, OdfStyles, _Element], tuple[OfficeWriter, Sequence[Page]]],
    ocr: OcrMode = OcrMode.NEVER,
) -> Document:
    with open_package(path, ocr) as package:
        try:
            body = next(children_named(package.content(), "office:body"))
            writer, pages = read(package, OdfStyles(package.styles()), body)
            title, metadata = package.properties()
        except (MemoryError, RecursionError, IngestError):
            raise
        except Exception as error:  # malformed parts lead to whatever they lead to
            raise damaged(path, error) from error
    text = writer.text()
    if not text:
        raise NoTextError("no text")
    return Document(
        text=text,
        media_type=form.value,
        title=title or first_title(writer.headings),
        metadata=metadata,
        pages=pages,
        headings=writer.headings,
        notes=(*package.notes, *package.pictures.notes()),
        hidden=writer.hidden(text, whole_lines=form is not Format.ODT),
        tables=writer.tables,
        ocr=writer.ocr,
    )
