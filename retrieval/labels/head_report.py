"""What a head did on labelled texts that it never learned from: accuracy, calibration, and what it takes for what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.labels.label_head import Floats
from passagework.retrieval.types import Ids, Json

BINS = 15
"""Bins of the expected calibration error, as Guo et al. 2017 take them."""

DECIMALS = 4


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """Tells of a label how many texts have it, and the precision, recall and F1 with which it was found."""

    label: str
    texts: int
    precision: float
    recall: float
    f1: float

    def to_json(self) -> dict[str, Json]:
        """Returns what the report's JSON has of it."""
        return {
            "label": self.label,
            "texts": self.texts,
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
        }


@dataclass(frozen=True, slots=True)
class Confusion:
    """Tells how many texts of a label were taken for another."""

    label: str
    predicted: str
    texts: int

    def to_json(self) -> dict[str, Json]:
        """Returns what the report's JSON has of it."""
        return {"label": self.label, "predicted": self.predicted, "texts": self.texts}


@dataclass(frozen=True, slots=True)
class OtherFigures:
    """Tells which share of `texts` of `labels` that a head never saw is called other."""

    labels: int
    texts: int
    found: float

    def to_json(self) -> dict[str, Json]:
        """Returns what the report's JSON has of it."""
        return {"labels": self.labels, "texts": self.texts, "found": round(self.found, DECIMALS)}


@dataclass(frozen=True, slots=True)
class HeadReport:
    """Holds the figures of a head on `texts` that it didn't learn from.

    `accuracy` is the share labelled rightly, whether or not they were called other; `macro_f1` the mean over labels;
    `calibration_error` how far probabilities lie from the share that is right, on average; `called_other` the share of
    these texts, all of which have a label, that is called other. `confusion` has what was taken for what, the most
    frequent first. `strength` is the regression's C, None where centres alone decide; `other` what became of labels
    that were left out, None where that wasn't measured.
    """

    texts: int
    accuracy: float
    macro_f1: float
    calibration_error: float
    called_other: float
    labels: tuple[LabelFigures, ...]
    confusion: tuple[Confusion, ...]
    strength: float | None = None
    other: OtherFigures | None = None

    def fitted_with(self, strength: float | None, other: OtherFigures | None) -> HeadReport:
        """Returns the same with how the head was fitted, and what it does with labels that it never saw."""
        return replace(self, strength=strength, other=other)

    def to_json(self) -> dict[str, Any]:
        """Returns the report's JSON."""
        return {
            "texts": self.texts,
            "accuracy": self.accuracy,
            "macro_f1": self.macro_f1,
            "calibration_error": self.calibration_error,
            "called_other": self.called_other,
            "strength": self.strength,
            "other": None if self.other is None else self.other.to_json(),
            "labels": [figures.to_json() for figures in self.labels],
            "confusion": [confusion.to_json() for confusion in self.confusion],
        }


def measured_head(
    labels: Sequence[str],
    right: Ids,
    logits: Floats,
    fitting: NDArray[np.bool_],
) -> HeadReport:
    """Returns the figures of texts by their right labels (n,), logits (n, m), and whether their label fits (n,)."""
    predicted = logits.argmax(axis=1)
    highest = logits.max(axis=1, keepdims=True)
    sure = 1 / np.exp(logits - highest).sum(axis=1)
    hits = predicted == right
    of_labels = tuple(_figures(label, row, right, predicted) for row, label in enumerate(labels))
    present = [figures.f1 for figures in of_labels if figures.texts]
    return HeadReport(
        texts=len(right),
        accuracy=round(float(hits.mean()), DECIMALS),
        macro_f1=round(float(np.mean(present)), DECIMALS),
        calibration_error=round(_calibration_error(sure, hits), DECIMALS),
        called_other=round(float(1 - fitting.mean()), DECIMALS),
        labels=of_labels,
        confusion=_confusion(labels, right, predicted),
    )


def _figures(label: str, row: int, right: Ids, predicted: Ids) -> LabelFigures:
    texts, found = int((right == row).sum()), int((predicted == row).sum())
    both = int(((right == row) & (predicted == row)).sum())
    precision, recall = both / max(1, found), both / max(1, texts)
    f1 = 2 * both / max(1, texts + found)
    return LabelFigures(label, texts, *(round(value, DECIMALS) for value in (precision, recall, f1)))


def _confusion(labels: Sequence[str], right: Ids, predicted: Ids) -> tuple[Confusion, ...]:
    wrong = right != predicted
    pairs, counts = np.unique(np.stack([right[wrong], predicted[wrong]], axis=1), axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return tuple(Confusion(labels[pairs[at, 0]], labels[pairs[at, 1]], int(counts[at])) for at in order)


def _calibration_error(sure: NDArray[np.floating[Any]], hits: NDArray[np.bool_]) -> float:
    bins = np.minimum((sure * BINS).astype(np.int64), BINS - 1)
    error = 0.0
    for number in range(BINS):
        inside = bins == number
        if inside.any():
            error += float(inside.mean()) * abs(float(sure[inside].mean()) - float(hits[inside].mean()))
    return error
