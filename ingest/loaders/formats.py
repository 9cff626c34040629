"""The formats that can be read: their media types, and the suffixes that promise them."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path

from passagework.ingest.loaders.code_suffixes import CODE_NAMES, CODE_SUFFIXES

_OPEN_XML = "application/vnd.openxmlformats-officedocument"
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument"


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
    ODT = f"{_OPEN_DOCUMENT}.text"
    ODS = f"{_OPEN_DOCUMENT}.spreadsheet"
    ODP = f"{_OPEN_DOCUMENT}.presentation"
    RTF = "application/rtf"
    XLS = "application/vnd.ms-excel"
    MBOX = "application/mbox"
    MSG = "application/vnd.ms-outlook"
    MHTML = "multipart/related"
    ICS = "text/calendar"
    VCF = "text/vcard"
    SRT = "application/x-subrip"
    VTT = "text/vtt"
    TEX = "text/x-tex"
    ORG = "text/org"
    ADOC = "text/asciidoc"
    XML = "application/xml"
    IPYNB = "application/x-ipynb+json"
    PNG = "image/png"
    JPEG = "image/jpeg"
    TIFF = "image/tiff"
    WEBP = "image/webp"
    BMP = "image/bmp"
    MP3 = "audio/mpeg"
    M4A = "audio/mp4"
    WAV = "audio/wav"
    FLAC = "audio/flac"
    OGG = "audio/ogg"
    OPUS = "audio/opus"
    AAC = "audio/aac"
    WMA = "audio/x-ms-wma"
    MP4 = "video/mp4"
    MKV = "video/x-matroska"
    WEBM = "video/webm"
    MOV = "video/quicktime"
    AVI = "video/x-msvideo"
    CODE = "text/x-source-code"


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
    **dict.fromkeys((".mdx", ".qmd", ".rmd", ".mkd", ".mdown"), Format.MARKDOWN),
    **dict.fromkeys((".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".properties"), Format.TEXT),
    **dict.fromkeys((".docm", ".dotx", ".dotm"), Format.DOCX),
    **dict.fromkeys((".pptm", ".ppsx", ".ppsm", ".potx", ".potm"), Format.PPTX),
    **dict.fromkeys((".xlsm", ".xltx", ".xltm"), Format.XLSX),
    ".tab": Format.TSV,
    ".psv": Format.CSV,
    **dict.fromkeys((".odt", ".ott", ".fodt"), Format.ODT),
    **dict.fromkeys((".ods", ".ots", ".fods"), Format.ODS),
    **dict.fromkeys((".odp", ".otp", ".fodp"), Format.ODP),
    ".rtf": Format.RTF,
    **dict.fromkeys((".xls", ".xlt"), Format.XLS),
    ".mbox": Format.MBOX,
    ".msg": Format.MSG,
    ".mhtml": Format.MHTML,
    ".mht": Format.MHTML,
    ".ics": Format.ICS,
    ".vcf": Format.VCF,
    ".srt": Format.SRT,
    ".vtt": Format.VTT,
    **dict.fromkeys((".tex", ".ltx"), Format.TEX),
    ".org": Format.ORG,
    **dict.fromkeys((".adoc", ".asciidoc"), Format.ADOC),
    **dict.fromkeys((".xml", ".dbk", ".nxml"), Format.XML),
    ".ipynb": Format.IPYNB,
    **dict.fromkeys(CODE_SUFFIXES, Format.CODE),
    ".png": Format.PNG,
    **dict.fromkeys((".jpg", ".jpeg"), Format.JPEG),
    **dict.fromkeys((".tif", ".tiff"), Format.TIFF),
    ".webp": Format.WEBP,
    ".bmp": Format.BMP,
    ".mp3": Format.MP3,
    ".m4a": Format.M4A,
    ".wav": Format.WAV,
    ".flac": Format.FLAC,
    **dict.fromkeys((".ogg", ".oga"), Format.OGG),
    ".opus": Format.OPUS,
    ".aac": Format.AAC,
    ".wma": Format.WMA,
    **dict.fromkeys((".mp4", ".m4v", ".mpeg4"), Format.MP4),
    ".mkv": Format.MKV,
    ".webm": Format.WEBM,
    ".mov": Format.MOV,
    ".avi": Format.AVI,
}

_SPOKEN = {
    Format.MARKDOWN: "Markdown",
    Format.TEXT: "plain text",
    Format.RST: "reStructuredText",
    Format.DOCX: "Word",
    Format.PPTX: "PowerPoint",
    Format.XLSX: "Excel",
    Format.EML: "e-mail",
    Format.ODT: "OpenDocument text",
    Format.ODS: "OpenDocument spreadsheet",
    Format.ODP: "OpenDocument presentation",
    Format.XLS: "Excel 97-2003",
    Format.MBOX: "mailbox",
    Format.MSG: "Outlook message",
    Format.MHTML: "web archive",
    Format.ICS: "calendar",
    Format.VCF: "contacts",
    Format.SRT: "subtitles",
    Format.VTT: "WebVTT",
    Format.TEX: "TeX",
    Format.ORG: "Org",
    Format.ADOC: "AsciiDoc",
    Format.IPYNB: "notebook",
    Format.CODE: "source code",
    Format.MKV: "Matroska film",
    Format.MOV: "QuickTime film",
}

ZIPPED = frozenset({Format.DOCX, Format.PPTX, Format.XLSX, Format.EPUB})
"""Formats that are a zip archive of their parts."""
OPEN_DOCUMENT = frozenset({Format.ODT, Format.ODS, Format.ODP})
"""Formats that are such an archive, or one XML file of all its parts."""
PICTURES = frozenset({Format.PNG, Format.JPEG, Format.TIFF, Format.WEBP, Format.BMP})
"""Formats that hold no text but what OCR reads."""
PICTURED = PICTURES | {Format.PDF, Format.DOCX, Format.PPTX, Format.ODT, Format.ODP}
"""Formats that may hold pictures of text."""
SOUNDS = frozenset({Format.MP3, Format.M4A, Format.WAV, Format.FLAC, Format.OGG, Format.OPUS, Format.AAC, Format.WMA})
FILMS = frozenset({Format.MP4, Format.MKV, Format.WEBM, Format.MOV, Format.AVI})
RECORDINGS = SOUNDS | FILMS
"""Formats whose text is what is said in them."""
BINARY = ZIPPED | OPEN_DOCUMENT | PICTURES | RECORDINGS | {Format.PDF, Format.XLS, Format.MSG}
COMPRESSED = frozenset({".gz", ".bz2", ".xz"})
"""Suffixes behind that of a text format: `log.txt.gz`."""

_MAILDIR = frozenset({"cur", "new"})
_MAILDIR_NAME = re.compile(r"\d+\.[^/]+")


def named_format(path: Path) -> Format | None:
    """The format that the path's suffix promises, whatever the case; None where no loader reads it.

    A name without a suffix promises text, in a Maildir mail (https://cr.yp.to/proto/maildir.html), and a `Makefile`
    source code.
    """
    suffix = path.suffix.lower()
    if path.parent.name in _MAILDIR and _MAILDIR_NAME.fullmatch(path.name):
        return Format.EML
    if path.name in CODE_NAMES:
        return Format.CODE
    if suffix in COMPRESSED:
        inner = named_format(Path(path.stem))
        return None if inner in BINARY or Path(path.stem).suffix.lower() in COMPRESSED else inner
    return SUFFIXES.get(suffix) if suffix or path.name.startswith(".") else Format.TEXT


def format_name(media_type: str) -> str:
    """What people call a media type, `Word`; of one that no loader reads, itself."""
    try:
        known = Format(media_type)
    except ValueError:
        return media_type
    return _SPOKEN.get(known, known.name)
