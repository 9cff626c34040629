"""The formats that can be read: their media types, and the suffixes that promise them."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

_OPEN_XML = "application/vnd.openxmlformats-officedocument"


class Format(str, Enum):
    """A format that some loader reads. The value is its media type."""

    PDF = "application/pdf"
    MARKDOWN = "text/markdown"
    TEXT = "text/plain"
    HTML = "text/html"
    RST = "text/x-rst"
    DOCX = f"{_OPEN_XML}.wordprocessingml.document"
    PPTX = f"{_OPEN_XML}.presentationml.presentation"
    XLSX = f"{_OPEN_XML}.spreadsheetml.sheet"
    EPUB = "application/epub+zip"
    CSV = "text/csv"
    TSV = "text/tab-separated-values"
    JSON = "application/json"
    JSONL = "application/jsonl"
    EML = "message/rfc822"


SUFFIXES = {
    ".pdf": Format.PDF,
    ".md": Format.MARKDOWN,
    ".markdown": Format.MARKDOWN,
    ".txt": Format.TEXT,
    ".text": Format.TEXT,
    ".log": Format.TEXT,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".xhtml": Format.HTML,
    ".rst": Format.RST,
    ".docx": Format.DOCX,
    ".pptx": Format.PPTX,
    ".xlsx": Format.XLSX,
    ".epub": Format.EPUB,
    ".csv": Format.CSV,
    ".tsv": Format.TSV,
    ".json": Format.JSON,
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".eml": Format.EML,
}

_SPOKEN = {
    Format.MARKDOWN: "Markdown",
    Format.TEXT: "plain text",
    Format.RST: "reStructuredText",
    Format.DOCX: "Word",
    Format.PPTX: "PowerPoint",
    Format.XLSX: "Excel",
    Format.EML: "e-mail",
}

ZIPPED = frozenset({Format.DOCX, Format.PPTX, Format.XLSX, Format.EPUB})
"""Formats that are a zip archive of their parts."""


def named_format(path: Path) -> Format | None:
    """The format that the path's suffix promises, whatever the case; None where no loader reads it."""
    return SUFFIXES.get(path.suffix.lower())


def format_name(media_type: str) -> str:
    """What people call a media type, `Word`; of one that no loader reads, itself."""
    try:
        known = Format(media_type)
    except ValueError:
        return media_type
    return _SPOKEN.get(known, known.name)
