"""An encoder as LlamaIndex asks it: an embedding model."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.embeddings import BaseEmbedding

from passagework.retrieval.integrations.text_vectors import TextVectors
from passagework.retrieval.models.encoder import Encoder


class PassageworkEmbedding(BaseEmbedding):
    """Gives vectors of length 1: of texts and of queries, each after the prompt that the encoder has for them.

    `encoder` is an object, a folder or a hub name (default: the default encoder). A text that is longer than its window
    is cut, which a warning in the log tells. A dump has the encoder's folder or name, and loads that. Raises
    ModelUnavailableError where weights are missing or refused.
    """

    encoder: str | None = None
    _vectors: TextVectors = PrivateAttr()

    def __init__(self, encoder: Encoder | str | Path | None = None, **options: Any) -> None:
        vectors = TextVectors(encoder)
        named = None if encoder is None else vectors.model
        super().__init__(**{"model_name": vectors.model, **options, "encoder": named})
        self._vectors = vectors

    @classmethod
    def class_name(cls) -> str:
        """Returns the name under which LlamaIndex serialises it."""
        return "PassageworkEmbedding"

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._vectors.of_query(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._vectors.of_passages([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self._vectors.of_passages(texts)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return await asyncio.to_thread(self._get_query_embedding, query)

    async def _aget_text_embedding(self, text: str) -> list[float]:
        return await asyncio.to_thread(self._get_text_embedding, text)

    async def _aget_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return await asyncio.to_thread(self._get_text_embeddings, texts)
