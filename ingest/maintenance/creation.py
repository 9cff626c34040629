"""A collection with nothing in it, for documents to be put in later."""

from __future__ import annotations

from pathlib import Path

from passagework.ingest.writing.chunking import chunking_asked
from passagework.ingest.writing.destination import Destination
from passagework.retrieval.config import Settings


def create(collection: Path, *, settings: Settings | None = None) -> None:
    """Makes an empty collection with the default encoder, where none is; its folder may be there, with nothing in it.

    Raises StoreError where the folder can't be written or holds other files, ModelUnavailableError without weights.
    """
    chunking = chunking_asked(passage_tokens=None, overlap=None, whole=None)
    settings = settings or Settings.from_environment()
    opened = Destination.open(
        collection, encoder=None, window=None, chunking=chunking, dry_run=False, settings=settings
    )
    with opened as destination:
        destination.finish()
