"""What a collection holds, and what it was made with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from passagework.retrieval.collection.live_version import LiveVersion
from passagework.retrieval.late_interaction.stored_tokens import recorded_tokens
from passagework.retrieval.models.identity import recorded_encoder, recorded_window
from passagework.retrieval.models.weights import Fingerprint
from passagework.retrieval.remote.served_snapshot import ServedSnapshot
from passagework.retrieval.remote.served_version import ServedVersion
from passagework.retrieval.store import Snapshot, token_rows
from passagework.retrieval.text import counted
from passagework.retrieval.types import Json


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """Describes the index that searches use: its `kind`, its `passages`, how many came or went since it was built.

    `saved` is its file (None: built when it was needed), `recall_at_10` its recall against exact search, measured as it
    was saved. `set_aside` are index files that were missing or damaged.
    """

    kind: str
    passages: int
    since_build: int
    saved: str | None
    recall_at_10: float | None
    set_aside: tuple[str, ...]

    def to_json(self) -> dict[str, Json]:
        """Returns what the status JSON has under `index`."""
        return {
            "kind": self.kind,
            "passages": self.passages,
            "since_build": self.since_build,
            "saved": self.saved,
            "recall@10": self.recall_at_10,
            "set_aside": list(self.set_aside),
        }


@dataclass(frozen=True, slots=True)
class TokenVectorsStatus:
    """Tells how many passages have token vectors kept, with how many `bits` a coordinate, and their bytes."""

    bits: int
    passages: int
    bytes: int

    def to_json(self) -> dict[str, Json]:
        """Returns what the status JSON has under `token_vectors`."""
        return {"bits": self.bits, "passages": self.passages, "bytes": self.bytes}


@dataclass(frozen=True, slots=True)
class Status:
    """Tells what a collection holds and what it was made with, at one moment.

    `failed` counts files, `cut` passages that did not fit the encoder's window, `window` and `chunking` are in tokens,
    `languages` has how many documents are in each (ISO 639-1; `und` where that can't be told), most first. `fields` are
    the metadata fields that documents have, `created` is a time in ISO 8601, `bytes` the size on disk.
    """

    collection: str
    version: str
    files: int
    failed: int
    documents: int
    passages: int
    cut: int
    vectors: int
    encoder: Fingerprint
    backend: str
    window: int
    chunking: Mapping[str, Json]
    index: IndexStatus
    token_vectors: TokenVectorsStatus | None
    languages: Mapping[str, int]
    fields: tuple[str, ...]
    created: str
    bytes: int

    def to_json(self) -> dict[str, Json]:
        """Returns the status JSON."""
        return {
            "collection": self.collection,
            "version": self.version,
            "files": self.files,
            "failed": self.failed,
            "documents": self.documents,
            "passages": self.passages,
            "cut": self.cut,
            "vectors": self.vectors,
            "encoder": self.encoder.to_json(),
            "backend": self.backend,
            "window": self.window,
            "chunking": dict(self.chunking),
            "index": self.index.to_json(),
            "token_vectors": None if self.token_vectors is None else self.token_vectors.to_json(),
            "languages": dict(self.languages),
            "fields": list(self.fields),
            "created": self.created,
            "bytes": self.bytes,
        }


def status_of(path: Path, version: LiveVersion, snapshot: Snapshot) -> Status:
    """Returns the status of the collection at `path`; raises StoreError where a record of it is damaged."""
    chunking = snapshot.meta("chunking")
    return Status(
        collection=str(path),
        version=version.folder.name,
        **snapshot.counts(),
        encoder=recorded_encoder(snapshot),
        backend=str(snapshot.meta("backend")),
        window=recorded_window(snapshot),
        chunking=chunking if isinstance(chunking, dict) else {},
        index=_index(version, snapshot),
        token_vectors=_token_vectors(snapshot),
        languages=snapshot.document_languages(),
        fields=tuple(snapshot.field_names()),
        created=str(snapshot.meta("created")),
        bytes=version.bytes_on_disk(),
    )


def _index(version: LiveVersion, snapshot: Snapshot) -> IndexStatus:
    if isinstance(version, ServedVersion):
        return IndexStatus(version.engine.name, snapshot.passage_count(), 0, None, None, ())
    opened = version.opened(snapshot)
    generation = opened.generation
    return IndexStatus(
        kind=opened.derived.kind.value,
        passages=opened.derived.size,
        since_build=opened.derived.tail_size + opened.derived.removed_size,
        saved=generation.file if generation else None,
        recall_at_10=generation.recall if generation else None,
        set_aside=opened.set_aside,
    )


def contents_summary(snapshot: Snapshot) -> str:
    """Returns how many documents and passages there are, and the encoder's name; raises as `status_of` does."""
    documents = counted(snapshot.document_count(), "document")
    return f"{documents}, {counted(snapshot.passage_count(), 'passage')}, {recorded_encoder(snapshot).model}"


def _token_vectors(snapshot: Snapshot) -> TokenVectorsStatus | None:
    record = recorded_tokens(snapshot)
    if record is None or isinstance(snapshot, ServedSnapshot):  # they lie in the engine, with their passages
        return None
    return TokenVectorsStatus(record.bits, token_rows.count_with(snapshot), token_rows.bytes_stored(snapshot))
