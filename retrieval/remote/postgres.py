"""PostgreSQL with pgvector as the engine of a collection: a schema with points, their words and their numbers."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, LifoQueue
from typing import Any

import numpy as np

from passagework.retrieval.errors import StoreError
from passagework.retrieval.extras import require
from passagework.retrieval.remote.engine import DIED, FOUND, TOKENS, EnginePoint, FoundPoint, engine_errors
from passagework.retrieval.remote.postgres_sql import SCHEMA, Sql, filter_sql
from passagework.retrieval.remote.typed_tokens import EngineFilter
from passagework.retrieval.types import Json, Vectors

INDEXED_FROM = 20_000
"""Vectors from which on an index is made: fewer are compared one by one, in milliseconds."""

GRACE_SECONDS = 1.0
"""By so much the server's own limit of a statement comes first."""

MOST_LOOKED_AT = 1000
"""The largest effort of pgvector's HNSW (`hnsw.ef_search`)."""


class PostgresServer:
    """Keeps points in a schema of a database. Safe to share among threads: each has a connection to itself."""

    name = "postgres"
    shards = 1

    def __init__(self, address: str, collection: str, *, password: str | None = None, seconds: float) -> None:
        require("postgres", StoreError)
        import psycopg
        from psycopg import sql

        self._psycopg: Any = psycopg
        self._address = address
        self._password = password
        self._seconds = max(1, round(seconds))
        self._place = f"PostgreSQL at {_shown(address)}"
        self._idle: LifoQueue[Any] = LifoQueue()
        self._schema = sql.Identifier(collection)
        self._name = collection
        self._sql = sql

    def create(self, dim: int) -> None:
        """Makes the schema; raises StoreError where it exists."""
        if self.exists():
            raise StoreError(f"{self._place} has a schema {self._name} already: give another name")
        with self._connection(in_schema=False) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
            connection.execute(self._sql.SQL("CREATE SCHEMA {}").format(self._schema))
            connection.execute(self._sql.SQL("SET LOCAL search_path TO {}, public").format(self._schema))
            for statement in SCHEMA.format(dim=int(dim)).split(";"):
                connection.execute(statement)

    def exists(self) -> bool:
        """Tells whether the schema is there."""
        query = "SELECT 1 FROM information_schema.tables WHERE table_schema = %s AND table_name = 'points'"
        with self._connection(in_schema=False) as connection:
            return connection.execute(query, [self._name]).fetchone() is not None

    def drop(self) -> None:
        """Takes the schema away."""
        with self._connection(in_schema=False) as connection:
            connection.execute(self._sql.SQL("DROP SCHEMA {} CASCADE").format(self._schema))

    def index_numbers(self, keys: Sequence[str]) -> None:
        """Does nothing: all numbers are found by one index."""

    def put(self, points: Sequence[EnginePoint]) -> None:
        """Keeps points, in place of those with the same numbers."""
        ids = [point.id for point in points]
        with self._connection(statements=5) as connection:
            _delete(connection, ids)
            cursor = connection.cursor()
            with cursor.copy("COPY points (id, tokens, payload, vector) FROM STDIN") as copy:
                for point in points:
                    copy.write_row(_row(point))
            with cursor.copy("COPY words (word, point, weight) FROM STDIN") as copy:
                for point in points:
                    for word, weight in point.words.items():
                        copy.write_row((word, point.id, weight))
            with cursor.copy("COPY numbers (key, value, point) FROM STDIN") as copy:
                for point in points:
                    for key, value in _numbers(point):
                        copy.write_row((key, value, point.id))

    def end(self, ids: Sequence[int], moment: int | None) -> None:
        """Writes down until which moment these are answered; None: for good."""
        change = "payload - %s" if moment is None else "payload || jsonb_build_object(%s::text, %s::bigint)"
        values = [DIED] if moment is None else [DIED, moment]
        with self._connection() as connection:
            connection.execute(f"UPDATE points SET payload = {change} WHERE id = ANY(%s)", [*values, list(ids)])  # noqa: S608

    def delete(self, ids: Sequence[int]) -> None:
        """Takes points away."""
        with self._connection() as connection:
            _delete(connection, list(ids))

    def settle(self) -> None:
        """Makes the index of vectors where there are enough, and counts what the planner goes by."""
        with self._connection(statements=None) as connection:
            connection.execute("SET LOCAL statement_timeout = 0")  # of a million it takes minutes
            (vectors,) = connection.execute("SELECT count(*) FROM points WHERE vector IS NOT NULL").fetchone()
            if vectors >= INDEXED_FROM:
                connection.execute("CREATE INDEX IF NOT EXISTS nearest ON points USING hnsw (vector vector_ip_ops)")
            connection.execute("ANALYZE")

    def count(self, asked: EngineFilter) -> int:
        """Returns how many points a filter lets through."""
        where = filter_sql(asked)
        with self._connection() as connection:
            query = f"SELECT count(*) FROM points p WHERE {where.text}"  # noqa: S608 - of our own words
            return int(connection.execute(query, where.values).fetchone()[0])

    def nearest(self, vector: Vectors, k: int, asked: EngineFilter | None, *, exact: bool) -> list[FoundPoint]:
        """Returns the `k` points nearest to `vector` (dim,), best first; `exact` compares with all of them."""
        where = Sql("TRUE") if asked is None else filter_sql(asked)
        query = (
            f"SELECT id, -(vector <#> %s::vector), {_FOUND} FROM points p "  # noqa: S608
            f"WHERE vector IS NOT NULL AND {where.text} ORDER BY vector <#> %s::vector LIMIT %s"
        )
        text = _vector(vector)
        with self._connection() as connection:
            if exact:
                connection.execute("SET LOCAL enable_indexscan = off")
            else:
                connection.execute(f"SET LOCAL hnsw.ef_search = {min(MOST_LOOKED_AT, max(100, 2 * k))}")
                connection.execute("SET LOCAL hnsw.iterative_scan = strict_order")
            return _found(connection.execute(query, [text, *where.values, text, k]))

    def by_words(self, words: Mapping[int, float], k: int, asked: EngineFilter | None) -> list[FoundPoint]:
        """Returns the `k` points with the largest sums of products over words, best first."""
        where = Sql("TRUE") if asked is None else filter_sql(asked)
        query = (
            f"SELECT p.id, score, {_FOUND} FROM (SELECT w.point, sum(w.weight * q.weight) AS score "  # noqa: S608
            "FROM words w JOIN unnest(%s::bigint[], %s::float8[]) AS q (word, weight) USING (word) GROUP BY w.point) s "
            f"JOIN points p ON p.id = s.point WHERE {where.text} ORDER BY score DESC, p.id LIMIT %s"
        )
        with self._connection() as connection:
            return _found(connection.execute(query, [list(words), list(words.values()), *where.values, k]))

    def page(self, asked: EngineFilter, after: int, size: int, payload: Sequence[str]) -> list[EnginePoint]:
        """Returns the first `size` points beyond the number `after` that a filter lets through, ascending."""
        where = filter_sql(asked)
        query = f"SELECT id, payload FROM points p WHERE id > %s AND {where.text} ORDER BY id LIMIT %s"  # noqa: S608
        with self._connection() as connection:
            rows = connection.execute(query, [after, *where.values, size]).fetchall()
        return [EnginePoint(one, _part(kept, payload)) for one, kept in rows]

    def fetch(self, ids: Sequence[int], payload: Sequence[str], *, vectors: bool = False) -> list[EnginePoint]:
        """Returns those of the points that are there, in any order, with these parts of their payload."""
        wanted = "vector::text" if vectors else "NULL"
        query = f"SELECT id, payload, {wanted} FROM points WHERE id = ANY(%s)"  # noqa: S608
        with self._connection() as connection:
            rows = connection.execute(query, [[int(one) for one in ids]]).fetchall() if len(ids) else []
        return [
            EnginePoint(one, _part(kept, payload), None if vector is None else np.array(json.loads(vector), np.float32))
            for one, kept, vector in rows
        ]

    def close(self) -> None:
        """Closes the connections that nobody uses."""
        with suppress(Empty):
            while True:
                self._idle.get_nowait().close()

    @contextmanager
    def _connection(self, *, in_schema: bool = True, statements: int | None = 1) -> Iterator[Any]:
        """Gives a connection within a transaction; after an error it is thrown away, and the next one is made anew.

        So many `statements` may each take their time, None: as long as it takes.
        """
        with engine_errors(self._place, (self._psycopg.Error, OSError)):
            connection = self._taken()
            try:
                with self._answering(connection, statements), connection.transaction():
                    if in_schema:
                        connection.execute(self._sql.SQL("SET LOCAL search_path TO {}, public").format(self._schema))
                    yield connection
            except BaseException:
                connection.close()
                raise
            self._idle.put(connection)

    def _taken(self) -> Any:
        """Returns a connection that lives: one that is idle may be to a server that was started anew since."""
        while True:
            try:
                connection = self._idle.get_nowait()
            except Empty:
                return self._connected()
            try:
                with self._answering(connection, 1):
                    connection.execute("SELECT 1")
            except self._psycopg.Error:
                connection.close()
            except OSError:
                connection.close()
                raise
            else:
                return connection

    @contextmanager
    def _answering(self, connection: Any, statements: int | None) -> Iterator[None]:
        """Breaks a connection off from which nothing comes: the server ends what takes too long, the network doesn't.

        Others that are idle go the same way: the next search asks by new ones.
        """
        if statements is None:
            yield
            return
        hung_up = threading.Event()
        timer = threading.Timer(statements * self._seconds + GRACE_SECONDS, _hang_up, [connection, hung_up])
        timer.daemon = True
        timer.start()
        try:
            yield
        except self._psycopg.Error as error:
            if hung_up.is_set():
                self.close()
                raise TimeoutError(f"nothing came for {statements * self._seconds} s") from error
            raise
        finally:
            timer.cancel()

    def _connected(self) -> Any:
        return self._psycopg.connect(
            self._address,
            password=self._password,
            autocommit=True,
            connect_timeout=self._seconds,
            options=f"-c statement_timeout={self._seconds * 1000}",
        )


