"""A filter as an engine can keep to it: tokens in one list, and numbers; it lets through what it should, perhaps more.

A document's values are tokens with their field and their type, so that 7 and "7" stay apart; a range is asked one bound
at a time, for each may be fulfilled by another value. What only the client can tell is left to it (see `card_check`).
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

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
    Leaf,
    Not,
    Scalar,
)
from passagework.retrieval.store.filter_sql import stored_as
from passagework.retrieval.store.metadata_fields import FieldType

LONGEST = 120
"""Characters of a token; of a longer one the hash stands for it."""

EXACT = 2.0**53
"""Below it, floats tell whole numbers apart as well."""

MOST_IDS = 10_000
"""Passages that a filter lists one by one; of more, it leaves them to the client."""

WILD = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class HasToken:
    """The passage has one of these tokens."""

    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InRange:
    """One of the numbers under `key` compares so with `bound`."""

    key: str
    comparison: Comparison
    bound: float


@dataclass(frozen=True, slots=True)
class HasId:
    """The passage is one of these, ascending."""

    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Every:
    """All parts hold."""

    parts: tuple[EngineFilter, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """One of the parts holds; of none, it doesn't."""

    parts: tuple[EngineFilter, ...]


@dataclass(frozen=True, slots=True)
class No:
    """The part does not hold."""

    part: EngineFilter


EngineFilter: TypeAlias = "HasToken | InRange | HasId | Every | Some | No"

NOTHING = Some(())

PASSAGE, DOCUMENT, SEGMENT = "passage", "document", "segment"
"""The tokens that tell passages, documents and the parts of their texts from one another."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Is what an engine is asked; `exact` where it lets through nothing else than it should."""

    filter: EngineFilter
    exact: bool


def tokens_of(card: PassageCard) -> list[str]:
    """Returns a passage's tokens, each once."""
    tokens = {PASSAGE}
    tokens.update(value_token(column, text) for column, text in card.columns.items())
    if Column.SURROUNDINGS in card.columns:
        tokens.add(_existing(Column.SURROUNDINGS))
    path = card.columns[Column.PATH]
    tokens.update(_folder(path[: place + 1]) for place, character in enumerate(path) if character == "/")
    tokens.update(_token(Column.PAGES, FieldType.NUMBER, page) for page in card.pages)
    if card.pages:
        tokens.add(_existing(Column.PAGES))
    tokens.add(_token(Column.INJECTION, FieldType.BOOL, int(card.instructs)))
    for key, kind, value in card.fields:
        tokens.add(_token(key, kind, value))
        tokens.add(_typed(key, kind))
        tokens.update(_existing(above) for above in keys_above(key))
    return sorted(tokens)


def numbers_of(card: PassageCard) -> dict[str, list[float]]:
    """Returns a passage's numbers and instants, by the keys under which an engine has them; those beyond, as bounds."""
    numbers: dict[str, list[float]] = {}
    for key, kind, value in card.fields:
        if kind in (FieldType.NUMBER, FieldType.INSTANT) and isinstance(value, int | float) and value == value:
            numbers.setdefault(number_key(key, kind), []).append(_bounded(value))
    if card.pages:
        numbers[number_key(Column.PAGES, FieldType.NUMBER)] = [float(page) for page in card.pages]
    return numbers


def document_tokens(document: int, name: str | None, uri: str, path: str) -> list[str]:
    """Returns the tokens by which a document is found that is asked for by its number or a name."""
    named = [value_token(Column.DOCUMENT, uri if name is None else name), value_token(Column.PATH, path)]
    return [DOCUMENT, number_token(document), *named, value_token(DOCUMENT, uri)]


def number_token(document: int) -> str:
    """Returns the token of a document's number."""
    return f"{DOCUMENT} {document}"


def value_token(field: Field, value: str) -> str:
    """Returns the token of a text."""
    return _token(field, FieldType.TEXT, value)


def existing_token(field: Field) -> str:
    """Returns the token of what has a field, or one nested in it."""
    return _existing(field)


def number_key(field: Field, kind: FieldType) -> str:
    """Returns the key of a field's numbers: one that no engine reads anything into."""
    return f"n_{hashlib.blake2b(f'{_named(field)}{kind.value}'.encode(), digest_size=12).hexdigest()}"


def asked_of(condition: Condition) -> Asked:
    """Returns what an engine is asked for a condition."""
    return _asked(condition, holds=True) or Asked(HasToken((PASSAGE,)), exact=False)


