"""A version opened for reading: its store, and its index as of any snapshot."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from passagework.retrieval.dense.background import BackgroundSample
from passagework.retrieval.dense.index import LiveIndex
from passagework.retrieval.dense.saved_indexes import SAVED_INDEXES, open_index
from passagework.retrieval.errors import StoreError
from passagework.retrieval.filters.allowed import filter_cache
from passagework.retrieval.forks import ForkSafeLock
from passagework.retrieval.lexical.bm25 import Bm25, LexicalRetriever
from passagework.retrieval.lexical.live_postings import LivePostings
from passagework.retrieval.lexical.saved_postings import SAVED_POSTINGS, open_postings
from passagework.retrieval.search.local_passages import LocalPassages
from passagework.retrieval.store import Snapshot, Store
from passagework.retrieval.store.generations import Opened, check_order
from passagework.retrieval.syntax.collection_words import WordMemory

AT_ONCE_BYTES = 1 << 30
"""Bytes of a database that is read against its seal before the first answer, in about a second.

A larger one is read beside the first searches: what is found wrong there ends all later ones.
"""


class OpenedVersion:
    """Holds a version's store, compared with its seal, and its index, brought up to each snapshot in turn."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = _identity(folder)  # before the database is opened: one put in its place since is another
        self.store = Store.open(folder / "store.db")
        try:
            with self.store.read() as snapshot:
                check_order(snapshot)
            self.store.verify_commits()
            self._damage: StoreError | None = None
            self._comparing_in: int | None = None  # the process whose thread compares the bytes
            self._compare_bytes()
        except BaseException:
            self.store.close()
            raise
        self.filters = filter_cache()
        self.background = BackgroundSample()
        self.words = WordMemory()
        self._lock = ForkSafeLock()
        self._index: Opened[LiveIndex] | None = None
        self._postings: Opened[LivePostings] | None = None
        self._postings_tried = 0  # the newest saved postings that were tried

    def is_at(self, folder: Path) -> bool:
        """Tells whether `folder` still holds this very database, not one made anew after it was deleted."""
        return folder == self.folder and _identity(folder) == self._file

    @contextmanager
    def read(self) -> Iterator[Snapshot]:
        """Gives one moment of the version."""
        with self.store.read() as snapshot:
            yield snapshot

    def passages(self, snapshot: Snapshot) -> LocalPassages:
        """Returns the passages as of this snapshot, as they can be searched."""
        index = self.index(snapshot)
        return LocalPassages(snapshot, index, lexical=lambda: self.lexical(snapshot), filters=self.filters)

    def index(self, snapshot: Snapshot) -> LiveIndex:
        """Returns the index as of this snapshot."""
        return self.opened(snapshot).derived

    def opened(self, snapshot: Snapshot) -> Opened[LiveIndex]:
        """Returns the index as of this snapshot, with where it came from."""
        if self._comparing_in not in (None, os.getpid()):
            self._compare_bytes()  # the thread that did stayed in the parent of this forked process
        if self._damage is not None:
            raise self._damage
        # The first statement of a transaction fixes its snapshot. It is run under the lock, so snapshots come by
        # here in the order of time, and the index never has to go back.
        with self._lock:
            change = snapshot.last_change()
            opened = self._index
            if opened is None or change < opened.change:
                opened = open_index(snapshot, self.folder / "index")
            elif change > opened.change:
                opened = SAVED_INDEXES.replay(opened, snapshot)
            if opened.derived.needs_rebuild and _has_newer(snapshot, opened):
                opened = open_index(snapshot, self.folder / "index")
            self._index = opened
            return opened

    def lexical(self, snapshot: Snapshot) -> LexicalRetriever:
        """Returns BM25 as of this snapshot: of saved postings where there are some, else FTS5's own."""
        with self._lock:
            newest = snapshot.last_postings_generation()
            if newest > self._postings_tried:
                self._postings_tried = newest
                self._postings = open_postings(snapshot, self.folder / "index")
            if self._postings is None:
                return Bm25()
            last = snapshot.last_change()
            if self._postings.change < last:
                self._postings = SAVED_POSTINGS.replay(self._postings, snapshot)
            return self._postings.derived if self._postings.change <= last else Bm25()

    def _compare_bytes(self) -> None:
        if (self.folder / "store.db").stat().st_size <= AT_ONCE_BYTES:
            self.store.verify_bytes()
        else:
            self._comparing_in = os.getpid()
            threading.Thread(target=self._compare_bytes_meanwhile, name="seal", daemon=True).start()

    def _compare_bytes_meanwhile(self) -> None:
        with suppress(ValueError):  # the file was closed meanwhile
            try:
                self.store.verify_bytes()
            except StoreError as error:
                self._damage = error
            self._comparing_in = None

    def close(self) -> None:
        """Closes the database."""
        self.store.close()

    def bytes_on_disk(self) -> int:
        """Returns the size of its files in bytes; a writer may take some away meanwhile."""
        total = 0
        for parent, _, names in os.walk(self.folder):
            for name in names:
                with suppress(OSError):
                    total += (Path(parent) / name).stat().st_size
        return total


def _identity(folder: Path) -> tuple[int, int] | None:
    """Returns the system's own number for the database file; None where there is none."""
    try:
        status = (folder / "store.db").stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _has_newer(snapshot: Snapshot, opened: Opened[LiveIndex]) -> bool:
    """Tells whether an index was saved since: a reader open for weeks must not carry every change in memory."""
    opened_id = opened.generation.id if opened.generation else 0
    return any(
        generation.id > opened_id and generation.file not in opened.set_aside for generation in snapshot.generations()
    )