_FOUND = ", ".join(f"p.payload -> '{part}'" for part in FOUND)


def _found(rows: Any) -> list[FoundPoint]:
    return [
        FoundPoint(
            one, float(score), {name: value for name, value in zip(FOUND, kept, strict=True) if value is not None}
        )
        for one, score, *kept in rows
    ]


def _delete(connection: Any, ids: list[int]) -> None:
    connection.execute("DELETE FROM words WHERE point = ANY(%s)", [ids])
    connection.execute("DELETE FROM numbers WHERE point = ANY(%s)", [ids])
    connection.execute("DELETE FROM points WHERE id = ANY(%s)", [ids])


def _row(point: EnginePoint) -> tuple[int, list[str], str, str | None]:
    payload = dict(point.payload)
    tokens = payload.pop(TOKENS, [])
    kept = {key: value for key, value in payload.items() if not key.startswith("n_")}
    listed = [str(token) for token in tokens] if isinstance(tokens, list) else []
    return point.id, listed, json.dumps(kept), None if point.vector is None else _vector(point.vector)


def _numbers(point: EnginePoint) -> Iterator[tuple[str, float]]:
    for key, values in point.payload.items():
        if key.startswith("n_") and isinstance(values, list):
            yield from ((key, float(str(value))) for value in values)


def _part(payload: Mapping[str, Json], names: Sequence[str]) -> dict[str, Json]:
    return {name: payload[name] for name in names if name in payload}


def _vector(vector: Vectors) -> str:
    """Returns a vector as text, from which the very float32 numbers are read again."""
    return f"[{','.join(map(repr, vector.tolist()))}]"


def _hang_up(connection: Any, hung_up: threading.Event) -> None:
    """Ends a connection beneath whoever waits for its answer, who sees that as an error."""
    hung_up.set()
    with suppress(Exception), socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM) as line:
        line.shutdown(socket.SHUT_RDWR)


def _shown(address: str) -> str:
    """Returns an address without what may be a password."""
    return address.rpartition("@")[2] if "://" in address else "the given address"
