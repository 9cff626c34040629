"""A version's folder that names an engine: opened for reading, as any other version is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from passagework.retrieval.dense.background import BackgroundSample
from passagework.retrieval.errors import StoreError
from passagework.retrieval.remote.engine import SEARCH_SECONDS
from passagework.retrieval.remote.remote_record import RemoteRecord
from passagework.retrieval.remote.served_passages import ServedPassages
from passagework.retrieval.remote.served_snapshot import ServedSnapshot
from passagework.retrieval.store import Snapshot
from passagework.retrieval.store.catalogue import FILE as CATALOGUE, Catalogue
from passagework.retrieval.store.document_rows import memory_database
from passagework.retrieval.syntax.collection_words import WordMemory


class ServedVersion:
    """Holds the connection to an engine, and the catalogue; safe to share among threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.record = RemoteRecord.read(folder)
        self._written = _identity(folder)
        self._catalogue = Catalogue(folder)
        self.engine = self.record.connect(folder, seconds=SEARCH_SECONDS)
        self.background = BackgroundSample()
        self.words = WordMemory()

    def is_at(self, folder: Path) -> bool:
        """Tells whether `folder` still holds this very version."""
        return folder == self.folder and _identity(folder) == self._written

    @contextmanager
    def read(self) -> Iterator[ServedSnapshot]:
        """Gives one moment of the version."""
        with self._catalogue.read() as catalogue, memory_database() as connection:
            yield ServedSnapshot(connection, self.engine, catalogue)

    def passages(self, snapshot: Snapshot) -> ServedPassages:
        """Returns the passages as of this snapshot, as they can be searched."""
        assert isinstance(snapshot, ServedSnapshot)
        return ServedPassages(snapshot)

    def index(self, snapshot: Snapshot) -> NoReturn:  # noqa: ARG002 - there is none
        """Raises StoreError: there is no index here."""
        raise StoreError("the engine of a served collection has its index: ask the collection that it was loaded from")

    def close(self) -> None:
        """Lets go of the engine."""
        self.engine.close()

    def bytes_on_disk(self) -> int:
        """Returns the size in bytes of what lies here."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = (folder / CATALOGUE).stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
