"""Compiles conditions to SQL over passages joined with their documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Text, and_, false, func, literal_column, not_, or_, select, true, union_all

from passagework.retrieval.store import schema as t
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
    Scalar,
)
from passagework.retrieval.store.metadata_fields import FieldType, number

Sql: TypeAlias = ColumnElement[bool]

COLUMNS: Mapping[Column, ColumnElement[str]] = {
    Column.PATH: t.documents.c.path,
    Column.DOCUMENT: func.coalesce(t.documents.c.name, t.documents.c.uri),
    Column.TITLE: t.documents.c.title,
    Column.MEDIA_TYPE: t.documents.c.media_type,
}

ORDER: Mapping[Comparison, Callable[[ColumnElement[Any], Any], Sql]] = {
    Comparison.GREATER: lambda column, value: column > value,
    Comparison.GREATER_OR_EQUAL: lambda column, value: column >= value,
    Comparison.LESS: lambda column, value: column < value,
    Comparison.LESS_OR_EQUAL: lambda column, value: column <= value,
}


def filter_sql(condition: Condition, *, one_by_one: bool = False) -> Sql:
    """Returns the SQL of a condition.

    By default SQLite makes a list of all documents that fulfil it; with `one_by_one` it looks at the fields of
    each document that it is asked about, which is quicker for a few.
    """
    return _Sql(one_by_one).of(condition)


def field_type(value: Scalar) -> FieldType:
    """Returns the type under which the store keeps a value."""
    if value is None:
        return FieldType.NULL
    if isinstance(value, bool):
        return FieldType.BOOL
    return FieldType.NUMBER if isinstance(value, int | float) else FieldType.TEXT


class _Sql:
    def __init__(self, one_by_one: bool) -> None:
        self._one_by_one = one_by_one

    def of(self, condition: Condition) -> Sql:
        match condition:
            case All(parts):
                return and_(true(), *map(self.of, parts))
            case AnyOf(parts):
                return or_(false(), *map(self.of, parts))
            case Not(part):
                return not_(self.of(part))
            case Exists(field):
                return self._exists(field)
            case Among(field, values):
                return or_(false(), *self._among(field, values))
            case Compare(field, comparison, value):
                return self._compare(field, comparison, value)

    def _compare(self, field: Field, comparison: Comparison, value: str | int | float) -> Sql:
        kind = field_type(value)
        if isinstance(field, str):
            return self._has(field, kind, _compared(t.fields.c.value, comparison, value))
        if field is Column.PAGES:
            return _touched(_compared(t.pages.c.number, comparison, value)) if kind is FieldType.NUMBER else false()
        return _compared(COLUMNS[field], comparison, value) if kind is FieldType.TEXT else false()

    def _among(self, field: Field, operands: Sequence[Scalar]) -> Iterator[Sql]:
        """Conditions of which one holds where the field equals one of the values: one for each type of value."""
        by_type: dict[FieldType, list[Scalar]] = defaultdict(list)
        for operand in operands:
            by_type[field_type(operand)].append(_bound(operand))
        for kind, values in by_type.items():
            if kind is FieldType.NULL and field not in COLUMNS:
                yield not_(self._exists(field))
            if isinstance(field, str):
                condition = true() if kind is FieldType.NULL else t.fields.c.value.in_(values)
                yield self._has(field, kind, condition)
            elif field is Column.PAGES:
                yield _touched(t.pages.c.number.in_(values)) if kind is FieldType.NUMBER else false()
            else:
                yield equals(field, values) if kind is FieldType.TEXT else false()

    def _has(self, key: str, kind: FieldType, condition: Sql) -> Sql:
        f = t.fields.c
        if self._one_by_one:
            # The plus keeps SQLite from reading every value of the field to find the one document's.
            named = literal_column('+fields."key"', Text) == key
            matching = select(f.id).where(f.document_id == t.documents.c.id, named, f.type == kind.value, condition)
            return matching.correlate(t.documents).exists()
        return t.documents.c.id.in_(select(f.document_id).where(f.key == key, f.type == kind.value, condition))

    def _exists(self, field: Field) -> Sql:
        if isinstance(field, str):
            return t.documents.c.id.in_(select(t.fields.c.document_id).where(t.key_or_below(field)))
        return _touched(true()) if field is Column.PAGES else true()


def _compared(column: ColumnElement[Any], comparison: Comparison, value: Scalar) -> Sql:
    if comparison is Comparison.GLOB:
        matches: Sql = column.bool_op("GLOB")(value)
        return matches
    return ORDER[comparison](column, _bound(value))


def equals(field: Column, values: Sequence[Scalar]) -> Sql:
    """Returns a condition on documents: one of their own columns, but `pages`, has one of the values."""
    d = t.documents.c
    if field is Column.DOCUMENT:  # in two parts, so that an index serves either column
        named = select(d.id).where(d.name.in_(values))
        return d.id.in_(union_all(named, select(d.id).where(d.name.is_(None), d.uri.in_(values))))
    return COLUMNS[field].in_(values)


def _bound(value: Scalar) -> Scalar:
    """Returns a value as the store keeps it: truth as 1 or 0, an integer beyond 64 bits as a float."""
    return int(value) if isinstance(value, bool) else number(value) if isinstance(value, int) else value


def _touched(condition: Sql) -> Sql:
    """Tells whether a page that fulfils the condition shares text with the passage."""
    g, p = t.pages.c, t.passages.c
    overlap = and_(g.document_id == p.document_id, g.start < p.end, g.end > p.start, g.start < g.end)
    return select(g.number).where(overlap, condition).correlate(t.passages).exists()
