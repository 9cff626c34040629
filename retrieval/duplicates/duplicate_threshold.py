"""The cosine from which on texts are taken for duplicates, by what cosines texts of the same collection have at large.

Cosines of one encoder lie between 0 and 0.6, those of another between 0.7 and 0.9; and abstracts of one field are
nearer to one another than a library's books. So a threshold is a share of the way from what is usual to 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from passagework.retrieval.duplicates.near_pairs import checked_threshold
from passagework.retrieval.models.encoder_scale import EncoderScale
from passagework.retrieval.types import Vectors

SHARE = 0.85
"""Of the way from what is usual to 1.

Of the sentence pairs of STS-B that come so near, people call 93 to 96 in 100 at least roughly equivalent, by each of
three encoders, whose thresholds are 0.85 and 0.96 (docs/encoder-jobs.md). At 0.75 it is 87 to 89; at 0.95 four of five
pairs that are equivalent are lost.
"""

LEAST = 100
"""Texts of which a background can be made: of a few, most may be duplicates."""

SAMPLE = 1024
"""Texts drawn, each of which is compared with all others drawn."""


@dataclass(frozen=True, slots=True)
class DuplicateThreshold:
    """Holds the least cosine of duplicates, what is usual (None where it wasn't asked), and a sentence on both."""

    cosine: float
    usual: float | None
    explanation: str


def given_threshold(threshold: float) -> DuplicateThreshold:
    """Returns a threshold that somebody named; raises ConfigError where it is none."""
    return DuplicateThreshold(checked_threshold(threshold), None, f"{threshold:g}, as asked for")


def threshold_of(vectors: Vectors, scale: EncoderScale | None) -> DuplicateThreshold:
    """Returns the threshold for texts with these vectors (n, dim), drawn the same way every time.

    Of fewer than LEAST texts, what is usual is the encoder's own measure: questions and texts of something else.
    """
    if len(vectors) >= LEAST:
        drawn = np.random.default_rng(0).choice(len(vectors), min(SAMPLE, len(vectors)), replace=False)
        sample = vectors[np.sort(drawn)]
        cosines = (sample @ sample.T)[np.triu_indices(len(sample), 1)]
        usual, among = (
            float(np.median(cosines)),
            f"the median cosine of {len(sample):,} of these texts with one another",
        )
    else:
        usual = scale.unrelated if scale is not None else 0.0
        among = f"the cosine of texts that have nothing to do with one another, for here are fewer than {LEAST}"
    usual = max(0.0, usual)
    cosine = round(usual + SHARE * (1 - usual), 4)
    return DuplicateThreshold(
        cosine, usual, f"{cosine:.3f}, {SHARE:.0%} of the way from what is usual to 1: {usual:.3f} is {among}"
    )
