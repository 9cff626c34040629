"""A linear head on an encoder's vectors: how probable each label is of a text, and whether any of them fits."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.types import Json, Vectors

OTHER = "other"
"""What is said of a text that no label fits."""

AT_ONCE = 1 << 24
"""Probabilities that are held at once: of 10,000 labels, those of 1,600 texts."""

DECIMALS = 4

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Labelled:
    """Tells the label of a text, and how probable it is that this is right.

    `nearest` is the most probable label. Where it fits too badly, `label` is OTHER, and `probability` 0.5 for a text
    that nearly fits, 1 for one that has nothing in common with the label's examples.
    """

    label: str
    probability: float
    nearest: str

    def to_json(self) -> dict[str, Json]:
        """Returns what `classify --json` prints of a text."""
        out: dict[str, Json] = {"label": self.label, "probability": self.probability}
        return out if self.nearest == self.label else {**out, "nearest": self.nearest}


@dataclass(frozen=True, slots=True, eq=False)
class LabelHead:
    """Holds m labels: their `weights` (m, dim) and `biases` (m,), and their `centres` (m, dim), unit rows, all float32.

    A text of which the cosine with its label's centre is less than `least_cosine` is of no label.
    """

    labels: tuple[str, ...]
    weights: NDArray[np.float32]
    biases: NDArray[np.float32]
    centres: NDArray[np.float32]
    least_cosine: float

    @property
    def digest(self) -> str:
        """Returns 16 characters that tell heads apart: of the labels, and of every number."""
        arrays = (self.weights, self.biases, self.centres, np.float64(self.least_cosine))
        content = b"".join(array.tobytes() for array in arrays) + "\0".join(self.labels).encode("utf-8", "replace")
        return hashlib.sha256(content).hexdigest()[:16]

    def probabilities(self, vectors: Vectors) -> NDArray[np.float32]:
        """Returns (n, m): how probable each label is of each of (n, dim) vectors; rows add up to 1."""
        logits = vectors @ self.weights.T + self.biases
        logits -= logits.max(axis=1, keepdims=True)
        np.exp(logits, out=logits)
        logits /= logits.sum(axis=1, keepdims=True)
        return np.asarray(logits, dtype=np.float32)

    def labelled(self, vectors: Vectors) -> list[Labelled]:
        """Returns the label of each of (n, dim) vectors; ties go to the label that comes first."""
        step = max(1, AT_ONCE // len(self.labels))
        return [row for start in range(0, len(vectors), step) for row in self._decided(vectors[start : start + step])]

    def _decided(self, vectors: Vectors) -> list[Labelled]:
        probabilities = self.probabilities(vectors)
        best = probabilities.argmax(axis=1)
        sure = probabilities[np.arange(len(best)), best]
        cosines = np.einsum("nd,nd->n", vectors, self.centres[best])
        return [
            self._said(self.labels[label], probability, cosine)
            for label, probability, cosine in zip(best.tolist(), sure.tolist(), cosines.tolist(), strict=True)
        ]

    def _said(self, nearest: str, probability: float, cosine: float) -> Labelled:
        if cosine >= self.least_cosine:
            return Labelled(nearest, round(probability, DECIMALS), nearest)
        share = max(0.0, cosine) / self.least_cosine if self.least_cosine > 0 else 0.0
        return Labelled(OTHER, round(1 - share / 2, DECIMALS), nearest)


def centres_of(vectors: Vectors, rows: NDArray[np.int64], count: int) -> Floats:
    """Returns (count, dim): the mean vector of each label's examples, as unit rows; `rows` (n,) tell their labels."""
    sums = np.zeros((count, vectors.shape[1]), np.float32)
    np.add.at(sums, rows, vectors)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.asarray(sums / np.maximum(lengths, 1e-12), dtype=np.float32)


def label_rows(labels: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Returns the different labels, sorted, and for each example the place of its own among them: (n,) int64."""
    different = tuple(sorted(set(labels)))
    place = {label: row for row, label in enumerate(different)}
    return different, np.array([place[label] for label in labels], np.int64)
