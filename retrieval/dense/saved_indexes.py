"""Saved vector indexes, and the one that searches use: the newest that is whole, or one made of the stored vectors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from passagework.retrieval.dense.index import (
    IndexKind,
    LiveIndex,
    automatic_kind,
    build_index,
    load_index,
    on_best_device,
)
from passagework.retrieval.dense.vector_room import vector_room
from passagework.retrieval.ids import ids_of_ranges, no_ids
from passagework.retrieval.store import ChangeKind, Generation, Snapshot, Store
from passagework.retrieval.store.generations import Generations, NewGeneration, Opened, check_order
from passagework.retrieval.types import Ids, Vectors


def open_index(snapshot: Snapshot, folder: Path) -> Opened[LiveIndex]:
    """Returns the newest saved index with all later changes applied; one built from the vectors where none is good.

    Raises StoreError where an index covers a change that the database does not have.
    """
    last = check_order(snapshot)
    opened, set_aside = SAVED_INDEXES.newest(snapshot, folder)
    if opened is not None:
        return opened
    # An exact index is there at once, whatever the size; the kind that suits it comes with the next save.
    built = build_index(*snapshot.passage_vectors(), kind=IndexKind.EXACT)
    return Opened(LiveIndex(on_best_device(built.index)), last, None, set_aside)


def replay_changes(index: LiveIndex, snapshot: Snapshot, change: int) -> LiveIndex:
    """Returns the index as of the snapshot, from an index as of `change`."""
    changes = snapshot.changes_since(change)
    if not changes:
        return index
    first = min((change.first for change in changes if change.kind is ChangeKind.ADD), default=None)
    if first is None:
        added: tuple[Ids, Vectors] = no_ids(), np.empty((0, snapshot.dim), np.float32)
    else:
        added = snapshot.passage_vectors(first=first)
    removed = ids_of_ranges((change.first, change.last) for change in changes if change.kind is ChangeKind.REMOVE)
    return index.apply(added=added, removed=removed)


def chosen_kind(snapshot: Snapshot) -> IndexKind | None:
    """Returns the kind of the newest saved index where somebody must have asked for it: size would give another."""
    newest = next(iter(snapshot.generations()), None)
    if newest is None or newest.kind == automatic_kind(newest.count, snapshot.dim).value:
        return None
    return IndexKind(newest.kind)


def save_index(
    store: Store, folder: Path, *, kind: IndexKind | None = None, progress: Callable[[str], None] | None = None
) -> Generation:
    """Builds an index of everything in the store, saves it, proves it, and records it; older ones make way.

    Call it as the only writer. `kind` None chooses by size. Raises StoreError where it can't be written.
    """
    with store.read() as snapshot:
        change = snapshot.last_change()
        if progress:
            progress(f"indexing {snapshot.passage_count():,} passages")
        ids, vectors = snapshot.passage_vectors(room=vector_room(folder))
    built = build_index(ids, vectors, kind=kind)
    name = built.index.kind.value
    new = NewGeneration(name, name, len(ids), change, built.recall_at_10, dict(built.parameters))
    return SAVED_INDEXES.save(store, folder, new, built.index.save)


def _load(path: Path, generation: Generation, snapshot: Snapshot) -> LiveIndex:
    kind = IndexKind(generation.kind)
    base = load_index(path, digest=generation.digest, kind=kind, dim=snapshot.dim, count=generation.count)
    return LiveIndex(on_best_device(base))


SAVED_INDEXES: Generations[LiveIndex] = Generations(
    "g", recorded=Snapshot.generations, load=_load, replay=replay_changes
)
