"""OpenAI's objects, and what they are here: a vector store is a collection, a file a document."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import Enum
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from passagework.retrieval.errors import FilterError
from passagework.retrieval.hits import Hit
from passagework.retrieval.store import DocumentRow
from passagework.retrieval.store.conditions import Column
from passagework.retrieval.types import Json
from passagework.ui.service.problems import RefusedError
from passagework.ui.service.request_bodies import RequestBody
from passagework.ui.sources.stored_files import stored_id

MOST_ATTRIBUTES, LONGEST_KEY, LONGEST_VALUE = 16, 64, 512
"""The bounds of attributes in OpenAI's API; metadata beyond them is left out."""

COMPARISONS = {
    "eq": "$eq",
    "ne": "$ne",
    "gt": "$gt",
    "gte": "$gte",
    "lt": "$lt",
    "lte": "$lte",
    "in": "$in",
    "nin": "$nin",
}
COMPOUNDS = {"and": "$and", "or": "$or"}


PURPOSES = ("assistants", "user_data")
"""What a file may be uploaded for: to be searched."""


class FileState(str, Enum):
    """Names what a file of a vector store is at."""

    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RankingOptions(RequestBody):
    """Tells whether a reranker orders what was found, and the least relevance of a result."""

    ranker: Literal["none", "auto", "default-2024-11-15"] = "auto"
    score_threshold: Annotated[float, Field(ge=0, le=1)] = 0.0


class StoreSearchBody(RequestBody):
    """Holds the parameters of a search of a vector store."""

    query: str | list[str]
    filters: dict[str, Any] | None = None
    max_num_results: int = Field(10, ge=1, le=50)
    ranking_options: RankingOptions = RankingOptions()
    rewrite_query: Literal[False] = False


def where_of(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a filter of OpenAI's as one of ours; raises FilterError for what is none."""
    kind = filters.get("type")
    if isinstance(kind, str) and kind in COMPOUNDS and set(filters) == {"type", "filters"}:
        parts = filters["filters"]
        if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
            raise FilterError(f"filters: {kind!r} takes a list of filters")
        return {COMPOUNDS[kind]: [where_of(part) for part in parts]}
    if isinstance(kind, str) and kind in COMPARISONS and set(filters) == {"type", "key", "value"}:
        key = filters["key"]
        if not isinstance(key, str) or key.startswith("$"):
            raise FilterError(f"filters: {key!r} is no attribute")
        return {key: {COMPARISONS[kind]: filters["value"]}}
    known = ", ".join((*COMPARISONS, *COMPOUNDS))
    raise FilterError(f"filters: give a type ({known}) with key and value, or with filters: not {sorted(filters)}")


def store_object(name: str, status: Mapping[str, Any]) -> dict[str, Json]:
    """Returns a collection as a vector store, from its status JSON."""
    documents, failed = status["documents"], status.get("failed", 0)
    created = unix_time(status["created"])
    return {
        "id": name,
        "object": "vector_store",
        "created_at": created,
        "last_active_at": created,
        "name": name,
        "usage_bytes": status.get("bytes", 0),
        "file_counts": {
            "in_progress": 0,
            "completed": documents,
            "failed": failed,
            "cancelled": 0,
            "total": documents + failed,
        },
        "status": "completed",
        "metadata": {},
    }


def result_object(collection: str, hit: Hit) -> dict[str, Json]:
    """Returns a hit as a result; its score is its relevance."""
    return {
        "file_id": file_id(collection, hit.uri),
        "filename": hit.path,
        "score": hit.relevance,
        "attributes": attributes_of(hit),
        "content": [{"type": "text", "text": hit.text}],
    }


def attributes_of(hit: Hit) -> dict[str, Json]:
    """Returns where a hit stands, and its document's metadata by the names that a filter has for them."""
    columns = {column.value for column in Column}
    found: dict[str, Json] = {"path": hit.path, "title": hit.title, "start": hit.start, "end": hit.end}
    for key, value in _flat(hit.metadata):
        name = f"metadata.{key}" if key in columns or key in found else key
        if len(found) < MOST_ATTRIBUTES and len(name) <= LONGEST_KEY:
            found[name] = value
    return {key: value for key, value in found.items() if not isinstance(value, str) or len(value) <= LONGEST_VALUE}


def _flat(metadata: Mapping[str, Json], before: str = "") -> Iterator[tuple[str, Json]]:
    for key, value in metadata.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.")
        elif isinstance(value, str | bool | int | float):
            yield f"{before}{key}", value


def file_object(collection: str, row: DocumentRow, created: int) -> dict[str, Json]:
    """Returns a document as a file; its bytes are the characters of its text."""
    return {
        "id": file_id(collection, row.uri),
        "object": "file",
        "bytes": row.length,
        "created_at": created,
        "filename": row.address,
        "purpose": "assistants",
        "status": "processed",
    }


def stored_object(path: Path, *, purpose: str = PURPOSES[0], status: str = "uploaded") -> dict[str, Json]:
    """Returns an uploaded file as a file; its id is its folder's name."""
    stat = path.stat()
    return {
        "id": path.parent.name,
        "object": "file",
        "bytes": stat.st_size,
        "created_at": int(stat.st_mtime),
        "filename": path.name,
        "purpose": purpose,
        "status": status,
    }


def store_file_object(
    collection: str, identifier: str, state: FileState, *, created: int, length: int = 0, reason: str | None = None
) -> dict[str, Json]:
    """Returns a file of a vector store; `length` is in characters."""
    return {
        "id": identifier,
        "object": "vector_store.file",
        "created_at": created,
        "vector_store_id": collection,
        "status": state.value,
        "usage_bytes": length,
        "last_error": None if reason is None else {"code": "invalid_file", "message": reason},
        "attributes": {},
    }


def file_id(collection: str, uri: str) -> str:
    """Returns a document's id: it says which one is meant, and stays the same; of an uploaded file it is the file's."""
    uploaded = stored_id(uri)
    if uploaded is not None:
        return uploaded
    named = f"{collection}/{uri}".encode("utf-8", "surrogatepass")
    return "file-" + base64.urlsafe_b64encode(named).decode().rstrip("=")


def document_of(identifier: str) -> tuple[str, str]:
    """Returns collection and URI of a file's id; raises RefusedError (404) for what is none."""
    try:
        encoded = identifier.removeprefix("file-")
        decoded = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
        collection, slash, uri = decoded.decode("utf-8", "surrogatepass").partition("/")
    except (binascii.Error, ValueError):
        slash = ""
    if not slash or not identifier.startswith("file-"):
        raise RefusedError(HTTPStatus.NOT_FOUND, "there is no such file")
    return collection, uri


def unix_time(instant: str) -> int:
    """Returns an instant in ISO 8601 in seconds since 1970; 0 where it is none."""
    try:
        return int(datetime.fromisoformat(instant.replace("Z", "+00:00")).timestamp())
    except ValueError:
        return 0


def page_of(objects: Sequence[dict[str, Json]], *, limit: int, after: str | None) -> dict[str, Json]:
    """Returns a list object of `limit` objects behind the one of the id `after`, or from the first."""
    ids = [one["id"] for one in objects]
    if after is not None and after not in ids:
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"after: there is no {after!r}", param="after")
    first = 0 if after is None else ids.index(after) + 1
    data = objects[first : first + limit]
    return {
        "object": "list",
        "data": list(data),
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
        "has_more": first + limit < len(objects),
    }
