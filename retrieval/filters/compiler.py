"""Mongo-style filter dicts to SQL, checked.

A filter is a dict of fields: `{"year": {"$gte": 2020}, "path": {"$glob": "policies/*"}}`; all must hold. A plain value
means `$eq`. `$and` and `$or` take lists of filters, `$not` takes a filter (or, inside a field, operators).

Fields are `path`, `document`, `title`, `media_type`, `pages`, and any metadata field, nested ones with dots; a metadata
field that bears one of those names is reached as `metadata.title`. A field with several values (a list, `pages`)
matches where one of them does. `$ne` and `$nin` hold exactly where `$eq` and `$in` don't. Numbers compare with numbers
and texts with texts: another type never matches. `None` equals null and a missing field.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Text, and_, false, func, literal_column, not_, or_, select, true, union_all

from passagework.retrieval.errors import FilterError
from passagework.retrieval.store import Snapshot
from passagework.retrieval.store import schema as t
from passagework.retrieval.store.metadata_fields import number

Where: TypeAlias = Mapping[str, Any]
Condition: TypeAlias = ColumnElement[bool]

MAX_DEPTH = 32
MAX_CONDITIONS = 500
"""SQLite limits the depth of an expression to 1,000. Each kind of value in a list is a condition of its own."""

MAX_VALUES = 10_000
MAX_GLOB_BYTES = 50_000
"""SQLite takes 32,766 variables, a search binds some of its own, and a pattern of 50,000 bytes."""

COLUMNS: Mapping[str, ColumnElement[str]] = {
    "path": t.documents.c.path,
    "document": func.coalesce(t.documents.c.name, t.documents.c.uri),
    "title": t.documents.c.title,
    "media_type": t.documents.c.media_type,
}
MAX_SHOWN = 160
"""Characters of a message that list the fields there are."""

OPERATORS = ("$eq", "$ne", "$in", "$nin", "$gt", "$gte", "$lt", "$lte", "$glob", "$exists", "$not")
ORDER: Mapping[str, Callable[[ColumnElement[Any], Any], Condition]] = {
    "$gt": lambda column, value: column > value,
    "$gte": lambda column, value: column >= value,
    "$lt": lambda column, value: column < value,
    "$lte": lambda column, value: column <= value,
}


def compile_filter(where: Where, snapshot: Snapshot, *, one_by_one: bool = False) -> Condition:
    """A condition on passages joined with their documents; raises FilterError that names what is wrong.

    As it is by default, SQLite makes a list of all documents that fulfil it; `one_by_one`, it looks at the fields of
    each document that it is asked about, which is quicker for a few.
    """
    return _Compiler(snapshot, one_by_one).filter(where, 0)


class _Compiler:
    def __init__(self, snapshot: Snapshot, one_by_one: bool) -> None:
        self.snapshot = snapshot
        self.one_by_one = one_by_one
        self.conditions = 0
        self.values = 0

    def filter(self, where: Any, depth: int) -> Condition:
        if not isinstance(where, Mapping):
            raise FilterError(f'a filter is an object such as {{"year": {{"$gte": 2020}}}}, not {_show(where)}')
        if depth > MAX_DEPTH:
            raise FilterError(f"the filter is nested more than {MAX_DEPTH} deep")
        return _all([self._entry(key, value, depth) for key, value in where.items()])

    def _entry(self, key: Any, value: Any, depth: int) -> Condition:
        if not isinstance(key, str):
            raise FilterError(f"a filter's keys are texts, not {_show(key)}")
        if key in ("$and", "$or"):
            if not isinstance(value, (list, tuple)) or not value:
                raise FilterError(f"{key} takes a list of filters, not {_show(value)}")
            parts = [self.filter(one, depth + 1) for one in value]
            return _all(parts) if key == "$and" else or_(false(), *parts)
        if key == "$not":
            return not_(self.filter(value, depth + 1))
        if key.startswith("$"):
            raise FilterError(f"{_show(key)} can't stand here: use $and, $or, $not, or a field's name")
        _check_text(key)
        return self._field(key, value, depth)

    def _field(self, field: str, value: Any, depth: int) -> Condition:
        if depth > MAX_DEPTH:
            raise FilterError(f"the filter is nested more than {MAX_DEPTH} deep")
        if not isinstance(value, Mapping):
            return self._operator(field, "$eq", value)
        if not value:
            raise FilterError(f"{_show(field)} has no operator: give one of {' '.join(OPERATORS)}")
        parts = []
        for operator, operand in value.items():
            if operator == "$not":
                parts.append(not_(self._field(field, operand, depth + 1)))
            else:
                parts.append(self._operator(field, operator, operand))
        return _all(parts)

    def _operator(self, field: str, operator: Any, operand: Any) -> Condition:
        _check_operand(field, operator, operand)
        operands = operand if isinstance(operand, (list, tuple)) else [operand]
        kinds = {_kind(one) for one in operands}
        self.conditions += max(1, len(kinds) + ("null" in kinds))
        self.values += len(operands)
        if self.conditions > MAX_CONDITIONS:
            raise FilterError(f"the filter has more than {MAX_CONDITIONS} conditions")
        if self.values > MAX_VALUES:
            raise FilterError(f"the filter has more than {MAX_VALUES} values")
        if operator == "$exists":
            found = self._exists(field)
            return found if operand else not_(found)
        self._check_field(field)
        if operator in ("$ne", "$nin"):
            positive = "$eq" if operator == "$ne" else "$in"
            return not_(self._matches(field, positive, operand))
        return self._matches(field, operator, operand)

    def _matches(self, field: str, operator: str, operand: Any) -> Condition:
        if operator in ("$eq", "$in"):
            return or_(false(), *self._among(field, [operand] if operator == "$eq" else operand))
        kind = _kind(operand)
        if field in COLUMNS:
            return _compare(COLUMNS[field], operator, operand) if kind == "text" else false()
        if field == "pages":
            return _touched(_compare(t.pages.c.number, operator, operand)) if kind == "number" else false()
        return self._has(field, kind, _compare(t.fields.c.value, operator, operand))

    def _among(self, field: str, operands: Sequence[Any]) -> Iterator[Condition]:
        """Conditions of which one holds where the field equals one of the values: one for each kind of value."""
        kinds = defaultdict(list)
        for operand in operands:
            kinds[_kind(operand)].append(_bound(operand))
        for kind, values in kinds.items():
            if field in COLUMNS:
                yield _equals(field, values) if kind == "text" else false()
            elif kind == "null":
                yield not_(self._exists(field))
                if field != "pages":
                    yield self._has(field, "null", true())
            elif field == "pages":
                yield _touched(t.pages.c.number.in_(values)) if kind == "number" else false()
            else:
                yield self._has(field, kind, t.fields.c.value.in_(values))

    def _has(self, field: str, kind: str, condition: Condition) -> Condition:
        f = t.fields.c
        if self.one_by_one:
            # The plus keeps SQLite from reading every value of the field to find the one document's.
            named = literal_column('+fields."key"', Text) == _key(field)
            own = select(f.id).where(f.document_id == t.documents.c.id, named, f.type == kind, condition)
            return own.correlate(t.documents).exists()
        return t.documents.c.id.in_(select(f.document_id).where(f.key == _key(field), f.type == kind, condition))

    def _exists(self, field: str) -> Condition:
        if field in COLUMNS:
            return true()
        if field == "pages":
            return _touched(true())
        return t.documents.c.id.in_(select(t.fields.c.document_id).where(t.key_or_below(_key(field))))

    def _check_field(self, field: str) -> None:
        if field in COLUMNS or field == "pages" or self.snapshot.has_field(_key(field)):
            return
        names = [*COLUMNS, "pages", *(_show(name)[1:-1] for name in self.snapshot.field_names())]
        shown = ", ".join(names)
        if len(shown) > MAX_SHOWN:
            shown = shown[:MAX_SHOWN].rpartition(", ")[0] + ", ..."
        raise FilterError(f"no document has a field {_show(field)}: there are {shown}")


def _check_operand(field: str, operator: Any, operand: Any) -> None:
    if operator not in OPERATORS:
        raise FilterError(f"{_show(field)}: there is no operator {_show(operator)}; there are {' '.join(OPERATORS)}")
    takes, accepts = OPERANDS.get(operator, ("one value", _scalar))
    if not accepts(operand):
        raise FilterError(f"{_show(field)}: {operator} takes {takes}, not {_show(operand)}")
    for value in operand if isinstance(operand, (list, tuple)) else [operand]:
        _check_text(value)
    if operator == "$glob" and len(operand.encode()) > MAX_GLOB_BYTES:
        raise FilterError(f"{_show(field)}: {operator} takes a pattern of at most {MAX_GLOB_BYTES} bytes")


def _check_text(value: Any) -> None:
    try:
        if isinstance(value, str):
            value.encode()
    except UnicodeEncodeError as error:
        raise FilterError(f"{_show(value)} has half of a character (a lone surrogate): no stored text has") from error


def _compare(column: ColumnElement[Any], operator: str, value: Any) -> Condition:
    if operator == "$glob":
        matches: Condition = column.bool_op("GLOB")(value)
        return matches
    return ORDER[operator](column, _bound(value))


def _equals(field: str, values: Sequence[str]) -> Condition:
    d = t.documents.c
    if field == "document":  # in two parts, so that an index serves either column
        named = select(d.id).where(d.name.in_(values))
        return d.id.in_(union_all(named, select(d.id).where(d.name.is_(None), d.uri.in_(values))))
    return COLUMNS[field].in_(values)


def _bound(value: Any) -> Any:
    """As the store keeps it: truth as 1 or 0, an integer beyond 64 bits as a float."""
    return int(value) if isinstance(value, bool) else number(value) if isinstance(value, int) else value


def _touched(condition: Condition) -> Condition:
    """Whether a page that fulfils the condition shares text with the passage."""
    g, p = t.pages.c, t.passages.c
    overlap = and_(g.document_id == p.document_id, g.start < p.end, g.end > p.start, g.start < g.end)
    return select(g.number).where(overlap, condition).correlate(t.passages).exists()


def _all(parts: Sequence[Condition]) -> Condition:
    return and_(true(), *parts)


def _key(field: str) -> str:
    return field.removeprefix("metadata.")


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    return "bool" if isinstance(value, bool) else "number" if isinstance(value, (int, float)) else "text"


def _scalar(value: Any) -> bool:
    if isinstance(value, float) and value != value:
        return False
    return value is None or isinstance(value, (str, bool, int, float))


def _show(value: Any) -> str:
    shown = " ".join(repr(value).split())
    return shown if len(shown) <= 60 else shown[:57] + "..."


def _ordered(value: Any) -> bool:
    return _scalar(value) and value is not None and not isinstance(value, bool)


def _several(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(_scalar(one) for one in value)


OPERANDS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "$exists": ("true or false", lambda value: isinstance(value, bool)),
    "$in": ("a list of values", _several),
    "$nin": ("a list of values", _several),
    "$glob": ("a pattern such as 'policies/*'", lambda value: isinstance(value, str)),
    **dict.fromkeys(ORDER, ("a number or a text", _ordered)),
}
