"""An encoder as LangChain asks it: embeddings."""

from __future__ import annotations

from pathlib import Path

from langchain_core.embeddings import Embeddings

from passagework.retrieval.integrations.text_vectors import TextVectors
from passagework.retrieval.models.encoder import Encoder


class PassageworkEmbeddings(Embeddings):
    """Gives vectors of length 1: of documents and of queries, each after the prompt that the encoder has for them.

    `encoder` is an object, a folder or a hub name (default: the default encoder). A text that is longer than its window
    is cut, which a warning in the log tells. Raises ModelUnavailableError where weights are missing or refused.
    """

    def __init__(self, encoder: Encoder | str | Path | None = None) -> None:
        self._vectors = TextVectors(encoder)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Returns the vectors of passages."""
        return self._vectors.of_passages(texts)

    def embed_query(self, text: str) -> list[float]:
        """Returns the vector of a query."""
        return self._vectors.of_query(text)
