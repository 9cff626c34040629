"""Vector stores and files in OpenAI's shapes: collections to search, and their documents."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import PlainTextResponse

from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.hits import Hit
from passagework.retrieval.types import Json, Stage
from passagework.ui.service.access_tokens import Right
from passagework.ui.service.file_places import document_named, uploaded_files
from passagework.ui.service.json_requests import JsonRoute
from passagework.ui.service.openai_shapes import (
    StoreSearchBody,
    file_object,
    page_of,
    result_object,
    store_object,
    unix_time,
    where_of,
)
from passagework.ui.service.problems import RefusedError, json_answer
from passagework.ui.service.serving_state import Asking, Caller

router = APIRouter(prefix="/v1", route_class=JsonRoute)

After = Annotated[str | None, Query(description="Id of the object before the first.")]


@router.get("/vector_stores")
async def list_vector_stores(
    caller: Asking, limit: Annotated[int, Query(ge=1, le=100)] = 20, after: After = None
) -> Response:
    """Lists the collections."""
    stores = [store_object(name, await caller.status(name)) for name in caller.names]
    return json_answer(page_of(stores, limit=limit, after=after))


@router.get("/vector_stores/{name}")
async def vector_store(name: str, caller: Asking) -> Response:
    """Tells what a collection holds."""
    return json_answer(store_object(name, await caller.status(name)))


@router.post("/vector_stores/{name}/search")
async def search_vector_store(name: str, body: StoreSearchBody, caller: Asking) -> Response:
    """Finds passages; the score is their relevance, 0 to 1."""
    collection = caller.collection(name, Right.SEARCH)
    queries = [body.query] if isinstance(body.query, str) else body.query
    if not 1 <= len(queries) <= MOST_QUERIES:
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"query: give 1 to {MOST_QUERIES} texts", param="query")
    hits = await caller.run(lambda: _search(collection, queries, body))
    page: dict[str, Json] = {
        "object": "vector_store.search_results.page",
        "search_query": list(queries),
        "data": [result_object(name, hit) for hit in hits],
        "has_more": False,
        "next_page": None,
    }
    return json_answer(page)


@router.get("/files")
async def list_files(
    caller: Asking, limit: Annotated[int, Query(ge=1, le=10_000)] = 10_000, after: After = None
) -> Response:
    """Lists the documents of all collections, and what was uploaded and is in none."""
    files: list[dict[str, Json]] = []
    for name in caller.names:
        collection = caller.collection(name, Right.READ)
        created = await _created(caller, name)
        rows = await caller.run(collection.documents)
        files += [file_object(name, row, created) for row in rows]
    known = {one["id"] for one in files}
    files += [one for one in uploaded_files(caller) if one["id"] not in known]
    return json_answer(page_of(files, limit=limit, after=after))


@router.get("/files/{identifier}")
async def file(identifier: str, caller: Asking) -> Response:
    """Tells what a document is called, and how long it is; or what was uploaded."""
    uploaded = next(iter(uploaded_files(caller, identifier)), None)
    if uploaded is not None:
        return json_answer(uploaded)
    name, _, row = await document_named(caller, identifier)
    return json_answer(file_object(name, row, await _created(caller, name)))


@router.get("/files/{identifier}/content", response_class=PlainTextResponse)
async def file_content(identifier: str, caller: Asking) -> Response:
    """Gives a document's text."""
    _, collection, row = await document_named(caller, identifier)
    found = await caller.run(lambda: collection.document(row.id))
    return PlainTextResponse(found.text)


MOST_QUERIES = 16
"""Queries of one search: each takes its time."""


def _search(collection: Collection, queries: list[str], body: StoreSearchBody) -> list[Hit]:
    """Returns the most relevant passages for any of the queries, each once."""
    where = None if body.filters is None else where_of(body.filters)
    stage = Stage.HYBRID if body.ranking_options.ranker == "none" else None
    best: dict[int, Hit] = {}
    for query in queries:
        for hit in collection.search(
            query,
            k=body.max_num_results,
            stage=stage,
            where=where,
            min_relevance=body.ranking_options.score_threshold,
        ):
            if hit.id not in best or (hit.relevance or 0) > (best[hit.id].relevance or 0):
                best[hit.id] = hit
    if len(queries) == 1:
        return list(best.values())  # by rank, which the reranker decides
    return sorted(best.values(), key=lambda hit: -(hit.relevance or 0))[: body.max_num_results]


async def _created(caller: Caller, name: str) -> int:
    return unix_time(str((await caller.status(name))["created"]))
