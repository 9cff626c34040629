"""Takes files from requests into a collection's own folder for uploads: as they come, whole or not at all."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.text import one_line
from passagework.ui.service.problems import RefusedError
from passagework.ui.sources.uploads import UPLOAD_MEGABYTES, arriving, keep_upload, upload_name

UPLOAD_BYTES = UPLOAD_MEGABYTES << 20
"""The largest file, and the most of one request."""

MOST_FILES = 64
"""Files of one request."""

AT_ONCE = 8
"""Uploads that arrive at once: each takes room on the disk before it is whole."""

PIECE = 1 << 20

_UPLOADING = re.compile(r"/collections/[^/]+/files(/[^/]*)?|/v1/files")


def is_upload(method: str, path: str) -> bool:
    """Tells whether a request brings files, which are not read into memory before their route is asked."""
    return method in ("PUT", "POST") and _UPLOADING.fullmatch(path) is not None


def within_limit(receive: Receive, seconds: float) -> Receive:
    """Returns what gives a body piece by piece, each within `seconds`.

    It raises RefusedError beyond UPLOAD_BYTES (413), and for a body that stalls (408).
    """
    size = 0

    async def limited() -> Message:
        nonlocal size
        try:
            message = await asyncio.wait_for(receive(), seconds)
        except TimeoutError as error:
            raise RefusedError(HTTPStatus.REQUEST_TIMEOUT, f"nothing came for {seconds:g} s") from error
        size += len(message.get("body", b""))
        if size > UPLOAD_BYTES + PIECE:  # what surrounds the files of a form is a little more
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a file has {UPLOAD_MEGABYTES} MB at most")
        return message

    return limited


class Arrivals:
    """Counts the uploads that arrive at once."""

    def __init__(self) -> None:
        self._under_way = 0

    async def take(
        self,
        collection: Collection,
        name: str,
        pieces: AsyncIterator[bytes],
        keep: Callable[[Path, str], Path] = keep_upload,
    ) -> Path:
        """Writes a file as it comes, has `keep` give it its place, and returns its path.

        Raises ConfigError for a name that is not taken, RefusedError where too many arrive (503), it is too large
        (413), empty or ended early (400).
        """
        upload_name(name)
        if self._under_way >= AT_ONCE:
            raise RefusedError(
                HTTPStatus.SERVICE_UNAVAILABLE, "too many uploads arrive: try again", {"Retry-After": "1"}
            )
        self._under_way += 1
        try:
            return await _written(collection, name, pieces, keep)
        finally:
            self._under_way -= 1


async def _written(
    collection: Collection, name: str, pieces: AsyncIterator[bytes], keep: Callable[[Path, str], Path]
) -> Path:
    size = 0
    with arriving(collection.path, name) as part:
        try:
            with part.open("wb") as file:
                async for piece in pieces:
                    size += len(piece)
                    if size > UPLOAD_BYTES:
                        raise RefusedError(
                            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a file has {UPLOAD_MEGABYTES} MB at most"
                        )
                    await asyncio.to_thread(file.write, piece)
        except ClientDisconnect as error:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "the body ended early") from error
        if not size:
            raise RefusedError(HTTPStatus.BAD_REQUEST, f"{one_line(name)} is empty")
        return await asyncio.to_thread(keep, part, name)


@asynccontextmanager
async def form_files(
    request: Request, fields: Sequence[str] = ()
) -> AsyncIterator[tuple[Sequence[tuple[str, UploadFile]], Mapping[str, str]]]:
    """Gives the files of a form, each with its name, and those of `fields` that it has, until it is left.

    Raises RefusedError for what is no form (415), can't be read (400), or has no files, or others (422).
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send a form with files, multipart/form-data")
    try:
        form = await request.form(max_files=MOST_FILES, max_fields=MOST_FILES)
    except ClientDisconnect as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "the body ended early") from error
    except (HTTPException, MultiPartException, ValueError, KeyError) as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"the form can't be read: {error}") from error
    try:
        yield _parts_of(form, fields)
    finally:
        await form.close()


def _parts_of(form: FormData, fields: Sequence[str]) -> tuple[Sequence[tuple[str, UploadFile]], Mapping[str, str]]:
    files, texts = [], {}
    for key, value in form.multi_items():
        if key in fields and isinstance(value, str):
            texts[key] = value
            continue
        if key != "file" or not isinstance(value, UploadFile):
            detail = f"there is no parameter {key!r}: files are each a `file`"
            raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
        files.append((value.filename or "", value))
    if not files:
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, "file is missing")
    return files, texts


async def pieces_of(file: UploadFile) -> AsyncIterator[bytes]:
    """Yields a file of a form in pieces."""
    while piece := await file.read(PIECE):
        yield piece
