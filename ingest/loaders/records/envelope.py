"""The records that one JSON object holds, as answers of web services have them: `{"results": [...], "next": null}`."""

from __future__ import annotations

from collections.abc import Mapping

from passagework.ingest.loaders.records.record import TEXT_FIELDS
from passagework.retrieval.text import one_line

_NAMES = ("results", "data", "items", "records", "rows", "entries", "hits", "documents", "docs", "response", "value")
_DEEPEST = 3
"""Objects within objects: `{"response": {"docs": [...]}}`."""


def enveloped(value: Mapping[str, object]) -> tuple[list[dict[str, object]], str] | None:
    """The records and a note on what stands beside them; None where the object is a record itself.

    A record has a text, or another list of objects than the one that is named as records are.
    """
    beside: list[str] = []
    for _ in range(_DEEPEST):
        name = next((name for name in _NAMES if isinstance(value.get(name), (list, dict)) and value[name]), None)
        if name is None or any(isinstance(value.get(field), str) and value[field] for field in TEXT_FIELDS):
            return None
        if sum(_is_records(item) for item in value.values()) > 1:
            return None
        beside += [key for key, item in value.items() if key != name and item not in (None, "", [], {})]
        inner = value[name]
        if _is_records(inner):
            return list(inner), _note(beside)  # type: ignore[call-overload]  # _is_records: a list of objects
        if not isinstance(inner, Mapping):
            return None
        value = inner
    return None


def _is_records(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _note(beside: list[str]) -> str:
    return one_line(f"beside its records the file has {', '.join(beside)}: not read") if beside else ""
