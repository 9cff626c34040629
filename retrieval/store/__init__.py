"""SQLite is the truth, vectors included: everything that a collection knows, and the only SQL that asks for it."""

from __future__ import annotations

from passagework.retrieval.store.documents import ROOTS
from passagework.retrieval.store.rows import (
    Change,
    ChangeKind,
    DocumentRow,
    Generation,
    Location,
    NewPassage,
    PassageRow,
    RootRow,
    SourceRow,
    SourceState,
    VersionState,
)
from passagework.retrieval.store.seal import COMMITS
from passagework.retrieval.store.snapshot import Snapshot
from passagework.retrieval.store.store import Store
from passagework.retrieval.store.writer import Writer

__all__ = [
    "COMMITS",
    "ROOTS",
    "Change",
    "ChangeKind",
    "DocumentRow",
    "Generation",
    "Location",
    "NewPassage",
    "PassageRow",
    "RootRow",
    "Snapshot",
    "SourceRow",
    "SourceState",
    "Store",
    "VersionState",
    "Writer",
]
