"""A document's metadata as rows that filters look at: one for each scalar, under a dotted key, with its type."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from enum import Enum

from passagework.retrieval.store.instants import instant
from passagework.retrieval.types import Json


class FieldType(str, Enum):
    """Names the types that filters tell apart; an empty list or dict is a row of its own, so that the field exists.

    A text that is a date has two rows: the text, and its instant (see `instants`), by which dates compare.
    """

    NUMBER = "number"
    TEXT = "text"
    INSTANT = "instant"
    BOOL = "bool"
    NULL = "null"
    EMPTY = "empty"


def flatten(metadata: Mapping[str, Json]) -> Iterator[tuple[str, FieldType, Json]]:
    """Yields (key, type, value) of every scalar in metadata: nested keys joined by dots, list items under one key."""
    stack: list[tuple[str, Json]] = [(str(key), value) for key, value in reversed(list(metadata.items()))]
    while stack:
        key, value = stack.pop()
        if isinstance(value, Mapping) and value:
            stack.extend((f"{key}.{inner}", item) for inner, item in reversed(list(value.items())))
        elif isinstance(value, list) and value:
            stack.extend((key, item) for item in reversed(value))
        elif value is None:
            yield key, FieldType.NULL, None
        elif isinstance(value, bool):
            yield key, FieldType.BOOL, int(value)
        elif isinstance(value, int):
            yield key, FieldType.NUMBER, number(value)
        elif isinstance(value, float):
            yield key, FieldType.NUMBER, value
        elif isinstance(value, str):
            yield key, FieldType.TEXT, value
            moment = instant(value)
            if moment is not None:
                yield key, FieldType.INSTANT, moment
        else:
            yield key, FieldType.EMPTY, None


def number(value: int | float) -> int | float:
    """Returns a number that SQLite can hold: an integer beyond 64 bits becomes the nearest float, else infinity."""
    if isinstance(value, float) or -(1 << 63) <= value < 1 << 63:
        return value
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
