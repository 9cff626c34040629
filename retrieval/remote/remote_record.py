"""`remote.json`: the file in a version's folder that says which engine serves the collection."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from passagework.retrieval.errors import ConfigError, StoreError
from passagework.retrieval.files import write_atomically, write_problem
from passagework.retrieval.folder import REMOTE
from passagework.retrieval.remote.engine import Engine
from passagework.retrieval.remote.postgres import PostgresServer
from passagework.retrieval.remote.qdrant import QdrantServer
from passagework.retrieval.remote.qdrant_shards import QdrantShards
from passagework.retrieval.types import Json

SHARDS = "shards"
"""The folder of Qdrant's own shards, where they lie in the version's."""

MOST_SHARDS = 64
"""Shards that one process may have: each takes files and threads."""

QDRANT_KEY = "PASSAGEWORK_QDRANT_KEY"
"""The variable that holds the key of a server of Qdrant: no file does."""

POSTGRES_PASSWORD = "PASSAGEWORK_POSTGRES_PASSWORD"  # noqa: S105 - the name of one
"""The variable that holds the password of a database; without it, the system's own ways are taken (`PGPASSFILE`)."""


@dataclass(frozen=True, slots=True)
class RemoteRecord:
    """Tells which engine serves a collection: its kind, its address, and the name of the collection there.

    What else the file says is for people: the encoder's fingerprint, its window, the chunking, the digests of what was
    loaded, and the average length by which words were weighed.
    """

    engine: str
    address: str
    collection: str
    loaded: Mapping[str, Json]

    def write(self, folder: Path) -> None:
        """Writes the file; raises StoreError where it can't be written."""
        try:
            write_atomically(folder / REMOTE, json.dumps(asdict(self), indent=2).encode())
        except OSError as error:
            raise StoreError(f"{folder / REMOTE} can't be written: {write_problem(error)}") from error

    @classmethod
    def read(cls, folder: Path) -> RemoteRecord:
        """Returns what the file says; raises StoreError where it is damaged."""
        try:
            record = cls(**json.loads((folder / REMOTE).read_text(encoding="utf-8")))
            if record.engine in ENGINES and isinstance(record.loaded, dict):
                return record
        except (OSError, ValueError, TypeError):
            pass
        raise StoreError(f"{folder / REMOTE} is damaged: load the collection again")

    def connect(self, folder: Path, *, seconds: float) -> Engine:
        """Returns the engine; it is taken for gone when it gives no answer for so many seconds."""
        return ENGINES[self.engine](self, folder, seconds)


def is_served(folder: Path) -> bool:
    """Tells whether a version's folder names an engine."""
    return (folder / REMOTE).is_file()


def check_engine(engine: str, address: str) -> None:
    """Raises ConfigError where there is no such engine, or its address is none, or holds a password."""
    if engine not in ENGINES:
        raise ConfigError(f"there is no engine {engine!r}: there are {', '.join(ENGINES)}")
    if engine == "qdrant-edge":
        if address and not (address.isascii() and address.isdigit() and 0 < int(address) <= MOST_SHARDS):
            raise ConfigError(f"{address!r} is no number of shards: give one from 1 to {MOST_SHARDS}")
    elif not address:
        raise ConfigError(f"{engine} needs the address of its server")
    elif _has_password(address):
        variable = POSTGRES_PASSWORD if engine == "postgres" else QDRANT_KEY
        raise ConfigError(f"the address holds a password, which no file should: set {variable} instead")


def _has_password(address: str) -> bool:
    try:
        return bool(urlsplit(address).password) or "password=" in address
    except ValueError as error:
        raise ConfigError(f"{address!r} is no address") from error


def _shards(record: RemoteRecord, folder: Path, seconds: float) -> Engine:  # noqa: ARG001 - they are here
    return QdrantShards(folder / SHARDS, int(record.address or 4))


def _server(record: RemoteRecord, folder: Path, seconds: float) -> Engine:  # noqa: ARG001 - it is elsewhere
    return QdrantServer(record.address, record.collection, key=os.environ.get(QDRANT_KEY), seconds=seconds)


def _database(record: RemoteRecord, folder: Path, seconds: float) -> Engine:  # noqa: ARG001 - it is elsewhere
    password = os.environ.get(POSTGRES_PASSWORD)
    return PostgresServer(record.address, record.collection, password=password, seconds=seconds)


ENGINES: Mapping[str, Callable[[RemoteRecord, Path, float], Engine]] = {
    "qdrant": _server,
    "qdrant-edge": _shards,
    "postgres": _database,
}
