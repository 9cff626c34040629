"""JSON that a person wrote: a key that comes twice is a mistake there, and not the last one's word."""

from __future__ import annotations

import json
from typing import Any


class RepeatedKeyError(ValueError):
    """An object has a key twice: Python would keep the last value, and drop the others in silence."""


def parse_json(text: str | bytes) -> Any:
    """Returns the value of a JSON text; raises ValueError where it is none, RepeatedKeyError for a key that repeats."""
    return json.loads(text, object_pairs_hook=unique_keys)


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Returns the pairs of one object as a dict; raises RepeatedKeyError for a key that comes twice."""
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        names = [name for name, _ in pairs]
        raise RepeatedKeyError(f"{next(name for name in names if names.count(name) > 1)!r} comes twice")
    return mapping
