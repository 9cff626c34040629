"""Files that are derived from a database and saved beside it: checked before use, and set aside when damaged."""

from __future__ import annotations

import contextlib
import logging
import os
import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Generic, TypeVar

from passagework.retrieval.errors import StoreError
from passagework.retrieval.files import set_aside, write_problem
from passagework.retrieval.store.rows import Generation
from passagework.retrieval.store.snapshot import Snapshot
from passagework.retrieval.store.store import Store
from passagework.retrieval.types import Json

Derived = TypeVar("Derived")

KEPT = 2
"""Generations kept: the newest, and one to fall back on."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opened(Generic[Derived]):
    """Holds what is derived from a database, as it was at `change`.

    `generation` is the file that it was loaded from, None where it was made anew; the files that were damaged are named
    in `set_aside`.
    """

    derived: Derived
    change: int
    generation: Generation | None
    set_aside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewGeneration:
    """Holds what is recorded of a file about to be saved: see `Generation`; `suffix` stands at the end of its name."""

    kind: str
    suffix: str
    count: int
    change: int
    recall: float
    parameters: Mapping[str, Json]


class Generations(Generic[Derived]):
    """Manages the saved files of one kind of derived data.

    Their names begin with `letter`; `recorded` lists them, newest first; `load` reads one, and raises StoreError where
    it is damaged; `replay` brings what was read, as it was at a change, up to a snapshot.
    """

    def __init__(
        self,
        letter: str,
        *,
        recorded: Callable[[Snapshot], list[Generation]],
        load: Callable[[Path, Generation, Snapshot], Derived],
        replay: Callable[[Derived, Snapshot, int], Derived],
    ) -> None:
        self._letter = letter
        self._own = re.compile(rf"\.?{letter}(\d{{6,}})-")  # a file's name, also while it is being written
        self._recorded = recorded
        self._load = load
        self._replay = replay

    def newest(self, snapshot: Snapshot, folder: Path) -> tuple[Opened[Derived] | None, tuple[str, ...]]:
        """Returns the newest that proves whole, with all later changes applied; None where none does.

        With it come the files that were damaged: each is moved beside the others with the ending `.damaged`.
        """
        last = snapshot.last_change()
        bad: list[str] = []
        reason = ""
        opened: Opened[Derived] | None = None
        for generation in self._recorded(snapshot):
            if generation.change > last:
                continue  # the database went backwards
            try:
                derived = self._load(folder / generation.file, generation, snapshot)
            except StoreError as error:
                reason = reason or str(error)
                bad.append(generation.file)
                _keep_aside(folder / generation.file)
                continue
            opened = Opened(self._replay(derived, snapshot, generation.change), last, generation, tuple(bad))
            break
        if reason:  # one line, however many files are bad; nothing is lost, and a person should know that
            _log.warning(
                "%s; searches are complete without it, and `passagework ingest` or `passagework rebuild` saves a new "
                "one",
                reason,
            )
        return opened, tuple(bad)

    def replay(self, opened: Opened[Derived], snapshot: Snapshot) -> Opened[Derived]:
        """Returns the same as of a later snapshot."""
        derived = self._replay(opened.derived, snapshot, opened.change)
        return Opened(derived, snapshot.last_change(), opened.generation, opened.set_aside)

    def save(self, store: Store, folder: Path, new: NewGeneration, write: Callable[[Path], str]) -> Generation:
        """Has `write` write a file and return its sha256, and records it; older ones make way.

        Call it as the only writer. Whatever lies in the way of the folder is set aside. Raises StoreError where it
        can't be written.
        """
        with store.read() as snapshot:
            older = self._recorded(snapshot)
        name = f"{self._letter}{self._next_number(folder, older):06d}-{new.suffix}.index"
        retained = [generation for generation in older if (folder / generation.file).is_file()][: KEPT - 1]
        digest = write(folder / name)
        with store.write() as writer:
            writer.put_generation(
                file=name,
                kind=new.kind,
                digest=digest,
                count=new.count,
                change=new.change,
                recall=new.recall,
                parameters=new.parameters,
                created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            )
            writer.drop_generations([generation.id for generation in older if generation not in retained])
        self._sweep(folder, {name, *(generation.file for generation in retained)})
        with store.read() as snapshot:
            return self._recorded(snapshot)[0]

    def drop(self, store: Store, folder: Path) -> None:
        """Forgets every file, and takes it out."""
        with store.write() as writer:
            writer.drop_generations([generation.id for generation in self._recorded(writer)])
        self._sweep(folder, set())

    def _next_number(self, folder: Path, older: Sequence[Generation]) -> int:
        """Returns a number that no file has or had, for another process may be about to open one by its name."""
        try:
            if os.path.lexists(folder) and not folder.is_dir():
                _log.warning("%s is no folder; it was set aside as %s", folder, set_aside(folder).name)
            folder.mkdir(exist_ok=True)
            numbers = [int(match[1]) for entry in folder.iterdir() if (match := self._own.match(entry.name))]
        except OSError as error:
            raise StoreError(f"{folder} can't be written: {write_problem(error)}") from error
        return max([*numbers, *(generation.id for generation in older)], default=0) + 1

    def _sweep(self, folder: Path, retained: Set[str]) -> None:
        """Takes out older files, and what a killed run left half written; never what was set aside."""
        for entry in folder.iterdir():
            if self._own.match(entry.name) and entry.name not in retained and entry.suffix in (".index", ".tmp"):
                with contextlib.suppress(OSError):
                    entry.unlink()


def _keep_aside(path: Path) -> None:
    """Keeps what is left of a damaged file where a person can look at it; on a read-only disk it stays where it is."""
    with contextlib.suppress(OSError):
        if path.exists():
            set_aside(path)


def check_order(snapshot: Snapshot) -> int:
    """Returns the last change; raises StoreError where an index covers a later one, for then it may hold anything."""
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
