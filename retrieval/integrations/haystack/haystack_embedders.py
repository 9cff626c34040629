"""An encoder as Haystack asks it: embedder components of queries and of documents."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

from haystack import Document, component, default_from_dict, default_to_dict

from passagework.retrieval.integrations.haystack.dumped_models import dumped_name
from passagework.retrieval.integrations.text_vectors import TextVectors
from passagework.retrieval.models.encoder import Encoder


class _Embedder:
    """Holds an encoder, loaded when the pipeline warms up."""

    def __init__(self, encoder: Encoder | str | Path | None = None) -> None:
        self.encoder = encoder
        self._loaded: TextVectors | None = None

    def warm_up(self) -> None:
        """Loads the encoder; raises ModelUnavailableError where weights are missing or refused."""
        self._vectors()

    def to_dict(self) -> dict[str, Any]:
        """Returns the component as a dumped pipeline holds it; raises ConfigError for an encoder given as an object."""
        dumped: dict[str, Any] = default_to_dict(self, encoder=dumped_name(self.encoder))
        return dumped

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Any:
        """Returns the component that a dumped pipeline holds."""
        return default_from_dict(cls, data)

    def _vectors(self) -> TextVectors:
        if self._loaded is None:
            self._loaded = TextVectors(self.encoder)
        return self._loaded


@component
class PassageworkTextEmbedder(_Embedder):
    """Gives the vector of a query, of length 1, after the prompt that the encoder has for queries.

    `encoder` is a folder, a hub name or an object (default: the default encoder). A text that is longer than its window
    is cut, which a warning in the log tells.
    """

    __module__ = "passagework.integrations.haystack"  # what a dumped pipeline names, and programs import

    @component.output_types(embedding=list[float])
    def run(self, text: str) -> dict[str, list[float]]:
        """Returns the vector of the text."""
        return {"embedding": self._vectors().of_query(text)}

    @component.output_types(embedding=list[float])
    async def run_async(self, text: str) -> dict[str, list[float]]:
        """Returns the same, made in a thread of its own."""
        return await asyncio.to_thread(self.run, text)


@component
class PassageworkDocumentEmbedder(_Embedder):
    """Gives documents the vectors of their contents, of length 1, after the prompt that the encoder has for passages.

    `encoder` is a folder, a hub name or an object (default: the default encoder). A text that is longer than its window
    is cut, which a warning in the log tells.
    """

    __module__ = "passagework.integrations.haystack"  # what a dumped pipeline names, and programs import

    @component.output_types(documents=list[Document])
    def run(self, documents: list[Document]) -> dict[str, list[Document]]:
        """Returns copies of the documents with their vectors."""
        vectors = self._vectors().of_passages([document.content or "" for document in documents])
        pairs = zip(documents, vectors, strict=True)
        return {"documents": [replace(document, embedding=vector) for document, vector in pairs]}

    @component.output_types(documents=list[Document])
    async def run_async(self, documents: list[Document]) -> dict[str, list[Document]]:
        """Returns the same, made in a thread of its own."""
        return await asyncio.to_thread(self.run, documents)
