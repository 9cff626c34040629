"""The documents most like one: those that the index finds near its passages, in order of the means of their vectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from passagework.retrieval.dense.index import LiveIndex
from passagework.retrieval.duplicates.document_vectors import mean_vectors
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.filters.compiler import Where, compile_filter
from passagework.retrieval.store import Snapshot
from passagework.retrieval.store.text_spans import document_places, passages_of
from passagework.retrieval.types import Ids, Json

ASKED = 64
"""Passages of a document that are asked with, spread evenly over it, beside its own mean."""

FOUND = 50
"""Passages that are looked up for each, or four times `k` where that is more."""

DECIMALS = 4


@dataclass(frozen=True, slots=True)
class SimilarDocument:
    """Tells of a document how near it is to another: `similarity` is the cosine of the means of their passages."""

    document: str
    path: str
    uri: str
    similarity: float

    def to_json(self) -> dict[str, Json]:
        """Returns what the similar JSON has of it."""
        return {"document": self.document, "path": self.path, "similarity": self.similarity}


def similar_documents(
    snapshot: Snapshot, index: LiveIndex, document: int, *, k: int, where: Where | None
) -> list[SimilarDocument]:
    """Returns the `k` documents nearest to the one with this id, the nearest first, ties by path, itself left out."""
    if k < 1:
        raise ConfigError(f"k is {k}; at least 1 is needed")
    condition = snapshot.visible if where is None else compile_filter(where, snapshot)
    allowed = None if condition is None else snapshot.matching(condition)
    own = passages_of(snapshot, [document])
    if not len(own.ids):
        return []
    vectors = snapshot.vectors_of(own.ids)
    _, mean = mean_vectors(own.documents, vectors, own.lengths)
    spread = np.unique(np.linspace(0, len(vectors) - 1, min(ASKED, len(vectors))).astype(np.int64))
    queries = np.vstack([mean, vectors[spread]])
    result = index.search(queries, max(FOUND, 4 * k), allowed=allowed, excluded=own.ids)
    found = np.unique(result.ids[result.ids >= 0])
    near = sorted({place.document_id for place in snapshot.locations(found.tolist()).values()} - {document})
    others = passages_of(snapshot, near)
    ids, means = mean_vectors(others.documents, snapshot.vectors_of(others.ids), others.lengths)
    return _nearest(snapshot, ids, np.clip(means @ mean[0], -1, 1), k)


def _nearest(snapshot: Snapshot, documents: Ids, cosines: np.ndarray, k: int) -> list[SimilarDocument]:
    places = document_places(snapshot, documents.tolist())
    rows = [
        SimilarDocument(name, path, uri, round(cosine, DECIMALS))
        for number, cosine in zip(documents.tolist(), cosines.tolist(), strict=True)
        for name, path, _, _, uri in [places[number]]
    ]
    return sorted(rows, key=lambda row: (-row.similarity, row.path, row.uri))[:k]
