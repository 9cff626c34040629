"""LanceDB: one table of texts, vectors by its own embedding function, and an index of words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lancedb
from lancedb.embeddings import get_registry
from lancedb.pydantic import LanceModel, Vector

from benchmarks.peers.program import DENSE, HYBRID, LEXICAL, read, run

KINDS = {DENSE: "vector", LEXICAL: "fts", HYBRID: "hybrid"}


class LanceDb:
    """Searched without a vector index, so exactly; hybrid by its default reranker, reciprocal ranks."""

    packages = ("lancedb", "sentence-transformers", "torch")
    stages = (DENSE, LEXICAL, HYBRID)

    def __init__(self, folder: Path, model: Path) -> None:
        self.folder = folder
        self.model = model

    def load(self) -> None:
        """The embedding function."""
        self.function = get_registry().get("sentence-transformers").create(name=str(self.model))

    def encode(self, texts: Sequence[str]) -> object:
        """Vectors by the embedding function."""
        return self.function.compute_source_embeddings(list(texts))

    def ingest(self, records: Path, *, cut: bool) -> int:  # noqa: ARG002 - it has no way to cut
        """The table in one call, then its index of words."""
        texts = read(records)
        function = self.function

        class Record(LanceModel):  # type: ignore[misc]
            id: str
            text: str = function.SourceField()
            vector: Vector(function.ndims()) = function.VectorField()  # type: ignore[valid-type]

        table = lancedb.connect(self.folder).create_table("records", schema=Record)
        table.add([{"id": one.id, "text": one.whole} for one in texts])
        table.create_fts_index("text")
        return len(texts)

    def open(self) -> None:
        """The table; its embedding function loads the model when first asked."""
        self.table: Any = lancedb.connect(self.folder).open_table("records")

    def search(self, stage: str, query: str, k: int) -> list[str]:
        """Ids and texts by the kind of query."""
        found = (
            self.table.search(query, query_type=KINDS[stage]).metric("cosine")
            if stage == DENSE
            else (self.table.search(query, query_type=KINDS[stage]))
        )
        return [str(one["id"]) for one in found.limit(k).to_list()]


if __name__ == "__main__":
    run(LanceDb)
