"""Chroma, kept on disk, with its own sentence-transformers function; outside its cloud it searches vectors alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import chromadb
from chromadb.config import Settings
from chromadb.utils.embedding_functions import SentenceTransformerEmbeddingFunction

from benchmarks.peers.program import DENSE, read, run


class Chroma:
    """`add` with documents, in the greatest batches that the client takes; cosine distances."""

    packages = ("chromadb", "sentence-transformers", "torch")
    stages = (DENSE,)

    def __init__(self, folder: Path, model: Path) -> None:
        self.folder = folder
        self.model = model

    def load(self) -> None:
        """The embedding function, by the folder's name."""
        self.function = SentenceTransformerEmbeddingFunction(model_name=str(self.model), normalize_embeddings=True)

    def encode(self, texts: Sequence[str]) -> object:
        """Vectors by the embedding function."""
        return self.function(list(texts))

    def ingest(self, records: Path, *, cut: bool) -> int:  # noqa: ARG002 - it has no way to cut
        """Documents with ids, whole; the embedding function cuts them at the model's window."""
        texts = read(records)
        client = self._client()
        collection = client.create_collection(
            "records", embedding_function=self.function, configuration={"hnsw": {"space": "cosine"}}
        )
        step = client.get_max_batch_size()
        for start in range(0, len(texts), step):
            some = texts[start : start + step]
            collection.add(ids=[one.id for one in some], documents=[one.whole for one in some])
        return len(texts)

    def open(self) -> None:
        """The collection, and the model with it."""
        self.load()
        self.collection = self._client().get_collection("records", embedding_function=self.function)

    def search(self, stage: str, query: str, k: int) -> list[str]:  # noqa: ARG002 - it has one
        """A query by text."""
        return [str(one) for one in self.collection.query(query_texts=[query], n_results=k)["ids"][0]]

    def _client(self) -> chromadb.ClientAPI:
        return chromadb.PersistentClient(str(self.folder), settings=Settings(anonymized_telemetry=False))


if __name__ == "__main__":
    run(Chroma)
