"""Qdrant's client with its storage in a folder, as its documentation begins; its ranking by words wants a download."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qdrant_client import QdrantClient
from qdrant_client.models import Distance, PointStruct, VectorParams

from benchmarks.peers.program import DENSE, read, run


class QdrantLocal:
    """`SentenceTransformer.encode`, then `upload_points` with the id in the payload; cosine distances."""

    packages = ("qdrant-client", "sentence-transformers", "torch")
    stages = (DENSE,)

    def __init__(self, folder: Path, model: Path) -> None:
        self.folder = folder
        self.model_folder = model

    def load(self) -> None:
        """The model."""
        from sentence_transformers import SentenceTransformer

        self.model = SentenceTransformer(str(self.model_folder), local_files_only=True)

    def encode(self, texts: Sequence[str]) -> list[list[float]]:
        """Vectors as lists, which the client takes."""
        vectors: list[list[float]] = self.model.encode(list(texts)).tolist()
        return vectors

    def ingest(self, records: Path, *, cut: bool) -> int:  # noqa: ARG002 - it has no way to cut
        """Points with their text beside the vector."""
        texts = read(records)
        client = QdrantClient(path=str(self.folder))
        vectors = self.encode([one.whole for one in texts])
        client.create_collection("records", VectorParams(size=len(vectors[0]), distance=Distance.COSINE))
        client.upload_points(
            "records",
            [
                PointStruct(id=place, vector=vector, payload={"id": one.id, "text": one.whole})
                for place, (one, vector) in enumerate(zip(texts, vectors, strict=True))
            ],
        )
        client.close()
        return len(texts)

    def open(self) -> None:
        """The folder, and the model."""
        self.client = QdrantClient(path=str(self.folder))
        self.load()

    def search(self, stage: str, query: str, k: int) -> list[str]:  # noqa: ARG002 - it has one
        """The nearest points."""
        found = self.client.query_points("records", query=self.encode([query])[0], limit=k, with_payload=True)
        return [str((point.payload or {})["id"]) for point in found.points]


if __name__ == "__main__":
    run(QdrantLocal)
