"""Qdrant's own shards, in this process: what a server of it runs, without the server."""

from __future__ import annotations

import heapq
import json
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from passagework.retrieval.errors import StoreError
from passagework.retrieval.extras import require
from passagework.retrieval.remote.engine import (
    BORN,
    DIED,
    FOUND,
    TOKENS,
    EnginePoint,
    FoundPoint,
    engine_errors,
    no_room,
)
from passagework.retrieval.remote.typed_tokens import EngineFilter, Every, HasId, HasToken, InRange, No, Some
from passagework.retrieval.store.conditions import Comparison
from passagework.retrieval.types import Vectors

DENSE, WORDS = "dense", "words"
SHARDS = "shards.json"

BOUNDS: Mapping[Comparison, str] = {
    Comparison.GREATER: "gt",
    Comparison.GREATER_OR_EQUAL: "gte",
    Comparison.LESS: "lt",
    Comparison.LESS_OR_EQUAL: "lte",
}


ROOM = 128 << 20
"""Bytes that must be free for each shard before it is opened or written to: it maps files into memory that grow by
32 MB, and where the disk is full then, the system ends the whole process (SIGBUS)."""

_lock = threading.Lock()
_open_in: dict[Path, tuple[list[Any], int]] = {}
"""The open shards of each folder, and how many have them open: all in this process share them."""


