"""LlamaIndex's metadata filters as `where` filters.

They mean what LlamaIndex's own vector store makes of them, where a field has one value. A field with several, which is
what `any`, `all` and `contains` are for, matches the other operators where one of its values does. Keys are the fields
of `where` (see `passagework.retrieval.filters`): `path`, `title`, and those of the documents' metadata.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from llama_index.core.vector_stores import FilterCondition, FilterOperator, MetadataFilter, MetadataFilters

from passagework.retrieval.errors import FilterError
from passagework.retrieval.filters.compiler import MAX_DEPTH, Where
from passagework.retrieval.filters.field_names import quoted
from passagework.retrieval.filters.hints import literal_glob

Condition = Mapping[str, Any]
"""What `where` says of one field."""


def where_of(filters: MetadataFilters, depth: int = 0) -> Where:
    """Returns the `where` filter that lets through the same; `depth` is how deep the filters lie in others.

    Raises FilterError, which names it, for an operator, a condition or a value that has no such meaning.
    """
    if depth > MAX_DEPTH:
        raise FilterError(f"the filters are nested more than {MAX_DEPTH} deep")
    parts = [
        where_of(part, depth + 1) if isinstance(part, MetadataFilters) else _where_of_field(part)
        for part in filters.filters
    ]
    if not parts:
        return {}
    match filters.condition or FilterCondition.AND:
        case FilterCondition.AND:
            return {"$and": parts}
        case FilterCondition.OR:
            return {"$or": parts}
        case FilterCondition.NOT:  # none of them holds
            return {"$not": {"$or": parts}}
        case unknown:
            raise FilterError(f"filters are joined by and, or, not; not by {quoted(_value_of(unknown))}")


def _where_of_field(part: MetadataFilter) -> Where:
    key, operator = part.key, part.operator
    if operator == FilterOperator.IS_EMPTY:
        return {key: {"$in": [None, ""]}}
    if operator not in CONDITIONS:
        known = " ".join(one.value for one in [*CONDITIONS, FilterOperator.IS_EMPTY])
        raise FilterError(f"{quoted(key)}: there is no operator {quoted(_value_of(operator))}; there are {known}")
    if part.value is None:
        raise FilterError(f"{quoted(key)}: {_value_of(operator)} takes a value; whether there is none, is_empty tells")
    if operator in (FilterOperator.TEXT_MATCH, FilterOperator.TEXT_MATCH_INSENSITIVE):
        return {key: CONDITIONS[operator](_checked(part, str, "a text"))}
    if operator != FilterOperator.ALL:
        return {key: CONDITIONS[operator](part.value)}
    values = _checked(part, list, "a list of values")
    if not values:
        raise FilterError(f"{quoted(key)}: all takes one value at least")
    return {"$and": [{key: CONDITIONS[operator](value)} for value in values]}


def _checked(part: MetadataFilter, kind: type, takes: str) -> Any:
    if not isinstance(part.value, kind):
        operator = _value_of(part.operator)
        raise FilterError(f"{quoted(part.key)}: {operator} takes {takes}, not {quoted(part.value)}")
    return part.value


def _containing(text: str) -> Condition:
    return {"$glob": f"*{literal_glob(text)}*"}


def _containing_in_any_case(text: str) -> Condition:
    return {"$glob": f"*{''.join(map(_either_case, text.lower()))}*"}


def _either_case(character: str) -> str:
    """Returns a glob for a character in lower case and those that become it."""
    forms = dict.fromkeys((character, character.upper(), character.title()))
    single = [form for form in forms if len(form) == 1 and form.lower() == character]
    return f"[{''.join(single)}]" if len(single) > 1 else literal_glob(character)


def _value_of(member: object) -> object:
    return getattr(member, "value", member)


CONDITIONS: Mapping[FilterOperator, Callable[[Any], Condition]] = {
    FilterOperator.EQ: lambda value: {"$eq": value},
    FilterOperator.NE: lambda value: {"$ne": value},
    FilterOperator.GT: lambda value: {"$gt": value},
    FilterOperator.GTE: lambda value: {"$gte": value},
    FilterOperator.LT: lambda value: {"$lt": value},
    FilterOperator.LTE: lambda value: {"$lte": value},
    FilterOperator.IN: lambda value: {"$in": value},
    FilterOperator.NIN: lambda value: {"$nin": value},
    FilterOperator.ANY: lambda value: {"$in": value},
    FilterOperator.ALL: lambda value: {"$eq": value},
    FilterOperator.CONTAINS: lambda value: {"$eq": value},
    FilterOperator.TEXT_MATCH: _containing,
    FilterOperator.TEXT_MATCH_INSENSITIVE: _containing_in_any_case,
}
"""What an operator says of its field; `all` says it once for each of its values."""
