"""Fits a linear head on vectors and labels, and measures it on examples that were held out (scikit-learn).

Few-shot or not, a logistic regression on unit rows that is held back little is as good as what was tried beside it
(docs/encoder-jobs.md). Its logits are divided by a number fitted on held-out examples, which makes probabilities of
them (temperature scaling, Guo et al. 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from passagework.retrieval.errors import TrainingError
from passagework.retrieval.extras import require
from passagework.retrieval.ids import Mask
from passagework.retrieval.labels.head_report import HeadReport, OtherFigures, measured_head
from passagework.retrieval.labels.label_head import AT_ONCE, Floats, LabelHead, centres_of, label_rows
from passagework.retrieval.types import Ids, Vectors

FOLDS = 5
SEED = 13

MOST_REGRESSED = 500
"""Labels up to which a regression is fitted, which takes minutes by then; of more, the nearest centre decides."""

STRENGTHS = (3.0, 10.0, 30.0)
"""How weakly a regression may be held back (scikit-learn's C): the best on the first fold is taken."""

TOLERANCE, MOST_ITERATIONS = 1e-6, 1000
"""When a regression is done. With scikit-learn's own 1e-4 it ends early: 0.9299 in place of 0.9305 on banking77."""

MOST_TRIED = 2000
"""Examples on which these are compared."""

KEPT = 0.98
"""Share of held-out examples, rightly labelled, that are near enough to their label's centre not to be called other."""

ENOUGH_HELD_OUT = 50
"""Held-out examples of which one lies beyond that share: fewer say little of what else fits, and rule less out."""

LEFT_OUT_EVERY = 5
"""Each so many-th label is left out once, to see how many of its texts are called other."""


@dataclass(frozen=True, slots=True, eq=False)
class FittedHead:
    """Holds a head, fitted on all examples, and what it did on held-out ones."""

    head: LabelHead
    report: HeadReport


@dataclass(frozen=True, slots=True, eq=False)
class _Examples:
    """Holds (n, dim) vectors, their labels' numbers (n,) of `count`, and the part in which each is held out (n,).

    `strength` is the regression's C, None where centres decide.
    """

    vectors: Vectors
    labels: Ids
    count: int
    folds: Ids
    strength: float | None

    def linear(self, learn: Ids, *, strength: float | None = None) -> tuple[Floats, Floats]:
        """Returns weights (count, dim) and biases (count,) learned from some of the examples."""
        vectors, labels, strength = self.vectors[learn], self.labels[learn], strength or self.strength
        if strength is None or len(np.unique(labels)) < 2:
            return centres_of(vectors, labels, self.count), np.zeros(self.count, np.float32)
        return _regression(vectors, labels, self.count, strength)


@dataclass(frozen=True, slots=True, eq=False)
class _HeldOut:
    """Holds logits and cosines with the centres, (n, count), of examples that were held out, and their labels (n,)."""

    logits: Floats
    cosines: Floats
    labels: Ids


def fit_head(vectors: Vectors, labels: Sequence[str]) -> FittedHead:
    """Returns a head for these labels of (n, dim) unit rows, and its figures on examples held out in FOLDS parts.

    The same examples give the same head. Raises TrainingError where there is one label alone, or no example can be held
    out, ConfigError where scikit-learn is not installed.
    """
    require("labels")
    different, rows = label_rows(labels)
    if len(different) < 2:
        raise TrainingError(f"all {len(labels):,} examples have one label: there is nothing to tell apart")
    examples = _Examples(vectors, rows, len(different), _folds(rows), None)
    if len(different) <= MOST_REGRESSED:
        examples = _Examples(vectors, rows, len(different), examples.folds, _strength(examples))
    held_out = _held_out(examples)
    scale = _scale(held_out)
    best = held_out.logits.argmax(axis=1)
    near, right = held_out.cosines[np.arange(len(best)), best], best == held_out.labels
    enough = min(1.0, int(right.sum()) / ENOUGH_HELD_OUT)
    least = enough * float(np.quantile(near[right], 1 - KEPT)) if right.any() else -1.0
    weights, biases = examples.linear(np.arange(len(rows)))
    centres = centres_of(vectors, rows, len(different))
    head = LabelHead(different, scale * weights, scale * biases, centres, least)
    other = _other_figures(examples, least)
    measured = measured_head(different, held_out.labels, scale * held_out.logits, near >= least)
    return FittedHead(head, measured.fitted_with(examples.strength, other))


def _folds(rows: Ids) -> Ids:
    """Returns the part in which each example is held out: each label's are spread evenly over all parts."""
    most = int(np.bincount(rows).max())
    if most < 2:
        raise TrainingError("no label has two examples: none can be held out to measure by")
    folds = np.empty(len(rows), np.int64)
    order = np.random.default_rng(SEED).permutation(len(rows))
    folds[order[np.argsort(rows[order], kind="stable")]] = np.arange(len(rows)) % min(FOLDS, most)
    return folds


def _strength(examples: _Examples) -> float:
    """Returns the C by which the right labels of the first fold are most probable, of examples drawn evenly."""
    drawn = np.random.default_rng(SEED).permutation(len(examples.labels))[:MOST_TRIED]
    learn, test = drawn[examples.folds[drawn] != 0], drawn[examples.folds[drawn] == 0]

    def loss(strength: float) -> float:
        held_out = _scored(examples, learn, test, strength)
        return _loss(_scale(held_out), held_out)

    return min(STRENGTHS, key=loss)


def _regression(vectors: Vectors, labels: Ids, count: int, strength: float) -> tuple[Floats, Floats]:
    """Returns weights (count, dim) and biases (count,) of a multinomial logistic regression.

    A label without an example among these has a bias that no other's logit comes down to.
    """
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, max_iter=MOST_ITERATIONS, tol=TOLERANCE)
    model.fit(vectors, labels)
    weights, biases = np.zeros((count, vectors.shape[1]), np.float32), np.full(count, -100.0, np.float32)
    coefficients, intercepts = model.coef_, model.intercept_
    if len(model.classes_) == 2:  # of two labels scikit-learn keeps the second's alone
        coefficients = np.vstack([-coefficients / 2, coefficients / 2])
        intercepts = np.array([-intercepts[0] / 2, intercepts[0] / 2])
    weights[model.classes_], biases[model.classes_] = coefficients, intercepts
    return weights, biases


