"""Writes a corpus of mteb as a file that an ingest reads, under ids that come back as they were."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, unquote

from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.types import Json

if TYPE_CHECKING:
    from datasets import Dataset

DIGITS = 16
"""Hexadecimal digits of a digest in a folder's name: 64 bits."""


class Problem(Protocol):
    """A record that was refused."""

    @property
    def reason(self) -> str:
        """Returns why, in one line."""


class IngestReport(Protocol):
    """Tells how an ingest went."""

    @property
    def failed(self) -> Sequence[Problem]:
        """Records that are not in the collection."""


class Ingest(Protocol):
    """Is `ingest.ingest`, or the same with more of its options bound."""

    def __call__(
        self, paths: Sequence[str | Path], collection: str | Path, *, encoder: Encoder | str | None, whole: bool | None
    ) -> IngestReport:
        """Makes the collection, or brings it up to date."""


@dataclass(frozen=True, slots=True)
class WrittenCorpus:
    """A corpus as a file: the folder of its collection, and how many documents it has."""

    path: Path
    collection: Path
    documents: int


def write_corpus(corpus: Dataset, folder: Path, task: tuple[str, str, str], made_with: list[Json]) -> WrittenCorpus:
    """Writes BEIR's corpus.jsonl in a folder of its own, row by row; one that is there stays as it is.

    The folder is named by `task` (name, subset, split) and a digest of the documents, the task and `made_with`.
    """
    digest = hashlib.sha256(json.dumps([*task, *made_with]).encode())
    fields = [name for name in ("id", "title", "text") if name in corpus.column_names]  # pictures would be decoded
    folder.mkdir(parents=True, exist_ok=True)
    documents = 0
    part = folder / f".{uuid.uuid4().hex}.part"  # its name is known only when all of it is written
    try:
        with part.open("w", encoding="ascii", newline="\n") as file:
            for row in corpus.select_columns(fields):
                record = {"_id": stored_id(row["id"]), "title": row.get("title") or "", "text": row["text"] or ""}
                line = json.dumps(record) + "\n"  # all ASCII: no loader has to guess an encoding
                digest.update(line.encode())
                file.write(line)
                documents += 1
        label = re.sub(r"[^A-Za-z0-9]+", "-", "-".join(task))
        home = folder / f"{label}-{digest.hexdigest()[:DIGITS]}"
        home.mkdir(exist_ok=True)
        path = home / "corpus.jsonl"
        if not path.is_file():
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return WrittenCorpus(path, home / "collection", documents)


def stored_id(document: str | None) -> str:
    """Returns an id as a record can have it: percent-encoded behind a % if blank, or if cleaning would change it."""
    name = document or ""
    if name and name.isprintable() and name == name.strip() and not name.startswith("%"):
        return name
    return f"%{quote(name, safe='')}"


def original_id(stored: str) -> str:
    """Returns the id that `stored_id` was given; of no id at all, an empty one."""
    return unquote(stored[1:]) if stored.startswith("%") else stored
