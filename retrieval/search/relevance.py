"""Relevance: the estimated probability that a passage answers the query, the same at every stage for every encoder.

It is made of two. That the collection answers the query at all: how near its nearest passage comes to what the encoder
has for an answer (see `encoder_scale`), and how much of the query's telling words stands in one passage. And that it is
this passage: how much nearer it is, and how much more of the words it has, than the others that rank first. Both are
logistic regressions fitted on SQuAD, MedQuAD and PubMedQA, on their own questions and on those of others
(docs/relevance.md; `python -m benchmarks.relevance --fit` makes the numbers).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.hits import Relevance
from passagework.retrieval.models.encoder_scale import EncoderScale
from passagework.retrieval.search.coverage import TellingWords
from passagework.retrieval.store import PassageRow

COMPARED = 10
"""Passages that rank first, with which one is compared, however many are asked for."""

DECIMALS = 4
"""Decimals of a relevance."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RelevanceModel:
    """Holds the weights of both regressions: of the query's best evidence, and of one passage among the first.

    `answered` weighs the best closeness, the best coverage, what the query's words tell in all, and 1. `sharpness` is
    what a difference in closeness and coverage counts for among the passages that rank first. `among` weighs a
    passage's share of theirs, how far its closeness lies below the best, its coverage, that it ranks first, and 1.
    """

    answered: tuple[float, float, float, float]
    sharpness: float
    among: tuple[float, float, float, float, float]


WITH_VECTORS = RelevanceModel((6.57, 6.69, 0.0, -8.71), 4.8, (7.19, 0.81, 0.83, 0.39, -3.21))
BY_WORDS = RelevanceModel((0.0, 12.2, 0.046, -7.6), 4.8, (3.2, 0.0, 3.6, 0.4, -4.5))
"""Where there are no cosines."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Holds what was measured of the passages that rank first, in that order, and of others behind them.

    (n,) `closeness` on the encoder's scale, None where no cosines were measured, and `coverage`, 0 to 1. `told` is what
    the query's words tell in all.
    """

    closeness: Floats | None
    coverage: Floats
    told: float


def relevance(evidence: Evidence) -> Floats:
    """Returns (n,): the relevance of each passage, of which the first COMPARED are what all are compared with."""
    coverage = evidence.coverage
    if not len(coverage):
        return np.zeros(0)
    model = BY_WORDS if evidence.closeness is None else WITH_VECTORS
    closeness = np.zeros_like(coverage) if evidence.closeness is None else evidence.closeness
    nearest = closeness[:COMPARED].max()
    best = np.array([nearest, coverage[:COMPARED].max(), evidence.told, 1.0])
    weighed = np.exp(model.sharpness * (closeness + coverage - (closeness + coverage)[:COMPARED].max()))
    share = np.minimum(1.0, weighed / weighed[:COMPARED].sum())
    ranks_first = np.arange(len(coverage)) == 0
    among = np.stack([share, closeness - nearest, coverage, ranks_first, np.ones_like(coverage)], axis=1)
    return np.asarray(_logistic(best @ np.array(model.answered)) * _logistic(among @ np.array(model.among)))


def relevance_of(
    rows: Sequence[PassageRow], words: TellingWords, cosines: Mapping[int, float] | None, scale: EncoderScale | None
) -> dict[int, Relevance]:
    """Returns the relevance of passages by their ids; `rows` begins with those that rank first, in that order.

    `words` are the query's, `cosines` those of its vector with every passage, and `scale` that of its encoder, where
    there are any.
    """
    coverage, closeness = words.coverage(rows), None
    if cosines is not None and scale is not None:
        closeness = scale.closeness(np.array([cosines[row.id] for row in rows], np.float64))
    estimated = relevance(Evidence(closeness, coverage, words.told))
    return {
        row.id: Relevance(
            round(float(estimated[at]), DECIMALS),
            None if closeness is None else round(float(closeness[at]), DECIMALS),
            round(float(coverage[at]), DECIMALS),
        )
        for at, row in enumerate(rows)
    }


def _logistic(value: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-value)))
