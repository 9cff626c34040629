"""What pypdf knows of a PDF beside its text: page labels, outline, metadata, attachment names, decryption.

A malformed file makes pypdf raise nearly anything, and one broken part says nothing about the others: each part is
read by itself, and a part that can't be read is named in the notes.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from itertools import islice
from typing import TypeVar

from pypdf import DocumentInformation, PasswordType, PdfReader

from passagework.ingest.loaders.pdf.pdf_outline import OutlineEntry, printable, read_outline
from passagework.retrieval.types import Json

_MAX_VALUE = 2000
"""Characters kept of one metadata value: some tools write whole documents there."""

_MAX_TITLE = 300
_MAX_LABEL = 40
_MAX_ATTACHMENTS = 200

_NO_TITLE = re.compile(
    r"untitled(?: \w+)?\W*\d*|\(?(?:anonymous|unspecified)\)?"
    r"|(?:unbenannt|sans titre|title|(?:powerpoint )?presentation|document|book|sheet|slide)\W*\d*"
    r"|microsoft\s+(?:office\s+)?(?:word|excel|powerpoint|publisher|visio|outlook)\b.*"
    r"|(?:file:|[a-z]:\\|\\\\|/).*"
    r"|\S*\.(?:docx?|dotx?|rtf|odt|pptx?|ppsx?|odp|xlsx?|ods|pdf|dvi|tex|e?ps|html?|txt|md|indd|qx[pd]|pmd|fm|wpd"
    r"|jpe?g|png|tiff?|cdr|ai|pages|key)",
    re.IGNORECASE,
)

_Part = TypeVar("_Part")


@dataclass(frozen=True, slots=True)
class Structure:
    """Everything but the text. There may be fewer `labels` than pages, or more; `notes` name what can't be read."""

    title: str = ""
    labels: tuple[str, ...] = ()
    outline: tuple[OutlineEntry, ...] = ()
    metadata: Mapping[str, Json] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps what pypdf and pypdfium2 say about malformed files off the screen while it is open."""
    loggers = [logging.getLogger("pypdf"), logging.getLogger("pypdfium2")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def open_reader(data: bytes, password: str | None) -> PdfReader | None:
    """The file as pypdf sees it, decrypted; None where neither the empty password nor the one given opens it.

    Raises whatever pypdf raises on a damaged file.
    """
    reader = PdfReader(BytesIO(data), strict=False)
    if reader.is_encrypted:
        attempts = ("",) if password is None else ("", password)
        if all(reader.decrypt(attempt) == PasswordType.NOT_DECRYPTED for attempt in attempts):
            return None
    return reader


def read_structure(reader: PdfReader) -> Structure:
    """Labels, outline, title and metadata, each as far as it can be read."""
    missing: list[str] = []

    def part(name: str, read: Callable[[PdfReader], _Part], otherwise: _Part) -> _Part:
        try:
            return read(reader)
        except Exception:  # noqa: BLE001 - any part may raise anything, see the module's docstring
            missing.append(name)
            return otherwise

    labels: tuple[str, ...] = part("page labels", _labels, ())
    outline: tuple[OutlineEntry, ...] = part("outline", read_outline, ())
    info: dict[str, str] = part("metadata", _info, {})
    attachments: list[Json] = part("attachments", _attachments, [])
    title = info.pop("title", "")
    metadata: dict[str, Json] = {key: value for key, value in info.items() if value}
    if attachments:
        metadata["attachments"] = attachments
    notes = (f"can't be read: the PDF's {', '.join(missing)}",) if missing else ()
    return Structure(_sensible(title), labels, outline, metadata, notes)


def _labels(reader: PdfReader) -> tuple[str, ...]:
    if "/PageLabels" not in reader.root_object:
        return ()
    return tuple(printable(label, _MAX_LABEL) for label in reader.page_labels)


def _info(reader: PdfReader) -> dict[str, str]:
    """The information dictionary, with dates as ISO 8601; blank where there is nothing, or nothing that can be read."""
    info = reader.metadata
    if info is None:
        return {}
    keys = ("title", "author", "subject", "keywords", "creator", "producer")
    values = {key: printable(info.get(f"/{key.capitalize()}"), _MAX_VALUE) for key in keys}
    return values | {"created": _date(info, "creation_date"), "modified": _date(info, "modification_date")}


def _date(info: DocumentInformation, name: str) -> str:
    try:
        date = getattr(info, name)
    except (ValueError, TypeError, AttributeError):  # pypdf's parser of dates
        return ""
    return date.isoformat() if date else ""


def _attachments(reader: PdfReader) -> list[Json]:
    """The names of embedded files; their content stays unread."""
    files = islice(reader.attachment_list, _MAX_ATTACHMENTS)
    names = (printable(file.alternative_name or file.name, _MAX_TITLE) for file in files)
    return [name for name in names if name]


def _sensible(title: str) -> str:
    """The title, or nothing where it is a placeholder, a file's name, or has no letter."""
    if _NO_TITLE.fullmatch(title) or not any(character.isalpha() for character in title):
        return ""
    return printable(title, _MAX_TITLE)
