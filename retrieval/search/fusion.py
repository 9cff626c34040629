"""Fuses the rankings of the two first-stage retrievers into one."""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection, Mapping

from passagework.retrieval.config import RRF_K
from passagework.retrieval.dense.background import Background
from passagework.retrieval.plan import FusionWeights
from passagework.retrieval.types import Fusion

EVEN = FusionWeights()
"""Where nothing is known of the query."""

COSINES_TELL = (0.675, 1.3, 0.056)
"""From where on the best cosine stands out of its background, where it tells all, and the least that it counts."""
WORDS_TELL = (0.264, 0.694, 0.15)
"""The same of the best BM25 and the tenth."""
WORDS_PER_DEVIATION = 8.0
"""What words that tell all count for beside cosines that do, in standard deviations of the background.

All chosen on twelve sets in six languages with three encoders at once (docs/first-stage.md).
"""

WORDS_OF_CODE = 0.5
"""What words count for in a collection of code beside others: names and comments say things in words of their own."""

LEAST_HELD = 0.05
"""Of a query whose words no passage holds, what the words count for still: one in another language has names and
numbers in common with what is asked of."""

FOREIGN = 0.8
"""The share of a query's words that passages hold, below which it seems to be in another language than they are: what
they do hold, names and a word by chance, then counts by the third power of the share to this."""

LEAST_KNOWN = 0.02
"""Of a query of which the encoder knows nothing, what its cosines count for still: words may be equal."""

TENTH = 10

MOST_TELLING = 8.0
"""The BM25 beyond which a query's best tells enough, however large the collection: what most questions reach."""


def telling_bm25(lexical: Mapping[int, float], passages: int) -> float:
    """Returns by what a query's BM25 scores are divided: the best, or what one word of a single passage would give.

    The latter is its idf among so many passages (Robertson and Sparck Jones 1976, as FTS5 has it). Where the best lies
    below, no word of the query tells much: one that most passages hold, such as a company's name, must not decide.
    """
    best = max(lexical.values(), default=0.0)
    return max(best, min(MOST_TELLING, math.log((passages - 0.5) / 1.5))) if passages > 1 else best


def weights_of(
    background: Background | None,
    best_cosine: float,
    bm25: Collection[float],
    passages: int,
    known: float = 1.0,
    held: float = 1.0,
    *,
    is_code: bool = False,
) -> FusionWeights:
    """Returns what a query's cosines and its BM25 count for, by how much each tells; evenly without a background.

    Cosines tell as much as the best stands out of the background, in standard deviations, against what the best of so
    many passages would if none had to do with the query; and as much as the encoder knows of the query, `known` of its
    tokens. BM25 tells as much as the best stands out of the tenth, and as much as passages hold of the query, `held` of
    its words, and less where it seems to be in another language; and half of that where the passages are of code.
    """
    if background is None or background.deviation <= 0:
        return _weights(EVEN.lexical * _told_by(held) / max(LEAST_KNOWN, known))
    by_chance = math.sqrt(2 * math.log(passages))  # the most that so many draws of a normal distribution come to
    standing_out = (best_cosine - background.mean) / background.deviation / by_chance
    dense = _between(standing_out, *COSINES_TELL) / background.deviation
    tenth = heapq.nlargest(TENTH, bm25)
    contrast = (tenth[0] - tenth[-1]) / tenth[0] if len(tenth) == TENTH and tenth[0] > 0 else 1.0
    words = WORDS_PER_DEVIATION * _told_by(held) * _between(contrast, *WORDS_TELL)
    words *= WORDS_OF_CODE if is_code else 1.0
    return _weights(words / dense / max(LEAST_KNOWN, known))


def _told_by(held: float) -> float:
    """Returns what the words of a query tell of which passages hold such a share."""
    return max(LEAST_HELD, min(held, (held / FOREIGN) ** 3))


def _weights(ratio: float) -> FusionWeights:
    """Returns weights of that ratio, words to cosines, whose sum is that of those that are even."""
    scale = (EVEN.dense + EVEN.lexical) / (1 + ratio)
    return FusionWeights(round(scale, 6), round(scale * ratio, 6))


def _between(value: float, low: float, high: float, least: float) -> float:
    """Returns where a value lies from `low` (0) to `high` (1), and no less than `least`."""
    return max(least, min(1.0, (value - low) / (high - low)))


def fuse(
    method: Fusion,
    cosines: Mapping[int, float],
    dense_ranks: Mapping[int, int],
    lexical: Mapping[int, float],
    telling: float,
    weights: FusionWeights = EVEN,
) -> dict[int, float]:
    """Returns a score for every candidate, higher is better.

    `cosines` has every candidate; `dense_ranks` (from 1) only those that the dense retriever found itself; `lexical`
    the BM25 scores of those that the lexical retriever found, `telling` what `telling_bm25` says of them, and `weights`
    what `weights_of` says of both.
    """
    match method:
        case Fusion.CONVEX:
            return convex(cosines, lexical, telling, weights)
        case Fusion.RRF:
            return reciprocal_rank(dense_ranks, lexical)


def convex(
    cosines: Mapping[int, float], lexical: Mapping[int, float], telling: float, weights: FusionWeights = EVEN
) -> dict[int, float]:
    """Returns the weighted sum of cosine and BM25 / `telling`; BM25 is 0 for a passage outside the lexical pool.

    A convex combination up to a factor (Bruch, Gai and Ingber 2023): all weights have the sum of those that are even.
    """
    scale = weights.lexical / telling if telling > 0 else 0.0
    return {
        passage: round(weights.dense * cosine + scale * lexical.get(passage, 0.0), 6)
        for passage, cosine in cosines.items()
    }


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
