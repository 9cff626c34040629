"""Creates a collection with nothing in it, for documents to be put in later."""

from __future__ import annotations

from pathlib import Path

from passagework.ingest.writing.chunk_settings import chunking_options
from passagework.ingest.writing.opening import open_destination
from passagework.retrieval.config import Settings


def create(collection: Path, *, settings: Settings | None = None) -> None:
    """Makes an empty collection with the default encoder, where none is; its folder may be there, with nothing in it.

    Raises StoreError where the folder can't be written or holds other files, ModelUnavailableError without weights.
    """
    chunking = chunking_options(passage_tokens=None, overlap=None, whole=None)
    settings = settings or Settings.from_environment()
    with open_destination(collection, encoder=None, window=None, chunking=chunking, settings=settings) as destination:
        destination.complete()
