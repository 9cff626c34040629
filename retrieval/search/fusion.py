"""Fuses the rankings of the two first-stage retrievers into one."""

from __future__ import annotations

from collections.abc import Mapping

from passagework.retrieval.config import CONVEX_WEIGHT, RRF_K
from passagework.retrieval.types import Fusion


def fuse(
    method: Fusion, cosines: Mapping[int, float], dense_ranks: Mapping[int, int], lexical: Mapping[int, float]
) -> dict[int, float]:
    """Returns a score for every candidate, higher is better.

    `cosines` has every candidate; `dense_ranks` (from 1) only those that the dense retriever found itself; `lexical`
    the BM25 scores of those that the lexical retriever found.
    """
    match method:
        case Fusion.CONVEX:
            return convex(cosines, lexical)
        case Fusion.RRF:
            return reciprocal_rank(dense_ranks, lexical)


def convex(cosines: Mapping[int, float], lexical: Mapping[int, float]) -> dict[int, float]:
    """Returns cosine + CONVEX_WEIGHT x BM25 / the query's best BM25; BM25 is 0 for a passage outside the lexical pool.

    A convex combination up to a factor (Bruch, Gai and Ingber 2023), scaled so that a cosine stays a cosine.
    """
    best = max(lexical.values(), default=0.0)
    scale = CONVEX_WEIGHT / best if best > 0 else 0.0
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
