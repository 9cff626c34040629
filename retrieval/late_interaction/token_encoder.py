"""The vectors of a text's tokens, however long it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeGuard, runtime_checkable

import numpy as np

from passagework.retrieval.models.bi_encoder import Encoder
from passagework.retrieval.models.pair_inputs import windows
from passagework.retrieval.types import TokenIds, Tokens, Vectors

AT_ONCE = 32
"""Passages, or windows of one, whose token vectors are in memory at once."""


@runtime_checkable
class TokenEncoder(Encoder, Protocol):
    """An encoder that shows the vectors of tokens as well as those of texts."""

    @property
    def has_token_vectors(self) -> bool:
        """Whether its model gives them: some give a text's vector alone."""

    def tokenize_whole(self, texts: Sequence[str], *, query: bool = False) -> list[Tokens]:
        """As `tokenize`, of texts that follow the prompt: its last space may belong to their first word."""

    def encode_token_vectors(self, token_ids: Sequence[TokenIds], *, query: bool = False) -> list[Vectors]:
        """(n, hidden) float32 for each text, a unit row a token; the same for a text whatever stands beside it."""


def gives_token_vectors(encoder: Encoder) -> TypeGuard[TokenEncoder]:
    """Whether it does; the model is asked, which takes a moment."""
    return isinstance(encoder, TokenEncoder) and encoder.has_token_vectors


def token_vectors_of(encoder: TokenEncoder, texts: Sequence[str]) -> list[Vectors]:
    """(n, hidden) float32 of each text: of one longer than the window, those of several windows one after another."""
    parts: list[list[Vectors]] = [[] for _ in texts]
    for row, part in token_windows(encoder, texts):
        parts[row].append(part)
    return [np.concatenate(own) for own in parts]


def token_windows(encoder: TokenEncoder, texts: Sequence[str]) -> Iterator[tuple[int, Vectors]]:
    """The same window by window: which text, and (n, hidden); few are in memory at once."""
    tokens = encoder.tokenize_whole(texts)
    spans = [(row, span) for row, one in enumerate(tokens) for span in windows(len(one), encoder.passage_budget)]
    for start in range(0, len(spans), AT_ONCE):
        some = spans[start : start + AT_ONCE]
        vectors = encoder.encode_token_vectors([tokens[row].ids[slice(*span)] for row, span in some])
        yield from ((row, own) for (row, _), own in zip(some, vectors, strict=True))
