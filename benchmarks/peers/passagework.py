"""This project, by its public names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.peers.program import DENSE, HYBRID, LEXICAL, RERANK, run
from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval import BiEncoder
from passagework.retrieval.late_interaction.late_interaction import DEPTH


class Passagework:
    """Default settings; what is cut already stays whole."""

    packages = ("passagework", "torch", "sentence-transformers")
    stages = (DENSE, LEXICAL, HYBRID, RERANK)

    def __init__(self, folder: Path, model: Path) -> None:
        self.folder = folder
        self.model = model

    def load(self) -> None:
        """The default encoder."""
        self.encoder = BiEncoder.load(self.model)

    def encode(self, texts: Sequence[str]) -> object:
        """Vectors of passages."""
        return self.encoder.encode_passages(texts)

    def ingest(self, records: Path, *, cut: bool) -> int:
        """A file of records to a collection."""
        return ingest(records, self.folder, encoder=self.encoder, whole=cut or None).passages

    def open(self) -> None:
        """The collection; its encoder is loaded by the first search."""
        self.collection = Collection.open(self.folder)

    def search(self, stage: str, query: str, k: int) -> list[str]:
        """The records of the best `k` passages; behind those that the reranker reads by default, hybrid's go on."""
        if stage == RERANK and k > DEPTH:  # asked for more results it would read more, and be another reranker
            first = self.search(stage, query, DEPTH)
            return [*first, *(one for one in self.search(HYBRID, query, k) if one not in first)]
        return [hit.document for hit in self.collection.search(query, k=k, stage=stage)]


if __name__ == "__main__":
    run(Passagework)
