"""Reports what an ingest did, and how far it is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from passagework.retrieval.roots import shown_path
from passagework.retrieval.types import Json


@dataclass(frozen=True, slots=True)
class Problem:
    """Names a file (or one record of it) and says one line about it; `path` is relative to the path ingested."""

    path: str
    reason: str

    def to_json(self) -> dict[str, Json]:
        """Returns what the ingest JSON has of it."""
        return {"path": self.path, "reason": self.reason}


@dataclass(slots=True)
class Report:
    """Tells what an ingest did: counts are of documents, each record being one; `passages` were written by this run.

    `cut` counts passages of which the encoder did not read everything. `notes` tell what could not be read of documents
    that were. `gone` counts documents whose file is no longer there and that were kept, whether beneath the PATHs for
    want of `delete_missing`, or elsewhere; `gone_from` tells how many of each root (a file URI).
    `no_collection`: there was none, and no file to make one of. `token_vectors` counts passages that got them.
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
    notes: list[Problem] = field(default_factory=list)
    passages: int = 0
    encoded: int = 0
    cut: int = 0
    token_vectors: int = 0
    seconds: float = 0.0
    dry_run: bool = False
    no_collection: bool = False

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
            "notes": [problem.to_json() for problem in self.notes],
            "passages": self.passages,
            "encoded": self.encoded,
            "cut": self.cut,
            "token_vectors": self.token_vectors,
            "seconds": round(self.seconds, 3),
            "dry_run": self.dry_run,
        }


@dataclass(frozen=True, slots=True)
class Progress:
    """Tells how far a run is: files of `total_files`, documents and passages written, texts encoded, seconds so far.

    Behind the files, `filled` passages out of `to_fill` have got the token vectors that they lacked.
    """

    files: int
    total_files: int
    documents: int
    passages: int
    encoded: int
    seconds: float
    filled: int = 0
    to_fill: int = 0
