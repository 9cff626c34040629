"""Word, PowerPoint and Excel files to documents: Markdown without markup inside the lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from passagework.ingest.loaders.archive import damaged, open_archive
from passagework.ingest.loaders.base import LoadOptions, OcrMode, RecordFailure
from passagework.ingest.loaders.formats import Format
from passagework.ingest.loaders.office.core_properties import core_properties
from passagework.ingest.loaders.office.docx_elements import word
from passagework.ingest.loaders.office.docx_text import WordReader
from passagework.ingest.loaders.office.office_writer import OfficeWriter
from passagework.ingest.loaders.office.package import Package
from passagework.ingest.loaders.office.pptx_text import DeckReader
from passagework.ingest.loaders.office.workbook import WorkbookReader
from passagework.ingest.loaders.text.markdown import first_title
from passagework.retrieval.errors import IngestError, NoTextError
from passagework.retrieval.types import Document, Page


def load_docx(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    """One document: paragraphs, lists and tables as Markdown. Raises IngestError where it is damaged or empty."""

    def read(package: Package) -> tuple[OfficeWriter, Sequence[Page]]:
        name = package.main("word/document.xml")
        root = package.root(name)
        if root is None or name is None or next(root.iterchildren(*word("body")), None) is None:
            raise IngestError("damaged .docx: its main part has no text")
        reader = WordReader(package, name)
        reader.read(root)
        return reader.writer, ()

    yield _document(path, Format.DOCX, read, options.ocr)


def load_pptx(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    """One document, each slide a page, its title a heading. Raises IngestError where it is damaged or empty."""

    def read(package: Package) -> tuple[OfficeWriter, Sequence[Page]]:
        name = package.main("ppt/presentation.xml")
        root = package.root(name)
        if root is None or name is None:
            raise IngestError("damaged .pptx: it has no presentation")
        reader = DeckReader(package, name, root)
        reader.read()
        return reader.writer, reader.pages

    yield _document(path, Format.PPTX, read, options.ocr)


def load_xlsx(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """One document, the sheets in their order; formulas by the values last computed. Raises IngestError where none."""

    def read(package: Package) -> tuple[OfficeWriter, Sequence[Page]]:
        name = package.main("xl/workbook.xml")
        root = package.root(name)
        if root is None or name is None:
            raise IngestError("damaged .xlsx: it has no workbook")
        reader = WorkbookReader(package, name, root)
        reader.read()
        return reader.writer, ()

    yield _document(path, Format.XLSX, read)


def _document(
    path: Path,
    form: Format,
    read: Callable[[Package], tuple[OfficeWriter, Sequence[Page]]],
    ocr: OcrMode = OcrMode.NEVER,
) -> Document:
    """The document of a file that `read` writes. Raises IngestError where it can't be read, or says nothing."""
    with open_archive(path) as archive:
        package = Package(archive, ocr)
        title, metadata = core_properties(package)
        try:
            writer, pages = read(package)
        except (MemoryError, RecursionError, IngestError):
            raise
        except Exception as error:  # malformed parts lead to whatever they lead to
            raise damaged(path, error) from error
    text = writer.text()
    for note in package.pictures.notes():
        package.note(note)
    if not text:
        raise IngestError(f"no text: {package.notes[0]}") if package.notes else NoTextError("no text")
    return Document(
        text=text,
        media_type=form.value,
        title=title or first_title(writer.headings),
        metadata=metadata,
        pages=pages,
        headings=writer.headings,
        notes=tuple(package.notes),
        hidden=writer.hidden(text, whole_lines=form is not Format.DOCX),
        tables=writer.tables,
        ocr=writer.ocr,
    )
