"""Makes vectors of texts as frameworks take them: lists of numbers."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from passagework.retrieval.integrations.named_models import loaded_encoder
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.types import Vectors

logger = logging.getLogger(__name__)


class TextVectors:
    """Encodes texts with an encoder or the model named; each vector has length 1. Threads may share it.

    What is cut, because it is longer than the encoder's window, is told in a warning of the log.
    """

    def __init__(self, encoder: Encoder | str | Path | None = None) -> None:
        self._encoder = loaded_encoder(encoder)

    @property
    def model(self) -> str:
        """Returns the encoder's folder or hub name."""
        return self._encoder.fingerprint.model

    def of_passages(self, texts: Sequence[str]) -> list[list[float]]:
        """Returns the vectors of passages, after the prompt that the encoder has for these."""
        self._tell_what_is_cut(texts, self._encoder.passage_budget)
        return _numbers(self._encoder.encode_passages(texts)) if texts else []

    def of_query(self, text: str) -> list[float]:
        """Returns the vector of a query, after the prompt that the encoder has for these."""
        self._tell_what_is_cut([text], self._encoder.query_budget)
        return _numbers(self._encoder.encode_queries([text]))[0]

    def _tell_what_is_cut(self, texts: Sequence[str], budget: int) -> None:
        cut = sum(len(tokens) > budget for tokens in self._encoder.tokenize(texts)) if texts else 0
        if cut:
            logger.warning("%d of %d texts are longer than %d tokens, and were cut to that", cut, len(texts), budget)


def _numbers(vectors: Vectors) -> list[list[float]]:
    return [[float(number) for number in row] for row in vectors]
