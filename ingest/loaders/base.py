"""What every loader takes and yields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TypeAlias

from passagework.retrieval.types import Document


class OcrMode(str, Enum):
    """What is read by OCR."""

    AUTO = "auto"  # pages and pictures without text, where the extra is installed
    ALWAYS = "always"  # pictures on pages with text, too
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """What a user may say about how files are read."""

    pdf_password: str | None = None
    ocr: OcrMode = OcrMode.NEVER


@dataclass(frozen=True, slots=True)
class RecordFailure:
    """One record of a file that can't be a document; the file's other records still can. `reason` is one line."""

    reason: str


Loader: TypeAlias = Callable[[Path, LoadOptions], Iterator[Document | RecordFailure]]
"""A file to its documents, lazily and in order. Raises IngestError where the file as a whole can't be read.

The documents' `path` is left empty, and their `uri` too: the caller knows the file's. A record without an id has as its
`uri` what comes behind the file's, such as `#line=3`.
"""


@dataclass(frozen=True, slots=True)
class PagesRead:
    """How many pages or pictures of a file have been read by OCR, `done` of `total`; 0 before the first."""

    done: int
    total: int


PAGE_LISTENER: ContextVar[Callable[[PagesRead], None] | None] = ContextVar("PAGE_LISTENER", default=None)
"""Who is told of each page of a file that takes long: it shows that the parser lives."""


def tell_page(done: int, total: int) -> None:
    """Tells whoever listens how many pages were read by OCR; to be called with 0, too, before the first is."""
    listener = PAGE_LISTENER.get()
    if listener is not None:
        listener(PagesRead(done, total))
