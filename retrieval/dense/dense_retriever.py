"""The dense half of the first stage: the nearest passages that a filter lets through, with exact cosines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import numpy as np

from passagework.retrieval.dense.index import FilterPlan, LiveIndex
from passagework.retrieval.dense.index.scoring import cosines
from passagework.retrieval.dense.index.vector_index import Scores
from passagework.retrieval.filters.allowed import BROAD, AllowedIds
from passagework.retrieval.plan import FilterUse
from passagework.retrieval.store import Snapshot
from passagework.retrieval.types import Ids, Vectors

LARGE = 50_000
"""Passages from which on to look up all that a broad filter lets through takes longer than to search without it."""

DECIMALS = 6
"""Decimals of a cosine: further down the order of summing shows, and equal texts would stop being equal."""


class LocalDenseRetriever:
    """Looks for the passages nearest to a query, of those that a filter lets through.

    `timed` adds the time within it to the clock of a name.
    """

    def __init__(
        self,
        index: LiveIndex,
        snapshot: Snapshot,
        allowed: AllowedIds | None,
        timed: Callable[[str], AbstractContextManager[None]],
    ) -> None:
        self._index = index
        self._snapshot = snapshot
        self._allowed = allowed
        self._timed = timed
        self._narrow = allowed is None or index.size < LARGE

    def matches_nothing(self) -> bool:
        """Tells whether the filter lets nothing through."""
        allowed = self._allowed
        return allowed is not None and not self._is_broad(allowed) and not len(self._allowed_ids(allowed))

    def best(self, vector: Vectors, size: int) -> tuple[dict[int, float], FilterUse | None]:
        """Returns cosines of at least the `size` passages nearest to `vector` (1, dim), and of those equal to the last.

        With them comes how the filter was kept to, None where there is none.
        """
        if self._allowed is not None and self._is_broad(self._allowed):
            checked_after = self._checked(vector, self._allowed, size)
            if checked_after is not None:
                return checked_after
        return self._searched(vector, self._allowed, size)

    def cosines(self, vector: Vectors, ids: Sequence[int]) -> dict[int, float]:
        """Returns exact cosines, of the index's own vectors where it keeps them whole, else of the store's."""
        if self._index.lossless:
            found_ids, vectors = self._index.vectors(np.array(ids, dtype=np.int64))
        else:
            found_ids, vectors = np.array(ids, dtype=np.int64), self._snapshot.vectors_of(ids)
        return _rounded(found_ids, cosines(vector[0], vectors))

    def _searched(
        self, vector: Vectors, allowed: AllowedIds | None, size: int
    ) -> tuple[dict[int, float], FilterUse | None]:
        allowed_ids = None if allowed is None else self._allowed_ids(allowed)
        limit = size + 1
        while True:
            with self._timed("dense"):
                result = self._index.search(vector, limit, allowed=allowed_ids)
                filled = result.ids[0] >= 0
                ids = result.ids[0][filled]
                exact = self._index.lossless
                scores = _rounded(ids, result.scores[0][filled]) if exact else self.cosines(vector, ids.tolist())
            ordered = sorted(scores.values(), reverse=True)
            if len(ids) < limit or ordered[-1] < ordered[size - 1]:
                break
            limit *= 2  # the pool ends among equals: take them all, and let the order of documents decide
        return scores, None if allowed_ids is None else FilterUse(result.plan.value, matching=len(allowed_ids))

    def _checked(self, vector: Vectors, allowed: AllowedIds, size: int) -> tuple[dict[int, float], FilterUse] | None:
        """Returns those of the nearest passages that pass the filter; None where too few of them do."""
        with self._timed("dense"):
            result = self._index.search(vector, BROAD * size)
            ids = result.ids[0][result.ids[0] >= 0]
        with self._timed("filter"):
            passing = allowed.passing(ids)
        if len(passing) <= size:
            self._narrow = True
            return None
        with self._timed("dense"):
            scores = self.cosines(vector, passing.tolist())
        ordered = sorted(scores.values(), reverse=True)
        if ordered[-1] == ordered[size - 1]:
            return None  # the pool ends among equals
        return scores, FilterUse(FilterPlan.CHECKED.value, looked_at=len(ids))

    def _is_broad(self, allowed: AllowedIds) -> bool:
        with self._timed("filter"):
            return not self._narrow and allowed.is_broad(self._index.base.ids)

    def _allowed_ids(self, allowed: AllowedIds) -> Ids:
        with self._timed("filter"):
            return allowed.ids


def _rounded(ids: Ids, scores: Scores) -> dict[int, float]:
    return dict(zip(ids.tolist(), np.round(scores.astype(np.float64), DECIMALS).tolist(), strict=True))
