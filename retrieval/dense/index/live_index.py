"""LiveIndex: a base index and what changed since, as one immutable value.

HNSW can't delete, and IVF deletes wrongly behind an id map, so a base never changes: removed ids are masked, added
vectors go to an exact tail, and a new base is built when both have grown. (The idea of log-structured merge trees:
P. O'Neil et al., Acta Informatica 33, 1996.)
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from passagework.retrieval.dense.index.tail import NO_TAIL, Tail
from passagework.retrieval.dense.index.vector_index import (
    FilterPlan,
    IndexKind,
    SearchResult,
    VectorIndex,
    checked_ids,
    checked_queries,
    checked_vectors,
)
from passagework.retrieval.ids import rows_of
from passagework.retrieval.types import Ids, Vectors

REBUILD_SHARE = 0.2
"""Share of the base: so much changed costs a search a fifth of an exact one, and a growing set few rebuilds."""
REBUILD_LEAST = 10_000
"""Rows: fewer changes cost a search under a millisecond, whatever the base."""


def _no_ids() -> Ids:
    return np.empty(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class LiveIndex:
    """Adds changes to a base: `LiveIndex(base)`, then `apply`, which makes a new one and leaves the old one as it was.

    `tail` holds what was added, `removed` (ascending) the ids of the base that are gone. Safe to share among threads.
    """

    base: VectorIndex
    tail: Tail = NO_TAIL
    removed: Ids = field(default_factory=_no_ids)

    @property
    def kind(self) -> IndexKind:
        """Returns the kind of the base."""
        return self.base.kind

    @property
    def dim(self) -> int:
        """Returns the numbers per vector."""
        return self.base.dim

    @property
    def lossless(self) -> bool:
        """Tells whether the base keeps its vectors; the tail always does."""
        return self.base.lossless

    @property
    def size(self) -> int:
        """Returns the number of vectors that a search can find."""
        return len(self.base.ids) - len(self.removed) + self.tail.size

    @property
    def tail_size(self) -> int:
        """Returns how many vectors came after the base."""
        return self.tail.size

    @property
    def removed_size(self) -> int:
        """Returns the number of vectors of the base that a search must pass over."""
        return len(self.removed)

    @property
    def needs_rebuild(self) -> bool:
        """Tells whether so much changed that a new base would pay."""
        changed = self.tail.length + len(self.removed)
        return changed > max(REBUILD_LEAST, REBUILD_SHARE * len(self.base.ids))

    @property
    def ids(self) -> Ids:
        """Returns (size,) int64, ascending: made at each call."""
        remaining = np.setdiff1d(self.base.ids, self.removed, assume_unique=True)
        return np.sort(np.concatenate([remaining, self.tail.ids]))

    def apply(self, *, added: tuple[Ids, Vectors] | None = None, removed: Ids | None = None) -> LiveIndex:
        """Returns a new version without `removed` (unknown ids don't matter), then with `added`: unique ids, unit rows.

        An added id that is here already is replaced. Time grows with the change and the tail, not with the base.
        Raises ConfigError.
        """
        gone = _no_ids() if removed is None else removed
        if added is None:
            return self._without(gone)
        vectors = checked_vectors(added[1], self.dim, what="added vectors")
        ids = checked_ids(added[0], len(vectors), ascending=False)
        fewer = self._without(np.concatenate([gone, ids]))
        return replace(fewer, tail=fewer.tail.added(ids, vectors)) if len(ids) else fewer

    def search(
        self, queries: Vectors, k: int, *, allowed: Ids | None = None, excluded: Ids | None = None
    ) -> SearchResult:
        """Searches base and tail together, as VectorIndex.search says.

        `plan` says how the filter asked for was kept to; masking what was removed is no filter.
        """
        queries = checked_queries(queries, self.dim, k)
        gone = self.removed if excluded is None else np.union1d(self.removed, excluded)
        base = self.base.search(queries, k, allowed=allowed, excluded=gone)
        plan = base.plan
        if allowed is None and excluded is None:
            plan = FilterPlan.NONE
        elif not len(self.base.ids):
            plan = FilterPlan.EXACT_WITHIN
        if not self.tail.size:
            return replace(base, plan=plan)
        tail_ids, tail_scores = self.tail.search(queries, k, allowed=allowed, excluded=excluded)
        ids = np.concatenate([base.ids, tail_ids], axis=1)
        scores = np.concatenate([base.scores, tail_scores], axis=1)
        order = np.lexsort((ids, -scores), axis=1)[:, :k]
        return SearchResult(
            np.take_along_axis(ids, order, axis=1),
            np.take_along_axis(scores, order, axis=1),
            plan,
            base.widened,
        )

    def vectors(self, ids: Ids) -> tuple[Ids, Vectors]:
        """Returns those of `ids` that are here, ascending, and their vectors, as VectorIndex.vectors says."""
        found_ids, vectors = self.base.vectors(np.setdiff1d(ids, self.removed))
        if not self.tail.size:
            return found_ids, vectors
        later, later_vectors = self.tail.vectors(ids)
        found_ids = np.concatenate([found_ids, later])
        order = np.argsort(found_ids)
        return found_ids[order], np.concatenate([vectors, later_vectors])[order]

    def _without(self, gone: Ids) -> LiveIndex:
        if not len(gone):
            return self
        rows = rows_of(self.base.ids, gone)
        removed = np.union1d(self.removed, self.base.ids[rows]) if len(rows) else self.removed
        return replace(self, tail=self.tail.without(gone), removed=removed)
