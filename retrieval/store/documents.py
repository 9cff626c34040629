"""Documents and files as they are stored: the part of a snapshot that knows nothing of passages' vectors and words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, func, select, true

from passagework.retrieval.errors import StoreError
from passagework.retrieval.hidden import cut_to
from passagework.retrieval.store import schema as t
from passagework.retrieval.store.batches import BATCH, batches
from passagework.retrieval.store.conditions import Column, Condition
from passagework.retrieval.store.filter_sql import filter_sql
from passagework.retrieval.store.matching import matching_query
from passagework.retrieval.store.naming import has_any_name, recorded_spellings
from passagework.retrieval.store.rows import DocumentRow, SourceRow, SourceState, recorded
from passagework.retrieval.types import Document, Heading, Hidden, HiddenReason, Page


class DocumentReader:
    """Reads documents at one moment of a collection."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def text(self, document_id: int, start: int, end: int) -> str:
        """Returns `document.text[start:end]`, reading no more segments than that needs."""
        if start >= end:
            return ""
        first, last = start // t.SEGMENT_CHARS, (end - 1) // t.SEGMENT_CHARS
        s = t.segments.c
        query = select(s.text).where(s.document_id == document_id, s.ordinal.between(first, last)).order_by(s.ordinal)
        base = first * t.SEGMENT_CHARS
        return "".join(self.connection.execute(query).scalars())[start - base : end - base]

    def hidden(self, document_id: int, start: int, end: int) -> tuple[Hidden, ...]:
        """Returns what readers don't see of `document.text[start:end]`, cut to it, in order."""
        h = t.hidden.c
        query = select(h.start, h.end, h.reason).where(h.document_id == document_id, h.start < end, h.end > start)
        rows = self.connection.execute(query.order_by(h.ordinal))
        return cut_to((Hidden(first, last, HiddenReason(reason)) for first, last, reason in rows), start, end)

    def document(self, document_id: int) -> Document:
        """Returns a document whole, as it was loaded: enough to chunk it again. Raises StoreError if it is gone."""
        row = self.connection.execute(select(t.documents).where(t.documents.c.id == document_id)).first()
        if row is None:
            raise StoreError(f"no document {document_id}: it may have been deleted")
        g, h = t.pages.c, t.headings.c
        pages = self.connection.execute(
            select(g.number, g.label, g.start, g.end).where(g.document_id == document_id).order_by(g.number)
        )
        headings = self.connection.execute(
            select(h.level, h.title, h.start, h.end).where(h.document_id == document_id).order_by(h.ordinal)
        )
        return Document(
            text=self.text(document_id, 0, row.length),
            media_type=row.media_type,
            title=row.title,
            name=row.name,
            uri=row.uri,
            path=row.path,
            metadata=json.loads(row.metadata),
            pages=tuple(Page(*page) for page in pages),
            headings=tuple(Heading(*heading) for heading in headings),
            hidden=self.hidden(document_id, 0, row.length),
        )

    def documents(self, condition: Condition | None = None) -> Iterator[DocumentRow]:
        """Yields documents in order of path, without their text; those of which a passage fulfils the condition."""
        if condition is not None:
            inside = matching_query(filter_sql(condition)).with_only_columns(t.passages.c.document_id).correlate(None)
            return self._documents(t.documents.c.id.in_(inside))
        return self._documents(true())

    def documents_named(self, names: Sequence[str]) -> list[DocumentRow]:
        """Returns the documents that bear one of the names (see `naming`), each once."""
        rows: dict[int, DocumentRow] = {}
        for batch in batches(names, BATCH // 4):
            rows.update({row.id: row for row in self._documents(has_any_name(self.connection, batch))})
        return list(rows.values())

    def recorded_spellings(self, column: Column, names: Sequence[str]) -> dict[str, list[str]]:
        """Maps each name to the spellings of it that a column holds (see `naming`), to itself where it holds none."""
        return recorded_spellings(self.connection, column, names)

    def _documents(self, condition: ColumnElement[bool]) -> Iterator[DocumentRow]:
        d, p, g = t.documents, t.passages.c, t.pages.c
        passages = select(func.count()).where(p.document_id == d.c.id)
        cut = select(func.coalesce(func.sum(p.cut), 0)).where(p.document_id == d.c.id)
        pages = select(func.count()).where(g.document_id == d.c.id)
        query = select(
            d,
            passages.scalar_subquery().label("passages"),
            cut.scalar_subquery().label("cut"),
            pages.scalar_subquery().label("pages"),
        ).order_by(d.c.path, d.c.position, d.c.uri)
        for row in self.connection.execute(query.where(condition)):
            yield DocumentRow(**{**row._asdict(), "metadata": json.loads(row.metadata)})

    def documents_of(self, source_id: int) -> Iterator[DocumentRow]:
        """Returns a file's documents, in order."""
        return self._documents(t.documents.c.source_id == source_id)

    def document_hashes(self, source_id: int | None = None) -> dict[str, tuple[int, str]]:
        """Maps the uris of a source's documents, or of all, to (id, sha256)."""
        d = t.documents.c
        query = select(d.uri, d.id, d.sha256)
        rows = self.connection.execute(query if source_id is None else query.where(d.source_id == source_id))
        return {row[0]: (row[1], row[2]) for row in rows}

    def sources(self) -> list[SourceRow]:
        """Returns every file on record, in order of uri."""
        rows = self.connection.execute(select(t.sources).order_by(t.sources.c.uri))
        return [
            SourceRow(
                **{**row._asdict(), "state": recorded(SourceState, row.state), "notes": tuple(json.loads(row.notes))}
            )
            for row in rows
        ]
