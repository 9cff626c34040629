"""Batches of files in OpenAI's shapes: many files are attached to a vector store at once, by one ingest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field

from passagework.retrieval.types import Json
from passagework.ui.service.attached_files import attached, file_state, path_to_attach, stored_in
from passagework.ui.service.json_requests import JsonRoute
from passagework.ui.service.openai_files import AttachBody, ChunkingStrategy
from passagework.ui.service.openai_shapes import FileState, page_of
from passagework.ui.service.problems import RefusedError, json_answer
from passagework.ui.service.request_bodies import RequestBody
from passagework.ui.service.serving_state import Asking, Caller
from passagework.ui.service.writing_jobs import Job, JobState

router = APIRouter(prefix="/v1/vector_stores/{name}/file_batches", route_class=JsonRoute)

MOST_FILES = 2000
"""Files of one batch: the bound of OpenAI's API."""

PREFIX = "vsfb_"
"""What the id of a batch begins with; behind it stands the id of the job that brings the files in."""


class BatchBody(RequestBody):
    """Names the files that are attached, by `file_ids` or by `files`; attributes are those of the documents."""

    file_ids: Annotated[list[str], Field(min_length=1, max_length=MOST_FILES)] | None = None
    files: Annotated[list[AttachBody], Field(min_length=1, max_length=MOST_FILES)] | None = None
    attributes: Annotated[dict[str, Any], Field(max_length=0)] | None = None
    chunking_strategy: ChunkingStrategy | None = None

    def identifiers(self) -> list[str]:
        """Returns the ids of the files, each once; raises RefusedError (400) unless they are given in one way."""
        if (self.file_ids is None) == (self.files is None):
            raise RefusedError(HTTPStatus.BAD_REQUEST, "give file_ids, or files", param="file_ids")
        named = self.file_ids or [file.file_id for file in self.files or ()]
        return list(dict.fromkeys(named))


@router.post("")
async def attach_files(name: str, body: BatchBody, caller: Asking) -> Response:
    """Begins to bring files into a collection; `file_counts` tells how many are there."""
    collection = caller.writable(name)
    identifiers = body.identifiers()
    for identifier in identifiers:
        if not stored_in(caller, identifier):
            await file_state(caller, name, collection, identifier)  # a document that is there already, or none
    found = [await path_to_attach(caller, collection, identifier) for identifier in identifiers]
    job = caller.writers.ingest(name, collection, [path for path in found if path is not None], files=identifiers)
    return json_answer(await _batch(caller, job))


@router.get("/{batch}")
async def file_batch(name: str, batch: str, caller: Asking) -> Response:
    """Tells how far a batch is."""
    return json_answer(await _batch(caller, _job(caller, name, batch)))


@router.post("/{batch}/cancel")
async def cancel_batch(name: str, batch: str, caller: Asking) -> Response:
    """Ends a batch at its next step; the files that are in the collection stay."""
    job = _job(caller, name, batch)
    caller.writers.cancel(job)
    return json_answer(await _batch(caller, job))


@router.get("/{batch}/files")
async def list_batch_files(
    name: str,
    batch: str,
    caller: Asking,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    after: Annotated[str | None, Query(description="Id of the object before the first.")] = None,
    state: Annotated[FileState | None, Query(alias="filter")] = None,
) -> Response:
    """Lists the files of a batch, each with what became of it."""
    files = await _files(caller, _job(caller, name, batch))
    chosen = [file for file in files if state is None or file["status"] == state.value]
    return json_answer(page_of(chosen, limit=limit, after=after))


def _job(caller: Caller, name: str, batch: str) -> Job:
    """Returns the job of a batch; raises RefusedError (404) where there is none, or it is of single files."""
    caller.writable(name)
    job = caller.writers.job(name, f"job-{batch.removeprefix(PREFIX)}")
    if not job.files or not batch.startswith(PREFIX):
        raise RefusedError(HTTPStatus.NOT_FOUND, "there is no such batch")
    return job


async def _files(caller: Caller, job: Job) -> Sequence[dict[str, Json]]:
    """Returns the files of a batch; one that was taken out of the collection meanwhile is none any more."""
    collection = caller.writable(job.collection)
    found = []
    for identifier in job.files:
        if stored_in(caller, identifier):
            found.append(await attached(caller, job.collection, collection, identifier))
        else:
            try:
                found.append(await file_state(caller, job.collection, collection, identifier))
            except RefusedError as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise
    return [file for file in found if file is not None]


async def _batch(caller: Caller, job: Job) -> dict[str, Json]:
    counts = Counter(str(file["status"]) for file in await _files(caller, job))
    whole = FileState.CANCELLED if job.cancelled else FileState.COMPLETED
    if not job.is_over:
        whole = FileState.IN_PROGRESS
    elif job.state is JobState.FAILED:
        whole = FileState.FAILED
    return {
        "id": f"{PREFIX}{job.id.removeprefix('job-')}",
        "object": "vector_store.files_batch",
        "created_at": int(job.created),
        "vector_store_id": job.collection,
        "status": whole.value,
        "file_counts": {**{state.value: counts[state.value] for state in FileState}, "total": counts.total()},
    }