def _held_out(examples: _Examples) -> _HeldOut:
    """Returns the scores of held-out examples: of all, or of as many of each fold as AT_ONCE scores hold."""
    folds = range(int(examples.folds.max()) + 1)
    most = max(1, AT_ONCE // examples.count // len(folds))
    parts = [
        _scored(examples, np.flatnonzero(examples.folds != fold), _drawn(examples.folds == fold, most))
        for fold in folds
    ]
    return _HeldOut(
        np.concatenate([part.logits for part in parts]),
        np.concatenate([part.cosines for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )


def _drawn(mask: Mask, most: int) -> Ids:
    """Returns the rows that a mask has, or so many of them, drawn: files are often in order of labels."""
    return np.random.default_rng(SEED).permutation(np.flatnonzero(mask))[:most]


def _scored(examples: _Examples, learn: Ids, test: Ids, strength: float | None = None) -> _HeldOut:
    vectors, labels = examples.vectors, examples.labels
    weights, biases = examples.linear(learn, strength=strength)
    cosines = vectors[test] @ centres_of(vectors[learn], labels[learn], examples.count).T
    return _HeldOut(vectors[test] @ weights.T + biases, cosines, labels[test])


def _scale(held_out: _HeldOut) -> float:
    """Returns what logits are multiplied by, so that the right labels are the most probable."""
    found = minimize_scalar(lambda power: _loss(float(np.exp(power)), held_out), bounds=(-4.0, 6.0), method="bounded")
    return float(np.exp(found.x))


def _loss(scale: float, held_out: _HeldOut) -> float:
    """Returns the mean negative log probability of the right labels."""
    logits = scale * held_out.logits
    logits -= logits.max(axis=1, keepdims=True)
    right = logits[np.arange(len(logits)), held_out.labels]
    return float(np.mean(np.log(np.exp(logits).sum(axis=1)) - right))


def _other_figures(examples: _Examples, least: float) -> OtherFigures | None:
    """Returns how often texts of labels that a head never saw are called other; None where there are few labels."""
    left_out = np.arange(examples.count) % LEFT_OUT_EVERY == 0
    if examples.count < 2 * LEFT_OUT_EVERY:
        return None
    unseen = left_out[examples.labels]
    test = _drawn(unseen, max(1, AT_ONCE // examples.count))
    scores = _scored(examples, np.flatnonzero((examples.folds != 0) & ~unseen), test)
    best = scores.logits[:, ~left_out].argmax(axis=1)
    near = scores.cosines[:, ~left_out][np.arange(len(best)), best]
    return OtherFigures(int(left_out.sum()), len(test), float((near < least).mean()))
