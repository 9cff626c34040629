"""What writes is handed to the process that does, and answered as by itself."""

from __future__ import annotations

import asyncio
import os
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI
from starlette.types import Message

from passagework import Collection, Settings, ingest
from passagework.ui.service import writer_forwarding
from passagework.ui.service.application import application
from passagework.ui.service.served_collections import ServedCollections
from passagework.ui.service.serving_state import Service
from passagework.ui.service.writer_forwarding import WriterForwarding
from tests.support.fakes import FakeTokenEncoder

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no Unix sockets in asyncio")


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """A note on owls."""
    base = tmp_path_factory.mktemp("forwarding")
    (base / "owls.md").write_text("# Owls\n\nOwls hoot at night.\n")
    ingest([base / "owls.md"], base / "c", encoder=FakeTokenEncoder(), settings=Settings(workers=1))
    with Collection.open(base / "c", encoder=FakeTokenEncoder(), settings=Settings(workers=1)) as opened:
        yield opened


@pytest.fixture(scope="module")
def writer(collection: Collection) -> Iterator[Path]:
    """The socket of a service that writes."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listening:  # a path of 100 bytes
        listening.bind(f"{folder}/w.sock")
        app = application(Service(ServedCollections({"notes": collection})))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        yield Path(folder) / "w.sock"
        server.should_exit = True
        thread.join(20)


@pytest.fixture(scope="module")
def app(collection: Collection) -> FastAPI:
    """A service that doesn't write."""
    return application(Service(ServedCollections({"notes": collection})))


def asked(transport: httpx2.AsyncBaseTransport, method: str, path: str, **options: Any) -> httpx2.Response:
    """An answer over a transport."""
    return asyncio.run(_asked(transport, method, path, **options))


async def _asked(transport: httpx2.AsyncBaseTransport, method: str, path: str, **options: Any) -> httpx2.Response:
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer: httpx2.Response = await client.request(method, path, **options)
        return answer


def forwarded(app: FastAPI, writer: Path, method: str, path: str, **options: Any) -> httpx2.Response:
    """An answer of a service that doesn't write."""

    async def ask() -> httpx2.Response:
        forwarding = WriterForwarding(app, writer)
        try:
            transport = httpx2.ASGITransport(app=forwarding, raise_app_exceptions=False)
            return await _asked(transport, method, path, **options)
        finally:
            await forwarding.close()

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("GET", "/collections/notes/jobs/job-0", {}),
        ("GET", "/collections/notes/jobs/job-0/events?x=%2F%00", {}),
        ("PUT", "/collections/notes/files/x.exe", {"content": b"MZ"}),
        ("PUT", "/collections/notes/files/..%2F..%2Fx.md", {"content": b""}),
        ("PUT", "/collections/notes/files/b.md", {"headers": {"host": "evil.example"}, "content": b"x"}),
        ("PUT", "/collections/notes/files/b.md", {"headers": {"origin": "http://evil.example"}, "content": b"x"}),
        ("POST", "/collections/notes/delete", {"json": {"documents": ["owls.md"], "dry_run": True}}),
        ("POST", "/collections/notes/delete", {"content": b'{"documents": ["a"], "documents": []}'}),
        ("POST", "/collections/notes/delete", {"content": b"x" * (1 << 20) + b"x"}),
        ("DELETE", "/collections/notes/documents/caf%C3%A9.md", {}),
        ("GET", "/v1/vector_stores/notes/files?limit=5", {}),
        ("POST", "/v1/files", {"files": {"file": ("a.md", b"x")}, "data": {"purpose": "?"}}),
    ],
)
def test_it_is_answered_as_by_the_writer(app: FastAPI, writer: Path, method: str, path: str, options: Any) -> None:
    """Status, kind and body are the writer's own, whatever was asked, and however wrong it is."""
    direct = asked(httpx2.AsyncHTTPTransport(uds=str(writer)), method, path, **options)
    answer = forwarded(app, writer, method, path, **options)
    assert (answer.status_code, answer.content) == (direct.status_code, direct.content)
    kept = ("content-type", "content-length", "retry-after", "allow")
    assert [answer.headers.get(one) for one in kept] == [direct.headers.get(one) for one in kept]


def test_what_reads_is_answered_here(app: FastAPI, tmp_path: Path) -> None:
    """Though the writer is gone; what writes is told to come again."""
    gone = tmp_path / "gone.sock"
    assert forwarded(app, gone, "POST", "/collections/notes/search", json={"query": "owls"}).status_code == 200
    refused = forwarded(app, gone, "PUT", "/collections/notes/files/b.md", content=b"Bees.")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
    assert refused.json()["detail"] == "the writer begins anew: try again"


@pytest.mark.parametrize(("ends", "status"), [("stalls", 408), ("leaves", None)])
def test_a_body_that_never_ends(
    app: FastAPI, writer: Path, collection: Collection, monkeypatch: pytest.MonkeyPatch, ends: str, status: int | None
) -> None:
    """It holds neither process up, and nothing is left of it."""
    monkeypatch.setattr(writer_forwarding, "BODY_SECONDS", 0.2)
    scope = {
        "type": "http",
        "method": "PUT",
        "path": "/collections/notes/files/b.md",
        "raw_path": b"/collections/notes/files/b.md",
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-length", b"999")],
    }
    sent: list[Message] = []
    messages: list[Message] = [{"type": "http.request", "body": b"half", "more_body": True}]

    async def receive() -> Message:
        if messages:
            return messages.pop()
        if ends == "stalls":
            await asyncio.sleep(10)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    async def ask() -> None:
        forwarding = WriterForwarding(app, writer)
        await forwarding(scope, receive, send)
        await forwarding.close()

    asyncio.run(ask())
    assert (sent[0]["status"] if sent else None) == status
    until = 100
    while (left := list((collection.path / "uploads").glob(".*.part"))) and until:
        until -= 1
        threading.Event().wait(0.05)
    assert left == []
