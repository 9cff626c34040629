"""Cells of near vectors: two vectors nearer than a threshold mostly have one of their nearest cells in common.

The cells are those of an inverted file (IVF), around centroids that k-means finds on a sample. A vector is a member of
the nearest, and is compared with the members of several. How many are needed is measured: on pairs made of the
collection's own vectors, which lie just at the threshold, where they are hardest to find.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from passagework.retrieval.dense.index.faiss_library import load_faiss
from passagework.retrieval.types import Ids, Vectors

TRAINED_PER_CELL = 32
"""Vectors of the sample a centroid, and how often k-means goes over them: more makes cells no better for this."""
ITERATIONS = 4

SAMPLED = 2000
"""Pairs at the threshold by which the number of probes is chosen."""

FOUND = 0.98
"""Share of those pairs that must be found; of real ones, most of which are nearer, 99 of 100 are."""

ASSIGNED_ROWS = 65_536
"""Rows that are told into cells at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Holds the nearest cells of each vector, (n, probes) int64, the nearest first."""

    nearest: Ids
    count: int

    @classmethod
    def of(cls, vectors: Vectors, threshold: float) -> Cells:
        """Returns cells of `vectors` (n, dim), unit rows, and as many for each as pairs at `threshold` need."""
        draw = np.random.default_rng(0)
        count = max(1, int(2 * math.sqrt(len(vectors))))
        sample = vectors[np.sort(draw.choice(len(vectors), min(len(vectors), TRAINED_PER_CELL * count), replace=False))]
        centroids = _centroids(sample, count)
        probes = _probes(centroids, sample, threshold, draw)
        parts = [
            _nearest(centroids, vectors[start : start + ASSIGNED_ROWS], probes)
            for start in range(0, len(vectors), ASSIGNED_ROWS)
        ]
        return cls(np.concatenate(parts), count)

    def comparisons(self) -> Iterator[tuple[Ids, Ids]]:
        """Yields, for each cell, the rows that are its members, and all rows that have it among their nearest."""
        members, member_ends = _rows_by_cell(self.nearest[:, :1], self.count)
        near, near_ends = _rows_by_cell(self.nearest, self.count)
        for cell in range(self.count):
            inside, around = slice(*member_ends[cell : cell + 2]), slice(*near_ends[cell : cell + 2])
            yield members[inside], near[around]


def _centroids(sample: Vectors, count: int) -> Vectors:
    faiss = load_faiss()
    clustering = faiss.Kmeans(
        sample.shape[1], count, niter=ITERATIONS, spherical=True, seed=1, min_points_per_centroid=1
    )
    clustering.train(sample)
    return np.asarray(clustering.centroids, dtype=np.float32)


def _nearest(centroids: Vectors, vectors: Vectors, probes: int) -> Ids:
    faiss = load_faiss()
    return np.asarray(faiss.knn(vectors, centroids, probes, metric=faiss.METRIC_INNER_PRODUCT)[1], dtype=np.int64)


def _probes(centroids: Vectors, sample: Vectors, threshold: float, draw: np.random.Generator) -> int:
    """Returns so many cells that of pairs at the threshold FOUND have the nearest of one among those of the other.

    The second of a pair lies from the first towards some other vector of the collection: noise in all directions would
    be the easier case, for centroids differ in those in which texts do.
    """
    own = sample[draw.integers(0, len(sample), SAMPLED)]
    towards = sample[draw.integers(0, len(sample), SAMPLED)]
    aside = towards - (own * towards).sum(axis=1, keepdims=True) * own
    aside /= np.maximum(np.linalg.norm(aside, axis=1, keepdims=True), 1e-6)
    other = threshold * own + math.sqrt(1 - threshold**2) * aside
    most = len(centroids)
    of_own, of_other = _nearest(centroids, own, most), _nearest(centroids, other.astype(np.float32), most)
    place = np.minimum((of_own == of_other[:, :1]).argmax(axis=1), (of_other == of_own[:, :1]).argmax(axis=1))
    return int(np.sort(place)[math.ceil(FOUND * len(place)) - 1]) + 1


def _rows_by_cell(nearest: Ids, count: int) -> tuple[Ids, Ids]:
    """Returns the rows of all cells, one cell after the other, and where each cell's begin: the last is the end."""
    cells = nearest.ravel()
    rows = np.argsort(cells, kind="stable") // nearest.shape[1]
    return rows, np.searchsorted(np.sort(cells), np.arange(count + 1))
