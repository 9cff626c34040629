"""A server of Qdrant, or a cluster of them, as the engine of a collection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from passagework.retrieval.errors import StoreError
from passagework.retrieval.extras import require
from passagework.retrieval.remote.engine import BORN, DIED, FOUND, TOKENS, EnginePoint, FoundPoint, engine_errors
from passagework.retrieval.remote.qdrant_shards import BOUNDS, DENSE, WORDS
from passagework.retrieval.remote.typed_tokens import EngineFilter, Every, HasId, HasToken, InRange, No, Some
from passagework.retrieval.types import Vectors

IN_MEMORY = ":memory:"
"""The address of the client's own imitation of a server, for trials and tests."""


class QdrantServer:
    """Keeps points in a collection of a server. Safe to share among threads."""

    name = "qdrant"

    def __init__(
        self, address: str, collection: str, *, key: str | None = None, seconds: float, shards: int | None = None
    ) -> None:
        require("qdrant", StoreError)
        import qdrant_client

        self._models: Any = qdrant_client.models
        self._collection = collection
        self._place = f"Qdrant at {address}"
        self._made_shards = shards
        self._imitated = address == IN_MEMORY
        with self._errors():
            if self._imitated:
                self._client: Any = qdrant_client.QdrantClient(IN_MEMORY)
            else:
                self._client = qdrant_client.QdrantClient(
                    url=address, api_key=key, timeout=max(1, round(seconds)), check_compatibility=False
                )

    @property
    def shards(self) -> int:
        """Returns over how many shards the server keeps the collection."""
        with self._errors():
            return self._client.get_collection(self._collection).config.params.shard_number or 1

    def create(self, dim: int) -> None:
        """Makes the collection; raises StoreError where it exists."""
        if self.exists():
            raise StoreError(f"{self._place} has a collection {self._collection} already: give another name")
        models, name = self._models, self._collection
        with self._errors():
            self._client.create_collection(
                name,
                vectors_config={DENSE: models.VectorParams(size=dim, distance=models.Distance.DOT)},
                sparse_vectors_config={WORDS: models.SparseVectorParams()},
                shard_number=self._made_shards,
            )
            self._index(TOKENS, models.PayloadSchemaType.KEYWORD)
            for moment in (BORN, DIED):
                self._index(moment, models.PayloadSchemaType.INTEGER)

    def exists(self) -> bool:
        """Tells whether the collection is there."""
        with self._errors():
            return bool(self._client.collection_exists(self._collection))

    def drop(self) -> None:
        """Takes the collection away."""
        with self._errors():
            self._client.delete_collection(self._collection)

    def index_numbers(self, keys: Sequence[str]) -> None:
        """Has the numbers under these keys found by an index."""
        with self._errors():
            for key in keys:
                self._index(key, self._models.PayloadSchemaType.FLOAT)

    def put(self, points: Sequence[EnginePoint]) -> None:
        """Keeps points, in place of those with the same numbers."""
        models = self._models
        made = []
        for point in points:
            vectors: dict[str, Any] = {}
            if point.vector is not None:
                words = models.SparseVector(indices=list(point.words), values=list(point.words.values()))
                vectors = {DENSE: point.vector.tolist(), WORDS: words}
            made.append(models.PointStruct(id=point.id, vector=vectors, payload=dict(point.payload)))
        with self._errors():
            self._client.upsert(self._collection, made, wait=True)

    def end(self, ids: Sequence[int], moment: int | None) -> None:
        """Writes down until which moment these are answered; None: for good."""
        if not ids:
            return
        with self._errors():
            if moment is None:
                self._client.delete_payload(self._collection, [DIED], points=list(ids), wait=True)
            else:
                self._client.set_payload(self._collection, {DIED: moment}, points=list(ids), wait=True)

    def delete(self, ids: Sequence[int]) -> None:
        """Takes points away."""
        if ids:
            with self._errors():
                self._client.delete(self._collection, list(ids), wait=True)

    def settle(self) -> None:
        """Does nothing: the server indexes by itself."""

    def count(self, asked: EngineFilter) -> int:
        """Returns how many points a filter lets through."""
        with self._errors():
            return int(self._client.count(self._collection, self._filter(asked), exact=True).count)

    def nearest(self, vector: Vectors, k: int, asked: EngineFilter | None, *, exact: bool) -> list[FoundPoint]:
        """Returns the `k` points nearest to `vector` (dim,), best first; `exact` compares with all of them."""
        params = None if self._imitated else self._models.SearchParams(exact=exact)  # which always is
        return self._found(vector.tolist(), DENSE, k, asked, params)

    def by_words(self, words: Mapping[int, float], k: int, asked: EngineFilter | None) -> list[FoundPoint]:
        """Returns the `k` points with the largest sums of products over words, best first."""
        sparse = self._models.SparseVector(indices=list(words), values=list(words.values()))
        return self._found(sparse, WORDS, k, asked, None)

    def page(self, asked: EngineFilter, after: int, size: int, payload: Sequence[str]) -> list[EnginePoint]:
        """Returns the first `size` points beyond the number `after` that a filter lets through, ascending."""
        with self._errors():
            records, _ = self._client.scroll(
                self._collection, self._filter(asked), limit=size, offset=after + 1, with_payload=list(payload)
            )
        return [_point(record) for record in records]

    def fetch(self, ids: Sequence[int], payload: Sequence[str], *, vectors: bool = False) -> list[EnginePoint]:
        """Returns those of the points that are there, in any order, with these parts of their payload."""
        listed, wanted = [int(one) for one in ids], [DENSE] if vectors else False
        with self._errors():
            records = self._client.retrieve(self._collection, listed, list(payload), wanted) if listed else []
        return [_point(record) for record in records]

    def close(self) -> None:
        """Closes the connection."""
        self._client.close()

    def _index(self, key: str, kind: Any) -> None:
        if not self._imitated:  # it has none
            self._client.create_payload_index(self._collection, key, kind)

    def _found(self, query: Any, using: str, k: int, asked: EngineFilter | None, params: Any) -> list[FoundPoint]:
        with self._errors():
            points = self._client.query_points(
                self._collection,
                query=query,
                using=using,
                query_filter=None if asked is None else self._filter(asked),
                search_params=params,
                limit=k,
                with_payload=list(FOUND),
            ).points
        found = [FoundPoint(one.id, one.score, one.payload or {}) for one in points]
        return sorted(found, key=lambda one: (-one.score, one.id))

    def _filter(self, asked: EngineFilter) -> Any:
        models = self._models
        match asked:
            case HasToken(tokens):
                matched = models.MatchAny(any=list(tokens))
                return models.Filter(must=[models.FieldCondition(key=TOKENS, match=matched)])
            case InRange(key, comparison, bound):
                within = models.Range(**{BOUNDS[comparison]: bound})
                return models.Filter(must=[models.FieldCondition(key=key, range=within)])
            case HasId(ids):
                return models.Filter(must=[models.HasIdCondition(has_id=list(ids))])
            case Every(parts):
                return models.Filter(must=[self._filter(part) for part in parts])
            case Some(()):
                return models.Filter(must=[models.HasIdCondition(has_id=[])])
            case Some(parts):
                return models.Filter(should=[self._filter(part) for part in parts])
            case No(part):
                return models.Filter(must_not=[self._filter(part)])

    def _errors(self) -> AbstractContextManager[None]:
        return engine_errors(self._place, (Exception,))  # of httpx, of pydantic, and its own, without a common base


def _point(record: Any) -> EnginePoint:
    vector = record.vector.get(DENSE) if isinstance(record.vector, dict) else None
    return EnginePoint(record.id, record.payload or {}, None if vector is None else np.array(vector, np.float32))
