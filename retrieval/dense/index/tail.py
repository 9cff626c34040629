"""Tail: vectors added since the base was built, searched exactly."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from passagework.retrieval.dense.index.scoring import finalists, ranked, whole_blocks
from passagework.retrieval.dense.index.vector_index import Scores
from passagework.retrieval.forks import ForkSafeLock
from passagework.retrieval.ids import Mask
from passagework.retrieval.types import Ids, Vectors

LEAST_CAPACITY = 1024


class _Buffer:
    """Holds rows that are only appended to, so that versions of a tail share them; each reads up to its own length."""

    __slots__ = ("_lock", "_used", "ids", "matrix")

    def __init__(self, capacity: int, dim: int) -> None:
        self.ids: Ids = np.empty(capacity, np.int64)
        self.matrix: Vectors = np.empty((capacity, dim), np.float32)
        self._used = 0
        self._lock = ForkSafeLock()

    def appended(self, length: int, ids: Ids, vectors: Vectors) -> _Buffer:
        """Returns a buffer with `length` rows of this one, then these: itself where there is room, else a copy."""
        end = length + len(ids)
        with self._lock:
            if self._used == length and end <= len(self.ids):
                self.ids[length:end] = ids
                self.matrix[length:end] = vectors
                self._used = end
                return self
        # Another version went on from here first, or it's full. Doubling keeps the cost of growth constant per row.
        grown = _Buffer(max(LEAST_CAPACITY, 2 * end), vectors.shape[1])
        if length:  # an empty buffer has no dimensions yet
            grown.ids[:length] = self.ids[:length]
            grown.matrix[:length] = self.matrix[:length]
        grown.ids[length:end] = ids
        grown.matrix[length:end] = vectors
        grown._used = end
        return grown


@dataclass(frozen=True, slots=True, eq=False)
class Tail:
    """Holds the first `length` rows of a shared buffer, but for those numbered in `removed_rows` (ascending)."""

    buffer: _Buffer
    length: int
    removed_rows: Ids

    @property
    def size(self) -> int:
        """Returns the number of vectors that a search can find."""
        return self.length - len(self.removed_rows)

    @property
    def ids(self) -> Ids:
        """Returns the ids of its vectors, in order of arrival."""
        return np.delete(self.buffer.ids[: self.length], self.removed_rows)

    def added(self, ids: Ids, vectors: Vectors) -> Tail:
        """Returns a tail with these rows too; none of the ids may be here."""
        return replace(self, buffer=self.buffer.appended(self.length, ids, vectors), length=self.length + len(ids))

    def without(self, ids: Ids) -> Tail:
        """Returns a tail without these ids; those that aren't here don't matter."""
        if not len(ids) or not self.length:
            return self
        gone = np.flatnonzero(np.isin(self.buffer.ids[: self.length], ids))
        return replace(self, removed_rows=np.union1d(self.removed_rows, gone)) if len(gone) else self

    def search(self, queries: Vectors, k: int, *, allowed: Ids | None, excluded: Ids | None) -> tuple[Ids, Scores]:
        """Returns the best of each query, (m, k) ids and scores as in a SearchResult."""
        ids, matrix = self.buffer.ids[: self.length], self.buffer.matrix[: self.length]
        mask = self._allowed(allowed, excluded)
        candidates = finalists(whole_blocks(matrix, len(queries)), mask, queries, k)
        return ranked(queries, candidates, ids, matrix.__getitem__, k)

    def vectors(self, ids: Ids) -> tuple[Ids, Vectors]:
        """Returns those of `ids` that are here, in order of arrival, and their vectors."""
        mask = self._allowed(ids, None)
        rows = np.arange(self.length) if mask is None else np.flatnonzero(mask)
        return self.buffer.ids[rows], self.buffer.matrix[rows]

    def _allowed(self, allowed: Ids | None, excluded: Ids | None) -> Mask | None:
        ids = self.buffer.ids[: self.length]
        mask = None if allowed is None else np.isin(ids, allowed)
        if excluded is not None and len(excluded):
            included = np.isin(ids, excluded, invert=True)
            mask = included if mask is None else mask & included
        if len(self.removed_rows):
            mask = np.ones(self.length, np.bool_) if mask is None else mask
            mask[self.removed_rows] = False
        return mask


NO_TAIL = Tail(_Buffer(0, 0), 0, np.empty(0, np.int64))
"""Nothing added yet. Shared by all: its buffer holds no row, so the first addition copies it."""
