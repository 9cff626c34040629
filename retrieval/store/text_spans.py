"""Where every text of a collection stands, and a digest of it: what duplicates are told by beside their vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import select

from passagework.retrieval.store import schema as t
from passagework.retrieval.store.batches import batches, in_ids
from passagework.retrieval.store.metadata_fields import FieldType
from passagework.retrieval.store.snapshot import Snapshot
from passagework.retrieval.types import Ids

_p, _s, _d, _f = t.passages.c, t.segments.c, t.documents.c, t.fields.c

ROWS = 4096
"""Rows that are read at once."""


@dataclass(frozen=True, slots=True, eq=False)
class PassageSpans:
    """Holds, of every passage, in order of ids: (n,) ids, documents' ids, and its span; and the digest of its text."""

    ids: Ids
    documents: Ids
    starts: Ids
    ends: Ids
    digests: tuple[bytes, ...]


def passage_spans(snapshot: Snapshot, digest: Callable[[str], bytes]) -> PassageSpans:
    """Returns the spans of all passages, whoever may see them, and what `digest` makes of their texts."""
    query = select(_p.id, _p.document_id, _p.start, _p.end, _p.text).order_by(_p.id)
    places: list[tuple[int, int, int, int]] = []
    digests: list[bytes] = []
    for rows in snapshot.whole().execute(query.execution_options(yield_per=ROWS)).partitions(ROWS):
        places += [(passage, document, start, end) for passage, document, start, end, _ in rows]
        digests += [digest(text) for *_, text in rows]
    ids, documents, starts, ends = np.array(places, np.int64).reshape(-1, 4).T
    return PassageSpans(ids, documents, starts, ends, tuple(digests))


@dataclass(frozen=True, slots=True, eq=False)
class PassagesOf:
    """Holds the passages of some documents, in order of ids: (n,) ids, documents' ids, and characters."""

    ids: Ids
    documents: Ids
    lengths: Ids


def passages_of(snapshot: Snapshot, documents: Sequence[int]) -> PassagesOf:
    """Returns all passages of these documents."""
    rows: list[tuple[int, int, int]] = []
    for batch in batches(documents):
        query = select(_p.id, _p.document_id, _p.end - _p.start).where(in_ids(_p.document_id, batch))
        rows += [(passage, document, length) for passage, document, length in snapshot.whole().execute(query)]
    ids, of_documents, lengths = np.array(sorted(rows), np.int64).reshape(-1, 3).T
    return PassagesOf(ids, of_documents, lengths)


def document_digests(snapshot: Snapshot, digest: Callable[[str], bytes]) -> dict[int, bytes]:
    """Returns what `digest` makes of each document's text, by its id; a text of several segments is put together."""
    query = select(_s.document_id, _s.text).order_by(_s.document_id, _s.ordinal)
    digests: dict[int, bytes] = {}
    document, parts = -1, list[str]()
    for number, text in snapshot.whole().execute(query.execution_options(yield_per=64)):
        if number != document and parts:
            digests[document] = digest("".join(parts))
            parts = []
        document = number
        parts.append(text)
    if parts:
        digests[document] = digest("".join(parts))
    return digests


def field_values(snapshot: Snapshot, key: str) -> dict[int, str]:
    """Returns the value of a metadata field as text, by document; those with several values, or none, are left out."""
    kinds = (FieldType.TEXT.value, FieldType.NUMBER.value)
    query = select(_f.document_id, _f.value).where(_f.key == key, _f.type.in_(kinds)).order_by(_f.id)
    values: dict[int, list[str]] = {}
    for document, value in snapshot.whole().execute(query):
        values.setdefault(document, []).append(str(value).strip())
    return {document: found[0] for document, found in values.items() if len(found) == 1 and found[0]}


def document_places(snapshot: Snapshot, ids: Sequence[int]) -> dict[int, tuple[str, str, int, int, str]]:
    """Maps documents to name (the URI where there is none), path, start and end of the text, and URI."""
    places: dict[int, tuple[str, str, int, int, str]] = {}
    for batch in batches(ids):
        query = select(_d.id, _d.name, _d.path, _d.length, _d.uri).where(in_ids(_d.id, batch))
        for document, name, path, length, uri in snapshot.whole().execute(query):
            places[document] = (uri if name is None else name, path, 0, length, uri)
    return places
