"""Writing: what one transaction of the collection's only writer may do."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import delete, exists, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from passagework.retrieval.store import schema as t
from passagework.retrieval.store.indexed_words import indexed_columns
from passagework.retrieval.store.rows import NO_MODEL, ChangeKind, NewPassage, SourceState
from passagework.retrieval.store.snapshot import Snapshot
from passagework.retrieval.store.structure_rows import field_rows, structure_rows
from passagework.retrieval.types import Document, Injection, Json, Vectors
from passagework.retrieval.words.file_names import searched_title

ROWS = 2_000
"""Rows sent to SQLite at once, so that a book's passages are never all in memory as rows."""


class Writer(Snapshot):
    """A snapshot that can change: everything it does is committed together, or not at all."""

    def set_meta(self, key: str, value: Json) -> None:
        """Records a fact about the collection."""
        row = {"key": key, "value": json.dumps(value)}
        self.connection.execute(upsert(t.meta).values(row).on_conflict_do_update(index_elements=["key"], set_=row))

    def put_vectors(self, hashes: Sequence[bytes], vectors: Vectors) -> None:
        """Stores vectors under the hashes of their texts; no search finds them until a passage uses them."""
        rows = [{"hash": key, "vector": row.tobytes()} for key, row in zip(hashes, vectors.astype("<f4"), strict=True)]
        if rows:
            self.connection.execute(upsert(t.vectors).on_conflict_do_nothing(), rows)

    def put_vector_bytes(self, vectors: Mapping[bytes, bytes]) -> None:
        """Stores vectors copied from another version."""
        rows = [{"hash": key, "vector": vector} for key, vector in vectors.items()]
        if rows:
            self.connection.execute(upsert(t.vectors).on_conflict_do_nothing(), rows)

    def put_source(
        self,
        *,
        uri: str,
        path: str,
        sha256: str,
        media_type: str,
        state: SourceState,
        reason: str | None = None,
        notes: Sequence[str] = (),
        read_by: str = NO_MODEL,
    ) -> int:
        """Records a file, new or known by its uri, and returns its id."""
        row = {
            "uri": uri,
            "path": path,
            "sha256": sha256,
            "media_type": media_type,
            "state": state.value,
            "reason": reason,
            "notes": json.dumps(list(notes), ensure_ascii=False),
        }
        self.connection.execute(upsert(t.sources).values(row).on_conflict_do_update(index_elements=["uri"], set_=row))
        source = int(self.connection.execute(select(t.sources.c.id).where(t.sources.c.uri == uri)).scalar_one())
        self.connection.execute(delete(t.ocr_modes).where(t.ocr_modes.c.source_id == source))
        if read_by != NO_MODEL:
            self.connection.execute(insert(t.ocr_modes).values(source_id=source, mode=read_by))
        return source

    def move_source(self, source_id: int, *, uri: str, path: str) -> None:
        """Records that a file lies elsewhere now; its documents, passages and vectors stay as they are."""
        old = self.connection.execute(select(t.sources.c.uri).where(t.sources.c.id == source_id)).scalar_one()
        self.connection.execute(update(t.sources).where(t.sources.c.id == source_id).values(uri=uri, path=path))
        for old_uri, (document_id, _) in self.document_hashes(source_id).items():
            new = uri + old_uri[len(old) :]  # a record's uri is its file's, and its own part
            where = t.documents.c.id == document_id
            self.connection.execute(update(t.documents).where(where).values(uri=new, path=path))

    def put_document(
        self,
        source_id: int,
        document: Document,
        passages: Iterable[NewPassage],
        *,
        sha256: str,
        position: int,
        language: str = "",
        replaces: int | None = None,
    ) -> int:
        """Stores a document and all that belongs to it, in place of `replaces`; returns its number of passages.

        `language` is its code, by which its words are indexed; "" where that isn't known.
        """
        if replaces is not None:
            self._empty_documents([replaces])
        row = {
            "source_id": source_id,
            "uri": document.uri,
            "name": document.name,
            "path": document.path,
            "position": position,
            "media_type": document.media_type,
            "title": document.title,
            "sha256": sha256,
            "metadata": json.dumps(dict(document.metadata), ensure_ascii=False),
            "length": len(document.text),
            "language": language,
        }
        if replaces is None:
            document_id = int(self.connection.execute(insert(t.documents).values(row)).lastrowid)
        else:
            document_id = replaces
            self.connection.execute(update(t.documents).where(t.documents.c.id == document_id).values(row))
        self._put_structure(document_id, document)
        return self._put_passages(document_id, document, passages, language)

    def put_fields(self, document_id: int, fields: Mapping[str, Json]) -> None:
        """Gives a document metadata fields beside its own, in place of those of the same names; its digest stays."""
        d = t.documents.c
        metadata = json.loads(self.connection.execute(select(d.metadata).where(d.id == document_id)).scalar_one())
        metadata.update(fields)
        changed = json.dumps(metadata, ensure_ascii=False)
        self.connection.execute(update(t.documents).where(d.id == document_id).values(metadata=changed))
        of_document = t.fields.c.document_id == document_id
        self.connection.execute(delete(t.fields).where(of_document, t.fields.c.key.in_(list(fields))))
        self.connection.execute(insert(t.fields), list(field_rows(document_id, fields)))

    def remove_documents(self, document_ids: Sequence[int]) -> None:
        """Takes documents out, with everything that belongs to them but their vectors: see `sweep_vectors`."""
        for group in _groups(document_ids):
            self._empty_documents(group)
            self.connection.execute(delete(t.documents).where(t.documents.c.id.in_(group)))

    def put_former_fields(self, names: Sequence[str]) -> None:
        """Records metadata fields that documents had, as another version knows them."""
        if names:
            rows = [{"key": name} for name in names]
            self.connection.execute(upsert(t.former_fields).on_conflict_do_nothing(), rows)

    def mark_partial(self, source_id: int) -> None:
        """Records that documents of a file are missing, so that the next ingest reads it again."""
        self.connection.execute(
            update(t.sources).where(t.sources.c.id == source_id).values(state=SourceState.PARTIAL.value)
        )

    def remove_source(self, source_id: int) -> None:
        """Forgets a file and everything that came of it."""
        self.remove_documents([document_id for document_id, _ in self.document_hashes(source_id).values()])
        self.connection.execute(delete(t.sources).where(t.sources.c.id == source_id))

    def sweep_vectors(self) -> None:
        """Takes out the vectors that no passage uses, of tokens too, where there may be some since the last sweep.

        Don't call it in the midst of an ingest: a vector put ahead of its passage would go too.
        """
        if self.meta("unswept"):
            used = exists().where(t.passages.c.hash == t.vectors.c.hash)
            self.connection.execute(delete(t.vectors).where(~used))
            self.connection.execute(delete(t.token_vectors).where(t.unused_token_vectors()))
            self.set_meta("unswept", False)

    def expect_unused(self) -> None:
        """Has the next sweep look for vectors that no passage uses."""
        self.set_meta("unswept", True)

    def put_generation(
        self,
        *,
        file: str,
        kind: str,
        digest: str,
        count: int,
        change: int,
        recall: float,
        parameters: Mapping[str, Json],
        created: str,
    ) -> None:
        """Records a saved file; see `Generation`."""
        row = {
            "file": file,
            "kind": kind,
            "digest": digest,
            "count": count,
            "change": change,
            "recall": recall,
            "parameters": json.dumps(dict(parameters)),
            "created": created,
        }
        self.connection.execute(insert(t.generations).values(row))

    def drop_generations(self, ids: Sequence[int]) -> None:
        """Forgets saved indexes."""
        self.connection.execute(delete(t.generations).where(t.generations.c.id.in_(list(ids))))

    def _put_structure(self, document_id: int, document: Document) -> None:
        text, size = document.text, t.SEGMENT_CHARS
        segments = (
            {"document_id": document_id, "ordinal": i, "text": text[i * size : (i + 1) * size]}
            for i in range(-(-len(text) // size))
        )
        for segment in segments:  # one at a time: a row is a megabyte
            self.connection.execute(insert(t.segments), segment)
        for table, rows in structure_rows(document_id, document):
            for group in _groups(rows):
                self.connection.execute(insert(table), group)

    def _put_passages(self, document_id: int, document: Document, passages: Iterable[NewPassage], language: str) -> int:
        before, title = self._last_passage(), searched_title(document)
        rows = (
            (
                {"document_id": document_id, "ordinal": ordinal, **_passage_row(document, title, p, language)},
                {"passage_id": before + 1 + ordinal, "hash": p.reranker_hash},
                [_injection_row(before + 1 + ordinal, span) for span in p.injection],
            )
            for ordinal, p in enumerate(passages)
        )
        count = 0
        for group in _groups(rows):
            # triggers put the words of each row into the full-text index too
            self.connection.execute(insert(t.passages), [passage for passage, _, _ in group])
            readings = [reading for _, reading, _ in group if reading["hash"] is not None]
            injections = [injection for _, _, found in group for injection in found]
            for table, beside in ((t.readings, readings), (t.injections, injections)):
                if beside:
                    self.connection.execute(insert(table), beside)
            count += len(group)
        if count:
            self.record_change(ChangeKind.ADD, before + 1, before + count)
        return count

    def _empty_documents(self, document_ids: Sequence[int]) -> None:
        """Takes everything out of documents but their rows; `sweep_vectors` takes out the vectors left unused."""
        p = t.passages.c
        # Those of one document are stored in one go: nothing of another lies between the first and the last.
        first_and_last = (
            select(func.min(p.id), func.max(p.id)).where(p.document_id.in_(document_ids)).group_by(p.document_id)
        )
        spans = self.connection.execute(first_and_last).all()
        keys = select(t.fields.c.key).where(t.fields.c.document_id.in_(document_ids)).distinct()
        self.connection.execute(insert(t.former_fields).prefix_with("OR IGNORE").from_select(["key"], keys))
        structure = t.pages, t.headings, t.hidden, t.tables, t.places, t.ocr, t.masked, t.surroundings
        for table in (*structure, t.passages, t.segments, t.fields):
            self.connection.execute(delete(table).where(table.c.document_id.in_(document_ids)))
        for first, last in sorted(spans):
            self.record_change(ChangeKind.REMOVE, first, last)
        if spans:
            self.expect_unused()

    def _last_passage(self) -> int:
        """Returns the highest id ever given to a passage: the next ones follow on."""
        query = "SELECT seq FROM sqlite_sequence WHERE name = 'passages'"
        return int(self.connection.exec_driver_sql(query).scalar() or 0)

    def record_change(self, kind: ChangeKind, first: int, last: int) -> None:
        """Writes down that the passages `first` to `last` came or went."""
        self.connection.execute(insert(t.changes).values(kind=kind.value, first=first, last=last))


def one_line_each(headings: Sequence[str]) -> list[str]:
    """Returns the headings as they are stored."""
    return [title.replace("\n", " ") for title in headings]


def _passage_row(document: Document, title: str, passage: NewPassage, language: str) -> dict[str, Any]:
    text = document.text[passage.start : passage.end]
    headings = "\n".join(one_line_each(passage.headings))
    return {
        "start": passage.start,
        "end": passage.end,
        "text": text,
        "title": title,
        "headings": headings,
        "hash": passage.hash,
        "cut": int(passage.cut),
        **indexed_columns(title, headings, text, language),
    }


def _injection_row(passage_id: int, span: Injection) -> dict[str, Any]:
    return {"passage_id": passage_id, "start": span.start, "end": span.end, "sign": span.sign.value}


def _groups(rows: Iterable[Any]) -> Iterator[list[Any]]:
    rows = iter(rows)
    while group := list(islice(rows, ROWS)):
        yield group
