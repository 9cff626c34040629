"""What the searcher asks of a collection's passages at one moment, wherever they are searched: here, or by an engine.

The texts and places of passages are the moment's to tell, which is a `Snapshot`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeAlias

from passagework.retrieval.filters.allowed import AllowedIds
from passagework.retrieval.filters.compiler import Where
from passagework.retrieval.lexical.bm25 import LexicalRetriever
from passagework.retrieval.plan import FilterUse
from passagework.retrieval.store.conditions import Condition
from passagework.retrieval.types import Vectors

Timed: TypeAlias = "Callable[[str], AbstractContextManager[None]]"
"""Adds the time within it to the clock of a name."""


class DenseRetriever(Protocol):
    """Finds passages by a query's vector, of those that a filter lets through."""

    def matches_nothing(self) -> bool:
        """Tells whether the filter lets nothing through."""

    def best(self, vector: Vectors, size: int) -> tuple[dict[int, float], FilterUse | None]:
        """Returns cosines of at least the `size` passages nearest to `vector` (1, dim), and of those equal to the last.

        With them comes how the filter was kept to, None where there is none.
        """

    def cosines(self, vector: Vectors, ids: Sequence[int]) -> dict[int, float]:
        """Returns the exact cosines of passages with `vector` (1, dim)."""


class SearchedPassages(Protocol):
    """The passages of a collection at one moment, as they can be searched."""

    @property
    def size(self) -> int:
        """Returns how many passages a search can find."""

    @property
    def kind(self) -> str:
        """Returns how vectors are searched, as the plan names it."""

    @property
    def shards(self) -> int | None:
        """Returns over how many shards of an engine a search goes; None where there is no engine."""

    def allowed(self, where: Where | None, also: Sequence[Condition]) -> AllowedIds:
        """Returns the passages that a filter lets through, and conditions made at this moment; raises FilterError."""

    def dense(self, allowed: AllowedIds | None, timed: Timed) -> DenseRetriever:
        """Returns what finds passages by vectors, of those allowed (None: of all), for one request."""

    def lexical(self) -> LexicalRetriever:
        """Returns what finds passages by words."""
