"""Compiles conditions to SQL over passages joined with their documents."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Text,
    and_,
    exists,
    false,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.sql.elements import BooleanClauseList

from passagework.retrieval.store import schema as t
from passagework.retrieval.store.batches import in_ids
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
from passagework.retrieval.store.instants import instant
from passagework.retrieval.store.metadata_fields import FieldType, number

Sql: TypeAlias = ColumnElement[bool]
Join: TypeAlias = "Callable[[Sql, Sql], Sql]"

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
    return _Sql(one_by_one).of(condition, holds=True)[1]


def stored_as(field: Field, value: Scalar) -> tuple[FieldType, Scalar]:
    """Returns the type that a field's values have where they compare with this one, and it as the store keeps it.

    Truth is 1 or 0, an integer beyond 64 bits a float, and a date of metadata its instant.
    """
    if value is None:
        return FieldType.NULL, None
    if isinstance(value, bool):
        return FieldType.BOOL, int(value)
    if isinstance(value, int | float):
        return FieldType.NUMBER, number(value)
    moment = None if isinstance(field, Column) else instant(value)
    return (FieldType.TEXT, value) if moment is None else (FieldType.INSTANT, moment)


class _Sql:
    def __init__(self, one_by_one: bool) -> None:
        self._one_by_one = one_by_one

    def of(self, condition: Condition, *, holds: bool) -> tuple[int, Sql]:
        """Returns the SQL of a condition, or with `holds` false of its opposite, behind the depth of its expression."""
        if isinstance(condition, Not):
            return self.of(condition.part, holds=not holds)
        if isinstance(condition, All | AnyOf):
            parts = [self.of(part, holds=holds) for part in condition.parts]
            return _balanced(parts, all_hold=isinstance(condition, All) is holds)
        sql = in_ids(t.passages.c.id, condition.ids.tolist()) if isinstance(condition, Holds) else self._leaf(condition)
        return 0, sql if holds else not_(sql)

    def _leaf(self, condition: Leaf) -> Sql:
        match condition:
            case Exists(field):
                return self._exists(field)
            case Among(field, values):
                return or_(false(), *self._among(field, values))
            case Compare(field, Comparison.GLOB, value):
                return self._compare(field, Comparison.GLOB, FieldType.TEXT, value)
            case Compare(field, comparison, value):
                return self._compare(field, comparison, *stored_as(field, value))

    def _compare(self, field: Field, comparison: Comparison, kind: FieldType, value: Scalar) -> Sql:
        if isinstance(field, str):
            return self._has(field, kind, _compared(t.fields.c.value, comparison, value))
        if field is Column.SURROUNDINGS:
            return _surrounded(
                _compared(t.surroundings.c.text, comparison, value) if kind is FieldType.TEXT else false()
            )
        if field is Column.INJECTION:
            return false()  # truth has no order
        if field is Column.PAGES:
            return _touched(_compared(t.pages.c.number, comparison, value)) if kind is FieldType.NUMBER else false()
        return _compared(COLUMNS[field], comparison, value) if kind is FieldType.TEXT else false()

    def _among(self, field: Field, operands: Sequence[Scalar]) -> Iterator[Sql]:
        """Conditions of which one holds where the field equals one of the values: one for each type of value."""
        by_type: dict[FieldType, list[Scalar]] = defaultdict(list)
        for kind, value in (stored_as(field, operand) for operand in operands):
            by_type[kind].append(value)
        for kind, values in by_type.items():
            if kind is FieldType.NULL and field not in COLUMNS and field is not Column.INJECTION:
                yield not_(self._exists(field))
            if isinstance(field, str):
                condition = true() if kind is FieldType.NULL else t.fields.c.value.in_(values)
                yield self._has(field, kind, condition)
            elif field is Column.SURROUNDINGS:
                yield _surrounded(t.surroundings.c.text.in_(values)) if kind is FieldType.TEXT else false()
            elif field is Column.INJECTION:
                yield or_(false(), *(_instructs() if value else not_(_instructs()) for value in _truths(kind, values)))
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
            return t.documents.c.id.in_(select(t.fields.c.document_id).where(t.key_or_below(t.fields.c.key, field)))
        if field is Column.SURROUNDINGS:
            return _surrounded(true())
        return _touched(true()) if field is Column.PAGES else true()


def _balanced(parts: Iterable[tuple[int, Sql]], *, all_hold: bool) -> tuple[int, Sql]:
    """Joins conditions, each behind its depth, two and two in brackets, the shallowest first; of none, true or false.

    So 500 of them are ten deep, and not 500: SQLite takes expressions of a depth of 1,000, with what a statement adds.
    The deeper comes first: SQLite's parser remembers what stands before a bracket, and no more than 100 symbols.
    """
    join: Join = and_ if all_hold else or_
    name, precedence = ("AND", 3) if all_hold else ("OR", 2)  # SQLAlchemy's own, or it would leave out brackets
    heap = [(depth, number, sql) for number, (depth, sql) in enumerate(parts)]
    if not heap:
        return 0, true() if all_hold else false()
    heapq.heapify(heap)
    while len(heap) > 1:
        _, number, shallow = heapq.heappop(heap)
        depth, _, deep = heap[0]
        joined = join(deep, shallow)  # one of them alone, where the other is true or false
        if isinstance(joined, BooleanClauseList):  # of which SQLAlchemy would write all in a row, brackets or not
            joined = deep.bool_op(name, precedence)(shallow)
        heapq.heapreplace(heap, (depth + 1, number, joined))
    return heap[0][0], heap[0][2]


def _compared(column: ColumnElement[Any], comparison: Comparison, value: Scalar) -> Sql:
    if comparison is Comparison.GLOB:
        matches: Sql = column.bool_op("GLOB")(value)
        return matches
    return ORDER[comparison](column, value)


def equals(field: Column, values: Sequence[Scalar]) -> Sql:
    """Returns a condition on documents: one of their own columns, but `pages`, has one of the values."""
    d = t.documents.c
    if field is Column.DOCUMENT:  # in two parts, so that an index serves either column
        named = select(d.id).where(d.name.in_(values))
        return d.id.in_(union_all(named, select(d.id).where(d.name.is_(None), d.uri.in_(values))))
    return COLUMNS[field].in_(values)


def _truths(kind: FieldType, values: Sequence[Scalar]) -> Sequence[Scalar]:
    return values if kind is FieldType.BOOL else ()


def _instructs() -> Sql:
    """Tells whether something in the passage seems to instruct a language model."""
    return exists().where(t.injections.c.passage_id == t.passages.c.id).correlate(t.passages)


def _surrounded(condition: Sql) -> Sql:
    """Tells whether what stands around the content of the passage's page fulfils the condition."""
    s = t.surroundings.c
    return t.documents.c.id.in_(select(s.document_id).where(condition))


def _touched(condition: Sql) -> Sql:
    """Tells whether a page that fulfils the condition shares text with the passage."""
    g, p = t.pages.c, t.passages.c
    overlap = and_(g.document_id == p.document_id, g.start < p.end, g.end > p.start, g.start < g.end)
    return select(g.number).where(overlap, condition).correlate(t.passages).exists()
