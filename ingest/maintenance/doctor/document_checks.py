"""Checks documents: what was ingested is what is there, and everything cut from it is a slice of it."""

from __future__ import annotations

from urllib.parse import quote

from passagework.ingest.maintenance.doctor.check_context import FIELDS, PASSAGES, UNREAD, CheckContext
from passagework.ingest.maintenance.doctor.diagnosis import Remedy
from passagework.ingest.writing.document_hash import is_hash_of
from passagework.retrieval.errors import StoreError
from passagework.retrieval.roots import record_uri
from passagework.retrieval.store import Snapshot, SourceState, integrity
from passagework.retrieval.store.database import storage_errors
from passagework.retrieval.store.integrity import StoredDocument, StoredPassage
from passagework.retrieval.text import collapsed, counted
from passagework.retrieval.types import Document
from passagework.retrieval.words.file_names import searched_title


def check_documents(context: CheckContext) -> str:
    """Checks documents against their digests, passages against the text, filter fields against the metadata."""
    with context.store.read() as snapshot:
        ids = integrity.document_ids(snapshot)
        partial = sum(source.state is SourceState.PARTIAL for source in snapshot.sources())
        for document_id in ids:
            _try_document(context, snapshot, document_id)
    waiting = f"; the next ingest goes on with {counted(partial, 'file')}" if partial else ""
    return f"{counted(len(ids), 'document')} with all that was cut from them{waiting}"


def _try_document(context: CheckContext, snapshot: Snapshot, document_id: int) -> None:
    """Checks one document; where its page can't be read, that is a finding, and the others are still looked at."""
    try:
        with storage_errors(context.store.path):
            _check_document(context, snapshot, document_id)
    except (StoreError, ValueError, TypeError) as error:
        context.find("documents", f"document {document_id} can't be read: {error}")
        context.bad[UNREAD].append(document_id)


def _check_document(context: CheckContext, snapshot: Snapshot, document_id: int) -> None:
    document = snapshot.document(document_id)
    stored = integrity.stored_document(snapshot, document_id)
    if not _is_placed(stored):
        context.find("documents", f"{stored.uri} ({stored.path}) does not go with its file, {stored.source_uri}")
        context.bad[UNREAD].append(document_id)
    if not is_hash_of(document, stored.sha256) or len(document.text) != stored.length:
        context.find(
            "documents", f"{document.uri} is not what was ingested: its text, title, pages or metadata changed"
        )
        context.bad[UNREAD].append(document_id)
        return
    passages = integrity.stored_passages(snapshot, document_id)
    if [passage.ordinal for passage in passages] != list(range(len(passages))) or not passages:
        context.find("documents", f"{document.uri} lacks passages: {len(passages):,} are there")
    titles = {collapsed(heading.title) for heading in document.headings}
    titles |= {collapsed(table.columns) for table in document.tables}
    lines = {line for passage in passages for line in passage.headings.split("\n") if line}
    if any(collapsed(line) not in titles for line in lines):
        context.find("documents", f"passages of {document.uri} stand under headings that it doesn't have")
    wrong = [passage for passage in passages if not is_slice(document, passage)]
    if wrong:
        where = f"{wrong[0].start}-{wrong[0].end}"
        text = f"{counted(len(wrong), 'passage')} of {document.uri} not what its text says, the first at {where}"
        context.find("documents", text, Remedy.PASSAGES)
        context.find("text index", f"it may hold the wrong words of {document.uri}", Remedy.TEXT_INDEX)
        context.bad[PASSAGES].append(document_id)
    if not integrity.fields_agree(snapshot, document_id, document.metadata):
        context.find("documents", f"the filter fields of {document.uri} differ from its metadata", Remedy.FIELDS)
        context.bad[FIELDS].append(document_id)


def _is_placed(stored: StoredDocument) -> bool:
    """Tells whether a document's URI and path are those of its file, and a record's name is in its URI."""
    part = stored.uri.removeprefix(stored.source_uri)
    if not stored.uri.startswith(stored.source_uri) or (part and part[0] != "#") or stored.path != stored.source_path:
        return False
    return stored.name is None or part == f"#{quote(stored.name, safe='')}" or stored.uri == record_uri(stored.name)


def is_slice(document: Document, passage: StoredPassage) -> bool:
    """Tells whether a passage is `document.text[start:end]`, under the document's title.

    A document that was ingested before names of files were searched has its title alone.
    """
    titles = (searched_title(document), document.title)
    return document.text[passage.start : passage.end] == passage.text and passage.title in titles


def corrected(document: Document, passage: StoredPassage) -> tuple[int, int, str]:
    """Returns start, end and text of a passage as its document has it: where its text is, else what is at its place."""
    if document.text[passage.start : passage.end] == passage.text:
        return passage.start, passage.end, passage.text
    places = [start for start in _places(document.text, passage.text) if passage.text]
    if places:
        start = min(places, key=lambda place: abs(place - passage.start))
        return start, start + len(passage.text), passage.text
    return passage.start, passage.end, document.text[passage.start : passage.end]


def _places(text: str, part: str) -> list[int]:
    starts, start = [], text.find(part) if part else -1
    while start >= 0:
        starts.append(start)
        start = text.find(part, start + 1)
    return starts
