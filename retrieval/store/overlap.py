"""What of a document lies in a passage: the pages it touches, and the text in it that readers don't see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from retrieval.store import schema as t
from retrieval.store.batches import among, batches
from retrieval.types import Hidden, Unseen


def pages_of(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """Passage to the numbers of its pages, ascending; passages without are left out."""
    p, g = t.passages.c, t.pages.c
    touched: dict[int, list[int]] = defaultdict(list)
    for some in batches(ids):
        query = (
            select(p.id, g.number)
            .join(t.pages, g.document_id == p.document_id)
            .where(among(p.id, some), g.start < p.end, g.end > p.start, g.start < g.end)
            .order_by(g.number)
        )
        for one, number in connection.execute(query):
            touched[one].append(number)
    return {one: tuple(numbers) for one, numbers in touched.items()}


def hidden_in(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[Hidden, ...]]:
    """Passage to what readers don't see of it, cut to the passage, in order; passages without are left out."""
    p, h = t.passages.c, t.hidden.c
    found: dict[int, list[Hidden]] = defaultdict(list)
    for some in batches(ids):
        query = (
            select(p.id, func.max(h.start, p.start), func.min(h.end, p.end), h.reason)
            .join(t.hidden, h.document_id == p.document_id)
            .where(among(p.id, some), h.start < p.end, h.end > p.start)
            .order_by(h.ordinal)
        )
        for one, start, end, reason in connection.execute(query):
            found[one].append(Hidden(start, end, Unseen(reason)))
    return {one: tuple(spans) for one, spans in found.items()}
