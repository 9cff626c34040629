"""sentence-transformers' own `encode`, and a product of matrices: the least that searches by meaning."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.peers.program import DENSE, read, run


class Plain:
    """Whole records, cut by the model at its window; vectors in one array; texts in a JSON file."""

    packages = ("sentence-transformers", "torch", "numpy")
    stages = (DENSE,)

    def __init__(self, folder: Path, model: Path) -> None:
        self.folder = folder
        self.model_folder = model

    def load(self) -> None:
        """The model."""
        from sentence_transformers import SentenceTransformer

        self.model = SentenceTransformer(str(self.model_folder), local_files_only=True)

    def encode(self, texts: Sequence[str]) -> object:
        """Unit vectors, in batches of 32, its own default."""
        return self.model.encode(list(texts), normalize_embeddings=True)

    def ingest(self, records: Path, *, cut: bool) -> int:  # noqa: ARG002 - it has no way to cut
        """Vectors and texts, each in one file."""
        texts = read(records)
        self.folder.mkdir(parents=True)
        np.save(self.folder / "vectors.npy", np.asarray(self.encode([one.whole for one in texts])))
        stored = [[one.id, one.whole] for one in texts]
        (self.folder / "texts.json").write_text(json.dumps(stored), encoding="utf-8")
        return len(texts)

    def open(self) -> None:
        """Both files, and the model."""
        self.vectors = np.load(self.folder / "vectors.npy")
        self.texts = json.loads((self.folder / "texts.json").read_text(encoding="utf-8"))
        self.load()

    def search(self, stage: str, query: str, k: int) -> list[str]:  # noqa: ARG002 - it has one
        """The greatest cosines."""
        scores = self.vectors @ np.asarray(self.encode([query]))[0]
        best = np.argpartition(-scores, min(k, len(scores) - 1))[:k]
        return [str(self.texts[one][0]) for one in best[np.argsort(-scores[best])]]


if __name__ == "__main__":
    run(Plain)
