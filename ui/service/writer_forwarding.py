"""Hands what writes to the one process of a service that does: jobs and uploads are known there alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from http import HTTPStatus
from pathlib import Path

import httpx2
from starlette.requests import ClientDisconnect, Request
from starlette.responses import StreamingResponse
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from passagework.ui.service import ingest_routes, openai_batches, openai_files
from passagework.ui.service.guarding import BODY_SECONDS
from passagework.ui.service.problems import RefusedError, refusal_answer
from passagework.ui.service.uploading import within_limit

WRITING = (*ingest_routes.router.routes, *openai_files.router.routes, *openai_batches.router.routes)
"""Routes of what writes, and of jobs."""

OF_ONE_CONNECTION = ("connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "expect")
"""Headers that say how bytes go over one connection, and nothing of what is answered (RFC 9110, 7.6.1)."""


RETRY = {"Retry-After": "2"}


class WriterForwarding:
    """Answers by `app`, but for what writes: that is answered by the process that listens at the Unix socket `writer`.

    It is forwarded as it came, so that the writer checks token and host itself, and told in its log and its counts.
    """

    def __init__(self, app: ASGIApp, writer: Path) -> None:
        self._app = app
        transport = httpx2.AsyncHTTPTransport(uds=str(writer))
        self._client = httpx2.AsyncClient(transport=transport, timeout=httpx2.Timeout(None, connect=5), trust_env=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request; ends with the application."""
        if scope["type"] == "lifespan":
            try:
                await self._app(scope, receive, send)
            finally:
                await self.close()
        elif scope["type"] == "http" and any(route.matches(scope)[0] is Match.FULL for route in WRITING):
            await self._forward(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def close(self) -> None:
        """Closes the connections to the writer."""
        await self._client.aclose()

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._client.send(self._as_sent(scope, receive), stream=True)
        except ClientDisconnect:
            return
        except (RefusedError, ValueError, httpx2.InvalidURL, httpx2.TransportError) as error:
            await refusal_answer(scope["path"], _refusal(error))(scope, receive, send)
            return
        reply = StreamingResponse(_pieces(answer), answer.status_code)
        reply.raw_headers = _end_to_end([(name.lower(), value) for name, value in answer.headers.raw])
        await reply(scope, receive, send)

    def _as_sent(self, scope: Scope, receive: Receive) -> httpx2.Request:
        """Returns the request as it came."""
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        address = httpx2.URL(scheme="http", host="writer", raw_path=scope["raw_path"] + query)
        body = None if scope["method"] == "GET" else Request(scope, within_limit(receive, BODY_SECONDS)).stream()
        return self._client.build_request(scope["method"], address, headers=_end_to_end(scope["headers"]), content=body)


def _refusal(error: Exception) -> RefusedError:
    """Returns what is told of a request that the writer never answered."""
    if isinstance(error, RefusedError):
        return error
    if isinstance(error, httpx2.TransportError):
        return RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "the writer begins anew: try again", RETRY)
    return RefusedError(HTTPStatus.BAD_REQUEST, "the address is none")


def _end_to_end(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers if name.decode("latin-1") not in OF_ONE_CONNECTION]


async def _pieces(answer: httpx2.Response) -> AsyncIterator[bytes]:
    try:
        async for piece in answer.aiter_raw():
            yield piece
    finally:
        await answer.aclose()
