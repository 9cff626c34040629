"""A version of a collection that is not the live one, opened to be compared with it."""

from __future__ import annotations

from pathlib import Path

from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.config import Settings
from passagework.retrieval.models.encoder import Encoder


class CollectionVersion(Collection):
    """Answers from one version's folder, whatever CURRENT names."""

    def __init__(self, folder: Path, *, encoder: Encoder | str | None, settings: Settings) -> None:
        self._folder = folder
        super().__init__(folder.parent, encoder=encoder, reranker=None, settings=settings)

    def _live_folder(self) -> Path:
        """Returns the version's folder."""
        return self._folder
