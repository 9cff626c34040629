"""Has the browser know the pages' style before it draws anything: what came later would move what is there already.

Streamlit serves one HTML file for every page and draws into it once its script runs, a second later; see
https://web.dev/articles/cls for how moves are counted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from passagework.ui.web.page_style import FIRST_STYLE, STYLE

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

HEAD = b"</head>"
LEFT_OUT = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")
"""Headers of a request that would have the file come packed, in part, or not at all."""


class StyledIndex:
    """Puts the style into the head of what an ASGI application answers in HTML."""

    def __init__(self, app: Callable[[Message, Receive, Send], Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answers one request."""
        headers = scope.get("headers") or []
        if scope["type"] != "http" or not any(k == b"accept" and b"text/html" in value for k, value in headers):
            await self._app(scope, receive, send)
            return
        begun: Message = {}
        body = b""

        async def styled(message: Message) -> None:
            nonlocal begun, body
            if message["type"] == "http.response.start":
                begun = message
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            whole = body.replace(HEAD, f"{STYLE}{FIRST_STYLE}".encode() + HEAD, 1)
            kept = [(k, value) for k, value in begun["headers"] if k.lower() not in (b"content-length", b"etag")]
            await send({**begun, "headers": [*kept, (b"content-length", str(len(whole)).encode())]})
            await send({"type": "http.response.body", "body": whole})

        unpacked = [(k, value) for k, value in headers if k not in LEFT_OUT]
        await self._app({**scope, "headers": unpacked}, receive, styled)


def style_at_once() -> None:
    """Has Streamlit's server, started after this, send the style with the page."""
    from starlette.middleware import Middleware
    from streamlit.web.server.starlette import starlette_app

    create = starlette_app.create_streamlit_middleware

    def styled() -> list[Any]:
        return [Middleware(StyledIndex), *create()]

    starlette_app.create_streamlit_middleware = styled
