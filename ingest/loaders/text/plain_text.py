"""Plain text and logs: the text as it stands, and the tables drawn in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from passagework.ingest.loaders.base import LoadOptions, RecordFailure
from passagework.ingest.loaders.data_uris import without_data_uris
from passagework.ingest.loaders.encoding import read_text
from passagework.ingest.loaders.formats import Format
from passagework.ingest.loaders.text.text_tables import barred_tables, ruled_tables, without_overlaps
from passagework.retrieval.types import Document


def load_text(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """One document without headings. Raises IngestError where the bytes are no text, or only white space."""
    decoded = read_text(path)
    text = without_data_uris(decoded.text)
    yield Document(
        text=text,
        media_type=Format.TEXT.value,
        metadata=decoded.metadata,
        notes=decoded.notes,
        tables=without_overlaps([*barred_tables(text), *ruled_tables(text)]),
    )
