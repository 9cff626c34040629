"""Spreads hits over what there is to say, in place of many that say nearly the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from passagework.retrieval.types import Vectors

LEAST_POOL = 50
"""Passages, at least, that the hits are chosen from."""

POOL_SHARE = 5
"""So many times as many passages as hits are chosen from, where that is more."""


def diverse(scores: Sequence[float], vectors: Vectors, k: int, diversity: float) -> list[int]:
    """Returns the places of `k` passages, ranked anew by maximal marginal relevance.

    The passages come best first, with their `scores` at the last stage, any scale, and their `vectors` (n, dim). Each
    next one has the greatest (1 - diversity) x relevance - diversity x cosine with the nearest of those before it;
    relevance is the score from 0 (the last passage) to 1 (the first). Ties go to the better rank, so 0 changes nothing.
    Carbonell and Goldstein, The use of MMR, diversity-based reranking, SIGIR 1998.
    """
    lowest, highest = scores[-1], scores[0]
    relevance = (np.array(scores) - lowest) / ((highest - lowest) or 1.0)
    nearest = np.zeros(len(scores))
    left = np.ones(len(scores), dtype=bool)
    chosen: list[int] = []
    for _ in range(min(k, len(scores))):
        gain = np.where(left, (1 - diversity) * relevance - diversity * nearest, -np.inf)
        best = int(gain.argmax())
        chosen.append(best)
        left[best] = False
        cosines = np.round(vectors @ vectors[best], 6).astype(np.float64)
        nearest = cosines if len(chosen) == 1 else np.maximum(nearest, cosines)
    return chosen
