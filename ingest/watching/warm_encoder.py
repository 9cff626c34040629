"""Keeps the encoder of a collection loaded from one ingest to the next."""

from __future__ import annotations

from pathlib import Path

from passagework.ingest.writing.write_access import live_version
from passagework.retrieval.config import Settings
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.identity import load_recorded_encoder
from passagework.retrieval.store import Store


class WarmEncoder:
    """Gives a collection's encoder, loaded once for each version; `named` says where it is, or is the encoder."""

    def __init__(self, collection: Path, named: Encoder | str | None, settings: Settings) -> None:
        self._collection, self._named, self._settings = collection, named, settings
        self._version: Path | None = None
        self._encoder: Encoder | None = None

    def of_live_version(self) -> Encoder | str | None:
        """Returns the encoder; what was named where there is no collection.

        Raises ModelUnavailableError where it isn't to be found, StoreError where the collection is damaged.
        """
        if self._named is not None and not isinstance(self._named, str):
            return self._named
        version = live_version(self._collection)
        if version is None:
            return self._named
        if self._encoder is None or version != self._version:
            with Store.open(version / "store.db") as store, store.read() as snapshot:
                self._encoder = load_recorded_encoder(snapshot, self._collection, self._named, self._settings)
            self._version = version
        return self._encoder
