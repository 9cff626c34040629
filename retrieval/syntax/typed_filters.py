"""What a passage must fulfil by the quotations, exclusions and fields of a query, as conditions like a filter's."""

from __future__ import annotations

import re

from passagework.retrieval.filters.compiler import compile_filter
from passagework.retrieval.store import Snapshot
from passagework.retrieval.store.conditions import AnyOf, Column, Compare, Comparison, Condition, Holds, Not
from passagework.retrieval.store.held_words import passages_holding, passages_holding_exactly
from passagework.retrieval.syntax.grammar import Part, PartKind

_NUMBER = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?")


def condition_of(part: Part, snapshot: Snapshot) -> Condition:
    """Returns what a part asks of every hit: a quotation, what is excluded, or a field."""
    if part.kind is PartKind.FIELD:
        asked: Condition = _field_condition(part.field, part.words, snapshot)
    elif part.kind is PartKind.PHRASE:
        asked = Holds(part.words, True, passages_holding_exactly(snapshot, part.words, snapshot.languages()))
    else:
        asked = Holds(part.words, False, passages_holding(snapshot, part.words, snapshot.languages()))
    return Not(asked) if part.excluded else asked


def _field_condition(field: str, value: str, snapshot: Snapshot) -> Condition:
    """Returns that a field has a value, as a filter would compare it; else that it is a text with these words in it.

    With `*` the value is a pattern, as with `$glob`. The words may stand in the midst of a text, in capitals or not.
    """
    if "*" in value:
        return compile_filter({field: {"$glob": value}}, snapshot)
    equal = compile_filter({field: {"$in": [value, *_typed_values(value)]}}, snapshot)
    if len(snapshot.matching(equal)):
        return equal
    column = Column(field) if field in {column.value for column in Column} else field
    return AnyOf((equal, *(Compare(column, Comparison.GLOB, glob) for glob in _globs(value))))


def _typed_values(value: str) -> list[bool | int | float]:
    """Returns what a value may stand for that is no text."""
    if value in ("true", "false"):
        return [value == "true"]
    if _NUMBER.fullmatch(value) is None:
        return []
    return [float(value) if "." in value else int(value)]


def _globs(words: str) -> list[str]:
    """Returns patterns of the texts that hold words as whole words, whatever their case."""
    letters = "".join(_any_case(character) for character in words)
    before, after = "*[^0-9A-Za-z]", "[^0-9A-Za-z]*"
    return [letters, f"{letters}{after}", f"{before}{letters}", f"{before}{letters}{after}"]


def _any_case(character: str) -> str:
    if character in "*?[":
        return f"[{character}]"
    lower, upper = character.lower(), character.upper()
    return f"[{lower}{upper}]" if lower != upper and len(lower) == len(upper) == 1 else character
