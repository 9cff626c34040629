"""Hands what a program asks by MCP over stdin and stdout to a service that runs: no model is loaded for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

import httpx2
import mcp
from mcp.client.streamable_http import streamable_http_client
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from passagework.retrieval.errors import ConfigError, PassageworkError

SECONDS = 60.0
"""The longest that the service may take for an answer; its own --timeout is shorter."""


async def relay(url: str, token: str | None) -> None:
    """Answers by the service at a URL, its endpoint of MCP, until stdin ends.

    Raises ConfigError for what is no URL, PassageworkError where no service answers there, or not with this token.
    """
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"{url} is no address of a service: give one such as http://127.0.0.1:8600/mcp")
    async with _service(url, token) as service, stdio_server() as (read, write):
        server = relaying_server(service)
        await server.run(read, write, server.create_initialization_options())


def relaying_server(service: mcp.Client) -> Server[Any]:
    """Returns a server whose tools and resources are those of another, and that hands on what is asked."""

    async def list_tools(_: Any, params: Any) -> Any:
        return await service.list_tools(cursor=None if params is None else params.cursor)

    async def call_tool(_: Any, params: Any) -> Any:
        return await service.call_tool(params.name, params.arguments)

    async def list_resource_templates(_: Any, params: Any) -> Any:
        return await service.list_resource_templates(cursor=None if params is None else params.cursor)

    async def list_resources(_: Any, params: Any) -> Any:
        return await service.list_resources(cursor=None if params is None else params.cursor)

    async def read_resource(_: Any, params: Any) -> Any:
        return await service.read_resource(params.uri)

    return Server(
        "passagework",
        version=version("passagework"),
        instructions=service.instructions,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_resource_templates,
        on_read_resource=read_resource,
    )


@asynccontextmanager
async def _service(url: str, token: str | None) -> AsyncIterator[mcp.Client]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    client = httpx2.AsyncClient(headers=headers, timeout=SECONDS, trust_env=False)
    connected = False
    try:
        async with client, mcp.Client(streamable_http_client(url, http_client=client)) as service:
            connected = True
            yield service
    except Exception as error:
        if connected:
            raise
        reason = await _why_not(url, headers)
        raise PassageworkError(f"no service answers at {url}: {reason}") from error


async def _why_not(url: str, headers: dict[str, str]) -> str:
    """Returns why a service can't be used, which its client's library tells in many words."""
    try:
        async with httpx2.AsyncClient(headers=headers, timeout=5, trust_env=False) as client:
            answer = await client.post(url, json={})
    except httpx2.HTTPError as error:
        return f"{error}; `passagework serve` starts one"
    return {401: "it asks for a token: set PASSAGEWORK_TOKEN", 421: "it goes by another name"}.get(
        answer.status_code, f"it answers with {answer.status_code}"
    )
