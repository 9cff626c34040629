"""Checks Mongo-style filter dicts, and compiles them to conditions.

A filter is a dict of fields: `{"year": {"$gte": 2020}, "path": {"$glob": "policies/*"}}`; all must hold. A plain value
means `$eq`. `$and` and `$or` take lists of filters, `$not` takes a filter (or, inside a field, operators).

Fields are `path`, `document`, `title`, `media_type`, `pages`, `injection` (true or false), `surroundings` (what a page
of the web shows around its content), and any metadata field, nested ones with dots; a metadata field that bears one of
those names is reached as `metadata.title`. A field with several values (a list, `pages`) matches where one of them
does. `$ne` and `$nin` hold exactly where `$eq` and `$in` don't. Numbers compare with numbers and texts with
texts: another type never matches. `None` equals null and a missing field. Names (`path`, `document`, `title`) compare
in Unicode's composed form, and case-sensitively.

A text of metadata that is a date (see `passagework.retrieval.store.instants`) compares with dates alone, as an instant.
A field that no document ever had is refused, unless documents without it are what is asked for.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from passagework.retrieval.errors import FilterError
from passagework.retrieval.filters.field_names import check_fields, quoted
from passagework.retrieval.store import Snapshot
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
    Not,
    leaves,
)
from passagework.retrieval.store.filter_sql import stored_as
from passagework.retrieval.store.metadata_fields import FieldType
from passagework.retrieval.text import composed

Where: TypeAlias = Mapping[str, Any]

MAX_DEPTH = 32
MAX_CONDITIONS = 500
"""Each takes time of its own. Each type of value in a list is a condition of its own."""

MAX_VALUES = 10_000
MAX_GLOB_BYTES = 50_000
"""SQLite takes 32,766 variables, a search binds some of its own, and a pattern of 50,000 bytes."""

OF_PASSAGES = (Column.PAGES, Column.INJECTION)
"""Fields of passages; all others are of their documents."""

OPERATORS = ("$eq", "$ne", "$in", "$nin", "$gt", "$gte", "$lt", "$lte", "$glob", "$exists", "$not")


def compile_filter(where: Where, snapshot: Snapshot) -> Condition:
    """Returns a condition on passages and their documents; raises FilterError that names what is wrong."""
    condition = _Compiler(snapshot).filter(where, 0)
    check_fields(condition, snapshot)
    return condition


def compile_visible(where: Where, snapshot: Snapshot) -> Condition:
    """Returns a condition on the documents that somebody may see; a field that no document has is no mistake there.

    Raises FilterError as `check_visible` does.
    """
    return _whole_documents(_Compiler(snapshot).filter(where, 0))


def check_visible(where: Where) -> None:
    """Raises FilterError for a filter that is malformed, or that is about pages, whatever documents there are."""
    _whole_documents(_Compiler(_AsWritten()).filter(where, 0))


def _whole_documents(condition: Condition) -> Condition:
    field = next((leaf.field for leaf, _ in leaves(condition) if leaf.field in OF_PASSAGES), None)
    if isinstance(field, Column):
        raise FilterError(f"what may be seen is whole documents: {field.value!r} tells passages apart")
    return condition


class _Spellings(Protocol):
    """Tells in which forms names are on record."""

    def recorded_spellings(self, column: Column, names: Sequence[str]) -> dict[str, list[str]]:
        """Maps each name to the spellings of it that a column holds, to itself where it holds none."""


class _AsWritten:
    """Stands for a collection that holds no names."""

    def recorded_spellings(self, column: Column, names: Sequence[str]) -> dict[str, list[str]]:  # noqa: ARG002
        """Maps each name to itself."""
        return {name: [name] for name in names}


class _Compiler:
    def __init__(self, snapshot: _Spellings) -> None:
        self.snapshot = snapshot
        self.conditions = 0
        self.values = 0

    def filter(self, where: Any, depth: int) -> Condition:
        if not isinstance(where, Mapping):
            raise FilterError(f'a filter is an object such as {{"year": {{"$gte": 2020}}}}, not {quoted(where)}')
        if depth > MAX_DEPTH:
            raise FilterError(f"the filter is nested more than {MAX_DEPTH} deep")
        if not where:  # always holds
            self._count(conditions=1)
        return All(tuple(self._entry(key, value, depth) for key, value in where.items()))

    def _entry(self, key: Any, value: Any, depth: int) -> Condition:
        if not isinstance(key, str):
            raise FilterError(f"a filter's keys are texts, not {quoted(key)}")
        if key in ("$and", "$or"):
            if not isinstance(value, (list, tuple)) or not value:
                raise FilterError(f"{key} takes a list of filters, not {quoted(value)}")
            parts = tuple(self.filter(part, depth + 1) for part in value)
            return All(parts) if key == "$and" else AnyOf(parts)
        if key == "$not":
            return Not(self.filter(value, depth + 1))
        if key.startswith("$"):
            raise FilterError(f"{quoted(key)} can't stand here: use $and, $or, $not, or a field's name")
        _check_text(key)
        return self._field(key, value, depth)

    def _field(self, field: str, value: Any, depth: int) -> Condition:
        if depth > MAX_DEPTH:
            raise FilterError(f"the filter is nested more than {MAX_DEPTH} deep")
        if not isinstance(value, Mapping):
            return self._operator(field, "$eq", value)
        if not value:
            raise FilterError(f"{quoted(field)} has no operator: give one of {' '.join(OPERATORS)}")
        return All(
            tuple(
                Not(self._field(field, operand, depth + 1))
                if operator == "$not"
                else self._operator(field, operator, operand)
                for operator, operand in value.items()
            )
        )

    def _operator(self, field: str, operator: Any, operand: Any) -> Condition:
        _check_operand(field, operator, operand)
        operands = operand if isinstance(operand, (list, tuple)) else [operand]
        types = {stored_as(_field(field), value)[0] for value in operands}
        self._count(conditions=max(1, len(types) + (FieldType.NULL in types)), values=len(operands))
        if operator == "$exists":
            existence = Exists(_field(field))
            return existence if operand else Not(existence)
        if operator in ("$eq", "$in"):
            return self._among(_field(field), operands)
        if operator in ("$ne", "$nin"):
            return Not(self._among(_field(field), operands))
        return _compare(_field(field), Comparison(operator), operand)

    def _among(self, field: Field, operands: Sequence[Any]) -> Condition:
        """Returns that the field has one of the values; of names, one of the forms in which they are on record."""
        if not isinstance(field, Column) or field in (*OF_PASSAGES, Column.SURROUNDINGS):
            return Among(field, tuple(operands))
        names = [value for value in operands if isinstance(value, str)]
        others = [value for value in operands if not isinstance(value, str)]
        texts = self.snapshot.recorded_spellings(field, names)
        return Among(field, (*others, *dict.fromkeys(form for forms in texts.values() for form in forms)))

    def _count(self, *, conditions: int, values: int = 0) -> None:
        self.conditions += conditions
        self.values += values
        if self.conditions > MAX_CONDITIONS:
            raise FilterError(f"the filter has more than {MAX_CONDITIONS} conditions")
        if self.values > MAX_VALUES:
            raise FilterError(f"the filter has more than {MAX_VALUES} values")


def _compare(field: Field, comparison: Comparison, operand: Any) -> Condition:
    """Returns the comparison; what a name is compared with is composed, as names are on record.

    Older records are decomposed where their file's name is. A set of characters can't be: `[ä]` would take in "a".
    """
    if not isinstance(field, Column) or not isinstance(operand, str):
        return Compare(field, comparison, operand)
    forms = [composed(operand)]
    if comparison is Comparison.GLOB and "[" not in operand:
        forms = list(dict.fromkeys([*forms, unicodedata.normalize("NFD", operand)]))
    compared = tuple(Compare(field, comparison, form) for form in forms)
    return compared[0] if len(compared) == 1 else AnyOf(compared)


def _check_operand(field: str, operator: Any, operand: Any) -> None:
    if operator not in OPERATORS:
        raise FilterError(f"{quoted(field)}: there is no operator {quoted(operator)}; there are {' '.join(OPERATORS)}")
    takes, accepts = OPERANDS.get(operator, ("one value", _scalar))
    if not accepts(operand):
        raise FilterError(f"{quoted(field)}: {operator} takes {takes}, not {quoted(operand)}")
    for value in operand if isinstance(operand, (list, tuple)) else [operand]:
        _check_text(value)
    if operator == "$glob" and len(operand.encode()) > MAX_GLOB_BYTES:
        raise FilterError(f"{quoted(field)}: {operator} takes a pattern of at most {MAX_GLOB_BYTES} bytes")


def _check_text(value: Any) -> None:
    try:
        if isinstance(value, str):
            value.encode()
    except UnicodeEncodeError as error:
        raise FilterError(f"{quoted(value)} has half of a character (a lone surrogate): no stored text has") from error


def _field(name: str) -> Field:
    """Returns the field that a name stands for: a column, or a key of metadata, which `metadata.` may say."""
    try:
        return Column(name)
    except ValueError:
        return name.removeprefix("metadata.")


def _scalar(value: Any) -> bool:
    if isinstance(value, float) and value != value:
        return False
    return value is None or isinstance(value, (str, bool, int, float))


def _ordered(value: Any) -> bool:
    return _scalar(value) and value is not None and not isinstance(value, bool)


def _scalar_list(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(_scalar(item) for item in value)


OPERANDS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "$exists": ("true or false", lambda value: isinstance(value, bool)),
    "$in": ("a list of values", _scalar_list),
    "$nin": ("a list of values", _scalar_list),
    "$glob": ("a pattern such as 'policies/*'", lambda value: isinstance(value, str)),
    **dict.fromkeys(("$gt", "$gte", "$lt", "$lte"), ("a number or a text", _ordered)),
}
