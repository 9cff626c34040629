"""Holds cards against a filter, with the exact semantics of the store's SQL."""

from __future__ import annotations

import operator
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from passagework.retrieval.remote.passage_card import PassageCard, keys_above
from passagework.retrieval.store.conditions import (
    All,
    Among,
    AnyOf,
    Column,
    Compare,
    Comparison,
    Condition,
    Exists,
    Field,
    Holds,
    Not,
)
from passagework.retrieval.store.filter_sql import stored_as
from passagework.retrieval.store.metadata_fields import FieldType

ORDER: Mapping[Comparison, Callable[[Any, Any], bool]] = {
    Comparison.GREATER: operator.gt,
    Comparison.GREATER_OR_EQUAL: operator.ge,
    Comparison.LESS: operator.lt,
    Comparison.LESS_OR_EQUAL: operator.le,
}


def fulfils(condition: Condition, card: PassageCard) -> bool:
    """Tells whether a passage fulfils a condition."""
    match condition:
        case Not(part):
            return not fulfils(part, card)
        case All(parts):
            return all(fulfils(part, card) for part in parts)
        case AnyOf(parts):
            return any(fulfils(part, card) for part in parts)
        case Holds():
            place = int(condition.ids.searchsorted(card.id))
            return place < len(condition.ids) and int(condition.ids[place]) == card.id
        case Exists(field):
            return _exists(field, card)
        case Among(field, values):
            return any(_equals(field, *stored_as(field, value), card) for value in values)
        case Compare(field, Comparison.GLOB, value):
            return any(_matches(str(stored), str(value)) for stored in _values(field, FieldType.TEXT, card))
        case Compare(field, comparison, value):
            kind, bound = stored_as(field, value)
            return any(ORDER[comparison](stored, bound) for stored in _values(field, kind, card))


def _exists(field: Field, card: PassageCard) -> bool:
    if field is Column.PAGES:
        return bool(card.pages)
    return isinstance(field, Column) or any(field in keys_above(key) for key, _, _ in card.fields)


def _equals(field: Field, kind: FieldType, value: Any, card: PassageCard) -> bool:
    if field is Column.INJECTION:
        return kind is FieldType.BOOL and bool(value) is card.instructs
    if kind is FieldType.NULL:
        missing = not isinstance(field, Column) or field is Column.PAGES
        return (missing and not _exists(field, card)) or any(True for _ in _values(field, kind, card))
    return any(stored == value for stored in _values(field, kind, card))


def _values(field: Field, kind: FieldType, card: PassageCard) -> list[Any]:
    """Returns the field's values of one type."""
    if isinstance(field, str):
        stored = [value for key, stored, value in card.fields if key == field and stored is kind]
        return [value for value in stored if value is not None or kind is FieldType.NULL]
    if field is Column.PAGES:
        return list(card.pages) if kind is FieldType.NUMBER else []
    return [card.columns[field]] if kind is FieldType.TEXT and field in card.columns else []


def _matches(text: str, pattern: str) -> bool:
    """Tells whether a text matches a glob, which SQLite alone knows how it reads."""
    with closing(sqlite3.connect(":memory:")) as memory:
        return bool(memory.execute("SELECT ? GLOB ?", (text, pattern)).fetchone()[0])
