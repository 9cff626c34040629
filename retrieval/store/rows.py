"""Rows as values: what the store takes in and gives out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from passagework.retrieval.errors import StoreError
from passagework.retrieval.roots import root_of
from passagework.retrieval.text import address
from passagework.retrieval.types import Hidden, Injection, Json, Ocr, PlaceUnit, SourcePlace

Recorded = TypeVar("Recorded", bound=Enum)

NO_MODEL = "never"
"""What is on record of a file of which no model read anything."""


class SourceState(str, Enum):
    """Names how far a file was ingested."""

    PARTIAL = "partial"  # documents of it are still to come, or are missing
    DONE = "done"
    FAILED = "failed"
    EMPTY = "empty"  # whole, and without text


class VersionState(str, Enum):
    """Tells whether a version is whole, or a rebuild is still to come to its end."""

    BUILDING = "building"
    READY = "ready"


class ChangeKind(str, Enum):
    """Tells what happened to passages."""

    ADD = "add"
    REMOVE = "remove"


def recorded(kind: type[Recorded], value: object) -> Recorded:
    """Returns what a column says; raises StoreError where it holds what no writer puts there."""
    try:
        return kind(value)
    except ValueError as error:
        raise StoreError(
            f"the database is damaged: it holds {str(value)[:40]!r} in place of a {kind.__name__}"
        ) from error


@dataclass(frozen=True, slots=True)
class SourceRow:
    """Describes a file as last ingested; `notes` are lines about what could not be read of it.

    `read_by` is the mode in which OCR read it, as `ingest` names it; of a recording it is the digest of the model that
    wrote it down.
    """

    id: int
    uri: str
    path: str
    sha256: str
    media_type: str
    state: SourceState
    reason: str | None
    notes: tuple[str, ...]
    read_by: str = NO_MODEL

    @property
    def root(self) -> str:
        """Returns the URI of the folder that `path` is relative to; "" for what is no file."""
        return root_of(self.uri, self.path)


@dataclass(frozen=True, slots=True)
class RootRow:
    """Describes a folder that files came from: how many, with how many documents, and of how many of these the file is
    gone. `root` is its path, "" for documents that came from no file.
    """

    root: str
    files: int
    documents: int
    gone: int

    def to_json(self) -> dict[str, Json]:
        """Returns what the sources JSON has of it."""
        return {"root": self.root, "files": self.files, "documents": self.documents, "gone": self.gone}


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """Holds a document as stored, without its text.

    `length` is in code points; `passages` counts its passages, and `cut` those that were cut to fit the window.
    `language` is its code (ISO 639-1), "" where that can't be told. `root` tells the folder that it lies in, where a
    file of another folder has the same path.
    """

    id: int
    source_id: int
    uri: str
    name: str | None
    path: str
    position: int
    media_type: str
    title: str
    sha256: str
    metadata: Mapping[str, Json]
    length: int
    pages: int
    passages: int
    cut: int
    language: str = ""
    root: str = ""

    @property
    def address(self) -> str:
        """Returns what lists call it: its path, with its record, and with its root where that is needed."""
        return address(self.path, self.uri, self.root)


@dataclass(frozen=True, slots=True)
class PassageRow:
    """Holds a passage as stored, with what a hit shows of its document; `ordinal` counts from 0.

    `searched_title` is the document's title as models and the text index read it: with its file's name, where that
    says more.
    """

    id: int
    document_id: int
    ordinal: int
    start: int
    end: int
    text: str
    headings: tuple[str, ...]
    pages: tuple[int, ...]
    hash: bytes
    cut: bool
    document: str
    uri: str
    path: str
    title: str
    searched_title: str
    metadata: Mapping[str, Json]
    hidden: tuple[Hidden, ...]
    root: str = ""
    lines: tuple[int, ...] = ()
    seconds: tuple[float, ...] = ()
    ocr: Ocr | None = None
    original: tuple[int, int] | None = None
    injection: tuple[Injection, ...] = ()


@dataclass(frozen=True, slots=True)
class NewPassage:
    """Holds a passage about to be stored: a slice of its document, its heading path, and the hash of what was encoded.

    `reranker_hash` is the hash of what a reranker reads of it, None where the collection keeps no token vectors;
    `injection` what of it instructs a language model.
    """

    start: int
    end: int
    headings: tuple[str, ...]
    hash: bytes
    cut: bool
    reranker_hash: bytes | None = None
    injection: tuple[Injection, ...] = ()


@dataclass(frozen=True, slots=True)
class Location:
    """Tells where a passage stands. Sorting by `order` breaks ties between equal scores the same way every time."""

    document_id: int
    path: str
    start: int
    position: int
    uri: str

    @property
    def order(self) -> tuple[str, int, int, str]:
        """Orders by path and start; records of one file by their place in it; like-named files by where they lie."""
        return (self.path, self.start, self.position, self.uri)


@dataclass(frozen=True, slots=True)
class Change:
    """Tells that the passages `first` to `last` came or went."""

    id: int
    kind: ChangeKind
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Generation:
    """Describes a saved index: its file under index/, how many passages it holds, the last change it covers.

    `recall` is its recall@10 against exact search, `created` a time in ISO 8601.
    """

    id: int
    file: str
    kind: str
    digest: str
    count: int
    change: int
    recall: float
    parameters: Mapping[str, Json]
    created: str


def source_place(unit: str, first: float, last: float, start: int, end: int) -> SourcePlace:
    """Returns a place as its loader gave it: records keep lines as 3.0, and a document's digest tells 3 from it."""
    if unit == PlaceUnit.LINE.value:
        first, last = int(first), int(last)
    return SourcePlace(PlaceUnit(unit), first, last, start, end)
