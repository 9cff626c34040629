"""The tables of a collection in PostgreSQL, and filters as its SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from passagework.retrieval.remote.typed_tokens import EngineFilter, Every, HasId, HasToken, InRange, No, Some
from passagework.retrieval.store.conditions import Comparison

SCHEMA = """
CREATE TABLE points (id bigint PRIMARY KEY, tokens text[] NOT NULL, payload jsonb NOT NULL, vector vector({dim}));
CREATE INDEX points_tokens ON points USING gin (tokens);
CREATE TABLE words (word bigint, point bigint, weight float8 NOT NULL, PRIMARY KEY (word, point) INCLUDE (weight));
CREATE INDEX words_point ON words (point);
CREATE TABLE numbers (key text, value float8, point bigint);
CREATE INDEX numbers_value ON numbers (key, value, point);
CREATE INDEX numbers_point ON numbers (point, key, value)
"""

BOUNDS: Mapping[Comparison, str] = {
    Comparison.GREATER: ">",
    Comparison.GREATER_OR_EQUAL: ">=",
    Comparison.LESS: "<",
    Comparison.LESS_OR_EQUAL: "<=",
}


@dataclass(frozen=True, slots=True)
class Sql:
    """Holds a condition on `points p`, and the values that stand for its `%s`, in order."""

    text: str
    values: Sequence[Any] = ()


def filter_sql(asked: EngineFilter) -> Sql:
    """Returns the SQL of a filter."""
    match asked:
        case HasToken(tokens):
            return Sql("p.tokens && %s::text[]", [list(tokens)])
        case InRange(key, comparison, bound):
            number = f"n.point = p.id AND n.key = %s AND n.value {BOUNDS[comparison]} %s"
            return Sql(f"EXISTS (SELECT 1 FROM numbers n WHERE {number})", [key, bound])  # noqa: S608
        case HasId(ids):
            return Sql("p.id = ANY(%s::bigint[])", [list(ids)])
        case Every(parts):
            return _joined(" AND ", parts, "TRUE")
        case Some(parts):
            return _joined(" OR ", parts, "FALSE")
        case No(part):
            inner = filter_sql(part)
            return Sql(f"NOT ({inner.text})", inner.values)


def _joined(word: str, parts: Sequence[EngineFilter], empty: str) -> Sql:
    inner = [filter_sql(part) for part in parts]
    text = word.join(f"({part.text})" for part in inner) or empty
    return Sql(f"({text})", [value for part in inner for value in part.values])
