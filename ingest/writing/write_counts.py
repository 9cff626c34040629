"""Counts what an ingest has written so far."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class WriteCounts:
    """Counts what was committed: documents, passages, texts encoded, passages cut, passages with token vectors.

    Ahead of that are the texts found so far that have to be encoded, and the characters of documents cut into passages.
    `encoder_notes` are a line on each thing that is good to know of how the encoder is used, once it is loaded.
    """

    documents: int = 0
    passages: int = 0
    encoded: int = 0
    cut: int = 0
    token_vectors: int = 0
    to_encode: int = 0
    characters: int = 0
    encoder_notes: tuple[str, ...] = ()
