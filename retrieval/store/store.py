"""A version's database: transactions that read one moment or write, and the seal that tells what became of it."""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from passagework.retrieval.store import database
from passagework.retrieval.store.database import create_database, open_database, storage_errors, transaction
from passagework.retrieval.store.database_file import register_store, unregister_store
from passagework.retrieval.store.integrity import text_index_problem
from passagework.retrieval.store.seal import (
    COMMITS,
    break_seal,
    check_bytes,
    check_commits,
    count_commits,
    put_seal,
    read_seal,
    seal_path,
)
from passagework.retrieval.store.snapshot import Snapshot
from passagework.retrieval.store.writer import Writer

TEXT_INDEX_WAIT_MS = 5_000
"""Milliseconds for a writer's transaction to end, before the text index can be looked at."""


class Store:
    """A version's database. Any number of threads and processes may read; one transaction at a time writes.

    One that is forgotten before it was closed lets go of its files all the same.
    """

    def __init__(self, path: Path, engine: Engine) -> None:
        self.path = path
        self._engine = engine
        self._released = weakref.finalize(self, _release, engine, register_store(path))
        self._released.atexit = False  # the system takes back what a process that ends has open
        self.keeps_seal = False
        """Set where a damaged database is mended: it stays refused, even by a crash, until `accept`."""

    @classmethod
    def create(cls, path: Path) -> Store:
        """Makes a new, empty database at `path`."""
        return cls(path, create_database(path))

    @classmethod
    def open(cls, path: Path) -> Store:
        """Opens the database at `path`; raises StoreError where it is missing, damaged, or of a newer version."""
        return cls(path, open_database(path))

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def read(self) -> Iterator[Snapshot]:
        """Gives one moment of the collection, however long it is looked at and whoever writes meanwhile."""
        with transaction(self._engine, self.path) as connection:
            yield Snapshot(connection)

    @contextmanager
    def write(self) -> Iterator[Writer]:
        """Gives one transaction: committed at the end, rolled back where anything is raised."""
        commits = 0
        with transaction(self._engine, self.path, write=True) as connection:
            driver: Any = connection.connection.dbapi_connection
            before = driver.total_changes
            writer = Writer(connection)
            yield writer
            if driver.total_changes != before and not self.keeps_seal:
                break_seal(self.path)
                commits = writer.commits() + 1
                writer.set_meta(COMMITS, commits)
        if commits:
            count_commits(self.path, commits)

    def verify(self) -> None:
        """Raises StoreError where the database lost commits, or a byte of it is not what its last writer left.

        Reads the whole file. While a writer is at work, or after it was killed, only the commits are compared.
        """
        self.verify_commits()
        self.verify_bytes()

    def verify_commits(self) -> None:
        """Raises StoreError where the database has fewer commits than were made."""
        seal = read_seal(self.path)
        with self.read() as snapshot:
            check_commits(self.path, seal, snapshot.commits())

    def verify_bytes(self) -> None:
        """Raises StoreError where a byte is not what the last writer left; reads the whole file."""
        check_bytes(self.path)

    def text_index_problem(self) -> str | None:
        """Tells how the text index differs from the passages, None if not; raises StoreError if it can't be asked."""
        with storage_errors(self.path), self._engine.connect() as connection:
            driver: Any = connection.connection.dbapi_connection
            return text_index_problem(driver, wait_ms=TEXT_INDEX_WAIT_MS, then_ms=database.BUSY_TIMEOUT_MS)

    def accept(self) -> None:
        """Seals the database as it is, whatever it was before: for one that was found sound in all its parts.

        It counts as a commit: what readers remember of the database as it was holds no longer.
        """
        seal_path(self.path).unlink(missing_ok=True)
        with transaction(self._engine, self.path, write=True) as connection:
            writer = Writer(connection)
            writer.set_meta(COMMITS, writer.commits() + 1)
        self.checkpoint()

    def checkpoint(self) -> None:
        """Moves what the log holds into the database file and seals it, as far as others allow; waits for none."""
        log = self.path.with_name(f"{self.path.name}-wal")
        with storage_errors(self.path), self._engine.connect() as connection:
            driver: Any = connection.connection.dbapi_connection
            driver.execute("PRAGMA busy_timeout=0")
            try:
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
                # While somebody writes, nothing is sealed: the last writer does.
                with suppress(OperationalError), connection.execution_options(immediate=True).begin():
                    if not log.exists() or not log.stat().st_size:
                        put_seal(self.path, Snapshot(connection).commits())
            finally:
                driver.execute(f"PRAGMA busy_timeout={database.BUSY_TIMEOUT_MS}")

    def copy_to(self, path: Path) -> None:
        """Copies the database as of this moment to a new file; who writes meanwhile is not held up."""
        with storage_errors(self.path), self._engine.connect() as connection:
            driver: Any = connection.connection.dbapi_connection
            with storage_errors(path), closing(sqlite3.connect(path)) as copy:
                driver.backup(copy)  # at once: in steps it would begin anew at every commit

    def close(self) -> None:
        """Closes every connection."""
        self._engine.dispose()  # also what was opened again after an earlier call
        self._released()


def _release(engine: Engine, file: tuple[int, int] | None) -> None:
    engine.dispose()
    unregister_store(file)
