"""Stands before all routes: who may ask from where, how much, and what is written down of it."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from passagework.retrieval.errors import PassageworkError
from passagework.retrieval.text import counted
from passagework.ui.service.access_tokens import Access
from passagework.ui.service.problems import RefusedError, refusal_answer, refusal_of
from passagework.ui.service.request_metrics import RequestMetrics
from passagework.ui.service.request_rates import RequestRates
from passagework.ui.service.uploading import PIECE, UPLOAD_BYTES, is_upload, within_limit

LOCAL = ("localhost", "127.0.0.1", "::1")
"""Names of this machine for itself."""

BODY_BYTES = 1 << 20
LARGE_BODIES = {"/v1/embeddings": 8 << 20, "/v1/rerank": 8 << 20, "/v2/rerank": 8 << 20}
"""Bytes where a body brings the texts along."""

BODY_SECONDS = 30.0
"""The time in which a request's body must be there: threads wait for none, but connections are not without end."""

OPEN = ("/healthz", "/readyz")
"""Paths that machines ask by an address of their own; they tell nothing of collections."""

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""What is counted by its name: a label for whatever is sent would fill the memory."""

access_log = logging.getLogger("passagework.access")


class Guard:
    """Checks Host, Origin, token and rate, and reads the body, before any route; logs and counts every request.

    A page of another site that reaches this machine by a name of its own (DNS rebinding) is refused. The log has the
    route and never a query, nor what a document is called.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Iterable[str],
        access: Callable[[Headers], Access],
        metrics: RequestMetrics,
        rates: RequestRates,
    ) -> None:
        self._app = app
        self._rates = rates
        self._access = access
        self._hosts = frozenset(host.lower() for host in (*LOCAL, *hosts))
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._checked(scope, receive, noting)
        finally:
            self._note(scope, status or HTTPStatus.INTERNAL_SERVER_ERROR.value, time.perf_counter() - began)

    async def _checked(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            headers = Headers(scope=scope)
            if scope["path"] not in OPEN:
                self._check_source(headers)
                access = self._access(headers)
                self._check_rate(access)
                scope.setdefault("state", {})["access"] = access
            if is_upload(scope["method"], scope["path"]):
                check_declared(headers, UPLOAD_BYTES + PIECE)
                await self._app(scope, within_limit(receive, BODY_SECONDS), send)
                return
            body = await asyncio.wait_for(
                _body(headers, receive, LARGE_BODIES.get(scope["path"], BODY_BYTES)), BODY_SECONDS
            )
        except TimeoutError:
            late = RefusedError(HTTPStatus.REQUEST_TIMEOUT, f"the body did not come within {BODY_SECONDS:g} s")
            await refusal_answer(scope["path"], late)(scope, receive, send)
        except PassageworkError as error:
            await refusal_answer(scope["path"], refusal_of(error))(scope, receive, send)
        else:
            await self._app(scope, _replayed(body, receive), send)

    def _check_source(self, headers: Headers) -> None:
        host = _host_of(f"//{headers.get('host', '')}")
        if host not in self._hosts:
            raise RefusedError(
                HTTPStatus.MISDIRECTED_REQUEST, f"this service isn't called {host!r}: --allowed-host adds a name"
            )
        origin = headers.get("origin")
        if origin is not None and _host_of(origin) not in self._hosts:
            raise RefusedError(HTTPStatus.FORBIDDEN, f"pages of {origin!r} may not ask: --allowed-host adds a name")

    def _check_rate(self, access: Access) -> None:
        if access.rate is None:
            return
        wait = math.ceil(self._rates.take(access.name, access.rate))
        if wait:
            detail = f"the token may send {counted(access.rate, 'request')} a minute: try again in {wait} s"
            raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS, detail, {"Retry-After": str(wait)})

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "none")
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._metrics.count(route=route, method=method, status=status, seconds=seconds)
        collection = scope.get("path_params", {}).get("name", "-")
        access_log.info("%s %s %s %d %.0f ms", method, route, collection, status, seconds * 1000)


def _host_of(address: str) -> str:
    """Returns the host of an address in lower case, without its port; "" where there is none."""
    try:
        return (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        return ""


def check_declared(headers: Headers, most: int) -> None:
    """Raises RefusedError (413) for a body that says of itself that it has more bytes."""
    declared = headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > most:
        raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body has more than {most:,} bytes")


async def _body(headers: Headers, receive: Receive, most: int) -> bytes:
    """Returns the whole body; raises RefusedError (413) for one beyond the limit, which is read no further."""
    too_large = RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body has more than {most:,} bytes")
    check_declared(headers, most)
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RefusedError(HTTPStatus.BAD_REQUEST, "the body ended early")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise too_large
        more = message.get("more_body", False)
    return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Returns what gives the body in one message, and then what comes after it."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay
