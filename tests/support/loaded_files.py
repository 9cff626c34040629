"""Files written, and what the loaders make of them."""

from __future__ import annotations

from pathlib import Path

from passagework.ingest.loaders import LoadOptions, RecordFailure, load
from passagework.retrieval.types import Document


def only(path: Path) -> Document:
    """The one document of a file."""
    (document,) = load(path, LoadOptions())
    assert isinstance(document, Document)
    return document


def written(tmp_path: Path, name: str, content: bytes | str) -> Document:
    """The one document of a file with that content."""
    return only(_file(tmp_path, name, content))


def outcomes(tmp_path: Path, name: str, content: bytes | str) -> list[Document | RecordFailure]:
    """What comes of a file with that content."""
    return list(load(_file(tmp_path, name, content), LoadOptions()))


def documents(tmp_path: Path, name: str, content: bytes | str) -> list[Document]:
    """The documents of a file in which no record fails."""
    found = outcomes(tmp_path, name, content)
    assert [outcome for outcome in found if isinstance(outcome, RecordFailure)] == []
    return [outcome for outcome in found if isinstance(outcome, Document)]


def reasons(found: list[Document | RecordFailure]) -> list[str]:
    """Names of documents and reasons of failures, in order."""
    return [outcome.reason if isinstance(outcome, RecordFailure) else outcome.name or outcome.uri for outcome in found]


def _file(tmp_path: Path, name: str, content: bytes | str) -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
