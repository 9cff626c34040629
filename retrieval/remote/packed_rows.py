"""Rows of the store as one text, which every engine can keep in a payload."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

from passagework.retrieval.remote.point_numbers import document_point, segment_point
from passagework.retrieval.store.document_rows import Rows
from passagework.retrieval.store.schema import SEGMENT_CHARS, documents

_BYTES = "\0bytes:"
"""Begins what stands for bytes: no text of the store has that character."""

_LENGTH = [column.name for column in documents.columns].index("length")

SEGMENTS = "segments"
SPANS = "spans"
"""Beside the rows of a document: (id, start, end, cut) of each of its passages, in order, in columns."""


def packed(rows: Rows) -> str:
    """Returns rows as a text."""
    text = json.dumps(rows, default=_written, ensure_ascii=False, separators=(",", ":"))
    return base64.b85encode(zlib.compress(text.encode(), 6)).decode("ascii")


def unpacked(text: str) -> Rows:
    """Returns the rows that were packed."""
    rows: Rows = json.loads(zlib.decompress(base64.b85decode(text)))
    for listed in rows.values():
        for row in listed:
            row[:] = [_read(value) for value in row]
    return rows


def points_of(version: int, rows: Rows) -> list[int]:
    """Returns the numbers of a version's points, by its rows as an engine has them: itself, text, passages."""
    length = rows["documents"][0][_LENGTH]
    segments = [segment_point(version, part) for part in range(-(-length // SEGMENT_CHARS))]
    return [document_point(version), *segments, *(span[0] for span in rows.get(SPANS, ()))]


def _written(value: Any) -> str:
    return _BYTES + base64.b85encode(bytes(value)).decode("ascii")


def _read(value: Any) -> Any:
    return base64.b85decode(value[len(_BYTES) :]) if isinstance(value, str) and value.startswith(_BYTES) else value
