"""Mongo-style filter dicts to SQL, checked.

A filter is a dict of fields: `{"year": {"$gte": 2020}, "path": {"$glob": "policies/*"}}`; all must hold. A plain value
means `$eq`. `$and` and `$or` take lists of filters, `$not` takes a filter (or, inside a field, operators).

Fields are `path`, `document`, `title`, `media_type`, `pages`, and any metadata field, nested ones with dots; a metadata
field that bears one of those names is reached as `metadata.title`. A field with several values (a list, `pages`)
matches where one of them does. `$ne` and `$nin` hold exactly where `$eq` and `$in` don't. Numbers compare with numbers
and texts with texts: another type never matches. `None` equals null and a missing field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, and_, false, func, not_, or_, select, true

from retrieval.errors import FilterError
from retrieval.store import Snapshot
from retrieval.store import schema as t

Where: TypeAlias = Mapping[str, Any]
Condition: TypeAlias = ColumnElement[bool]

MAX_DEPTH = 32
MAX_CONDITIONS = 500
"""SQLite limits the depth of an expression to 1,000."""

COLUMNS: Mapping[str, ColumnElement[str]] = {
    "path": t.documents.c.path,
    "document": func.coalesce(t.documents.c.name, t.documents.c.uri),
    "title": t.documents.c.title,
    "media_type": t.documents.c.media_type,
}
OPERATORS = ("$eq", "$ne", "$in", "$nin", "$gt", "$gte", "$lt", "$lte", "$glob", "$exists", "$not")
ORDER: Mapping[str, Callable[[ColumnElement[Any], Any], Condition]] = {
    "$gt": lambda column, value: column > value,
    "$gte": lambda column, value: column >= value,
    "$lt": lambda column, value: column < value,
    "$lte": lambda column, value: column <= value,
}


def compile_filter(where: Where, snapshot: Snapshot) -> Condition:
    """A condition on passages joined with their documents; raises FilterError that names what is wrong."""
    return _Compiler(snapshot).filter(where, 0)


class _Compiler:
    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.conditions = 0

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
            raise FilterError(f"{key} can't stand here: use $and, $or, $not, or a field's name")
        return self._field(key, value, depth)

    def _field(self, field: str, value: Any, depth: int) -> Condition:
        if depth > MAX_DEPTH:
            raise FilterError(f"the filter is nested more than {MAX_DEPTH} deep")
        if not isinstance(value, Mapping):
            return self._operator(field, "$eq", value)
        if not value:
            raise FilterError(f"{field!r} has no operator: give one of {' '.join(OPERATORS)}")
        parts = []
        for operator, operand in value.items():
            if operator == "$not":
                parts.append(not_(self._field(field, operand, depth + 1)))
            else:
                parts.append(self._operator(field, operator, operand))
        return _all(parts)

    def _operator(self, field: str, operator: Any, operand: Any) -> Condition:
        self.conditions += 1
        if self.conditions > MAX_CONDITIONS:
            raise FilterError(f"the filter has more than {MAX_CONDITIONS} conditions")
        _check_operand(field, operator, operand)
        if operator == "$exists":
            found = self._exists(field)
            return found if operand else not_(found)
        self._check_field(field)
        if operator in ("$ne", "$nin"):
            positive = "$eq" if operator == "$ne" else "$in"
            return not_(self._matches(field, positive, operand))
        return self._matches(field, operator, operand)

    def _matches(self, field: str, operator: str, operand: Any) -> Condition:
        if operator == "$in":
            return or_(false(), *(self._matches(field, "$eq", one) for one in operand))
        if field in COLUMNS:
            return _compare(COLUMNS[field], operator, operand) if isinstance(operand, str) else false()
        if field == "pages":
            return self._pages(operator, operand)
        key, kind = _key(field), _kind(operand)
        f = t.fields.c
        if operand is None:
            return or_(
                not_(self._exists(field)),
                t.documents.c.id.in_(select(f.document_id).where(f.key == key, f.type == "null")),
            )
        value = int(operand) if kind == "bool" else operand
        found = select(f.document_id).where(f.key == key, f.type == kind, _compare(f.value, operator, value))
        return t.documents.c.id.in_(found)

    def _pages(self, operator: str, operand: Any) -> Condition:
        if operand is None:
            return not_(self._exists("pages"))
        if _kind(operand) != "number":
            return false()
        return _touched(_compare(t.pages.c.number, operator, operand))

    def _exists(self, field: str) -> Condition:
        if field in COLUMNS:
            return true()
        if field == "pages":
            return _touched(true())
        f = t.fields.c
        key = _key(field)
        below = f.key.between(f"{key}.", f"{key}/", symmetric=False)  # "/" follows ".": the nested keys lie between
        return t.documents.c.id.in_(select(f.document_id).where(or_(f.key == key, below)))

    def _check_field(self, field: str) -> None:
        if field in COLUMNS or field == "pages" or self.snapshot.has_field(_key(field)):
            return
        names = self.snapshot.field_names()
        shown = ", ".join([*COLUMNS, "pages", *names[:20]]) + (", ..." if len(names) > 20 else "")
        raise FilterError(f"no document has a field {field!r}: there are {shown}")


def _check_operand(field: str, operator: Any, operand: Any) -> None:
    if operator not in OPERATORS:
        raise FilterError(f"{field!r}: there is no operator {_show(operator)}; there are {' '.join(OPERATORS)}")
    takes, accepts = OPERANDS.get(operator, ("one value", _scalar))
    if not accepts(operand):
        raise FilterError(f"{field!r}: {operator} takes {takes}, not {_show(operand)}")
    if operator in ("$in", "$nin") and len(operand) > MAX_CONDITIONS:
        raise FilterError(f"{field!r}: {operator} takes at most {MAX_CONDITIONS} values, not {len(operand)}")


def _compare(column: ColumnElement[Any], operator: str, value: Any) -> Condition:
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        value = float(value)  # SQLite's integers have 64 bits; larger ones are stored as floats too
    if operator == "$eq":
        return column == value
    if operator == "$glob":
        return column.bool_op("GLOB")(value)
    return ORDER[operator](column, value)


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
    return "bool" if isinstance(value, bool) else "number" if isinstance(value, (int, float)) else "text"


def _scalar(value: Any) -> bool:
    if isinstance(value, float) and value != value:
        return False
    return value is None or isinstance(value, (str, bool, int, float))


def _show(value: Any) -> str:
    shown = repr(value)
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
