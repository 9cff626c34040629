"""The vectors of a text's tokens, however long it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from passagework.retrieval.late_interaction.kept_tokens import KeptTokens
from passagework.retrieval.models.encoder import TokenEncoder
from passagework.retrieval.models.pair_inputs import windows
from passagework.retrieval.types import Vectors

AT_ONCE = 32
"""Passages, or windows of one, whose token vectors are in memory at once."""


@dataclass(frozen=True, slots=True)
class TokenWindow:
    """Holds `vectors` (n, hidden) float32 of those tokens of a window that are kept; it is one of the texts', by place.

    `tokens` counts all that were read. Windows of a text overlap: together they have more than the text.
    """

    text: int
    vectors: Vectors
    tokens: int


def token_vectors_of(encoder: TokenEncoder, texts: Sequence[str], kept: KeptTokens = KeptTokens.ALL) -> list[Vectors]:
    """Returns (n, hidden) float32 for each text, of the tokens kept; a longer one's windows follow one another."""
    parts: list[list[Vectors]] = [[] for _ in texts]
    for windows_at_once in token_windows(encoder, texts, kept):
        for window in windows_at_once:
            parts[window.text].append(window.vectors)
    return [np.concatenate(windows_of_text) for windows_of_text in parts]


def token_windows(
    encoder: TokenEncoder, texts: Sequence[str], kept: KeptTokens = KeptTokens.ALL
) -> Iterator[list[TokenWindow]]:
    """Yields the same window by window, AT_ONCE of them together, so that few are in memory."""
    tokens = encoder.tokenize_whole(texts)
    masks = [kept.mask(text, text_tokens) for text, text_tokens in zip(texts, tokens, strict=True)]
    spans = [
        (row, slice(*span))
        for row, text_tokens in enumerate(tokens)
        for span in windows(len(text_tokens), encoder.passage_budget)
    ]
    for start in range(0, len(spans), AT_ONCE):
        batch = spans[start : start + AT_ONCE]
        vectors = encoder.encode_token_vectors([tokens[row].ids[span] for row, span in batch])
        yield [
            TokenWindow(row, matrix[masks[row][span]], len(matrix))
            for (row, span), matrix in zip(batch, vectors, strict=True)
        ]
