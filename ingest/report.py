"""Reports what an ingest did, and how far it is."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from enum import Enum

from passagework.ingest.encoding_cost import EncodingCost
from passagework.ingest.loaders.base import Part
from passagework.retrieval.roots import shown_path
from passagework.retrieval.text import counted
from passagework.retrieval.types import Json


@dataclass(frozen=True, slots=True)
class Problem:
    """Names a file (or one record of it) and says one line about it; `path` is relative to the path ingested."""

    path: str
    reason: str

    def to_json(self) -> dict[str, Json]:
        """Returns what the ingest JSON has of it."""
        return {"path": self.path, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Ignored:
    """Names what was left out on purpose and why: a folder with all in it, a file, or `entries` files of a folder.

    `path` is relative to the path ingested, `logs/*` for several files of `logs`. `documents` counts those of it that
    are on record from earlier runs: they are still searchable, and `delete_missing` takes them out.
    """

    path: str
    reason: str
    entries: int = 1
    documents: int = 0

    def to_json(self) -> dict[str, Json]:
        """Returns what the ingest JSON has of it."""
        return asdict(self)

    def describe(self) -> Problem:
        """Returns the line for a person."""
        files = f"{counted(self.entries, 'file')}, " if self.entries > 1 else ""
        known = f"; {counted(self.documents, 'document')} of it still searchable, --delete-missing takes them out"
        return Problem(self.path, f"{files}{self.reason}{known if self.documents else ''}")


@dataclass(frozen=True, slots=True)
class UnreadType:
    """Counts the files of a type that can't be read, and says how they can be had all the same.

    `type` is their suffix in lower case, or `no suffix`; `way_out` is for all of them.
    """

    type: str
    files: int
    way_out: str

    def to_json(self) -> dict[str, Json]:
        """Returns what the ingest JSON has of it."""
        return asdict(self)

    def describe(self) -> str:
        """Returns the line for a person."""
        return f"{self.files:,} {self.type}: {self.way_out}"


@dataclass(slots=True)
class Report:
    """Tells what an ingest did: counts are of documents, each record being one; `passages` were written by this run.

    `cut` counts passages of which the encoder did not read everything. `notes` tell what could not be read of documents
    that were. `gone` counts documents whose file is no longer there and that were kept, whether beneath the PATHs for
    want of `delete_missing`, or elsewhere; `gone_from` tells how many of each root (a file URI). `ignored` names what
    was left out on purpose, for want of `no_ignore`. `skipped` has no text, or is of a type that is not supported;
    `unread` counts the latter by their types.
    `no_collection`: there was none, and no file to make one of. `token_vectors` counts passages that got them.
    `cost` is what a server was to encode, None where the encoder runs here. `pii` counts personal data by kind, in the
    documents that this run read; None where the collection doesn't look for any.
    """

    added: int = 0
    updated: int = 0
    moved: int = 0
    deleted: int = 0
    unchanged: int = 0
    gone: int = 0
    gone_from: Counter[str] = field(default_factory=Counter)
    failed: list[Problem] = field(default_factory=list)
    skipped: list[Problem] = field(default_factory=list)
    unread: list[UnreadType] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)
    passages: int = 0
    encoded: int = 0
    cut: int = 0
    token_vectors: int = 0
    seconds: float = 0.0
    dry_run: bool = False
    no_collection: bool = False
    cost: EncodingCost | None = None
    pii: Counter[str] | None = None

    def to_json(self) -> dict[str, Json]:
        """Returns the ingest JSON."""
        return {
            "added": self.added,
            "updated": self.updated,
            "moved": self.moved,
            "deleted": self.deleted,
            "unchanged": self.unchanged,
            "gone": self.gone,
            "gone_from": [{"root": shown_path(root), "documents": count} for root, count in self.gone_from.items()],
            "failed": [problem.to_json() for problem in self.failed],
            "skipped": [problem.to_json() for problem in self.skipped],
            "unread": [unread.to_json() for unread in self.unread],
            "notes": [problem.to_json() for problem in self.notes],
            "ignored": [ignored.to_json() for ignored in self.ignored],
            "passages": self.passages,
            "encoded": self.encoded,
            "cut": self.cut,
            "token_vectors": self.token_vectors,
            "seconds": round(self.seconds, 3),
            "dry_run": self.dry_run,
            **({} if self.cost is None else {"cost": self.cost.to_json()}),
            **({} if self.pii is None else {"pii": dict(self.pii.most_common())}),
        }


class IngestStopped(Exception):  # noqa: N818 - nothing went wrong
    """Ends an ingest whose `progress` raises it: what was read is committed, and another run goes on from there."""


class IngestStage(str, Enum):
    """Names what an ingest is at."""

    SCANNING = "scanning"  # finding files
    READING = "reading"  # parsing, cutting and encoding what is new of them
    INDEXING = "indexing"  # saving the indexes where much has changed
    FILLING = "token vectors"  # making those that passages lack


@dataclass(frozen=True, slots=True)
class Progress:
    """Tells how far a run is: files of `total_files`, documents and passages written, texts encoded, seconds so far.

    While it scans, `found` files have been seen. While it reads, `bytes_read` of `total_bytes` are done, `encoded`
    of the texts known, `to_encode`, and `current` is the file that is being read, "" between two; a model has read
    `parts_read` of its `parts_to_read` pages or minutes (`part`). `cost` is what a server is to encode, told before
    any of it is sent. Behind the files, `filled` passages out of `to_fill` have got the token vectors that they
    lacked. `seconds_left` estimates how long the stage will still take, None where that can't be told yet.
    """

    files: int
    total_files: int
    documents: int
    passages: int
    encoded: int
    seconds: float
    filled: int = 0
    to_fill: int = 0
    stage: IngestStage = IngestStage.READING
    found: int = 0
    bytes_read: int = 0
    total_bytes: int = 0
    to_encode: int = 0
    current: str = ""
    seconds_left: float | None = None
    parts_read: int = 0
    parts_to_read: int = 0
    part: Part = Part.PAGE
    cost: EncodingCost | None = None
