"""Files in OpenAI's shapes: uploaded, attached to vector stores (brought into collections), and taken out again."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from passagework.ingest.scan import absolute
from passagework.retrieval.types import Json
from passagework.ui.service.access_tokens import Right
from passagework.ui.service.attached_files import (
    attached,
    created_of,
    detach,
    file_state,
    of_document,
    path_to_attach,
    stored_in,
    uri_in,
)
from passagework.ui.service.file_places import NO_FILE, document_named, row_of
from passagework.ui.service.json_requests import JsonRoute
from passagework.ui.service.openai_shapes import (
    PURPOSES,
    FileState,
    page_of,
    store_file_object,
    stored_object,
    unix_time,
)
from passagework.ui.service.problems import RefusedError, json_answer
from passagework.ui.service.request_bodies import RequestBody
from passagework.ui.service.serving_state import Asking
from passagework.ui.service.uploading import form_files, pieces_of
from passagework.ui.sources.stored_files import keep_stored, remove_stored, stored_ids

router = APIRouter(prefix="/v1", route_class=JsonRoute)

FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file", "purpose"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "purpose": {"type": "string", "enum": list(PURPOSES)},
                    },
                }
            }
        },
    }
}


class ChunkingStrategy(RequestBody):
    """Tells how a file is cut: always as the collection's other documents are."""

    type: Literal["auto"] = "auto"


class AttachBody(RequestBody):
    """Names the file that is attached; attributes are those of the document itself, so none can be given."""

    file_id: str
    attributes: Annotated[dict[str, Any], Field(max_length=0)] | None = None
    chunking_strategy: ChunkingStrategy | None = None


@router.post("/files", openapi_extra=FORM)
async def upload_file(request: Request, caller: Asking) -> Response:
    """Takes a file, which no collection has until it is attached to one; it lies with the caller's first collection."""
    name = next(iter(caller.names), "")
    collection = caller.writable(name)
    async with form_files(request, fields=("purpose",)) as (files, fields):
        purpose = fields.get("purpose", "")
        if purpose not in PURPOSES:
            detail = f"purpose: {purpose!r} is none; there are: {', '.join(PURPOSES)}"
            raise RefusedError(HTTPStatus.BAD_REQUEST, detail, param="purpose")
        if len(files) != 1:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "file: give one", param="file")
        (filename, file), *_ = files
        path = await caller.arrivals.take(collection, filename, pieces_of(file), keep_stored)
    return json_answer(stored_object(path, purpose=purpose))


@router.delete("/files/{identifier}")
async def delete_file(identifier: str, caller: Asking) -> Response:
    """Takes a file out of every collection that the caller may write to, and deletes what was uploaded."""
    found = False
    for name, collection, path in stored_in(caller, identifier):
        caller.writable(name)
        await detach(caller, name, collection, absolute(path).as_uri())
        remove_stored(path)
        found = True
    if not found:
        name, collection, row = await document_named(caller, identifier)
        await detach(caller, name, caller.writable(name), row.uri)
    return json_answer({"id": identifier, "object": "file", "deleted": True})


@router.post("/vector_stores/{name}/files")
async def attach_file(name: str, body: AttachBody, caller: Asking) -> Response:
    """Begins to bring a file into a collection; `status` tells when it is there."""
    collection = caller.writable(name)
    path = await path_to_attach(caller, collection, body.file_id)
    if path is None:
        return json_answer(await file_state(caller, name, collection, body.file_id))
    caller.writers.ingest(name, collection, [path])
    return json_answer(store_file_object(name, body.file_id, FileState.IN_PROGRESS, created=created_of(path)))


@router.get("/vector_stores/{name}/files")
async def list_store_files(
    name: str,
    caller: Asking,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    after: Annotated[str | None, Query(description="Id of the object before the first.")] = None,
    state: Annotated[FileState | None, Query(alias="filter")] = None,
) -> Response:
    """Lists the files of a collection: its documents, and what was attached and isn't there yet, or failed."""
    collection = caller.collection(name, Right.READ)
    created = unix_time(str((await caller.status(name))["created"]))
    rows = await caller.run(collection.documents)
    objects = {one["id"]: one for one in (of_document(name, row, created) for row in rows)}
    for identifier in stored_ids(collection.path) if caller.may_write else ():
        if identifier not in objects and (one := await attached(caller, name, collection, identifier)) is not None:
            objects[identifier] = one
    chosen = [one for one in objects.values() if state is None or one["status"] == state.value]
    return json_answer(page_of(chosen, limit=limit, after=after))


@router.get("/vector_stores/{name}/files/{identifier}")
async def store_file(name: str, identifier: str, caller: Asking) -> Response:
    """Tells whether a file is in a collection, on its way, or why it failed."""
    return json_answer(await file_state(caller, name, caller.collection(name, Right.READ), identifier))


@router.get("/vector_stores/{name}/files/{identifier}/content")
async def store_file_content(name: str, identifier: str, caller: Asking) -> Response:
    """Gives a file's text."""
    collection = caller.collection(name, Right.READ)
    row = await caller.run(lambda: row_of(collection, uri_in(name, collection, identifier)))
    if row is None:
        raise RefusedError(HTTPStatus.NOT_FOUND, NO_FILE)
    text = (await caller.run(lambda: collection.document(row.id))).text
    content: list[dict[str, Json]] = [{"type": "text", "text": text}]
    return json_answer({"object": "vector_store.file_content.page", "data": [*content], "has_more": False})


@router.delete("/vector_stores/{name}/files/{identifier}")
async def detach_file(name: str, identifier: str, caller: Asking) -> Response:
    """Takes a file out of a collection; what was uploaded stays, and can be attached again."""
    collection = caller.writable(name)
    await file_state(caller, name, collection, identifier)
    await detach(caller, name, collection, uri_in(name, collection, identifier))
    return json_answer({"id": identifier, "object": "vector_store.file.deleted", "deleted": True})
