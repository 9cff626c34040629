"""Files to documents. One module a family of formats; each is imported when a file needs it.

To add a format: name it and its suffixes in `formats.py`, write its Loader, and list it in `_LOADERS`.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import cast

from passagework.ingest.loaders.base import Loader, LoadOptions, OcrMode, RecordFailure
from passagework.ingest.loaders.code_suffixes import CODE_NAMES
from passagework.ingest.loaders.compressed import inflated
from passagework.ingest.loaders.formats import PICTURED, PICTURES, RECORDINGS, Format, named_format
from passagework.ingest.loaders.hidden_characters import with_hidden_characters
from passagework.ingest.loaders.sniff import begins_as_text, true_format
from passagework.ingest.loaders.ways_out import unread_type, way_out
from passagework.retrieval.errors import IngestError
from passagework.retrieval.files import read_problem
from passagework.retrieval.text import one_line
from passagework.retrieval.types import Document

__all__ = [
    "LoadOptions",
    "Loader",
    "OcrMode",
    "RecordFailure",
    "is_recording",
    "load",
    "may_hold_pictures",
    "media_type",
    "supported",
]

_LOADERS = {
    Format.PDF: ("pdf.pdf", "load_pdf"),
    Format.MARKDOWN: ("text.markdown", "load_markdown"),
    Format.TEXT: ("text.plain_text", "load_text"),
    Format.HTML: ("html.web", "load_html"),
    Format.RST: ("text.rst", "load_rst"),
    Format.DOCX: ("office.office", "load_docx"),
    Format.PPTX: ("office.office", "load_pptx"),
    Format.XLSX: ("office.office", "load_xlsx"),
    Format.EPUB: ("html.epub", "load_epub"),
    Format.CSV: ("records.tables", "load_csv"),
    Format.TSV: ("records.tables", "load_tsv"),
    Format.JSON: ("records.records", "load_json"),
    Format.JSONL: ("records.records", "load_jsonl"),
    Format.EML: ("mail.mail", "load_mail"),
    Format.MBOX: ("mail.mailbox", "load_mailbox"),
    Format.MSG: ("mail.outlook", "load_outlook"),
    Format.MHTML: ("mail.web_archive", "load_web_archive"),
    Format.ICS: ("mail.calendar", "load_calendar"),
    Format.VCF: ("mail.contacts", "load_contacts"),
    Format.ODT: ("opendocument.opendocument", "load_odt"),
    Format.ODS: ("opendocument.opendocument", "load_ods"),
    Format.ODP: ("opendocument.opendocument", "load_odp"),
    Format.RTF: ("rtf.rtf", "load_rtf"),
    Format.XLS: ("office.xls", "load_xls"),
    Format.SRT: ("text.subtitles", "load_subtitles"),
    Format.VTT: ("text.subtitles", "load_subtitles"),
    Format.TEX: ("markup.tex", "load_tex"),
    Format.ORG: ("text.org", "load_org"),
    Format.ADOC: ("text.asciidoc", "load_asciidoc"),
    Format.XML: ("markup.xml_text", "load_xml"),
    Format.IPYNB: ("notebook.notebook", "load_notebook"),
    Format.CODE: ("code.code", "load_code"),
    **dict.fromkeys(PICTURES, ("pictures.picture_file", "load_picture")),
    **dict.fromkeys(RECORDINGS, ("speech.recording", "load_recording")),
}


def supported(path: Path, ocr: OcrMode = OcrMode.NEVER, *, speech: bool = False) -> bool:
    """Whether the suffix, in any case, is that of a format that can be read.

    Pictures can where OCR is to read them, and recordings where `speech` is to be written down.

    The file isn't touched, but where its name has no suffix: its first bytes must be text, or those of a known format.
    """
    named = named_format(path)
    if named is None or (named in PICTURES and ocr is OcrMode.NEVER) or (named in RECORDINGS and not speech):
        return False
    return bool(path.suffix) or path.name in CODE_NAMES or begins_as_text(path)


def may_hold_pictures(path: Path) -> bool:
    """Whether files with such a name are read otherwise where OCR reads what is a picture in them."""
    return named_format(path) in PICTURED


def is_recording(path: Path) -> bool:
    """Whether the text of files with such a name is what is said in them."""
    return named_format(path) in RECORDINGS


def media_type(path: Path) -> str:
    """The media type that the suffix promises; a Document has that of its content. Raises IngestError for others."""
    named = named_format(path)
    if named is None:
        kind = unread_type(path)
        raise IngestError(f"unsupported type '{one_line(kind, limit=40)}': {way_out(kind)}")
    return named.value


def load(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    """The documents of a file, in order, one at a time; a record that can't be one is a RecordFailure.

    The content decides how the file is read, not its suffix. Raises IngestError, at the first document or at a
    later one, with a reason of one line where the file can't be read; no other exception comes from a bad file.
    """
    named = Format(media_type(path))
    try:
        if not path.is_file():
            # Opening a pipe would wait for its writer; a path that is gone says so by itself.
            path.stat()
            raise IngestError("not a regular file")
        path = inflated(path)
        found = true_format(path, named)
        module, function = _LOADERS[found]
        loader = cast("Loader", getattr(import_module(f"{__name__}.{module}"), function))
        for item in loader(path, options):
            yield with_hidden_characters(item) if isinstance(item, Document) else item
    except IngestError as error:
        raise type(error)(one_line(str(error))) from error
    except OSError as error:
        raise IngestError(read_problem(error)) from error
    except RecursionError as error:
        raise IngestError("nested too deeply to be read") from error
    except MemoryError as error:
        raise IngestError("needs more memory than there is") from error
