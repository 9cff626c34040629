"""Fuses the rankings of the two first-stage retrievers into one."""

from __future__ import annotations

import math
from collections.abc import Mapping

from passagework.retrieval.config import CONVEX_WEIGHT, RRF_K
from passagework.retrieval.types import Fusion

MOST_TELLING = 8.0
"""The BM25 beyond which a query's best tells enough, however large the collection: what most questions reach."""


def telling_bm25(lexical: Mapping[int, float], passages: int) -> float:
    """Returns by what a query's BM25 scores are divided: the best, or what one word of a single passage would give.

    The latter is its idf among so many passages (Robertson and Sparck Jones 1976, as FTS5 has it). Where the best lies
    below, no word of the query tells much: one that most passages hold, such as a company's name, must not decide.
    """
    best = max(lexical.values(), default=0.0)
    return max(best, min(MOST_TELLING, math.log((passages - 0.5) / 1.5))) if passages > 1 else best


def fuse(
    method: Fusion,
    cosines: Mapping[int, float],
    dense_ranks: Mapping[int, int],
    lexical: Mapping[int, float],
    telling: float,
) -> dict[int, float]:
    """Returns a score for every candidate, higher is better.

    `cosines` has every candidate; `dense_ranks` (from 1) only those that the dense retriever found itself; `lexical`
    the BM25 scores of those that the lexical retriever found, and `telling` what `telling_bm25` says of them.
    """
    match method:
        case Fusion.CONVEX:
            return convex(cosines, lexical, telling)
        case Fusion.RRF:
            return reciprocal_rank(dense_ranks, lexical)


def convex(cosines: Mapping[int, float], lexical: Mapping[int, float], telling: float) -> dict[int, float]:
    """Returns cosine + CONVEX_WEIGHT x BM25 / `telling`; BM25 is 0 for a passage outside the lexical pool.

    A convex combination up to a factor (Bruch, Gai and Ingber 2023), scaled so that a cosine stays a cosine.
    """
    scale = CONVEX_WEIGHT / telling if telling > 0 else 0.0
    return {passage: round(cosine + scale * lexical.get(passage, 0.0), 6) for passage, cosine in cosines.items()}


def reciprocal_rank(dense_ranks: Mapping[int, int], lexical: Mapping[int, float]) -> dict[int, float]:
    """Returns the sum of 1 / (RRF_K + rank) over the retrievers that found a passage; equal scores share a rank."""
    lexical_ranks = competition_ranks(lexical)
    passages = dense_ranks.keys() | lexical_ranks.keys()
    return {
        passage: round(
            sum(1 / (RRF_K + ranks[passage]) for ranks in (dense_ranks, lexical_ranks) if passage in ranks), 9
        )
        for passage in passages
    }


def competition_ranks(scores: Mapping[int, float]) -> dict[int, int]:
    """Returns ranks from 1, best first; equal scores share one, so that a tie never depends on an id."""
    ranks: dict[int, int] = {}
    rank, last = 0, None
    for position, (passage, score) in enumerate(sorted(scores.items(), key=lambda item: -item[1]), start=1):
        if score != last:
            rank, last = position, score
        ranks[passage] = rank
    return ranks
