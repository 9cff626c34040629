"""Sets the relevance of hits against one's own judgments: what correction they ask for, and whether it helps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.errors import EvaluationError
from passagework.retrieval.evaluation.judged_places import JudgedPlaces
from passagework.retrieval.hits import Hit
from passagework.retrieval.search.calibration import Calibration, fitted_calibration
from passagework.retrieval.search.relevance import COMPARED
from passagework.retrieval.types import Json, Stage

LEAST_QUERIES = 20
"""Fewer judged queries say too little of how often a relevance is right."""

FOLDS = 5
BIN = 10
"""First hits that a bin of the calibration error holds, at least."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reliability:
    """Holds how right relevance is: of first hits the mean said and the share judged to answer, and two errors.

    `calibration_error` is the expected calibration error of first hits, `surprise` the mean log loss of all hits, each
    by 1 / rank.
    """

    said: float
    right: float
    calibration_error: float
    surprise: float

    def to_json(self) -> dict[str, Json]:
        """Returns its figures, rounded."""
        figures = ("said", "right", "calibration_error", "surprise")
        return {name: round(getattr(self, name), 4) for name in figures}


@dataclass(frozen=True, slots=True)
class JudgedRelevance:
    """Holds how right relevance is as it comes, how right it would be corrected, and the correction.

    `corrected` is measured on queries that each correction was not fitted on. `helps` tells that it is better by more
    than chance: the mean surprise falls by more than its standard error.
    """

    as_it_comes: Reliability
    corrected: Reliability
    calibration: Calibration
    helps: bool


@dataclass(frozen=True, slots=True)
class _Query:
    said: Floats
    right: NDArray[np.bool_]


def judge_relevance(
    collection: Collection,
    judged: JudgedPlaces,
    *,
    stage: Stage | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> JudgedRelevance:
    """Searches for every judged query, and sets what is said of the hits against the judgments.

    As in every measure, a hit that nobody judged counts as one that doesn't answer. `stage` is None for the default;
    `progress` gets the queries done and in all. Raises EvaluationError for fewer than LEAST_QUERIES judged queries that
    find anything.
    """
    queries: list[_Query] = []
    for done, (query, text) in enumerate(judged.queries.items(), start=1):
        hits = collection.search(text, k=COMPARED, stage=stage)
        said = np.array([_as_it_comes(hit) for hit in hits])
        right = np.array([judged.answers(query, hit) for hit in hits], np.bool_)
        if len(said):
            queries.append(_Query(said, right))
        if progress is not None:
            progress(done, len(judged.queries))
    if len(queries) < LEAST_QUERIES:
        raise EvaluationError(
            f"{judged.name}: {len(queries)} judged queries say too little of relevance: judge at least {LEAST_QUERIES}"
        )
    return _weighed(queries)


def _weighed(queries: Sequence[_Query]) -> JudgedRelevance:
    corrected: list[Floats] = [np.zeros(0)] * len(queries)
    for fold in range(FOLDS):
        calibration = _fitted([query for at, query in enumerate(queries) if at % FOLDS != fold])
        for at in range(fold, len(queries), FOLDS):
            corrected[at] = np.array([calibration.corrected(float(one)) for one in queries[at].said])
    before = [query.said for query in queries]
    triples = zip(before, corrected, (query.right for query in queries), strict=True)
    gains = np.array([_surprise(plain, right) - _surprise(better, right) for plain, better, right in triples])
    return JudgedRelevance(
        _reliability(before, queries),
        _reliability(corrected, queries),
        _fitted(queries),
        helps=float(gains.mean()) > float(gains.std(ddof=1) / np.sqrt(len(gains))),
    )


def _fitted(queries: Sequence[_Query]) -> Calibration:
    return fitted_calibration([query.said for query in queries], [query.right for query in queries])


def _reliability(said: Sequence[Floats], queries: Sequence[_Query]) -> Reliability:
    pairs = zip(said, queries, strict=True)
    first = np.array([(one[0], float(query.right[0])) for one, query in pairs])
    order = np.argsort(first[:, 0], kind="stable")
    bins = np.array_split(first[order], max(1, len(first) // BIN))
    gaps = [abs(float((one[:, 0] - one[:, 1]).sum())) for one in bins]
    surprises = [_surprise(one, query.right) for one, query in zip(said, queries, strict=True)]
    return Reliability(
        float(first[:, 0].mean()), float(first[:, 1].mean()), sum(gaps) / len(first), float(np.mean(surprises))
    )


def _surprise(said: Floats, right: NDArray[np.bool_]) -> float:
    """The mean log loss of a query's hits, each by 1 / rank."""
    bounded = np.clip(said, 1e-4, 1 - 1e-4)
    weights = 1 / np.arange(1, len(said) + 1)
    return float(-(weights * np.log(np.where(right, bounded, 1 - bounded))).sum() / weights.sum())


def _as_it_comes(hit: Hit) -> float:
    """The relevance of a hit without any correction that the collection has already."""
    estimate = hit.estimate
    if estimate is None:
        return 0.0
    return estimate.probability if estimate.uncorrected is None else estimate.uncorrected
