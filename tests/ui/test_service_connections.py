"""Connections on which nothing comes are ended, and those that ask are not."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from passagework.ui.service import timed_connection
from passagework.ui.service.listening import listening_socket
from passagework.ui.service.timed_connection import TimedConnection


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Where a server listens that gives half a second to ask."""
    monkeypatch.setattr(timed_connection, "HEADER_SECONDS", 0.5)

    def slow(_: Request) -> PlainTextResponse:
        time.sleep(1.0)
        return PlainTextResponse("late")

    app = Starlette(routes=[Route("/", slow)])
    with listening_socket("127.0.0.1", 0) as listening:
        server = uvicorn.Server(uvicorn.Config(app, http=TimedConnection, log_config=None))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        yield int(listening.getsockname()[1])
        server.should_exit = True
        thread.join(20)


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nhost: localhost\r\n", b"G"])
def test_who_doesnt_ask_is_ended(port: int, sent: bytes) -> None:
    """Whether nothing comes, or headers byte by byte without an end."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(sent)
        began, more = time.monotonic(), True
        while more and time.monotonic() - began < 5:
            connection.settimeout(0.1)
            try:
                more = connection.recv(100) != b""
            except TimeoutError:
                with suppress(OSError):
                    connection.sendall(b"x" if sent else b"")
            except ConnectionError:
                more = False
        assert not more
        assert 0.3 < time.monotonic() - began < 4


def test_who_asks_is_answered_however_long_that_takes(port: int) -> None:
    """A request that runs longer than headers may take is no idle connection, nor is the next one on it."""
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
        assert [client.get("/").text for _ in range(2)] == ["late", "late"]
