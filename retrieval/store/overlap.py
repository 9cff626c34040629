"""Finds what of a document lies in a passage: the pages it touches, and its hidden text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from passagework.retrieval.store import schema as t
from passagework.retrieval.store.batches import batches
from passagework.retrieval.store.prepared import PreparedStatement, bound_ids, in_bound_ids
from passagework.retrieval.types import Hidden, HiddenReason

_p, _g, _h = t.passages.c, t.pages.c, t.hidden.c

PAGES = PreparedStatement(
    select(_p.id, _g.number)
    .join(t.pages, _g.document_id == _p.document_id)
    .where(in_bound_ids(_p.id), _g.start < _p.end, _g.end > _p.start, _g.start < _g.end)
    .order_by(_g.number)
)
HIDDEN = PreparedStatement(
    select(_p.id, func.max(_h.start, _p.start), func.min(_h.end, _p.end), _h.reason)
    .join(t.hidden, _h.document_id == _p.document_id)
    .where(in_bound_ids(_p.id), _h.start < _p.end, _h.end > _p.start)
    .order_by(_h.ordinal)
)


def pages_of(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """Maps passages to the numbers of their pages, ascending; passages without are left out."""
    touched: dict[int, list[int]] = defaultdict(list)
    for batch in batches(ids):
        for passage, number in PAGES.rows(connection, ids=bound_ids(batch)):
            touched[passage].append(number)
    return {passage: tuple(numbers) for passage, numbers in touched.items()}


def hidden_in(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[Hidden, ...]]:
    """Maps passages to what readers don't see of them, cut to the passage, in order; passages without are left out."""
    spans_by_passage: dict[int, list[Hidden]] = defaultdict(list)
    for batch in batches(ids):
        for passage, start, end, reason in HIDDEN.rows(connection, ids=bound_ids(batch)):
            spans_by_passage[passage].append(Hidden(start, end, HiddenReason(reason)))
    return {passage: tuple(spans) for passage, spans in spans_by_passage.items()}
