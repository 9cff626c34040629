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
    speech_model: str | None = None
    """The folder of the model that writes down what is said."""
    speech_name: str = ""
    """What people call it."""


@dataclass(frozen=True, slots=True)
class RecordFailure:
    """One record of a file that can't be a document; the file's other records still can. `reason` is one line."""

    reason: str


Loader: TypeAlias = Callable[[Path, LoadOptions], Iterator[Document | RecordFailure]]
"""A file to its documents, lazily and in order. Raises IngestError where the file as a whole can't be read.

The documents' `path` is left empty, and their `uri` too: the caller knows the file's. A record without an id has as its
`uri` what comes behind the file's, such as `#line=3`.
"""


class Part(str, Enum):
    """What a file that takes long is counted in."""

    PAGE = "page"  # or picture, that OCR reads
    MINUTE = "minute"  # of a recording, that is written down


@dataclass(frozen=True, slots=True)
class PartsRead:
    """How many pages, pictures or minutes of a file a model has read, `done` of `total`; 0 before the first."""

    done: int
    total: int
    part: Part = Part.PAGE


PART_LISTENER: ContextVar[Callable[[PartsRead], None] | None] = ContextVar("PART_LISTENER", default=None)
"""Who is told of each part of a file that takes long: it shows that the parser lives."""


def tell_page(done: int, total: int) -> None:
    """Tells whoever listens how many pages were read by OCR; to be called with 0, too, before the first is."""
    tell_part(PartsRead(done, total))


def tell_part(parts: PartsRead) -> None:
    """Tells whoever listens how far a file is; to be called before a model is loaded, which takes memory."""
    listener = PART_LISTENER.get()
    if listener is not None:
        listener(parts)
