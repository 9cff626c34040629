"""What every loader takes and yields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from passagework.retrieval.types import Document


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """What a user may say about how files are read."""

    pdf_password: str | None = None


@dataclass(frozen=True, slots=True)
class RecordFailure:
    """One record of a file that can't be a document; the file's other records still can. `reason` is one line."""

    reason: str


Loader: TypeAlias = Callable[[Path, LoadOptions], Iterator[Document | RecordFailure]]
"""A file to its documents, lazily and in order. Raises IngestError where the file as a whole can't be read.

The documents' `path` is left empty, and their `uri` too: the caller knows the file's. A record without an id has as its
`uri` what comes behind the file's, such as `#line=3`.
"""
