"""Brings documents in and takes them out over HTTP: uploads, folders that were named for it, and deletions."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse

from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.roots import file_path
from passagework.retrieval.store import DocumentRow
from passagework.retrieval.types import Json
from passagework.ui.present import deleted_to_json
from passagework.ui.service.json_requests import JsonRoute
from passagework.ui.service.native_routes import row_named
from passagework.ui.service.problems import RefusedError, json_answer, methods_of
from passagework.ui.service.request_bodies import DeleteBody, IngestBody
from passagework.ui.service.serving_state import Asking, Caller
from passagework.ui.service.uploading import form_files, pieces_of
from passagework.ui.service.writing_jobs import Job
from passagework.ui.sources.uploads import remove_upload, uningested_uploads

router = APIRouter(route_class=JsonRoute)

TOLD_EVERY = 0.25
"""Seconds between two looks at a job whose progress is told as it goes."""

RAW_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
FORM_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                }
            }
        },
    }
}


EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["event", "data"],
    "properties": {"event": {"enum": ["progress", "done", "failed"]}, "data": {"type": "string"}},
}
"""One of the events of a job: `data` is JSON."""


@router.put("/collections/{name}/files/{filename}", openapi_extra=RAW_BODY, status_code=HTTPStatus.ACCEPTED)
async def upload(name: str, filename: str, request: Request, caller: Asking) -> Response:
    """Takes a file, the body, into the collection, and tells the job that brings it in."""
    collection = caller.writable(name)
    path = await caller.arrivals.take(collection, filename, request.stream())
    return _started(await _bring_in(caller, name, collection, [path]))


@router.post("/collections/{name}/files", openapi_extra=FORM_BODY, status_code=HTTPStatus.ACCEPTED)
async def upload_form(name: str, request: Request, caller: Asking) -> Response:
    """Takes the files of a form into the collection, and tells the job that brings them in."""
    collection = caller.writable(name)
    async with form_files(request) as (files, _):
        paths = [await caller.arrivals.take(collection, named, pieces_of(file)) for named, file in files]
    return _started(await _bring_in(caller, name, collection, paths))


@router.post("/collections/{name}/ingest", status_code=HTTPStatus.ACCEPTED)
async def ingest_sources(name: str, body: IngestBody, caller: Asking) -> Response:
    """Brings the collection up to date with the folders that the service was given for it, and tells the job."""
    collection = caller.writable(name)
    folders = caller.sources(name)
    if not folders:
        detail = f"no folder was named for {name!r}: start the service with --source {name}=DIR"
        raise RefusedError(HTTPStatus.CONFLICT, detail)
    return _started(caller.writers.ingest(name, collection, folders, delete_missing=body.delete_missing))


@router.get("/collections/{name}/jobs/{job}")
async def job_state(name: str, job: str, caller: Asking) -> Response:
    """Tells how far a job is, and what it did when it is over."""
    caller.writable(name)
    return json_answer(caller.writers.job(name, job).to_json())


@router.get(
    "/collections/{name}/jobs/{job}/events",
    responses={HTTPStatus.OK.value: {"content": {"text/event-stream": {"schema": EVENT}}}},
)
async def job_events(name: str, job: str, caller: Asking) -> Response:
    """Tells the progress of a job as it goes, as server-sent events: `progress`, and in the end `done` or `failed`."""
    caller.writable(name)
    return StreamingResponse(_events(caller.writers.job(name, job)), media_type="text/event-stream")


@router.delete("/collections/{name}/documents/{document:path}")
async def delete_document(name: str, document: str, request: Request, caller: Asking) -> Response:
    """Takes a document out; of a file that was uploaded and holds nothing else, the file too."""
    if "DELETE" not in methods_of(request):  # `a.md/text` is a part of a document, and not its name
        raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED)
    collection = caller.writable(name)
    row = await caller.run(lambda: row_named(collection, document))
    rows = await caller.writers.run(name, lambda: without_documents(collection, uris=[row.uri]))
    return json_answer(deleted_to_json(rows, dry_run=False))


@router.post("/collections/{name}/delete")
async def delete_documents(name: str, body: DeleteBody, caller: Asking) -> Response:
    """Takes out documents by id, URI, path or glob, and those that a filter lets through."""
    collection = caller.writable(name)
    rows = await caller.writers.run(name, lambda: without_documents(collection, **body.model_dump()))
    return json_answer(deleted_to_json(rows, dry_run=body.dry_run))


async def _bring_in(caller: Caller, name: str, collection: Collection, paths: list[Path]) -> Job:
    """Starts the ingest of files that were uploaded, and of those that a service which was killed left behind."""
    left = await caller.run(lambda: uningested_uploads(collection.path, collection.sources()))
    return caller.writers.ingest(name, collection, [*dict.fromkeys([*paths, *left])])


def _started(job: Job) -> Response:
    where = f"/collections/{job.collection}/jobs/{job.id}"
    return json_answer(job.to_json(), HTTPStatus.ACCEPTED, headers={"Location": where})


async def _events(job: Job) -> AsyncIterator[str]:
    last = ""
    while not job.is_over:
        progress = job.to_json()["progress"]
        now = "" if progress is None else json.dumps(progress)
        if now != last:
            last = now
            yield f"event: progress\ndata: {now}\n\n"
        await asyncio.sleep(TOLD_EVERY)
    yield f"event: {job.state.value}\ndata: {json.dumps(job.to_json())}\n\n"


def without_documents(
    collection: Collection,
    *,
    documents: list[str] | None = None,
    uris: list[str] | None = None,
    where: dict[str, Json] | None = None,
    dry_run: bool = False,
) -> list[DocumentRow]:
    """Takes documents out, with the uploaded files that hold no other; returns what went."""
    from passagework.ingest.maintenance.removal import delete  # as with an ingest: loaded when it is needed

    rows = delete(collection.path, documents or (), uris=uris or (), where=where, dry_run=dry_run)
    if not dry_run:
        remaining = {source.uri for source in collection.sources()}
        for uri in {row.uri.partition("#")[0] for row in rows} - remaining:
            if (path := file_path(uri)) is not None:
                remove_upload(collection.path, path)
    return rows
