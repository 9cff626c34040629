"""Passages in the order of their documents, for a query that filters and has no words to rank by."""

from __future__ import annotations

from collections.abc import Sequence

from passagework.retrieval.filters.allowed import AllowedIds
from passagework.retrieval.lexical.bm25 import PLAIN_WORDS, Bm25, QueryReader
from passagework.retrieval.store import Snapshot


class InOrder:
    """Gives what a filter lets through, all with a score of 0."""

    def search(
        self,
        snapshot: Snapshot,
        query: str,  # noqa: ARG002 - it has no words
        k: int,
        allowed: AllowedIds | None,
        reader: QueryReader = PLAIN_WORDS,  # noqa: ARG002
    ) -> list[tuple[int, float]]:
        """Returns the first `k` passages as (id, 0): equal as they are, their places decide."""
        if allowed is None:
            return []
        return [(passage, 0.0) for passage in snapshot.first_matching(allowed.condition, k)]

    def holding(self, snapshot: Snapshot, forms: Sequence[str]) -> int:
        """Returns how many passages hold a word in one of its forms."""
        return Bm25().holding(snapshot, forms)
