"""Reading: every statement of a Snapshot sees the same moment of the collection."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Row, Select, func, select, true

from retrieval.errors import StoreError
from retrieval.store import schema as t
from retrieval.store.fulltext import best_passages
from retrieval.store.naming import bears
from retrieval.store.records import Change, DocumentRow, Generation, Location, PassageRow, SourceRow
from retrieval.types import Document, Heading, Ids, Json, Page, Vectors

BATCH = 20_000
"""Ids bound to one statement; SQLite takes 32,766 variables at most."""


class Snapshot:
    """A collection at one moment; lives as long as the transaction that it was made in."""

    def __init__(self, connection: Connection, dim: int) -> None:
        self.connection = connection
        self.dim = dim

    # what changed

    def last_change(self) -> int:
        """The newest change, 0 where there was none."""
        return int(self.connection.execute(select(func.coalesce(func.max(t.changes.c.id), 0))).scalar_one())

    def changes_since(self, change: int) -> list[Change]:
        """Changes after `change`, oldest first."""
        rows = self.connection.execute(select(t.changes).where(t.changes.c.id > change).order_by(t.changes.c.id))
        return [Change(row.id, row.kind, row.first, row.last) for row in rows]

    def generations(self) -> list[Generation]:
        """Saved indexes, newest first."""
        rows = self.connection.execute(select(t.generations).order_by(t.generations.c.id.desc()))
        return [Generation(**{**row._asdict(), "parameters": json.loads(row.parameters)}) for row in rows]

    # vectors

    def passage_count(self) -> int:
        """How many passages there are."""
        return int(self.connection.execute(select(func.count()).select_from(t.passages)).scalar_one())

    def passage_vectors(self, *, first: int = 0, last: int = (1 << 63) - 1) -> tuple[Ids, Vectors]:
        """Ids and vectors of the passages from `first` to `last`, ascending: (n,) int64 and (n, dim) float32."""
        inside = t.passages.c.id.between(first, last)
        count = int(self.connection.execute(select(func.count()).where(inside)).scalar_one())
        ids = np.empty(count, dtype=np.int64)
        matrix = np.empty((count, self.dim), dtype=np.float32)
        query = (
            select(t.passages.c.id, t.vectors.c.vector)
            .join(t.vectors, t.vectors.c.hash == t.passages.c.hash)
            .where(inside)
            .order_by(t.passages.c.id)
        )
        rows = self.connection.execute(query.execution_options(yield_per=4096))
        done = 0
        for part in rows.partitions():
            ids[done : done + len(part)] = [row[0] for row in part]
            matrix[done : done + len(part)] = _matrix([row[1] for row in part], self.dim)
            done += len(part)
        return ids[:done], matrix[:done]

    def vectors_of(self, ids: Sequence[int] | Ids) -> Vectors:
        """The vectors of these passages, in the order given: (n, dim) float32."""
        found: dict[int, bytes] = {}
        for some in _batches(ids):
            query = (
                select(t.passages.c.id, t.vectors.c.vector)
                .join(t.vectors, t.vectors.c.hash == t.passages.c.hash)
                .where(t.passages.c.id.in_(some))
            )
            found.update({row[0]: row[1] for row in self.connection.execute(query)})
        return _matrix([found[int(one)] for one in ids], self.dim)

    def vectors_by_hash(self, hashes: Sequence[bytes]) -> dict[bytes, bytes]:
        """The stored vectors, as bytes, of those hashes that have one."""
        found: dict[bytes, bytes] = {}
        for some in _batches(hashes):
            query = select(t.vectors.c.hash, t.vectors.c.vector).where(t.vectors.c.hash.in_(some))
            found.update({row[0]: row[1] for row in self.connection.execute(query)})
        return found

    def known_hashes(self, hashes: Sequence[bytes]) -> set[bytes]:
        """Those of the hashes whose text is encoded already."""
        known: set[bytes] = set()
        for some in _batches(hashes):
            known.update(self.connection.execute(select(t.vectors.c.hash).where(t.vectors.c.hash.in_(some))).scalars())
        return known

    # searching

    def matching(self, condition: ColumnElement[bool]) -> Ids:
        """Ids of the passages that a compiled filter lets through, ascending."""
        rows = self.connection.execute(_within(condition).order_by(t.passages.c.id)).scalars()
        return np.fromiter(rows, dtype=np.int64)

    def match_text(self, expression: str, k: int, condition: ColumnElement[bool] | None) -> list[tuple[int, float]]:
        """As (id, BM25), higher is better: the `k` best of an FTS5 expression, and equals of the last; ties by id."""
        return best_passages(self.connection, expression, k, None if condition is None else _within(condition))

    def has_field(self, key: str) -> bool:
        """Whether any document has this metadata field, or one nested in it."""
        query = select(t.fields.c.id).where(t.key_or_below(key)).limit(1)
        return self.connection.execute(query).first() is not None

    def field_names(self) -> list[str]:
        """Every metadata field that some document has, sorted."""
        return list(self.connection.execute(select(t.fields.c.key).distinct().order_by(t.fields.c.key)).scalars())

    def locations(self, ids: Sequence[int]) -> dict[int, Location]:
        """Where each passage stands; passages that are gone are left out."""
        found: dict[int, Location] = {}
        p, d = t.passages.c, t.documents.c
        for some in _batches(ids):
            query = select(p.id, p.document_id, d.path, p.start, d.position, d.uri).join(
                t.documents, d.id == p.document_id
            )
            for row in self.connection.execute(query.where(p.id.in_(some))):
                found[row[0]] = Location(*row[1:])
        return found

    def passages(self, ids: Sequence[int]) -> list[PassageRow]:
        """The passages with these ids, in the order given; those that are gone are left out."""
        found: dict[int, PassageRow] = {}
        for some in _batches(ids):
            found.update({row.id: row for row in self._passages(t.passages.c.id.in_(some))})
        return [found[int(one)] for one in ids if int(one) in found]

    def neighbours(self, document_id: int, ordinals: range) -> list[PassageRow]:
        """The document's passages with these ordinals, in order."""
        p = t.passages.c
        return self._passages((p.document_id == document_id) & p.ordinal.between(ordinals.start, ordinals.stop - 1))

    def _passages(self, condition: ColumnElement[bool]) -> list[PassageRow]:
        p, d = t.passages, t.documents
        query = (
            select(p, d.c.name, d.c.uri, d.c.path, d.c.title.label("document_title"), d.c.metadata)
            .join(d, d.c.id == p.c.document_id)
            .where(condition)
            .order_by(p.c.document_id, p.c.ordinal)
        )
        rows = self.connection.execute(query).all()
        touched = self._pages(rows)
        return [
            PassageRow(
                id=row.id,
                document_id=row.document_id,
                ordinal=row.ordinal,
                start=row.start,
                end=row.end,
                text=row.text,
                headings=tuple(row.headings.split("\n")) if row.headings else (),
                pages=touched.get(row.id, ()),
                hash=row.hash,
                cut=bool(row.cut),
                document=row.name if row.name is not None else row.uri,
                uri=row.uri,
                path=row.path,
                title=row.document_title,
                metadata=json.loads(row.metadata),
            )
            for row in rows
        ]

    def _pages(self, rows: Sequence[Row[Any]]) -> dict[int, tuple[int, ...]]:
        p, g = t.passages.c, t.pages.c
        touched: dict[int, list[int]] = defaultdict(list)
        for some in _batches([row.id for row in rows]):
            query = (
                select(p.id, g.number)
                .join(t.pages, g.document_id == p.document_id)
                .where(p.id.in_(some), g.start < p.end, g.end > p.start, g.start < g.end)
                .order_by(g.number)
            )
            for one, number in self.connection.execute(query):
                touched[one].append(number)
        return {one: tuple(numbers) for one, numbers in touched.items()}

    # documents

    def text(self, document_id: int, start: int, end: int) -> str:
        """`document.text[start:end]`, reading no more segments than that needs."""
        if start >= end:
            return ""
        first, last = start // t.SEGMENT_CHARS, (end - 1) // t.SEGMENT_CHARS
        s = t.segments.c
        query = select(s.text).where(s.document_id == document_id, s.ordinal.between(first, last)).order_by(s.ordinal)
        base = first * t.SEGMENT_CHARS
        return "".join(self.connection.execute(query).scalars())[start - base : end - base]

    def document(self, document_id: int) -> Document:
        """A document whole, as it was loaded: enough to chunk it again without its file. StoreError if it is gone."""
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
        )

    def documents(self, condition: ColumnElement[bool] | None = None) -> Iterator[DocumentRow]:
        """Documents in order of path, without their text; those of which a passage fulfils the condition."""
        if condition is not None:
            inside = _within(condition).with_only_columns(t.passages.c.document_id).correlate(None)
            return self._documents(t.documents.c.id.in_(inside))
        return self._documents(true())

    def documents_named(self, names: Sequence[str]) -> list[DocumentRow]:
        """Documents that bear one of the names (see `naming`), each once."""
        found: dict[int, DocumentRow] = {}
        for some in _batches(names, BATCH // 4):
            found.update({row.id: row for row in self._documents(bears(self.connection, some))})
        return list(found.values())

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
        """A file's documents, in order."""
        return self._documents(t.documents.c.source_id == source_id)

    def document_hashes(self, source_id: int | None = None) -> dict[str, tuple[int, str]]:
        """Of a source's documents, or of all: uri to (id, sha256)."""
        d = t.documents.c
        query = select(d.uri, d.id, d.sha256)
        rows = self.connection.execute(query if source_id is None else query.where(d.source_id == source_id))
        return {row[0]: (row[1], row[2]) for row in rows}

    def sources(self) -> list[SourceRow]:
        """Every file on record, in order of uri."""
        rows = self.connection.execute(select(t.sources).order_by(t.sources.c.uri))
        return [SourceRow(**{**row._asdict(), "notes": tuple(json.loads(row.notes))}) for row in rows]

    def counts(self) -> dict[str, int]:
        """Sizes for `status`."""
        return {
            "files": self._count(select(func.count()).select_from(t.sources)),
            "failed": self._count(select(func.count()).where(t.sources.c.state == "failed")),
            "documents": self._count(select(func.count()).select_from(t.documents)),
            "passages": self.passage_count(),
            "cut": self._count(select(func.coalesce(func.sum(t.passages.c.cut), 0))),
            "vectors": self._count(select(func.count()).select_from(t.vectors)),
        }

    def meta(self, key: str) -> Json:
        """A fact about the collection, None where it isn't recorded."""
        value = self.connection.execute(select(t.meta.c.value).where(t.meta.c.key == key)).scalar()
        return json.loads(value) if value is not None else None

    def _count(self, query: Select[Any]) -> int:
        return int(self.connection.execute(query).scalar_one())


def _within(condition: ColumnElement[bool]) -> Select[tuple[int]]:
    return select(t.passages.c.id).join(t.documents, t.documents.c.id == t.passages.c.document_id).where(condition)


def _matrix(blobs: Sequence[bytes], dim: int) -> Vectors:
    return np.frombuffer(b"".join(blobs), dtype="<f4").reshape(-1, dim).astype(np.float32, copy=False)


def _batches(values: Any, size: int = BATCH) -> Iterator[list[Any]]:
    items = values.tolist() if isinstance(values, np.ndarray) else list(values)
    for start in range(0, len(items), size):
        yield items[start : start + size]
