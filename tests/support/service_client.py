"""Asks a service in this process, without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx2
from fastapi import FastAPI


class ServiceClient:
    """Sends one request after the other to an application, each as a caller at `http://localhost`."""

    def __init__(self, app: FastAPI, headers: Mapping[str, str] | None = None) -> None:
        self.app = app
        self.headers = dict(headers or {})

    def ask(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """The answer to a request."""
        options["headers"] = {**self.headers, **options.get("headers", {})}

        async def send() -> Any:
            transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
                return await client.request(method, path, **options)

        answer: httpx2.Response = asyncio.run(send())
        return answer

    def get(self, path: str, **options: Any) -> httpx2.Response:
        """The answer to a GET."""
        return self.ask("GET", path, **options)

    def post(self, path: str, body: object, **options: Any) -> httpx2.Response:
        """The answer to a POST of JSON."""
        return self.ask("POST", path, json=body, **options)
