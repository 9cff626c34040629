"""The service's own routes: searches, contexts and documents, as the command line's `--json` has them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST

from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.errors import ConfigError, FilterError
from passagework.retrieval.json_text import parse_json
from passagework.retrieval.store import DocumentRow
from passagework.retrieval.types import Document, Json
from passagework.ui.present import documents_to_json
from passagework.ui.service.access_tokens import Right
from passagework.ui.service.json_requests import JsonRoute
from passagework.ui.service.problems import RefusedError, json_answer
from passagework.ui.service.request_bodies import ContextBody, SearchBody
from passagework.ui.service.serving_state import Asking

router = APIRouter(route_class=JsonRoute)


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Tells that the process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(request: Request) -> dict[str, Any]:
    """Tells that the collections are open and their models loaded, and counts their watches; it names nothing."""
    return {"status": "ready", "watches": request.app.state.service.watches()}


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(caller: Asking) -> Response:
    """Tells requests by route and status, their seconds, and the size of collections, for Prometheus."""
    return Response(await caller.metrics(), media_type=CONTENT_TYPE_LATEST)


@router.get("/collections")
async def list_collections(caller: Asking) -> Response:
    """Lists the collections."""
    return json_answer({"collections": [{"name": name} for name in caller.names]})


@router.get("/collections/{name}")
async def collection_status(name: str, caller: Asking) -> Response:
    """Tells what a collection holds and what it was made with."""
    return json_answer(await caller.status(name))


@router.post("/collections/{name}/search")
async def search(name: str, body: SearchBody, caller: Asking) -> Response:
    """Finds the passages that answer a query."""
    collection = caller.collection(name, Right.SEARCH)
    hits = await caller.run(lambda: collection.search(**body.model_dump()))
    return json_answer(hits.to_json())


@router.post("/collections/{name}/context")
async def context(name: str, body: ContextBody, caller: Asking) -> Response:
    """Assembles cited text for a language model."""
    collection = caller.collection(name, Right.SEARCH)
    assembled = await caller.run(lambda: collection.context(**body.model_dump()))
    return json_answer(assembled.to_json())


@router.get("/collections/{name}/documents")
async def documents(
    name: str, caller: Asking, where: Annotated[str | None, Query(description="Filter, as JSON.")] = None
) -> Response:
    """Lists documents, and the files that failed with their reasons."""
    collection = caller.collection(name, Right.READ)
    parsed = None if where is None else _filter_in(where)
    return json_answer(await caller.run(lambda: _documents(collection, parsed)))


@router.get("/collections/{name}/documents/{document:path}/text")
async def document_text(
    name: str,
    document: str,
    caller: Asking,
    start: Annotated[int, Query(ge=0)] = 0,
    end: Annotated[int | None, Query(ge=0)] = None,
    section: Annotated[int | None, Query(ge=0, description="The heading's place in the outline, from 0.")] = None,
) -> Response:
    """Gives `[start, end)` of a document's text, in code points, and what readers of the document don't see of it.

    `section` gives a heading with all that stands under it.
    """
    collection = caller.collection(name, Right.READ)
    found = await caller.run(lambda: _document(collection, document))
    if section is not None:
        if start or end is not None:
            raise ConfigError("give a section, or start and end, not both")
        start, end = _section(found, section)
    end = len(found.text) if end is None else min(end, len(found.text))
    hidden: list[Json] = [one.to_json() for one in found.hidden if one.start < end and one.end > start]
    part = {"start": min(start, end), "end": end, "text": found.text[start:end], "hidden": hidden}
    return json_answer({**_named(found), **part})


@router.get("/collections/{name}/documents/{document:path}/outline")
async def document_outline(name: str, document: str, caller: Asking) -> Response:
    """Gives a document's headings, in order, with where each stands in its text."""
    collection = caller.collection(name, Right.READ)
    found = await caller.run(lambda: _document(collection, document))
    headings: list[Json] = [
        {"level": one.level, "title": one.title, "start": one.start, "end": one.end} for one in found.headings
    ]
    return json_answer({**_named(found), "headings": headings})


def _documents(collection: Collection, where: dict[str, Any] | None) -> dict[str, Any]:
    rows = collection.documents(where=where)
    # a file that failed has no documents that a filter could look at
    failed = [] if where else [source for source in collection.sources() if source.reason is not None]
    return documents_to_json(rows, failed)


def row_named(collection: Collection, name: str) -> DocumentRow:
    """Returns which document a name stands for; raises RefusedError where that is none (404) or several (409)."""
    rows = collection.documents_named([name]).get(name, [])
    rows = [row for row in rows if row.uri == name] or rows
    if not rows:
        raise RefusedError(HTTPStatus.NOT_FOUND, f"no document is named {name!r}")
    if len(rows) > 1:
        raise RefusedError(HTTPStatus.CONFLICT, f"{len(rows)} documents are named {name!r}: give a URI")
    return rows[0]


def _document(collection: Collection, name: str) -> Document:
    """Returns the document of a name; raises as `row_named` does."""
    return collection.document(row_named(collection, name).id)


def _section(document: Document, number: int) -> tuple[int, int]:
    """Returns where a section begins and ends, at the next heading of its level or above; raises RefusedError (404)."""
    if number >= len(document.headings):
        raise RefusedError(HTTPStatus.NOT_FOUND, f"the document has {len(document.headings)} headings, from 0")
    heading, *behind = document.headings[number:]
    end = next((one.start for one in behind if one.level <= heading.level), len(document.text))
    return heading.start, end


def _named(document: Document) -> dict[str, Json]:
    """Returns what a document is called, as hits have it, and its length."""
    return {
        "document": document.uri if document.name is None else document.name,
        "uri": document.uri,
        "path": document.path,
        "title": document.title,
        "characters": len(document.text),
    }


def _filter_in(text: str) -> dict[str, Any]:
    """Returns the filter in a text; raises FilterError where it is no JSON object."""
    try:
        parsed = parse_json(text)
    except (ValueError, RecursionError) as error:
        raise FilterError(f"where is not JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise FilterError('where is not an object such as {"year": {"$gte": 2020}}')
    return parsed
