"""What is measured of a claim beside a passage: its tokens, its words, and its vector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.verification.comparison import stem_of, telling_words
from passagework.retrieval.verification.encoded_text import EncodedText


@dataclass(frozen=True, slots=True)
class SupportMeasures:
    """Holds what is measured, each higher where the passage says more of the claim, and the nearest sentence.

    Of the best cosines that the tokens of the claim's telling words have with the passage's: their mean (`tokens`), the
    lowest (`worst_token`), the mean of the lowest quarter (`worst_quarter`). `cosine` is that of the nearest sentence;
    `words` the share of telling words that the passage has, `sentence_words` that of the sentence `[start, end)`.
    """

    tokens: float
    worst_token: float
    worst_quarter: float
    cosine: float
    words: float
    sentence_words: float
    start: int
    end: int

    @property
    def support(self) -> float:
        """Returns how far the passage supports the claim, 0 to 1."""
        return max(0.0, (self.tokens + self.worst_token + self.sentence_words) / 3)


def measured(claim: EncodedText, passage: EncodedText) -> SupportMeasures:
    """Returns what is measured of a claim beside a passage; nothing of one without tokens."""
    if not len(claim.vectors) or not len(passage.vectors):
        return SupportMeasures(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, len(passage.text))
    products = np.clip(claim.vectors[claim.telling] @ passage.vectors.T, -1.0, 1.0)
    best = products.max(axis=1)
    nearest, cosine = _nearest(claim, passage, products)
    start, end = nearest
    words = [stem_of(match[0]) for match in telling_words(claim.text)]
    return SupportMeasures(
        tokens=float(best.mean()),
        worst_token=float(best.min()),
        worst_quarter=float(np.sort(best)[: max(1, len(best) // 4)].mean()),
        cosine=cosine,
        words=_share(words, passage.text),
        sentence_words=_share(words, passage.text[start:end]),
        start=start,
        end=end,
    )


def _nearest(claim: EncodedText, passage: EncodedText, products: NDArray[np.floating]) -> tuple[tuple[int, int], float]:
    """Returns the sentence nearest by its tokens and its vector, and the highest cosine that any has."""
    whole = claim.mean(np.ones(len(claim.vectors), np.bool_))
    masks = [(span, passage.tokens_in(*span)) for span in passage.sentences]
    masks = [(span, mask) for span, mask in masks if mask.any()]
    if not masks:
        return (0, len(passage.text)), 0.0
    cosines = np.array([whole @ passage.mean(mask) for _, mask in masks])
    tokens = np.array([products[:, mask].max(axis=1).mean() for _, mask in masks])
    return masks[int(np.argmax(tokens + cosines))][0], float(cosines.max())


def _share(words: list[str], text: str) -> float:
    spoken = {stem_of(match[0]) for match in telling_words(text)}
    return sum(word in spoken for word in words) / len(words) if words else 0.0
