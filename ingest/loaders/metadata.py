"""What formats say about their documents, as plain JSON values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, time

from passagework.ingest.loaders.encoding import clean
from passagework.retrieval.types import Json

MAX_DEPTH = 32
MAX_VALUES = 10_000
"""Values within one field: YAML aliases can name billions in a few lines."""

_INT64 = 1 << 63
"""SQLite's integers. Larger ones are kept as their digits, exactly."""


class NotPlainError(ValueError):
    """A value is nested too deeply, or holds too many values, to be metadata."""


def plain(value: object) -> Json:
    """`value` as JSON: strings cleaned, dates in ISO form, what isn't finite None, what isn't JSON its `str`.

    Raises NotPlainError for a value of more than MAX_VALUES values or MAX_DEPTH levels.
    """
    return _plain(value, 0, [MAX_VALUES])


def _plain(value: object, depth: int, left: list[int]) -> Json:
    left[0] -= 1
    if left[0] < 0:
        raise NotPlainError(f"it holds more than {MAX_VALUES} values")
    if not isinstance(value, (Mapping, list, tuple, set, frozenset)):
        return _scalar(value)
    if depth >= MAX_DEPTH:
        raise NotPlainError(f"it is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, Mapping):
        return {clean(str(key)): _plain(item, depth + 1, left) for key, item in value.items()}
    return [_plain(item, depth + 1, left) for item in value]


def _scalar(value: object) -> Json:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -_INT64 <= value < _INT64 else digits(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, bytes):
        return clean(value.decode("utf-8", "replace"))
    return clean(str(value))


def digits(value: int) -> str:
    """An integer's digits; in hexadecimal where Python refuses to write so many in decimal."""
    try:
        return str(value)
    except ValueError:
        return hex(value)
