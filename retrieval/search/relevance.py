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

from passagework.retrieval.dense.background import Background
from passagework.retrieval.hits import Relevance
from passagework.retrieval.models.encoder_scale import EncoderScale
from passagework.retrieval.search.calibration import Calibration
from passagework.retrieval.search.coverage import GuessedWords, TellingWords
from passagework.retrieval.store import PassageRow

COMPARED = 10
"""Passages that rank first, with which one is compared, however many are asked for."""

SILENT = 0.15
"""The share of what a query's words tell that must stand in some passage for them to say anything of any."""

WORDLESS, STEEP, PARAPHRASED = 0.5, 15.0, 0.55
"""How likely a near passage answers where the words are silent, as in "vacation" for a text on leave; and how near.

Of questions of other sets 2 to 4 % lie beyond, though their words are silent.
"""

MOST_TOLD_IN_ALL = 40.0
"""What the words of a question tell: many more are pieces of a script without blanks, or a page of text."""

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


WITH_VECTORS = RelevanceModel((6.136, 6.248, 0.0, -8.135), 4.328, (6.715, 0.757, 0.775, 0.364, -2.998))
BY_WORDS = RelevanceModel((0.0, 11.432, 0.043, -7.122), 4.349, (2.999, 0.0, 3.374, 0.375, -4.217))
"""Where there are no cosines, or none that tell anything."""

NOT_AT_LARGE = (0.75, 0.5)
"""How near, on the encoder's scale, passages at large may be to a query for what is nearest to tell nothing, and all.

Of questions in English they lie at -0.1 to 0.5. To those in a language that an encoder never learned, every passage is
as near as an answer: Arabic lies at 0.9, Chinese at 0.7 of the default encoder's (docs/relevance.md).
"""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Holds what was measured of the passages that rank first, in that order, and of others behind them.

    (n,) `closeness` on the encoder's scale, None where no cosines were measured, and `coverage`, 0 to 1. `told` is what
    the query's words tell in all; `at_large` the mean closeness of passages at large, None where there are few, and
    `known` the share of the query's tokens that the encoder knows; `held` the share of what its words tell that stands
    anywhere in the collection.
    """

    closeness: Floats | None
    coverage: Floats
    told: float
    at_large: float | None = None
    known: float = 1.0
    held: float = 1.0

    @property
    def trust(self) -> float:
        """Returns how far closeness is to be believed, from 0 to 1."""
        if self.closeness is None or not len(self.closeness):
            return 0.0
        if self.at_large is None:
            return self.known
        return self.known * _between(self.at_large, *NOT_AT_LARGE)


def relevance(evidence: Evidence) -> Floats:
    """Returns (n,): the relevance of each passage, of which the first COMPARED are what all are compared with.

    As far as closeness is not to be believed, it goes by words alone. What ranks before a passage is no less relevant:
    the stages saw more of it than closeness and words.
    """
    if not len(evidence.coverage):
        return np.zeros(0)
    trust, words = evidence.trust, np.zeros_like(evidence.coverage)
    by_words = _said(BY_WORDS, words, evidence) if trust < 1 else words
    with_vectors = words if evidence.closeness is None else _said(WITH_VECTORS, evidence.closeness, evidence)
    estimated = trust * with_vectors + (1 - trust) * by_words
    return np.asarray(np.maximum.accumulate(estimated[::-1])[::-1])


def _said(model: RelevanceModel, closeness: Floats, evidence: Evidence) -> Floats:
    """Returns (n,): what a model says of the passages."""
    coverage = evidence.coverage
    nearest = closeness[:COMPARED].max()
    best = np.array([nearest, coverage[:COMPARED].max(), min(evidence.told, MOST_TOLD_IN_ALL), 1.0])
    answered = float(_logistic(best @ np.array(model.answered)))
    if evidence.closeness is not None and evidence.held < SILENT:
        answered = max(answered, WORDLESS * float(_logistic(np.array(STEEP * (nearest - PARAPHRASED)))))
    weighed = np.exp(model.sharpness * (closeness + coverage - (closeness + coverage)[:COMPARED].max()))
    share = np.minimum(1.0, weighed / weighed[:COMPARED].sum())
    ranks_first = np.arange(len(coverage)) == 0
    among = np.stack([share, closeness - nearest, coverage, ranks_first, np.ones_like(coverage)], axis=1)
    return np.asarray(answered * _logistic(among @ np.array(model.among)))


@dataclass(frozen=True, slots=True)
class AskedQuery:
    """Holds what of a query its passages are judged by.

    `words` are its words, `scale` that of the encoder and `background` what the cosines of its vector with passages at
    large are, both None where there is no vector; `known` is the share of its tokens that the encoder knows. What is
    estimated is corrected by the collection's `calibration`, where it has one.
    """

    words: TellingWords | GuessedWords
    scale: EncoderScale | None
    background: Background | None
    known: float
    calibration: Calibration | None = None

    def relevance_of(self, rows: Sequence[PassageRow], cosines: Mapping[int, float] | None) -> dict[int, Relevance]:
        """Returns the relevance of passages by their ids; `rows` begins with those that rank first, in that order."""
        coverage, closeness, at_large = self.words.coverage(rows), None, None
        if cosines is not None and self.scale is not None:
            closeness = self.scale.closeness(np.array([cosines[row.id] for row in rows], np.float64))
            if self.background is not None:
                at_large = float(self.scale.closeness(np.array(self.background.mean)))
        evidence = Evidence(closeness, coverage, self.words.told, at_large, self.known, self.words.held)
        return {
            row.id: Relevance(
                round(estimated if self.calibration is None else self.calibration.corrected(estimated), DECIMALS),
                None if closeness is None else round(float(closeness[at]), DECIMALS),
                round(float(coverage[at]), DECIMALS),
                None if self.calibration is None else round(estimated, DECIMALS),
            )
            for at, (row, estimated) in enumerate(zip(rows, relevance(evidence).tolist(), strict=True))
        }


def _between(value: float, low: float, high: float) -> float:
    """Returns where a value lies from `low` (0) to `high` (1)."""
    return max(0.0, min(1.0, (value - low) / (high - low)))


def _logistic(value: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-value)))
