"""Fits the weights of relevance: both of its regressions at once, by the likelihood of what is said of every hit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks.relevance_sets import Answer
from passagework.retrieval.search.relevance import BY_WORDS, COMPARED, WITH_VECTORS, RelevanceModel

ANSWERED = 0.3
"""What it counts for whether a collection answers at all, beside which of its passages does."""

RIDGE = 1e-4
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Set:
    """The hits of a set's questions, (questions, COMPARED) each; `weights` make own and foreign ones count alike."""

    closeness: Floats
    coverage: Floats
    answers: Floats
    there: NDArray[np.bool_]
    told: Floats
    own: Floats
    weights: Floats


def fit(sets: Sequence[Sequence[Answer]], *, with_vectors: bool) -> RelevanceModel:
    """Returns the weights under which what was seen of all sets, each counted alike, is likeliest."""
    padded = [_padded(one, with_vectors=with_vectors) for one in sets]
    start = WITH_VECTORS if with_vectors else BY_WORDS
    first = np.array([*start.answered, np.log(start.sharpness), *start.among])
    free = np.ones(len(first), np.bool_)
    free[[2] if with_vectors else [0, 6]] = False  # what a model has no use for

    def loss(values: Floats) -> float:
        weights = np.where(free, values, 0.0)
        return float(np.mean([_loss(_model(weights), one) for one in padded]) + RIDGE * np.sum(weights[free] ** 2))

    found = minimize(loss, np.where(free, first, 0.0), method="L-BFGS-B", options={"maxiter": 500})
    return _model(np.where(free, found.x, 0.0))


def _model(values: Floats) -> RelevanceModel:
    rounded = [round(float(value), 3) for value in values]
    answered = rounded[0], rounded[1], rounded[2], rounded[3]
    among = rounded[5], rounded[6], rounded[7], rounded[8], rounded[9]
    return RelevanceModel(answered, round(float(np.exp(values[4])), 3), among)


def _loss(model: RelevanceModel, one: _Set) -> float:
    answered, relevance = _said(model, one)
    of_rank = one.there / np.arange(1, COMPARED + 1)
    hits = (_surprise(relevance, one.answers) * of_rank).sum(axis=1) / of_rank[0].sum()
    return float(one.weights @ (hits + ANSWERED * _surprise(answered, one.own)))


def _said(model: RelevanceModel, one: _Set) -> tuple[Floats, Floats]:
    """As `relevance` of the library, of many questions at once: that one is answered, and each hit's relevance."""
    nearest = np.where(one.there, one.closeness, -np.inf).max(axis=1)
    covered = np.where(one.there, one.coverage, -np.inf).max(axis=1)
    best = np.stack([nearest, covered, one.told, np.ones_like(nearest)], axis=1)
    answered = _logistic(best @ np.array(model.answered))
    total = np.where(one.there, one.closeness + one.coverage, -np.inf)
    weighed = np.exp(model.sharpness * (total - total.max(axis=1, keepdims=True)))
    share = weighed / weighed.sum(axis=1, keepdims=True)
    ranks_first = np.broadcast_to(np.arange(COMPARED) == 0, share.shape)
    parts = [share, one.closeness - nearest[:, None], one.coverage, ranks_first, np.ones_like(share)]
    among = _logistic(np.stack(parts, axis=2) @ np.array(model.among))
    return answered, answered[:, None] * among


def _padded(answers: Sequence[Answer], *, with_vectors: bool) -> _Set:
    answers = [one for one in answers if len(one.coverage)]

    def rows(values: Sequence[Floats]) -> Floats:
        return np.stack([np.pad(one.astype(np.float64), (0, COMPARED - len(one))) for one in values])

    own = np.array([float(one.own) for one in answers])
    return _Set(
        closeness=rows([one.closeness if with_vectors else np.zeros_like(one.coverage) for one in answers]),
        coverage=rows([one.coverage for one in answers]),
        answers=rows([one.answers.astype(np.float64) for one in answers]),
        there=rows([np.ones_like(one.coverage) for one in answers]) > 0,
        told=np.array([one.told for one in answers]),
        own=own,
        weights=np.where(own > 0, 1 / own.sum(), 1 / (1 - own).sum()),
    )


def _surprise(said: Floats, true: Floats) -> Floats:
    said = np.clip(said, 1e-6, 1 - 1e-6)
    return np.asarray(-(true * np.log(said) + (1 - true) * np.log(1 - said)))


def _logistic(value: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(value, -30, 30))))
