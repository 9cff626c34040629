"""What an uploaded file is in a collection: brought in, on its way, failed, or not there."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

from passagework.ingest.scan import absolute
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.store import DocumentRow
from passagework.retrieval.types import Json
from passagework.ui.service.file_places import NO_FILE, row_of
from passagework.ui.service.ingest_routes import without_documents
from passagework.ui.service.openai_shapes import FileState, document_of, file_id, store_file_object
from passagework.ui.service.problems import RefusedError
from passagework.ui.service.serving_state import Caller
from passagework.ui.service.writing_jobs import JobState
from passagework.ui.sources.stored_files import copy_stored, is_stored_id, stored_file


async def path_to_attach(caller: Caller, collection: Collection, identifier: str) -> Path | None:
    """Returns where an uploaded file lies in a collection's folder for uploads, having put it there from another's.

    None where none of the caller's collections has it: it is a document, or there is none.
    """
    path = stored_file(collection.path, identifier)
    if path is None and (elsewhere := next((path for _, _, path in stored_in(caller, identifier)), None)) is not None:
        path = await caller.run(lambda: copy_stored(elsewhere, collection.path))
    return path


def stored_in(caller: Caller, identifier: str) -> list[tuple[str, Collection, Path]]:
    """Returns where an uploaded file lies, of the caller's collections; nowhere for a caller who may not write."""
    collections = [(name, caller.collection(name)) for name in caller.names] if caller.may_write else []
    found = ((name, collection, stored_file(collection.path, identifier)) for name, collection in collections)
    return [(name, collection, path) for name, collection, path in found if path is not None]


def uri_in(name: str, collection: Collection, identifier: str) -> str:
    """Returns the URI of a file in a collection; raises RefusedError (404) where it is of another."""
    if is_stored_id(identifier):
        path = stored_file(collection.path, identifier)
        found, uri = name, "" if path is None else absolute(path).as_uri()
    else:
        found, uri = document_of(identifier)
    if found != name or not uri:
        raise RefusedError(HTTPStatus.NOT_FOUND, NO_FILE)
    return uri


async def file_state(caller: Caller, name: str, collection: Collection, identifier: str) -> dict[str, Json]:
    """Returns a file of a collection; raises RefusedError (404) where it isn't there, nor on its way."""
    uri = uri_in(name, collection, identifier)
    row = await caller.run(lambda: row_of(collection, uri))
    if row is not None and not is_stored_id(identifier):
        return of_document(name, row, 0)
    found = await attached(caller, name, collection, identifier)
    if found is None:
        raise RefusedError(HTTPStatus.NOT_FOUND, NO_FILE)
    return found


async def attached(caller: Caller, name: str, collection: Collection, identifier: str) -> dict[str, Json] | None:
    """Returns an uploaded file as one of a collection; None where it was never attached, or taken out again."""
    path = stored_file(collection.path, identifier)
    if path is None:
        return None
    uri, job = absolute(path).as_uri(), caller.writers.latest(name, path) if caller.may_write else None
    if job is not None and not job.is_over:
        return store_file_object(name, identifier, FileState.IN_PROGRESS, created=created_of(path))
    rows = await caller.run(lambda: _rows_from(collection, uri))
    reason = None
    if rows:
        state = FileState.COMPLETED
    elif caller.may_write and (reason := await caller.run(lambda: _failure(collection, uri))) is not None:
        state = FileState.FAILED
    elif job is not None and job.cancelled:
        state = FileState.CANCELLED
    elif job is not None and job.state in (JobState.FAILED, JobState.STOPPED):
        state, reason = FileState.FAILED, job.problem
    else:
        return None
    length = sum(row.length for row in rows)
    return store_file_object(name, identifier, state, created=created_of(path), length=length, reason=reason)


def of_document(name: str, row: DocumentRow, created: int) -> dict[str, Json]:
    """Returns a document as a file of a collection."""
    return store_file_object(name, file_id(name, row.uri), FileState.COMPLETED, created=created, length=row.length)


def _rows_from(collection: Collection, uri: str) -> list[DocumentRow]:
    """Returns the documents of a file, which may be many."""
    row = row_of(collection, uri)
    return [row] if row is not None else [row for row in collection.documents() if row.uri.startswith(f"{uri}#")]


def _failure(collection: Collection, uri: str) -> str | None:
    return next((source.reason for source in collection.sources() if source.uri == uri), None)


async def detach(caller: Caller, name: str, collection: Collection, uri: str) -> None:
    """Takes a file's documents out of a collection."""
    rows = await caller.run(lambda: _rows_from(collection, uri))
    if rows:
        await caller.writers.run(name, lambda: without_documents(collection, uris=[row.uri for row in rows]))


def created_of(path: Path) -> int:
    """Returns when a file was uploaded, in seconds since 1970."""
    return int(path.stat().st_mtime)
