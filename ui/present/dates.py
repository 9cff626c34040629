"""Writes dates as people do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone

from passagework.retrieval.store.instants import instant
from passagework.retrieval.types import Json
from passagework.ui.present.wording import day_of

_PREFERRED = ("date", "published", "effective", "sent", "updated", "modified", "created")
"""Fields that tell a document's date, what its author says of it first."""


def day(microseconds: float) -> str:
    """Returns `3 April 2025` for microseconds from 1970, in UTC."""
    at = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=microseconds)
    return day_of(at)


def date_of(metadata: Mapping[str, Json], fields: Sequence[str]) -> str:
    """Returns the day that a document's metadata gives in the best of these `fields`; "" where none has one."""
    ordered = [name for name in _PREFERRED if name in fields] + [name for name in fields if name not in _PREFERRED]
    for name in ordered:
        value = metadata.get(name)
        at = instant(value) if isinstance(value, str) else None
        if at is not None:
            return day(at)
    return ""
