"""txtai: one index of vectors (FAISS), words (its own BM25) and texts (SQLite)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from txtai import Embeddings

from benchmarks.peers.program import DENSE, HYBRID, LEXICAL, read, run


class Txtai:
    """The hybrid index of its documentation, with the model's own window of 256 tokens, not the tokeniser's 512."""

    packages = ("txtai", "faiss-cpu", "torch", "transformers")
    stages = (DENSE, LEXICAL, HYBRID)

    def __init__(self, folder: Path, model: Path) -> None:
        self.folder = folder
        self.model = model

    def load(self) -> None:
        """An empty index with its model."""
        self.embeddings = Embeddings(path=str(self.model), maxlength=True, hybrid=True, content=True)

    def encode(self, texts: Sequence[str]) -> object:
        """Vectors in its own batches of 32."""
        return self.embeddings.batchtransform(list(texts))

    def ingest(self, records: Path, *, cut: bool) -> int:  # noqa: ARG002 - it has no way to cut
        """Whole texts with their ids; the model cuts them at its window."""
        texts = read(records)
        self.embeddings.index((one.id, one.whole, None) for one in texts)
        self.embeddings.save(str(self.folder))
        return len(texts)

    def open(self) -> None:
        """The index, and the model with it."""
        self.embeddings = Embeddings()
        self.embeddings.load(str(self.folder))

    def search(self, stage: str, query: str, k: int) -> list[str]:
        """Ids by the stage's own half of the index, or by both."""
        with self._halves(stage):
            return [str(found["id"]) for found in self.embeddings.search(query, k)]

    @contextmanager
    def _halves(self, stage: str) -> Iterator[None]:
        """Without the other half, as an index searches that was made without it: weights alone would search both."""
        vectors, words = self.embeddings.ann, self.embeddings.scoring
        try:
            if stage == DENSE:
                self.embeddings.scoring = None
            elif stage == LEXICAL:
                self.embeddings.ann = None
            yield
        finally:
            self.embeddings.ann, self.embeddings.scoring = vectors, words


if __name__ == "__main__":
    run(Txtai)
