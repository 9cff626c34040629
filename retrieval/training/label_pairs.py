"""Makes pairs of labelled texts: an encoder learns from them to bring those of one label together.

So do SetFit's (Tunstall et al. 2022), which are drawn anyhow; here negatives are those that the encoder mistakes first.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import numpy as np

from passagework.retrieval.errors import TrainingError
from passagework.retrieval.labels.label_files import LabelledText
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.training.pairs import Pair
from passagework.retrieval.types import Ids, Vectors

NEGATIVES = 5
"""Texts of other labels of a pair, drawn from the nearest."""

NEAREST = 30
"""Texts of other labels that are nearest, of which negatives are drawn: those that the encoder mistakes first."""

LEAST_PAIRS, MOST_EACH = 2_000, 20
"""Pairs that are made of few examples, each asking several times; and how often at most (SetFit's iterations)."""

ROWS = 512
"""Examples that are compared with all others at once."""

KIND = "label"


def label_pairs(examples: Sequence[LabelledText], encoder: Encoder, *, seed: int = 13) -> list[Pair]:
    """Returns pairs of labelled texts: each text asks for another of its label, and not for those of other labels.

    Negatives are drawn from the texts of other labels that `encoder` finds nearest. Texts that stand under two labels
    are left out. The same examples give the same pairs. Raises TrainingError where no label has two texts, or all texts
    have one label.
    """
    texts, labels = _told_apart(examples)
    if len(set(labels)) < 2:
        raise TrainingError(f"all {len(texts):,} texts have one label: there is nothing to tell apart")
    numbers = np.unique(labels, return_inverse=True)[1].astype(np.int64)
    if np.bincount(numbers).max() < 2:
        raise TrainingError("no label has two texts: none can ask for another")
    each = max(1, min(MOST_EACH, LEAST_PAIRS // len(texts)))
    draw = random.Random(seed)  # noqa: S311 - not for secrets
    members = [np.flatnonzero(numbers == number).tolist() for number in range(int(numbers.max()) + 1)]
    pairs = []
    for row, nearest in enumerate(_nearest_others(encoder.encode_queries(texts), numbers)):
        same = [other for other in members[numbers[row]] if other != row]
        for _ in range(each if same else 0):
            negatives = draw.sample(nearest, min(NEGATIVES, len(nearest)))
            pairs.append(
                Pair(
                    texts[row],
                    texts[draw.choice(same)],
                    negatives=tuple(texts[other] for other in negatives),
                    kind=KIND,
                    group=texts[row],
                )
            )
    return pairs


def _told_apart(examples: Sequence[LabelledText]) -> tuple[list[str], list[str]]:
    """Returns different texts and their labels, without those that have two."""
    found: dict[str, set[str]] = {}
    for example in examples:
        found.setdefault(example.text, set()).add(example.label)
    single = {text: next(iter(labels)) for text, labels in found.items() if len(labels) == 1}
    return list(single), list(single.values())


def _nearest_others(vectors: Vectors, numbers: Ids) -> Iterator[list[int]]:
    """Yields for each row of (n, dim) unit rows the NEAREST rows of other labels, which need not be in order."""
    for first in range(0, len(vectors), ROWS):
        block = slice(first, first + ROWS)
        cosines = vectors[block] @ vectors.T
        cosines[numbers[block, None] == numbers[None, :]] = -np.inf
        most = min(NEAREST, cosines.shape[1])
        rows = np.argpartition(-cosines, most - 1, axis=1)[:, :most]
        for row, of_row in zip(rows, np.take_along_axis(cosines, rows, axis=1), strict=True):
            yield np.sort(row[np.isfinite(of_row)]).tolist()
