"""The passages of a collection that lies here: searched by its index of vectors, its text index, and its database."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from passagework.retrieval.dense.dense_retriever import LocalDenseRetriever
from passagework.retrieval.dense.index import LiveIndex
from passagework.retrieval.filters.allowed import AllowedIds, FilterCache
from passagework.retrieval.filters.compiler import Where
from passagework.retrieval.first_stage import Timed
from passagework.retrieval.lexical.bm25 import Bm25, LexicalRetriever
from passagework.retrieval.store import Snapshot
from passagework.retrieval.store.conditions import Condition


class LocalPassages:
    """Is `SearchedPassages` of a snapshot, and the index as it was then.

    `lexical` is called where words are searched, for postings may have to be loaded; `filters` remembers what filters
    let through.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        index: LiveIndex,
        *,
        lexical: Callable[[], LexicalRetriever] = Bm25,
        filters: FilterCache | None = None,
    ) -> None:
        self._snapshot = snapshot
        self._index = index
        self._filters = filters
        self.lexical = lexical

    @property
    def size(self) -> int:
        """Returns how many passages a search can find."""
        return self._index.size

    @property
    def kind(self) -> str:
        """Returns the kind of the index."""
        return self._index.kind.value

    @property
    def shards(self) -> None:
        """Returns None: there is no engine."""

    def allowed(self, where: Where | None, also: Sequence[Condition]) -> AllowedIds:
        """Returns the passages that a filter lets through, and conditions made at this moment; raises FilterError."""
        return AllowedIds(where, self._snapshot, self._filters, also)

    def dense(self, allowed: AllowedIds | None, timed: Timed) -> LocalDenseRetriever:
        """Returns what finds passages by vectors, of those allowed (None: of all), for one request."""
        return LocalDenseRetriever(self._index, self._snapshot, allowed, timed)
