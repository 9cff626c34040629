"""The protocols of backends: each runs one bi-encoder, or one cross-encoder, and tells what the model's files say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.models.batching import BatchShape
from passagework.retrieval.models.pair_inputs import Pairing, Piece
from passagework.retrieval.types import Vectors

Rows = NDArray[np.int32]
"""(rows, width) of token ids, or of what goes with each of them."""


class DeviceMemoryError(Exception):
    """The device is too small for a batch: try again with fewer rows."""


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """Tells what a bi-encoder's files say of it, beside its weights.

    `window` is its own, `positions` the most it can be raised to, in tokens. `tokenizer` is of the tokenizers library.
    """

    tokenizer: Any
    pad: int
    window: int
    positions: int
    pooling: str
    dimension: int
    query_prompt: str
    passage_prompt: str


def passage_prompt_of(prompts: Mapping[str, str]) -> str:
    """Returns the prompt for passages, which models name in several ways."""
    return next((prompts[key] for key in ("document", "passage", "corpus") if key in prompts), "")


class Backend(Protocol):
    """Runs one bi-encoder on one device; for one thread at a time."""

    @property
    def name(self) -> str:
        """Returns what runs it, where, and at what precision, such as `torch cpu bf16`."""

    @property
    def device(self) -> str:
        """Returns cpu, cuda, or another of torch's names."""

    @property
    def shape(self) -> BatchShape:
        """Returns the shape of batches that suits it."""

    @property
    def encoder_config(self) -> EncoderConfig:
        """Returns what the model's files say."""

    def text_vectors(self, ids: Rows, mask: Rows, *, prompt_length: int) -> Vectors:
        """Returns (rows, dimension or more) float32, pooled over tokens of `mask` 1; raises DeviceMemoryError.

        `prompt_length` counts the tokens that a pooling may have to leave out, 0 for none.
        """

    def token_vectors(self, ids: Rows, mask: Rows, *, prompt_length: int) -> Vectors | None:
        """Returns (rows, width, hidden) float32; None where the model gives none. Raises DeviceMemoryError."""

    def text_and_token_vectors(self, ids: Rows, mask: Rows, *, prompt_length: int) -> tuple[Vectors, Vectors | None]:
        """Returns what the two others do, of one pass through the model."""


class PairBackend(Protocol):
    """Runs one cross-encoder on one device; for one thread at a time."""

    @property
    def name(self) -> str:
        """Returns what runs it, where, and at what precision."""

    @property
    def device(self) -> str:
        """Returns cpu, cuda, or another of torch's names."""

    @property
    def shape(self) -> BatchShape:
        """Returns the shape of batches that suits it."""

    @property
    def window(self) -> int:
        """Returns the tokens that it reads at once: query, passage and special tokens."""

    @property
    def tokenizer(self) -> Any:
        """Returns a tokenizer of the tokenizers library."""

    @property
    def pairing(self) -> Pairing:
        """Returns how it wants a query and a passage put together."""

    def scores(self, query: Piece, passages: Sequence[Piece]) -> NDArray[np.float32]:
        """Returns (passages,) float32, before any activation. Raises DeviceMemoryError."""
