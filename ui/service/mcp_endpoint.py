"""The endpoint of MCP, which loads its library when it is first asked, or when the service has nothing else to do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from passagework.ui.service.serving_state import Caller

IDLE_SECONDS = 2.0
"""After so long the library is loaded in any case: it takes a third of a second, for which no first search waits."""


class McpEndpoint:
    """Answers MCP over streamable HTTP, while `running`; `caller` tells who sent a request."""

    def __init__(self, caller: Callable[[Request], Caller]) -> None:
        self._caller = caller
        self._asked = asyncio.Event()
        self._ready: asyncio.Future[Starlette] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        self._asked.set()
        assert self._ready is not None, "the application's lifespan has not begun"
        app = await asyncio.shield(self._ready)
        app.state = scope["app"].state  # by which `caller` knows the service
        await app(scope, receive, send)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Answers within; what is asked is ended at its end."""
        self._ready = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._run(self._ready))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _run(self, ready: asyncio.Future[Starlette]) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._asked.wait(), IDLE_SECONDS)
        try:
            tools, app = await asyncio.to_thread(self._loaded)
        except Exception as error:
            ready.set_exception(error)
            raise
        async with tools.session_manager.run():
            ready.set_result(app)
            await asyncio.Event().wait()

    def _loaded(self) -> tuple[Any, Starlette]:
        from mcp.server.transport_security import TransportSecuritySettings

        from passagework.ui.service.mcp_tools import mcp_server

        tools = mcp_server(lambda context: self._caller(cast(Request, context.request_context.request)))
        # The guard has checked Host and Origin; stateless, every request is answered by its own token.
        checked = TransportSecuritySettings(enable_dns_rebinding_protection=False)
        return tools, tools.streamable_http_app(json_response=True, stateless_http=True, transport_security=checked)
