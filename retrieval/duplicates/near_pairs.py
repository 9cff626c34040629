"""Finds all pairs of vectors that are nearer than a threshold: by looking at all, or within cells where there are many.

Looking at all is quadratic: 10,000 vectors of 384 dimensions take a second on two cores, a million would take hours.
From LARGE on vectors are told into cells, and each is compared with those of its nearest cells alone (`cells.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from passagework.retrieval.dense.index.faiss_library import faiss_available
from passagework.retrieval.dense.index.vector_index import Scores, checked_vectors
from passagework.retrieval.duplicates.cells import Cells
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.types import Ids, Vectors

LARGE = 40_000
"""Vectors from which on cells are quicker: on two cores both take ten seconds."""

BLOCK_ROWS = 1024
"""Rows that are compared with all others at once: of 40,000, 160 MB of cosines."""

MOST_PAIRS = 5_000_000
"""Pairs that are kept: 3,000 texts that are all alike make so many, and to link them takes ten seconds."""


@dataclass(frozen=True, slots=True, eq=False)
class NearPairs:
    """Holds pairs of rows, each once, the nearest first: `first` < `second` (n,) int64, `cosines` (n,) float32.

    `threshold` is the least cosine that a pair was kept for: more than what was asked for, where too many reach that.
    """

    first: Ids
    second: Ids
    cosines: Scores
    threshold: float


def near_pairs(vectors: Vectors, threshold: float, *, most: int = MOST_PAIRS) -> NearPairs:
    """Returns the pairs of rows of `vectors` (n, dim), unit rows, whose cosine is `threshold` at least.

    Of more than `most` the nearest are kept. Up to LARGE rows, and without FAISS, it is exact; beyond, at least 99 of
    100 pairs are found. Raises ConfigError for vectors that aren't unit rows, and a threshold out of range.
    """
    checked_threshold(threshold)
    rows = checked_vectors(vectors, None, what="vectors") if len(vectors) else vectors
    found = _NearestPairs(threshold, most)
    by_cells = len(rows) >= LARGE and faiss_available()
    for first, second, cosines in _pairs_in_cells(rows, found) if by_cells else _pairs_of_all(rows, found):
        found.add(first, second, cosines)
    return found.ordered(len(rows))


def checked_threshold(threshold: float) -> float:
    """Returns a least cosine of duplicates; raises ConfigError where it is none, or one that anything reaches."""
    if not isinstance(threshold, float | int) or not 0 < threshold <= 1:
        raise ConfigError(f"threshold is {threshold!r}: give a cosine above 0, up to 1")
    return threshold


class _NearestPairs:
    """Keeps the nearest pairs of all that are added; `least` rises where there are too many."""

    def __init__(self, least: float, most: int) -> None:
        self._asked = least
        self.least = np.float32(least)
        self._most = most
        self._parts: list[tuple[Ids, Ids, Scores]] = []
        self._count = 0

    def add(self, first: Ids, second: Ids, cosines: Scores) -> None:
        """Takes pairs, in any order."""
        self._parts.append((first, second, cosines))
        self._count += len(cosines)
        if self._count > 4 * self._most:  # pairs of cells come twice
            self._cut()

    def ordered(self, rows: int) -> NearPairs:
        """Returns each pair once, the nearest first, ties by rows."""
        self._cut()
        first, second, cosines = self._parts[0]
        _, once = np.unique(np.minimum(first, second) * rows + np.maximum(first, second), return_index=True)
        first, second, cosines = np.minimum(first, second)[once], np.maximum(first, second)[once], cosines[once]
        order = np.argsort(-cosines, kind="stable")[: self._most]
        all_kept = len(order) == len(cosines) and self.least == np.float32(self._asked)
        least = self._asked if all_kept else float(cosines[order[-1]])
        return NearPairs(first[order], second[order], np.minimum(cosines[order], 1), least)

    def _cut(self) -> None:
        empty = np.empty(0, np.int64)
        parts = [(empty, empty, np.empty(0, np.float32)), *self._parts]
        first, second, cosines = (np.concatenate(part) for part in zip(*parts, strict=True))
        if len(cosines) > 2 * self._most:
            self.least = np.partition(cosines, -2 * self._most)[-2 * self._most]
            kept = cosines >= self.least
            first, second, cosines = first[kept], second[kept], cosines[kept]
        self._parts, self._count = [(first, second, cosines)], len(cosines)


def _pairs_of_all(vectors: Vectors, found: _NearestPairs) -> Iterator[tuple[Ids, Ids, Scores]]:
    """Yields the pairs of each block with what follows it."""
    for start in range(0, len(vectors), BLOCK_ROWS):
        block = vectors[start : start + BLOCK_ROWS]
        cosines = block @ vectors[start:].T
        first, second = np.nonzero(cosines >= found.least)
        later = second > first
        first, second = first[later], second[later]
        yield first + start, second + start, cosines[first, second]


def _pairs_in_cells(vectors: Vectors, found: _NearestPairs) -> Iterator[tuple[Ids, Ids, Scores]]:
    """Yields the pairs of each cell's members with the vectors that have it among their nearest cells."""
    cells = Cells.of(vectors, float(found.least))
    for members, near in cells.comparisons():
        cosines = vectors[near] @ vectors[members].T
        first, second = np.nonzero(cosines >= found.least)
        other = near[first] != members[second]
        first, second = first[other], second[other]
        yield near[first], members[second], cosines[first, second]
