"""Passages by their words: the one place that speaks FTS5."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Float, Integer, Select, literal_column, select, text

DECIMALS = 12
"""Of a BM25 score: equal passages are equal in it, and scores near FTS5's floor of 0.000001 stay apart."""


def best_passages(
    connection: Connection, expression: str, k: int, within: Select[tuple[int]] | None
) -> list[tuple[int, float]]:
    """The `k` best passages of an FTS5 expression, and those equal to the last, as (id, BM25), higher is better.

    Ties are by id. `within` selects the ids that may be found.
    """
    # bm25() is negative, the more so the better. Called by name it is computed after the filter; `rank` before.
    one, score = literal_column("rowid", Integer), literal_column("bm25(passages_fts)", Float)
    query = select(one, score).select_from(text("passages_fts")).where(text("passages_fts MATCH :expression"))
    if within is not None:
        # The plus keeps FTS5 from starting over for every passage that the filter lets through.
        query = query.where(literal_column("+rowid", Integer).in_(within))
    found = _scores(connection, query.order_by(score, one).limit(k + 1), expression)
    if len(found) <= k or found[k][1] < found[k - 1][1]:
        return found[:k]
    last = found[k - 1][1]  # the pool ends among equals: all of them, whatever their number
    rest = query.where(score <= -last + 10**-DECIMALS).order_by(score, one)
    return [pair for pair in _scores(connection, rest, expression) if pair[1] >= last]


def _scores(connection: Connection, query: Select[Any], expression: str) -> list[tuple[int, float]]:
    rows = connection.execute(query, {"expression": expression})
    return sorted(((row[0], round(-row[1], DECIMALS)) for row in rows), key=lambda pair: (-pair[1], pair[0]))