def _asked(condition: Condition, *, holds: bool) -> Asked | None:
    """Returns the same, or with `holds` false for its opposite; None where an engine can't narrow it down."""
    if isinstance(condition, Not):
        return _asked(condition.part, holds=not holds)
    if isinstance(condition, All | AnyOf):
        parts = [_asked(part, holds=holds) for part in condition.parts]
        if isinstance(condition, All) is holds:
            return _joined(parts)
        kept = [part for part in parts if part is not None]
        if len(kept) < len(parts):
            return None
        return Asked(Some(tuple(part.filter for part in kept)), all(part.exact for part in kept))
    asked = _holding(condition) if isinstance(condition, Holds) else _leaf(condition)
    if asked is None or holds:
        return asked
    return Asked(No(asked.filter), exact=True) if asked.exact else None


def _joined(parts: Sequence[Asked | None]) -> Asked | None:
    kept = [part for part in parts if part is not None]
    if parts and not kept:
        return None
    every = Every((HasToken((PASSAGE,)), *(part.filter for part in kept)))
    return Asked(every, len(kept) == len(parts) and all(part.exact for part in kept))


def _holding(condition: Holds) -> Asked | None:
    if len(condition.ids) > MOST_IDS:
        return None
    return Asked(HasId(tuple(condition.ids.tolist())), exact=True)


def _leaf(leaf: Leaf) -> Asked | None:
    match leaf:
        case Exists(field):
            known = isinstance(field, Column) and field not in MAY_LACK
            return Asked(HasToken((PASSAGE if known else _existing(field),)), exact=True)
        case Among(field, values):
            return Asked(Some(tuple(_among(field, values))), exact=True)
        case Compare(field, Comparison.GLOB, value):
            return _glob(field, str(value))
        case Compare(field, comparison, value):
            return _compare(field, comparison, *stored_as(field, value))


def _among(field: Field, values: Sequence[Scalar]) -> Iterator[EngineFilter]:
    tokens = []
    for kind, value in (stored_as(field, value) for value in values):
        if kind is FieldType.NULL and (isinstance(field, str) or field in MAY_LACK):
            yield No(HasToken((_existing(field),)))
        tokens.append(_token(field, kind, value))
    if tokens:
        yield HasToken(tuple(tokens))


def _compare(field: Field, comparison: Comparison, kind: FieldType, value: Scalar) -> Asked | None:
    numeric = kind in (FieldType.NUMBER, FieldType.INSTANT)
    if field is Column.INJECTION or (field is Column.PAGES and kind is not FieldType.NUMBER):
        return Asked(NOTHING, exact=True)
    if numeric and (isinstance(field, str) or field is Column.PAGES) and isinstance(value, int | float):
        key, bound = number_key(field, kind), _bounded(value)
        if abs(bound) < EXACT:
            return Asked(InRange(key, comparison, bound), exact=float(value) == value)
        inclusive = {
            Comparison.GREATER: Comparison.GREATER_OR_EQUAL,
            Comparison.LESS: Comparison.LESS_OR_EQUAL,
        }.get(comparison, comparison)
        return Asked(InRange(key, inclusive, bound), exact=False)
    if isinstance(field, Column):
        return None if kind is FieldType.TEXT else Asked(NOTHING, exact=True)
    return Asked(HasToken((_typed(field, kind),)), exact=False)


def _glob(field: Field, pattern: str) -> Asked | None:
    if field in (Column.INJECTION, Column.PAGES):
        return Asked(NOTHING, exact=True)
    wild = WILD.search(pattern)
    if wild is None:
        return Asked(HasToken((_token(field, FieldType.TEXT, pattern),)), exact=True)
    if field is Column.PATH:
        folder = pattern[: wild.start()].rpartition("/")[0]
        if not folder and not pattern.startswith("/"):
            return None
        return Asked(HasToken((_folder(f"{folder}/"),)), exact=pattern == f"{folder}/*")
    return None if isinstance(field, Column) else Asked(HasToken((_typed(field, FieldType.TEXT),)), exact=False)


def _bounded(value: int | float) -> float:
    """Returns the nearest float that JSON has."""
    return float(min(max(value, -sys.float_info.max), sys.float_info.max))


def _token(field: Field, kind: FieldType, value: Scalar) -> str:
    if kind is FieldType.NUMBER and isinstance(value, float) and value.is_integer() and abs(value) < 2.0**63:
        value = int(value)  # 7 and 7.0 are equal
    return _short(f"={_named(field)}{kind.value} {value!r}")


def _typed(field: Field, kind: FieldType) -> str:
    return _short(f"~{_named(field)}{kind.value}")


def _existing(field: Field) -> str:
    return _short(f"?{_named(field)}")


def _folder(path: str) -> str:
    return _short(f"/{path}")


def _named(field: Field) -> str:
    return field.value if isinstance(field, Column) else json.dumps(field)  # in quotes, so that no two are the same


def _short(token: str) -> str:
    if len(token) <= LONGEST:
        return token
    return f"#{hashlib.blake2b(token.encode(), digest_size=20).hexdigest()}"
