"""Saved indexes: derived from the store, checked before use, set aside when damaged, the only copy of nothing."""

from __future__ import annotations

import contextlib
import logging
import os
import re
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timezone
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
from passagework.retrieval.errors import StoreError
from passagework.retrieval.files import set_aside, write_problem
from passagework.retrieval.store import Change, Generation, Snapshot, Store
from passagework.retrieval.types import Ids, Vectors

KEPT = 2
"""Generations kept: the newest, and one to fall back on."""

NUMBER = re.compile(r"\.?g(\d+)-")
"""At the start of an index's file name, and of its name while it is being written."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """An index as it was at `change`. `generation` is the one it was loaded from, None where it was built anew."""

    index: LiveIndex
    change: int
    generation: Generation | None
    set_aside: tuple[str, ...] = ()


def open_index(snapshot: Snapshot, folder: Path) -> Opened:
    """The newest generation that proves whole, with all later changes applied; built from the vectors if none does.

    A damaged file is moved beside the others with the ending `.damaged`, and named in `set_aside`.
    """
    last = check_order(snapshot)
    bad: list[str] = []
    reason = ""
    for generation in snapshot.generations():
        try:
            base = load_index(
                folder / generation.file,
                digest=generation.digest,
                kind=IndexKind(generation.kind),
                dim=snapshot.dim,
                count=generation.count,
            )
        except StoreError as error:
            reason = reason or str(error)
            bad.append(generation.file)
            _set_aside(folder / generation.file)
            continue
        _tell(reason)
        index = replay(LiveIndex(on_best_device(base)), snapshot, generation.change)
        return Opened(index, last, generation, tuple(bad))
    _tell(reason)
    ids, vectors = snapshot.passage_vectors()
    # An exact index is there at once, whatever the size; the kind that suits it comes with the next save.
    built = build_index(ids, vectors, kind=IndexKind.EXACT)
    return Opened(LiveIndex(on_best_device(built.index)), last, None, tuple(bad))


def _tell(reason: str) -> None:
    """One line, however many files are bad; nothing is lost, and a person should know that."""
    if reason:
        _log.warning(
            "%s; searches are complete without it, and `passagework ingest` or `passagework rebuild` saves a new one",
            reason,
        )


def check_order(snapshot: Snapshot) -> int:
    """The last change; raises StoreError where an index covers a later one, for then it may hold anything."""
    last = snapshot.last_change()
    for generation in snapshot.generations():
        if generation.change > last:
            raise StoreError(
                f"the database went backwards: it ends at change {last}, and index {generation.file} covers "
                f"{generation.change}; restore the database from a newer copy, or run `passagework rebuild`"
            )
    return last


def check_whole(store: Store) -> None:
    """Raises StoreError where the database went backwards, or is not what its last writer left: reads all of it."""
    with store.read() as snapshot:
        check_order(snapshot)
    store.verify()


def replay(index: LiveIndex, snapshot: Snapshot, change: int) -> LiveIndex:
    """The index as of the snapshot, from an index as of `change`."""
    changes = snapshot.changes_since(change)
    if not changes:
        return index
    first = min((one.first for one in changes if one.kind == "add"), default=None)
    if first is None:
        added: tuple[Ids, Vectors] = np.empty(0, np.int64), np.empty((0, snapshot.dim), np.float32)
    else:
        added = snapshot.passage_vectors(first=first)
    return index.apply(added=added, removed=ids_of_removed([one for one in changes if one.kind == "remove"]))


def chosen_kind(snapshot: Snapshot) -> IndexKind | None:
    """The kind of the newest saved index where somebody must have asked for it: size alone would have given another."""
    newest = next(iter(snapshot.generations()), None)
    if newest is None or newest.kind == automatic_kind(newest.count, snapshot.dim).value:
        return None
    return IndexKind(newest.kind)


def save_generation(
    store: Store, folder: Path, *, kind: IndexKind | None = None, progress: Callable[[str], None] | None = None
) -> Generation:
    """Builds an index of everything in the store, saves it, proves it, and records it; older ones make way.

    Call it as the only writer. `kind` None chooses by size. Whatever lies in the way of the folder is set aside.
    Raises StoreError where it can't be written.
    """
    with store.read() as snapshot:
        change = snapshot.last_change()
        if progress:
            progress(f"indexing {snapshot.passage_count():,} passages")
        ids, vectors = snapshot.passage_vectors()
        older = snapshot.generations()
    built = build_index(ids, vectors, kind=kind)
    name = f"g{made_ready(folder, older):06d}-{built.index.kind.value}.index"
    kept = [one for one in older if (folder / one.file).is_file()][: KEPT - 1]
    digest = built.index.save(folder / name)
    with store.write() as writer:
        writer.put_generation(
            {
                "file": name,
                "kind": built.index.kind.value,
                "digest": digest,
                "count": len(ids),
                "change": change,
                "recall": built.recall_at_10,
                "parameters": dict(built.parameters),
                "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            }
        )
        writer.drop_generations([one.id for one in older if one not in kept])
    _sweep(folder, {name, *(one.file for one in kept)})
    with store.read() as snapshot:
        return snapshot.generations()[0]


def ids_of_removed(removed: Sequence[Change]) -> Ids:
    """Every passage that these changes took out."""
    ranges = [np.arange(one.first, one.last + 1, dtype=np.int64) for one in removed]
    return np.concatenate(ranges) if ranges else np.empty(0, np.int64)


def _set_aside(path: Path) -> None:
    """Keeps what is left of a damaged file where a person can look at it; on a read-only disk it stays where it is."""
    with contextlib.suppress(OSError):
        if path.exists():
            set_aside(path)


def made_ready(folder: Path, older: Sequence[Generation]) -> int:
    """Makes the folder for indexes where there is none; the number of the next one."""
    try:
        if os.path.lexists(folder) and not folder.is_dir():
            _log.warning("%s is no folder; it was set aside as %s", folder, set_aside(folder).name)
        folder.mkdir(exist_ok=True)
        return _next_number(folder, older)
    except OSError as error:
        raise StoreError(f"{folder} can't be written: {write_problem(error)}") from error


def _next_number(folder: Path, older: Sequence[Generation]) -> int:
    """A number that no index has or had: another process may be about to open a file by its name."""
    found = [int(match[1]) for entry in folder.iterdir() if (match := NUMBER.match(entry.name))]
    return max([*found, *(one.id for one in older)], default=0) + 1


def _sweep(folder: Path, wanted: Set[str]) -> None:
    """Takes out older indexes, and what a killed run left half written; never what was set aside."""
    for entry in folder.iterdir():
        if NUMBER.match(entry.name) and entry.name not in wanted and entry.suffix in (".index", ".tmp"):
            with contextlib.suppress(OSError):
                entry.unlink()
