"""Asks a collection on behalf of a framework: always in the same way, and within the same filter."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.filters.compiler import Where
from passagework.retrieval.hits import Hits
from passagework.retrieval.types import Stage


@dataclass(frozen=True, slots=True)
class PassageSearch:
    """Holds how a collection is asked; each field means what it does in `Collection.search`.

    `where` holds for every query, whatever filter a query brings: it is how a caller is kept to what it may see.
    """

    collection: Collection
    k: int = 10
    stage: Stage | str | None = None
    where: Where | None = None
    min_relevance: float | None = None
    per_document: int | None = None

    def hits(self, query: str, *, k: int | None = None, where: Where | None = None) -> Hits:
        """Returns the hits of a query, `k` of them where that is given, within both filters; raises as `search`."""
        return self.collection.search(
            query,
            k=self.k if k is None else k,
            stage=self.stage,
            where=within_both(self.where, where),
            min_relevance=self.min_relevance,
            per_document=self.per_document,
        )


def opened(collection: Collection | str | Path) -> Collection:
    """Returns an open collection as it is, and opens the one in a folder; raises StoreError where there is none."""
    return collection if isinstance(collection, Collection) else Collection.open(collection)


def within_both(first: Where | None, second: Where | None) -> Where | None:
    """Returns a filter that lets through what both do; None is no filter."""
    if first is None or second is None:
        return second if first is None else first
    return {"$and": [first, second]}
