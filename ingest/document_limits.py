"""Limits what a document brings beside its text: each of its passages is stored and shown with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from passagework.ingest.loaders.metadata import NotPlainError, plain
from passagework.retrieval.text import collapsed, counted, one_line, storable
from passagework.retrieval.types import Document, Json

TITLE = 1_000
"""Characters of a document's title."""
HEADING = 500
"""Characters of a heading's title, and of a table's columns: a passage has all that stand above it."""
FIELDS = 1_000
SURROUNDINGS = 1 << 16
"""Characters of what stands around a page's content."""
METADATA = 1 << 18
"""Characters of all fields together, as JSON."""


def limit_document(document: Document) -> Document:
    """Returns the document within these limits, with a note of the metadata left out; its text and offsets stay.

    Whatever a parser sent can be stored: NUL and half characters become U+FFFD.
    """
    metadata, left_out = _metadata(document.metadata)
    notes = [one_line(note) for note in document.notes]
    if left_out:
        first = one_line(left_out[0], limit=60)
        notes.append(f"too much metadata: {counted(len(left_out), 'field')} left out, the first is '{first}'")
    return replace(
        document,
        text=_storable(document.text),
        title=_cut(document.title, TITLE),
        name=None if document.name is None else _storable(document.name),
        uri=_storable(document.uri),
        metadata=metadata,
        headings=[replace(heading, title=_cut(heading.title, HEADING)) for heading in document.headings],
        tables=[replace(table, columns=_cut(collapsed(table.columns), HEADING)) for table in document.tables],
        notes=notes,
        surroundings=_cut(document.surroundings, SURROUNDINGS),
    )


def _metadata(fields: Mapping[str, Json]) -> tuple[dict[str, Json], list[str]]:
    fields_kept: dict[str, Json] = {}
    left_out: list[str] = []
    room = METADATA
    for name, value in fields.items():
        try:
            value = plain(value)
        except NotPlainError:
            left_out.append(name)
            continue
        size = len(name) + (len(value) if isinstance(value, str) else len(json.dumps(value)))
        if size > room or len(fields_kept) >= FIELDS:
            left_out.append(name)
        else:
            fields_kept[_storable(name)] = value
            room -= size
    return fields_kept, left_out


def _cut(text: str, limit: int) -> str:
    text = _storable(text)
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _storable(text: str) -> str:
    return text if text.isascii() and "\0" not in text else storable(text)
