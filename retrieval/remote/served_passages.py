"""The passages of a served collection, as a searcher asks for them (see `first_stage`)."""

from __future__ import annotations

from collections.abc import Sequence

from passagework.retrieval.dense.dense_retriever import DECIMALS
from passagework.retrieval.filters.allowed import AllowedIds
from passagework.retrieval.filters.compiler import Where
from passagework.retrieval.first_stage import Timed
from passagework.retrieval.plan import FilterUse
from passagework.retrieval.remote.engine import FoundPoint
from passagework.retrieval.remote.served_snapshot import ServedSnapshot
from passagework.retrieval.remote.served_words import ServedWords
from passagework.retrieval.remote.typed_tokens import HasId, asked_of
from passagework.retrieval.store.conditions import Condition
from passagework.retrieval.types import Vectors

INSIDE = "inside the engine"
CHECKED = "inside the engine, and checked here"
"""How a filter was kept to: the engine lets through what it should, or more, and the rest is left out here."""


class ServedPassages:
    """Is `SearchedPassages` of a served collection at one moment."""

    def __init__(self, snapshot: ServedSnapshot) -> None:
        self._snapshot = snapshot

    @property
    def size(self) -> int:
        """Returns how many passages a search can find."""
        return self._snapshot.passage_count()

    @property
    def kind(self) -> str:
        """Returns the name of the engine."""
        return self._snapshot.engine.name

    @property
    def shards(self) -> int:
        """Returns over how many shards a search goes."""
        return self._snapshot.engine.shards

    def allowed(self, where: Where | None, also: Sequence[Condition]) -> AllowedIds:
        """Returns the passages that a filter lets through, and conditions made at this moment; raises FilterError."""
        return AllowedIds(where, self._snapshot, None, also)

    def dense(self, allowed: AllowedIds | None, timed: Timed) -> ServedDense:
        """Returns what finds passages by vectors, of those allowed (None: of all), for one request."""
        return ServedDense(self._snapshot, None if allowed is None else allowed.condition, timed)

    def lexical(self) -> ServedWords:
        """Returns what finds passages by words."""
        return ServedWords(self._snapshot)


class ServedDense:
    """Looks for the passages nearest to a query, of those that fulfil a condition (None: of all)."""

    def __init__(self, snapshot: ServedSnapshot, condition: Condition | None, timed: Timed) -> None:
        self._snapshot = snapshot
        self._condition = condition
        self._asked = None if condition is None else asked_of(condition)
        self._timed = timed

    def matches_nothing(self) -> bool:
        """Tells whether the filter lets nothing through."""
        if self._condition is None:
            return False
        with self._timed("filter"):
            return next(iter(self._snapshot.reading.matching(self._condition)), None) is None

    def best(self, vector: Vectors, size: int) -> tuple[dict[int, float], FilterUse | None]:
        """Returns cosines of at least the `size` passages nearest to `vector` (1, dim), and of those equal to the last.

        With them comes how the filter was kept to, None where there is none.
        """
        with self._timed("dense"):
            found, looked_at = self._snapshot.reading.best(
                lambda most: self._nearest(vector, most), size, self._condition, DECIMALS
            )
        if self._asked is None:
            return dict(found), None
        if self._asked.exact:
            return dict(found), FilterUse(INSIDE)
        return dict(found), FilterUse(CHECKED, looked_at=looked_at)

    def cosines(self, vector: Vectors, ids: Sequence[int]) -> dict[int, float]:
        """Returns the exact cosines of passages with `vector` (1, dim)."""
        only = HasId(tuple(map(int, ids)))
        found = self._snapshot.engine.nearest(vector[0], len(ids), only, exact=True) if ids else []
        return {one.id: round(one.score, DECIMALS) for one in found}

    def _nearest(self, vector: Vectors, most: int) -> list[FoundPoint]:
        """Returns so many, or all: an approximate index that gives fewer is asked to look at each."""
        engine = self._snapshot.engine
        asked = None if self._asked is None else self._asked.filter
        found = engine.nearest(vector[0], most, asked, exact=False)
        if len(found) < min(most, self._snapshot.passage_count()):
            found = engine.nearest(vector[0], most, asked, exact=True)
        return found