class QdrantShards:
    """Keeps points in shards in a folder, by the rest of their number. One process has them open at a time."""

    name = "qdrant-edge"

    def __init__(self, folder: Path, shards: int = 4) -> None:
        require("qdrant", StoreError)
        import qdrant_edge

        self._edge: Any = qdrant_edge
        self.folder = folder
        self.shards = shards
        self._place = f"the engine in {folder}"
        self._pool = ThreadPoolExecutor(shards, thread_name_prefix="shard")
        self._open: list[Any] = []
        if self.exists():
            self.shards = int(json.loads((folder / SHARDS).read_text(encoding="ascii"))["shards"])
            self._check_room()
            with self._errors():
                self._open = self._shared(
                    lambda: [self._edge.EdgeShard.load(str(folder / str(one))) for one in range(self.shards)]
                )

    def create(self, dim: int) -> None:
        """Makes the shards, for vectors of so many numbers; raises StoreError where they exist."""
        if self.exists():
            raise StoreError(f"{self.folder} holds shards already")
        self._check_room()
        edge = self._edge
        config = edge.EdgeConfig(
            vectors={DENSE: edge.EdgeVectorParams(size=dim, distance=edge.Distance.Dot)},  # rows are unit rows
            sparse_vectors={WORDS: edge.EdgeSparseVectorParams()},
        )

        def made() -> list[Any]:
            for number in range(self.shards):
                (self.folder / str(number)).mkdir(parents=True)
            return [edge.EdgeShard.create(str(self.folder / str(number)), config) for number in range(self.shards)]

        with self._errors():
            self._open = self._shared(made)
            self._on_all(edge.UpdateOperation.create_field_index(TOKENS, edge.PayloadSchemaType.Keyword))
            for moment in (BORN, DIED):
                self._on_all(edge.UpdateOperation.create_field_index(moment, edge.PayloadSchemaType.Integer))
        (self.folder / SHARDS).write_text(json.dumps({"shards": self.shards}), encoding="ascii")

    def _check_room(self) -> None:
        """Raises StoreError where the disk has no room to write safely."""
        place = next(folder for folder in (self.folder, *self.folder.parents) if folder.is_dir())
        free, needed = shutil.disk_usage(place).free, self.shards * ROOM
        if free < needed:
            raise no_room(self._place, f"{free >> 20:,} MB are free, {needed >> 20:,} are needed to write")

    def exists(self) -> bool:
        """Tells whether the shards are there."""
        return (self.folder / SHARDS).is_file()

    def drop(self) -> None:
        """Empties the shards."""
        with self._errors():
            for shard in self._open:
                shard.update(self._edge.UpdateOperation.delete_points_by_filter(self._edge.Filter()))

    def index_numbers(self, keys: Sequence[str]) -> None:
        """Has the numbers under these keys found by an index."""
        with self._errors():
            for key in keys:
                self._on_all(self._edge.UpdateOperation.create_field_index(key, self._edge.PayloadSchemaType.Float))

    def put(self, points: Sequence[EnginePoint]) -> None:
        """Keeps points, in place of those with the same numbers."""
        self._check_room()
        edge = self._edge

        def made(point: EnginePoint) -> Any:
            vectors: dict[str, Any] = {}
            if point.vector is not None:
                vectors[DENSE] = point.vector.tolist()
                vectors[WORDS] = edge.SparseVector(list(point.words), list(point.words.values()))
            return edge.Point(point.id, vectors, dict(point.payload))

        self._by_shard(
            {point.id: point for point in points},
            lambda shard, part: shard.update(edge.UpdateOperation.upsert_points([made(one) for one in part.values()])),
        )

    def end(self, ids: Sequence[int], moment: int | None) -> None:
        """Writes down until which moment these are answered; None: for good."""
        self._check_room()
        change = self._edge.UpdateOperation

        def ended(shard: Any, part: Mapping[int, int]) -> None:
            listed = list(part)
            shard.update(
                change.delete_payload(listed, [DIED]) if moment is None else change.set_payload(listed, {DIED: moment})
            )

        self._by_shard({one: one for one in ids}, ended)

    def delete(self, ids: Sequence[int]) -> None:
        """Takes points away."""
        delete = self._edge.UpdateOperation.delete_points
        self._by_shard({one: one for one in ids}, lambda shard, part: shard.update(delete(list(part))))

    def settle(self) -> None:
        """Has the shards index what was put."""
        self._check_room()
        self._each(lambda shard: (shard.optimize(), shard.flush()))

    def count(self, asked: EngineFilter) -> int:
        """Returns how many points a filter lets through."""
        request = self._edge.CountRequest(exact=True, filter=self._filter(asked))
        return sum(self._each(lambda shard: shard.count(request)))

    def nearest(self, vector: Vectors, k: int, asked: EngineFilter | None, *, exact: bool) -> list[FoundPoint]:
        """Returns the `k` points nearest to `vector` (dim,), best first; `exact` compares with all of them."""
        query = self._edge.Query.Nearest(vector.tolist(), DENSE)
        return self._found(query, k, asked, self._edge.SearchParams(exact=exact))

    def by_words(self, words: Mapping[int, float], k: int, asked: EngineFilter | None) -> list[FoundPoint]:
        """Returns the `k` points with the largest sums of products over words, best first."""
        sparse = self._edge.SparseVector(list(words), list(words.values()))
        return self._found(self._edge.Query.Nearest(sparse, WORDS), k, asked, None)

    def page(self, asked: EngineFilter, after: int, size: int, payload: Sequence[str]) -> list[EnginePoint]:
        """Returns the first `size` points beyond the number `after` that a filter lets through, ascending."""
        request = self._edge.ScrollRequest(
            offset=after + 1, limit=size, filter=self._filter(asked), with_payload=list(payload), with_vector=False
        )
        pages = self._each(lambda shard: [_point(record) for record in shard.scroll(request)[0]])
        return heapq.nsmallest(size, (point for page in pages for point in page), key=lambda point: point.id)

    def fetch(self, ids: Sequence[int], payload: Sequence[str], *, vectors: bool = False) -> list[EnginePoint]:
        """Returns those of the points that are there, in any order, with these parts of their payload."""
        fetched: list[EnginePoint] = []
        wanted = [DENSE] if vectors else False

        def add(shard: Any, part: Mapping[int, int]) -> None:
            fetched.extend(map(_point, shard.retrieve(list(part), list(payload), wanted)))

        self._by_shard({int(one): int(one) for one in ids}, add)
        return fetched

    def close(self) -> None:
        """Closes the shards."""
        with _lock:
            shards, users = _open_in.pop(self.folder.resolve(), ([], 1))
            if shards and self._open and users > 1:
                _open_in[self.folder.resolve()] = shards, users - 1
            elif self._open:
                for shard in shards:
                    shard.close()
        self._open = []
        self._pool.shutdown()

    def _shared(self, opened: Callable[[], list[Any]]) -> list[Any]:
        """Returns the shards of the folder, opened where nobody in this process has them open."""
        with _lock:
            shards, users = _open_in.get(self.folder.resolve()) or (opened(), 0)
            _open_in[self.folder.resolve()] = shards, users + 1
            return shards

    def _found(self, query: Any, k: int, asked: EngineFilter | None, params: Any) -> list[FoundPoint]:
        asked_filter = None if asked is None else self._filter(asked)
        request = self._edge.QueryRequest(
            limit=k, query=query, filter=asked_filter, params=params, with_payload=list(FOUND), with_vector=False
        )
        parts = self._each(lambda shard: [(one.id, one.score, one.payload or {}) for one in shard.query(request)])
        found = [FoundPoint(*one) for part in parts for one in part]
        return sorted(found, key=lambda one: (-one.score, one.id))[:k]

    def _filter(self, asked: EngineFilter) -> Any:
        edge = self._edge
        match asked:
            case HasToken(tokens):
                return edge.Filter(must=[edge.FieldCondition(TOKENS, match=edge.MatchAny(list(tokens)))])
            case InRange(key, comparison, bound):
                return edge.Filter(
                    must=[edge.FieldCondition(key, range=edge.RangeFloat(**{BOUNDS[comparison]: bound}))]
                )
            case HasId(ids):
                return edge.Filter(must=[edge.HasIdCondition(set(ids))])
            case Every(parts):
                return edge.Filter(must=[self._filter(part) for part in parts])
            case Some(()):
                return edge.Filter(must=[edge.HasIdCondition(set())])
            case Some(parts):
                return edge.Filter(should=[self._filter(part) for part in parts])
            case No(part):
                return edge.Filter(must_not=[self._filter(part)])

    def _on_all(self, operation: Any) -> None:
        for shard in self._open:
            shard.update(operation)

    def _each(self, ask: Callable[[Any], Any]) -> list[Any]:
        """Asks every shard at once."""
        self._check_open()
        with self._errors():
            return list(self._pool.map(ask, self._open))

    def _by_shard(self, by_id: Mapping[int, Any], act: Callable[[Any, dict[int, Any]], object]) -> None:
        """Has each shard do something with what is its own."""
        self._check_open()
        with self._errors():
            for number, shard in enumerate(self._open):
                part = {one: value for one, value in by_id.items() if one % self.shards == number}
                if part:
                    act(shard, part)

    def _check_open(self) -> None:
        if not self._open:
            raise StoreError(f"{self._place} is not open: it may have been moved or closed")

    def _errors(self) -> Any:
        return engine_errors(self._place, (Exception,))  # it raises nothing more special


def _point(record: Any) -> EnginePoint:
    vector = (record.vector or {}).get(DENSE) if isinstance(record.vector, dict) else None
    return EnginePoint(record.id, record.payload or {}, None if vector is None else np.array(vector, np.float32))
