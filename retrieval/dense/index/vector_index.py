"""What every vector index promises, and how a filter is planned."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.errors import ConfigError
from passagework.retrieval.types import Ids, Vectors

Scores: TypeAlias = NDArray[np.float32]


class IndexKind(str, Enum):
    """Names how vectors are kept and searched; ivf-sq8 and ivf-pq keep a byte for 1 or 4 dimensions."""

    EXACT = "exact"
    FLAT = "flat"
    HNSW = "hnsw"
    IVF_FLAT = "ivf-flat"
    IVF_SQ8 = "ivf-sq8"
    IVF_PQ = "ivf-pq"

    @property
    def lossless(self) -> bool:
        """Tells whether the float32 vectors come back unchanged, so that scores are the cosines themselves."""
        return self not in (IndexKind.IVF_SQ8, IndexKind.IVF_PQ)

    @property
    def approximate(self) -> bool:
        """Tells whether a search may miss a neighbour."""
        return self not in (IndexKind.EXACT, IndexKind.FLAT)


class FilterPlan(str, Enum):
    """Names how a search keeps to its allowed ids: nothing to keep to, a scan of just those, or a mask while searching.

    `checked` is a searcher's own: an index searched without the filter, and what it found held against it.
    """

    NONE = "none"
    EXACT_WITHIN = "exact-within"
    SELECTOR = "selector"
    CHECKED = "checked"


EXACT_WITHIN_ROWS = 20_000
"""An approximate kind scans up to so many allowed rows exactly: 5 ms at 384 dimensions, and no recall lost."""
EXACT_WITHIN_SHARE = 8
"""An exhaustive kind picks out its allowed rows up to one in so many: past that, reading all in order is quicker."""


def plan_filter(kind: IndexKind, n: int, matching: int | None) -> FilterPlan:
    """Returns how an index of `kind` with `n` vectors searches among `matching` of them; None is no filter."""
    if matching is None or matching == n:
        return FilterPlan.NONE
    few = min(EXACT_WITHIN_ROWS, n // 2) if kind.approximate else n // EXACT_WITHIN_SHARE
    return FilterPlan.EXACT_WITHIN if matching <= few else FilterPlan.SELECTOR


@dataclass(frozen=True, slots=True, eq=False)
class SearchResult:
    """Holds each query's best ids, best first, ties by ascending id: `ids` (m, k) int64, `scores` (m, k) float32.

    Where fewer than k are there, ids end in -1 and scores in -inf. `widened` tells that an approximate search found
    too few at first and was repeated with more effort, or exactly.
    """

    ids: Ids
    scores: Scores
    plan: FilterPlan
    widened: bool = False


class VectorIndex(Protocol):
    """A fixed set of vectors by id. Immutable, so threads may share it."""

    @property
    def kind(self) -> IndexKind:
        """Returns how it searches."""

    @property
    def dim(self) -> int:
        """Returns the numbers per vector."""

    @property
    def ids(self) -> Ids:
        """Returns (n,) int64, ascending, unique."""

    @property
    def lossless(self) -> bool:
        """Tells whether `vectors` works, and scores are the cosines themselves."""

    def search(
        self, queries: Vectors, k: int, *, allowed: Ids | None = None, excluded: Ids | None = None
    ) -> SearchResult:
        """Returns the k best for each of (m, dim) queries; only ids of `allowed`, none of `excluded`.

        There are always min(k, allowed) hits, whatever the kind; unknown ids don't matter. Raises ConfigError for
        queries that are not unit rows of the right dimension and for k < 1.
        """

    def vectors(self, ids: Ids) -> tuple[Ids, Vectors]:
        """Returns those of `ids` that are here, ascending, and their (n, dim) vectors; ConfigError if not lossless."""

    def save(self, path: Path) -> str:
        """Writes one file, atomically and durably, and returns its sha256; raises StoreError."""


def checked_queries(queries: Vectors, dim: int, k: int) -> Vectors:
    """Returns `queries` as contiguous float32, once they and `k` are found good; raises ConfigError."""
    if k < 1:
        raise ConfigError(f"k is {k}; at least 1 is needed")
    return checked_vectors(queries, dim, what="queries")


UNIT_TOLERANCE = 0.01
"""How far a row's length may be from 1: rows normalised in half precision pass, unnormalised ones don't."""


def checked_vectors(vectors: Vectors, dim: int | None, *, what: str) -> Vectors:
    """Returns `vectors` as contiguous float32 unit rows (n, dim); raises ConfigError naming the first bad row.

    One NaN would make every order meaningless, and a row that isn't of unit length would turn cosines into lies.
    """
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    if rows.ndim != 2 or rows.shape[1] < 1 or (dim is not None and rows.shape[1] != dim):
        raise ConfigError(f"{what}: shape {rows.shape} found, (n, {dim or 'dim'}) expected")
    lengths = np.sqrt(np.einsum("nd,nd->n", rows, rows))
    # Negated, because NaN compares false with everything.
    bad = np.flatnonzero(~(np.abs(lengths - 1.0) <= UNIT_TOLERANCE))
    if len(bad):
        raise ConfigError(f"{what}: row {bad[0]} has length {lengths[bad[0]]:.4g}; unit rows are expected")
    return rows


def checked_ids(ids: Ids, n: int, *, ascending: bool) -> Ids:
    """Returns `ids` as contiguous int64 once found to be `n` unique ones, not below 0; raises ConfigError."""
    checked = np.ascontiguousarray(ids, dtype=np.int64)
    if checked.shape != (n,):
        raise ConfigError(f"ids: shape {checked.shape} found, {(n,)} expected")
    ordered = checked if ascending else np.sort(checked)
    if n and (ordered[0] < 0 or not np.all(ordered[1:] > ordered[:-1])):
        raise ConfigError(f"ids must be unique and not negative{', and ascend' if ascending else ''}")
    return checked
