"""Finds the passages that a compiled filter lets through."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sqlalchemy import Column, ColumnElement, Connection, Select, func, select
from sqlalchemy.sql import visitors

from passagework.retrieval.store import schema as t
from passagework.retrieval.store.batches import in_ids
from passagework.retrieval.types import Ids


def matching_query(condition: ColumnElement[bool]) -> Select[tuple[int]]:
    """Selects the ids of the passages, joined with their documents, that fulfil a condition."""
    return select(t.passages.c.id).join(t.documents, t.documents.c.id == t.passages.c.document_id).where(condition)


def matching_ids(connection: Connection, condition: ColumnElement[bool]) -> Ids:
    """Returns the ids of the passages that fulfil a condition, ascending."""
    if _tells_passages_apart(condition):
        rows = connection.execute(matching_query(condition).order_by(t.passages.c.id)).scalars()
        return np.fromiter(rows, dtype=np.int64)
    # A document's passages were stored in one go: the first and the last are enough. They come as one text, which is
    # several times as quick as a row each.
    query = select(func.group_concat(_first_and_last())).select_from(t.documents).where(condition)
    listed = str(connection.execute(query).scalar_one() or "")
    first, last = np.fromstring(listed, np.int64, sep=",").reshape(-1, 2).T
    order = np.argsort(first)
    first, sizes = first[order], (last - first + 1)[order]
    ends = np.cumsum(sizes)
    return np.repeat(first - ends + sizes, sizes) + np.arange(ends[-1] if len(ends) else 0)


def first_matching(connection: Connection, condition: ColumnElement[bool], k: int) -> list[int]:
    """Returns the first `k` passages that fulfil a condition, in the order of documents (see `Location.order`)."""
    d, p = t.documents.c, t.passages.c
    query = matching_query(condition).order_by(d.path, p.start, d.position, d.uri).limit(k)
    return [row.id for row in connection.execute(query)]


def passing_ids(connection: Connection, ids: Sequence[int], condition: ColumnElement[bool]) -> Ids:
    """Returns those of `ids`, as many as one statement takes, that fulfil a condition compiled `one_by_one`."""
    return np.fromiter(
        connection.execute(matching_query(condition).where(in_ids(t.passages.c.id, ids))).scalars(), np.int64
    )


def _tells_passages_apart(condition: ColumnElement[bool]) -> bool:
    """Tells whether it may hold for one passage of a document and not for another."""
    columns = (element for element in visitors.iterate(condition) if isinstance(element, Column))
    return any(column.table is t.passages for column in columns)


def _first_and_last() -> ColumnElement[str]:
    """Returns the ids of a document's first and last passage, with a comma between; null where it has none."""
    p = t.passages.c
    passage = select(p.id).where(p.document_id == t.documents.c.id).correlate(t.documents).limit(1)
    first = passage.order_by(p.ordinal).scalar_subquery()
    last = passage.order_by(p.ordinal.desc()).scalar_subquery()
    return first.concat(",").concat(last)
