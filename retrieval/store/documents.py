"""Documents and files as they are stored: the part of a snapshot that knows nothing of passages' vectors and words."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set

from sqlalchemy import ColumnElement, Connection, func, select, true

from passagework.retrieval.errors import StoreError
from passagework.retrieval.hidden import cut_to
from passagework.retrieval.injection import united
from passagework.retrieval.roots import FILE_SCHEME, is_gone, root_of, shown_path, tell_apart
from passagework.retrieval.store import document_selects as selects, schema as t
from passagework.retrieval.store.batches import BATCH, batches
from passagework.retrieval.store.conditions import Column, Condition
from passagework.retrieval.store.filter_sql import filter_sql
from passagework.retrieval.store.matching import matching_query
from passagework.retrieval.store.naming import has_any_name, recorded_spellings, spellings
from passagework.retrieval.store.rows import (
    NO_MODEL,
    DocumentRow,
    RootRow,
    SourceRow,
    SourceState,
    recorded,
    source_place,
)
from passagework.retrieval.text import address, storable
from passagework.retrieval.types import (
    LONGEST_OCR_SPAN,
    Document,
    Heading,
    Hidden,
    HiddenReason,
    Injection,
    InjectionSign,
    Masked,
    OcrSpan,
    Page,
    Table,
)

ROOTS = "roots"
"""The record of the folders that were ingested."""


class DocumentReader:
    """Reads documents at one moment of a collection."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def text(self, document_id: int, start: int, end: int) -> str:
        """Returns `document.text[start:end]`, reading no more segments than that needs."""
        if start >= end:
            return ""
        first, last = start // t.SEGMENT_CHARS, (end - 1) // t.SEGMENT_CHARS
        rows = selects.TEXT.rows(self.connection, document=document_id, first=first, last=last)
        base = first * t.SEGMENT_CHARS
        return "".join(text for (text,) in rows)[start - base : end - base]

    def hidden(self, document_id: int, start: int, end: int) -> tuple[Hidden, ...]:
        """Returns what readers don't see of `document.text[start:end]`, cut to it, in order."""
        rows = selects.HIDDEN.rows(self.connection, document=document_id, start=start, end=end)
        return cut_to((Hidden(first, last, HiddenReason(reason)) for first, last, reason in rows), start, end)

    def ocr(self, document_id: int, start: int, end: int) -> tuple[OcrSpan, ...]:
        """Returns what OCR read of `document.text[start:end]`, whole words, in order."""
        earliest = start - LONGEST_OCR_SPAN
        rows = selects.OCR.rows(self.connection, document=document_id, start=start, earliest=earliest, latest=end - 1)
        return tuple(
            OcrSpan(first, last, confidence, None if box[0] is None else tuple(box))
            for first, last, confidence, *box in rows
        )

    def masked(self, document_id: int) -> tuple[Masked, ...]:
        """Returns what placeholders stand for in a document's text, in order."""
        return tuple(Masked(*row) for row in selects.MASKED.rows(self.connection, document=document_id))

    def surroundings(self, document_id: int) -> str:
        """Returns what a page shows around its content, "" where that is nothing, or the document is no page."""
        rows = selects.SURROUNDINGS.rows(self.connection, document=document_id)
        return str(rows[0][0]) if rows else ""

    def injection(self, document_id: int, start: int, end: int) -> tuple[Injection, ...]:
        """Returns what of `document.text[start:end]` instructs a language model, cut to it, in order."""
        rows = selects.INJECTION.rows(self.connection, document=document_id, start=start, end=end)
        return united((Injection(first, last, InjectionSign(sign)) for first, last, sign in rows), start, end)

    def length(self, document_id: int) -> int:
        """Returns how many code points a document's text has; 0 where it is gone."""
        query = select(t.documents.c.length).where(t.documents.c.id == document_id)
        return int(self.connection.execute(query).scalar() or 0)

    def headings(self, document_id: int) -> tuple[Heading, ...]:
        """Returns a document's headings, in order."""
        return tuple(Heading(*row) for row in selects.HEADINGS.rows(self.connection, document=document_id))

    def document(self, document_id: int) -> Document:
        """Returns a document whole, as it was loaded: enough to chunk it again. Raises StoreError if it is gone."""
        row = self.connection.execute(select(t.documents).where(t.documents.c.id == document_id)).first()
        if row is None:
            raise StoreError(f"no document {document_id}: it may have been deleted")
        pages, tables, places = (
            statement.rows(self.connection, document=document_id)
            for statement in (selects.PAGES, selects.TABLES, selects.PLACES)
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
            headings=self.headings(document_id),
            hidden=self.hidden(document_id, 0, row.length),
            tables=tuple(Table(*table) for table in tables),
            places=tuple(source_place(*place) for place in places),
            ocr=self.ocr(document_id, 0, row.length),
            masked=self.masked(document_id),
            surroundings=self.surroundings(document_id),
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

    def documents_by_name(self, names: Iterable[str]) -> dict[str, list[DocumentRow]]:
        """Returns the documents that each name stands for (see `naming`); names of none are left out."""
        forms = {name: spellings(name) for name in names if storable(name) == name}  # no document has other characters
        by_spelling: dict[str, list[DocumentRow]] = defaultdict(list)
        for row in self.documents_named(sorted({form for spelled in forms.values() for form in spelled})):
            for name in {row.name, row.uri, row.path, address(row.path, row.uri)} - {None}:
                by_spelling[str(name)].append(row)
        by_name = {}
        for name, spelled in forms.items():
            rows = by_spelling.get(name) or [row for form in spelled for row in by_spelling.get(form, [])]
            if rows:
                by_name[name] = list({row.id: row for row in rows}.values())
        return by_name

    def document_named(self, name: str) -> Document:
        """Returns the one document of a name, a URI before all; raises StoreError where there is none, or several."""
        return self.document(self.id_named(name))

    def id_named(self, name: str) -> int:
        """Returns the number of the one document of a name; raises as `document_named` does."""
        rows = self.documents_by_name([name]).get(name, [])
        rows = [row for row in rows if row.uri == name] or rows
        if len(rows) != 1:
            count = f"{len(rows)} documents are" if rows else "no document is"
            raise StoreError(f"{count} named {name!r}" + (": give a URI" if rows else ""))
        return rows[0].id

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
        for rows in self.connection.execute(query.where(condition)).partitions(BATCH):
            roots = self.shared_roots({(row.path, row.uri) for row in rows})
            for row in rows:
                values = {"metadata": json.loads(row.metadata), "root": roots.get(row.uri, "")}
                yield DocumentRow(**{**row._asdict(), "language": row.language or "", **values})

    def document_languages(self) -> dict[str, int]:
        """Returns how many documents are in each language, by its code, most first; `und` where that isn't known."""
        language = func.coalesce(func.nullif(t.documents.c.language, ""), "und")
        query = select(language, func.count()).group_by(language).order_by(func.count().desc(), language)
        return {row[0]: row[1] for row in self.connection.execute(query)}

    def shared_roots(self, documents: Set[tuple[str, str]]) -> dict[str, str]:
        """Maps the uris of documents (path, uri) to their roots, told apart, where files of several have that path."""
        f = t.sources.c
        paths = json.dumps(sorted({path for path, _ in documents}))
        listed = func.json_each(paths).table_valued("value")
        rows = self.connection.execute(select(f.path, f.uri).where(f.path.in_(select(listed.c.value))))
        roots: dict[str, dict[str, str]] = defaultdict(dict)
        for path, uri in rows:
            roots[path][uri] = root_of(uri, path)
        labels = {path: tell_apart(set(of_files.values())) for path, of_files in roots.items() if len(of_files) > 1}
        return {
            uri: labels[path][root_of(uri, path)] if uri.startswith(FILE_SCHEME) else ""
            for path, uri in documents
            if path in labels
        }

    def documents_of(self, source_id: int) -> Iterator[DocumentRow]:
        """Returns a file's documents, in order."""
        return self._documents(t.documents.c.source_id == source_id)

    def document_hashes(self, source_id: int | None = None) -> dict[str, tuple[int, str]]:
        """Maps the uris of a source's documents, or of all, to (id, sha256)."""
        d = t.documents.c
        query = select(d.uri, d.id, d.sha256)
        rows = self.connection.execute(query if source_id is None else query.where(d.source_id == source_id))
        return {row[0]: (row[1], row[2]) for row in rows}

    def hashes_of(self, uris: Sequence[str]) -> dict[str, tuple[int, str]]:
        """Maps those of the uris that are documents' to (id, sha256)."""
        d = t.documents.c
        rows: dict[str, tuple[int, str]] = {}
        for batch in batches(uris):
            query = select(d.uri, d.id, d.sha256).where(d.uri.in_(batch))
            rows.update({row[0]: (row[1], row[2]) for row in self.connection.execute(query)})
        return rows

    def roots(self) -> list[str]:
        """Returns the URIs of the folders that were ingested, as far as they are on record."""
        rows = self.connection.execute(select(t.meta.c.value).where(t.meta.c.key == ROOTS)).all()
        return list(json.loads(rows[0][0])) if rows else []

    def root_rows(self) -> list[RootRow]:
        """Returns the folders that files came from, in order of their paths; looks whether the files are there."""
        d = t.documents.c
        counted = self.connection.execute(select(d.source_id, func.count()).group_by(d.source_id))
        documents: dict[int, int] = {row[0]: row[1] for row in counted}
        by_root: dict[str, list[tuple[int, bool]]] = defaultdict(list)
        for source in self.sources():
            by_root[source.root].append((documents.get(source.id, 0), is_gone(source.uri)))
        return [
            RootRow(
                root=shown_path(root) if root else "",
                files=len(files),
                documents=sum(count for count, _ in files),
                gone=sum(count for count, gone in files if gone),
            )
            for root, files in sorted(by_root.items())
        ]

    def sources(self) -> list[SourceRow]:
        """Returns every file on record, in order of uri."""
        modes = t.sources.outerjoin(t.ocr_modes, t.ocr_modes.c.source_id == t.sources.c.id)
        mode = func.coalesce(t.ocr_modes.c.mode, NO_MODEL).label("read_by")
        rows = self.connection.execute(select(t.sources, mode).select_from(modes).order_by(t.sources.c.uri))
        return [
            SourceRow(
                **{**row._asdict(), "state": recorded(SourceState, row.state), "notes": tuple(json.loads(row.notes))}
            )
            for row in rows
        ]

    def least_hashes(self, most: int) -> list[bytes]:
        """Returns the least hashes of what was encoded of the passages, ascending, each once: as good as drawn."""
        query = "SELECT DISTINCT hash FROM passages ORDER BY hash LIMIT ?"
        return [row[0] for row in self.connection.exec_driver_sql(query, (most,))]
