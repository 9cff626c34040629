"""Passages as they are stored, with what lies in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select

from passagework.retrieval.store import schema as t
from passagework.retrieval.store.batches import batches
from passagework.retrieval.store.documents import DocumentReader
from passagework.retrieval.store.overlap import parts_of
from passagework.retrieval.store.prepared import PreparedStatement, bound_ids, in_bound_ids
from passagework.retrieval.store.rows import PassageRow

_p, _d = t.passages.c, t.documents.c

_PASSAGES = select(
    *(_p.id, _p.document_id, _p.ordinal, _p.start, _p.end, _p.text, _p.title, _p.headings, _p.hash, _p.cut),
    *(_d.name, _d.uri, _d.path, _d.title, _d.metadata),
).join(t.documents, _d.id == _p.document_id)
PASSAGES = PreparedStatement(_PASSAGES.where(in_bound_ids(_p.id)))
NEIGHBOURS = PreparedStatement(
    _PASSAGES.where(
        _p.document_id == bindparam("document"), _p.ordinal.between(bindparam("first"), bindparam("last"))
    ).order_by(_p.ordinal)
)

OVERLAPPING = PreparedStatement(
    _PASSAGES.where(
        _p.document_id == bindparam("document"), _p.start < bindparam("end"), _p.end > bindparam("start")
    ).order_by(_p.ordinal)
)
TEXTS = PreparedStatement(select(_p.id, _p.text).where(in_bound_ids(_p.id)))


class PassageReader(DocumentReader):
    """Reads passages at one moment of a collection."""

    def passages(self, ids: Sequence[int]) -> list[PassageRow]:
        """Returns the passages with these ids, in the order given; those that are gone are left out."""
        by_id: dict[int, PassageRow] = {}
        for batch in batches(ids):
            rows = PASSAGES.rows(self.connection, ids=bound_ids(batch))
            by_id.update({row.id: row for row in self._passage_rows(rows)})
        return [by_id[int(passage)] for passage in ids if int(passage) in by_id]

    def neighbours(self, document_id: int, ordinals: range) -> list[PassageRow]:
        """Returns the document's passages with these ordinals, in order."""
        rows = NEIGHBOURS.rows(self.connection, document=document_id, first=ordinals.start, last=ordinals.stop - 1)
        return self._passage_rows(rows)

    def passages_in(self, document_id: int, start: int, end: int) -> list[PassageRow]:
        """Returns the document's passages that have a part of its text in `[start, end)`, in order."""
        return self._passage_rows(OVERLAPPING.rows(self.connection, document=document_id, start=start, end=end))

    def texts(self, ids: Sequence[int]) -> dict[int, str]:
        """Returns the text of each passage, and nothing else of it; those that are gone are left out."""
        texts: dict[int, str] = {}
        for batch in batches(ids):
            texts.update(TEXTS.rows(self.connection, ids=bound_ids(batch)))
        return texts

    def _passage_rows(self, rows: Sequence[Any]) -> list[PassageRow]:
        """Returns the rows of _PASSAGES, with their pages or lines and what of them is hidden."""
        parts = parts_of(self.connection, [row[0] for row in rows])
        roots = self.shared_roots({(path, uri) for *_, uri, path, _, _ in rows})
        return [
            PassageRow(
                id=passage,
                document_id=document_id,
                ordinal=ordinal,
                start=start,
                end=end,
                text=text,
                searched_title=searched,
                headings=tuple(headings.split("\n")) if headings else (),
                hash=key,
                cut=bool(cut),
                document=name if name is not None else uri,
                uri=uri,
                path=path,
                title=title,
                metadata=json.loads(metadata),
                root=roots.get(uri, ""),
                **parts[passage],
            )
            for passage, document_id, ordinal, start, end, text, searched, headings, key, cut, *of_document in rows
            for name, uri, path, title, metadata in (of_document,)
        ]
