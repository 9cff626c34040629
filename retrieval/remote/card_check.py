"""Holds cards against a filter, with the exact semantics of the store's SQL."""

from __future__ import annotations

import operator
import sqlite3
from collections.abc import Callable, Mapping, Set
from contextlib import closing
from functools import lru_cache
from typing import Any

from passagework.retrieval.remote.passage_card import MAY_LACK, PassageCard, keys_above
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
    Scalar,
)
from passagework.retrieval.store.filter_sql import stored_as
from passagework.retrieval.store.metadata_fields import FieldType

ORDER: Mapping[Comparison, Callable[[Any, Any], bool]] = {
    Comparison.GREATER: operator.gt,
    Comparison.GREATER_OR_EQUAL: operator.ge,
    Comparison.LESS: operator.lt,
    Comparison.LESS_OR_EQUAL: operator.le,
}

COMPARED = (FieldType.NUMBER, FieldType.TEXT, FieldType.INSTANT, FieldType.BOOL)
"""The types of values that can equal one of a filter."""


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
            return _is_among(field, _typed(field, values, tuple(map(type, values))), card)
        case Compare(field, Comparison.GLOB, value):
            return any(_matches(str(stored), str(value)) for stored in _values(field, FieldType.TEXT, card))
        case Compare(field, comparison, value):
            kind, bound = stored_as(field, value)
            return any(ORDER[comparison](stored, bound) for stored in _values(field, kind, card))


def _exists(field: Field, card: PassageCard) -> bool:
    if field is Column.PAGES:
        return bool(card.pages)
    if field is Column.SURROUNDINGS:
        return field in card.columns
    return isinstance(field, Column) or any(field in keys_above(key) for key, _, _ in card.fields)


@lru_cache(maxsize=64)
def _typed(
    field: Field,
    values: tuple[Scalar, ...],
    types: tuple[type, ...],  # noqa: ARG001 - 1, 1.0 and True are equal, and one would be remembered as the other
) -> frozenset[tuple[FieldType, Scalar]]:
    """Returns values with their types: of thousands, each is looked up at once."""
    return frozenset(stored_as(field, value) for value in values)


def _is_among(field: Field, typed: Set[tuple[FieldType, Scalar]], card: PassageCard) -> bool:
    if field is Column.INJECTION:
        return (FieldType.BOOL, int(card.instructs)) in typed
    if (FieldType.NULL, None) in typed:
        may_lack = not isinstance(field, Column) or field in MAY_LACK
        if (may_lack and not _exists(field, card)) or _values(field, FieldType.NULL, card):
            return True
    return any((kind, stored) in typed for kind in COMPARED for stored in _values(field, kind, card))


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
