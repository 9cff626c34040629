"""The vectors of a text's tokens, however long it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from passagework.retrieval.models.encoder import TokenEncoder
from passagework.retrieval.models.pair_inputs import windows
from passagework.retrieval.types import Vectors

AT_ONCE = 32
"""Passages, or windows of one, whose token vectors are in memory at once."""


def token_vectors_of(encoder: TokenEncoder, texts: Sequence[str]) -> list[Vectors]:
    """Returns (n, hidden) float32 for each text; a longer one's windows follow one another."""
    parts: list[list[Vectors]] = [[] for _ in texts]
    for row, part in token_windows(encoder, texts):
        parts[row].append(part)
    return [np.concatenate(windows_of_text) for windows_of_text in parts]


def token_windows(encoder: TokenEncoder, texts: Sequence[str]) -> Iterator[tuple[int, Vectors]]:
    """Yields the same window by window: which text, and (n, hidden); few are in memory at once."""
    tokens = encoder.tokenize_whole(texts)
    spans = [
        (row, span)
        for row, text_tokens in enumerate(tokens)
        for span in windows(len(text_tokens), encoder.passage_budget)
    ]
    for start in range(0, len(spans), AT_ONCE):
        batch = spans[start : start + AT_ONCE]
        vectors = encoder.encode_token_vectors([tokens[row].ids[slice(*span)] for row, span in batch])
        yield from ((row, matrix) for (row, _), matrix in zip(batch, vectors, strict=True))
