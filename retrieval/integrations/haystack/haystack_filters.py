"""Haystack's filters as `where` filters.

They mean what Haystack's own `document_matches_filter` makes of them, where a field has one value; one with several
matches where one of them does. `meta.` stands before the fields of `where` (see `passagework.retrieval.filters`), as in
the documents that the retriever gives: `meta.path`, `meta.year`, or `meta.metadata.year`. A date without a zone is one
of UTC. A field that no document ever had is refused, as in every `where` filter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from passagework.retrieval.errors import FilterError
from passagework.retrieval.filters.compiler import MAX_DEPTH, Where
from passagework.retrieval.filters.field_names import quoted

OPERATORS: Mapping[str, str] = {
    "==": "$eq",
    "!=": "$ne",
    ">": "$gt",
    ">=": "$gte",
    "<": "$lt",
    "<=": "$lte",
    "in": "$in",
    "not in": "$nin",
}
"""Haystack's operators of a field, as `where` has them."""

JOINED_BY = ("AND", "OR", "NOT")

NOTHING: Where = {"$not": {}}
"""Lets nothing through."""


def where_of(filters: Mapping[str, Any], depth: int = 0) -> Where:
    """Returns the `where` filter that lets through the same; `depth` is how deep the filters lie in others.

    Raises FilterError, which names it, for a field, an operator or a form that has no such meaning.
    """
    if depth > MAX_DEPTH:
        raise FilterError(f"the filters are nested more than {MAX_DEPTH} deep")
    if not isinstance(filters, Mapping):
        raise FilterError(f"a filter is an object with field, operator and value, not {quoted(filters)}")
    if not filters:
        return {}
    if "field" in filters:
        return _where_of_field(filters)
    operator, conditions = _entry(filters, "operator"), _entry(filters, "conditions")
    if operator not in JOINED_BY:
        raise FilterError(f"conditions are joined by {', '.join(JOINED_BY)}; not by {quoted(operator)}")
    if isinstance(conditions, str) or not isinstance(conditions, Sequence):
        raise FilterError(f"conditions are a list of filters, not {quoted(conditions)}")
    parts = [where_of(part, depth + 1) for part in conditions]
    match operator:
        case "AND":
            return {"$and": parts} if parts else {}
        case "OR":
            return {"$or": parts} if parts else NOTHING
        case _:  # not all of them hold
            return {"$not": {"$and": parts}} if parts else NOTHING


def _where_of_field(filters: Mapping[str, Any]) -> Where:
    name, operator, value = (_entry(filters, key) for key in ("field", "operator", "value"))
    if not isinstance(name, str) or not name.startswith("meta."):
        raise FilterError(f"a filter can't ask for {quoted(name)}: fields are those of meta, such as 'meta.path'")
    field = name.removeprefix("meta.")
    if operator not in OPERATORS:
        raise FilterError(f"{quoted(name)}: there is no operator {quoted(operator)}; there are {', '.join(OPERATORS)}")
    if value is None and operator in (">", ">=", "<", "<="):
        return NOTHING
    return {field: {OPERATORS[operator]: value}}


def _entry(filters: Mapping[str, Any], key: str) -> Any:
    if key not in filters:
        raise FilterError(f"a filter of Haystack has no {quoted(key)}: {quoted(dict(filters))}")
    return filters[key]
