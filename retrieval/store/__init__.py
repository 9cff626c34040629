"""SQLite is the truth, vectors included: everything that a collection knows, and the only SQL that asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from retrieval.store import database
from retrieval.store.database import create_database, open_database, storage_errors, transaction
from retrieval.store.records import (
    Change,
    DocumentRow,
    Generation,
    Location,
    NewPassage,
    PassageRow,
    SourceRow,
)
from retrieval.store.snapshot import Snapshot
from retrieval.store.writer import Writer

__all__ = [
    "Change",
    "DocumentRow",
    "Generation",
    "Location",
    "NewPassage",
    "PassageRow",
    "Snapshot",
    "SourceRow",
    "Store",
    "Writer",
]


class Store:
    """A version's database. Any number of threads and processes may read; one transaction at a time writes."""

    def __init__(self, path: Path, engine: Engine, dim: int) -> None:
        self.path = path
        self.dim = dim
        self._engine = engine

    @classmethod
    def create(cls, path: Path, *, dim: int) -> Store:
        """A new, empty database at `path` for vectors of `dim` dimensions."""
        return cls(path, create_database(path), dim)

    @classmethod
    def open(cls, path: Path, *, dim: int = 0) -> Store:
        """The database at `path`; raises StoreError where it is missing, damaged, or made by a newer version."""
        return cls(path, open_database(path), dim)

    @contextmanager
    def read(self) -> Iterator[Snapshot]:
        """One moment of the collection, however long it is looked at and whoever writes meanwhile."""
        with transaction(self._engine, self.path) as connection:
            yield Snapshot(connection, self.dim)

    @contextmanager
    def write(self) -> Iterator[Writer]:
        """One transaction: committed at the end, rolled back where anything is raised."""
        with transaction(self._engine, self.path, write=True) as connection:
            yield Writer(connection, self.dim)

    def checkpoint(self) -> None:
        """Moves what the log holds into the database file, as far as readers allow; waits for none of them."""
        with storage_errors(self.path), self._engine.connect() as connection:
            driver: Any = connection.connection.dbapi_connection
            driver.execute("PRAGMA busy_timeout=0")
            try:
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
            finally:
                driver.execute(f"PRAGMA busy_timeout={database.BUSY_TIMEOUT_MS}")

    def close(self) -> None:
        """Closes every connection."""
        self._engine.dispose()
