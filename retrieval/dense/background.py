"""How near a query is to passages that have nothing to do with it: what its cosines are to be compared with.

Cosines of one encoder lie between 0.7 and 0.9, those of another between 0 and 0.6; and a query in a language that an
encoder never learned is as near to every passage as to the right one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from passagework.retrieval.dense.index.scoring import cosines
from passagework.retrieval.store import Snapshot
from passagework.retrieval.types import Vectors

SAMPLE = 1024
"""Passages that stand for all: those with the least hashes of what was encoded, whenever and wherever that was."""

LEAST = 100
"""Different passages of which a background can be made: of a few, most may have to do with the query."""


@dataclass(frozen=True, slots=True)
class Background:
    """Holds the mean of the cosines of a query with passages at large, and their standard deviation."""

    mean: float
    deviation: float


class BackgroundSample:
    """Keeps the vectors of a collection's sample from one query to the next. Safe to share among threads."""

    def __init__(self) -> None:
        self._kept: tuple[list[bytes], Vectors] | None = None

    def background(self, snapshot: Snapshot, vector: Vectors) -> Background | None:
        """Returns the background of a query's `vector` (1, dim); None where there are too few passages for one."""
        hashes = snapshot.least_hashes(SAMPLE)
        if len(hashes) < LEAST:
            return None
        kept = self._kept
        if kept is None or kept[0] != hashes:
            stored = snapshot.vectors_by_hash(hashes)
            rows = [np.frombuffer(stored[one], np.float32) for one in hashes if one in stored]
            self._kept = kept = hashes, np.stack(rows)
        found = cosines(vector[0], kept[1]).astype(np.float64)
        return Background(float(found.mean()), float(found.std()))
