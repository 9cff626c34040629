"""Which document, or uploaded file, the id of a file stands for."""

from __future__ import annotations

from http import HTTPStatus

from passagework.ingest.scan import absolute
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.store import DocumentRow
from passagework.retrieval.types import Json
from passagework.ui.service.access_tokens import Right
from passagework.ui.service.openai_shapes import document_of, stored_object
from passagework.ui.service.problems import RefusedError
from passagework.ui.service.serving_state import Caller
from passagework.ui.sources.stored_files import is_stored_id, stored_file, stored_ids

NO_FILE = "there is no such file"


async def document_named(caller: Caller, identifier: str) -> tuple[str, Collection, DocumentRow]:
    """Returns the document of an id, and its collection; raises RefusedError (404) where there is none for the caller.

    A file that was uploaded may be in several collections: the document is then that of the first.
    """
    for name, uri in _places(caller, identifier):
        collection = caller.collection(name, Right.READ)
        if (row := await caller.run(lambda uri=uri, collection=collection: row_of(collection, uri))) is not None:  # type: ignore[misc]
            return name, collection, row
    raise RefusedError(HTTPStatus.NOT_FOUND, NO_FILE)


def uploaded_files(caller: Caller, identifier: str | None = None) -> list[dict[str, Json]]:
    """Returns what was uploaded under an id, or under any, each once; nothing for a caller who may not upload."""
    found: dict[str, dict[str, Json]] = {}
    for path in (caller.collection(name).path for name in caller.names) if caller.may_write else ():
        for one in stored_ids(path) if identifier is None else [identifier]:
            if (file := stored_file(path, one)) is not None:
                found.setdefault(one, stored_object(file))
    return list(found.values())


def row_of(collection: Collection, uri: str) -> DocumentRow | None:
    """Returns the document of a URI."""
    return next((row for row in collection.documents_named([uri]).get(uri, []) if row.uri == uri), None)


def _places(caller: Caller, identifier: str) -> list[tuple[str, str]]:
    if not is_stored_id(identifier):
        return [document_of(identifier)]
    found = ((name, stored_file(caller.collection(name).path, identifier)) for name in caller.names)
    return [(name, absolute(path).as_uri()) for name, path in found if path is not None]
