"""Rows of the store as one text, which every engine can keep in a payload."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

from passagework.retrieval.store.document_rows import Rows

_BYTES = "\0bytes:"
"""Begins what stands for bytes: no text of the store has that character."""

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


def _written(value: Any) -> str:
    return _BYTES + base64.b85encode(bytes(value)).decode("ascii")


def _read(value: Any) -> Any:
    return base64.b85decode(value[len(_BYTES) :]) if isinstance(value, str) and value.startswith(_BYTES) else value
