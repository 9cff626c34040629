"""Files uploaded, attached to vector stores and taken out again, by OpenAI's own client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import openai
import pytest
from fastapi import FastAPI

from passagework import Collection, Settings, create
from passagework.ui.service.access_tokens import TokenFile
from passagework.ui.service.application import application
from passagework.ui.service.served_collections import ServedCollections
from passagework.ui.service.serving_state import Service
from tests.support.fakes import FakeTokenEncoder

Answer = TypeVar("Answer")
BEES = ("bees.md", b"# Bees\n\nBees dance to tell where flowers are.\n")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service of two empty collections."""
    opened = {}
    for name in ("garden", "zoo"):
        create(tmp_path / name, encoder=FakeTokenEncoder())
        opened[name] = Collection.open(tmp_path / name, encoder=FakeTokenEncoder(), settings=Settings(workers=1))
    made = Service(ServedCollections(opened))
    yield made
    made.close()


@pytest.fixture
def app(service: Service) -> FastAPI:
    """Open to all."""
    return application(service)


def asked(app: FastAPI, call: Callable[[openai.AsyncOpenAI], Awaitable[Answer]], key: str = "none") -> Answer:
    """What OpenAI's own client makes of the answer to a call."""

    async def ask() -> Answer:
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
        async with openai.AsyncOpenAI(
            api_key=key,
            base_url="http://localhost/v1",
            max_retries=0,
            http_client=httpx2.AsyncClient(transport=transport),
        ) as client:
            return await call(client)

    return asyncio.run(ask())


async def attached(client: openai.AsyncOpenAI, store: str, identifier: str) -> Any:
    """A file of a store, when it is no longer on its way."""
    return await client.vector_stores.files.create_and_poll(identifier, vector_store_id=store, poll_interval_ms=20)


def test_a_file_goes_in_and_out(app: FastAPI, service: Service) -> None:
    """It is nowhere until it is attached, found by its own id then, and gone when it is taken out or deleted."""

    async def use(client: openai.AsyncOpenAI) -> None:
        stores = client.vector_stores
        file = await client.files.create(file=BEES, purpose="assistants")
        assert (file.filename, file.bytes, file.status) == ("bees.md", len(BEES[1]), "uploaded")
        assert (await stores.search("garden", query="bees dance")).data == []
        assert [one.id async for one in client.files.list()] == [file.id]
        with pytest.raises(openai.NotFoundError):
            await stores.files.retrieve(file.id, vector_store_id="garden")

        first = await attached(client, "garden", file.id)
        assert (first.id, first.status, first.vector_store_id) == (file.id, "completed", "garden")
        second = await attached(client, "zoo", file.id)
        assert (second.id, second.status, second.vector_store_id) == (file.id, "completed", "zoo")
        for store in ("garden", "zoo"):
            (result,) = (await stores.search(store, query="bees dance")).data
            assert (result.file_id, result.filename) == (file.id, "bees.md")
            assert [one.id async for one in stores.files.list(store)] == [file.id]
            (text,) = (await stores.files.content(file.id, vector_store_id=store)).data
            assert text.text == "# Bees\n\nBees dance to tell where flowers are.\n"
        assert [one.id async for one in stores.files.list("zoo", filter="failed")] == []
        assert (await client.files.content(file.id)).text == "# Bees\n\nBees dance to tell where flowers are.\n"

        gone = await stores.files.delete(file.id, vector_store_id="garden")
        assert (gone.id, gone.deleted) == (file.id, True)
        assert (await stores.search("garden", query="bees dance")).data == []
        assert len((await stores.search("zoo", query="bees dance")).data) == 1
        assert (await attached(client, "garden", file.id)).status == "completed"
        assert len((await stores.search("garden", query="bees dance")).data) == 1

        assert (await client.files.delete(file.id)).deleted
        assert (await stores.search("zoo", query="bees dance")).data == []
        with pytest.raises(openai.NotFoundError):
            await client.files.retrieve(file.id)

    asked(app, use)
    for name in ("garden", "zoo"):
        assert list((service.collections.named(name).path / "uploads").iterdir()) == []


def test_a_file_of_many_records_and_one_that_fails(app: FastAPI) -> None:
    """Its records are found each by its own id; a file that can't be read says why."""

    async def use(client: openai.AsyncOpenAI) -> None:
        records = b'{"_id": "1", "text": "owls hoot"}\n{"_id": "2", "text": "dogs bark"}\n'
        file = await client.files.create(file=("r.jsonl", records), purpose="user_data")
        assert (await attached(client, "garden", file.id)).status == "completed"
        (result,) = (await client.vector_stores.search("garden", query="owls hoot", max_num_results=1)).data
        assert result.file_id != file.id
        assert (await client.files.content(result.file_id)).text == "owls hoot"
        bad = await client.files.create(file=("bad.json", b"{"), purpose="assistants")
        failed = await attached(client, "garden", bad.id)
        assert failed.status == "failed"
        assert failed.last_error is not None
        assert "JSON" in failed.last_error.message
        listed = {one.id: one.status async for one in client.vector_stores.files.list("garden")}
        assert (listed[file.id], listed[bad.id], len(listed)) == ("completed", "failed", 4)
        await client.files.delete(file.id)
        assert (await client.vector_stores.search("garden", query="owls hoot")).data == []

    asked(app, use)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"files": {"file": BEES}}, "purpose: '' is none; there are: assistants, user_data"),
        ({"files": {"file": BEES}, "data": {"purpose": "fine-tune"}}, "purpose: 'fine-tune' is none"),
        ({"files": {"file": BEES}, "data": {"purpose": "assistants", "expires_after": "1"}}, "'expires_after'"),
        ({"files": {"file": ("x.exe", b"MZ")}, "data": {"purpose": "assistants"}}, "x.exe: supported types are"),
        ({"files": {"file": ("..", b"x")}, "data": {"purpose": "assistants"}}, "supported types are"),
    ],
)
def test_uploads_that_are_refused(app: FastAPI, service: Service, form: dict[str, Any], said: str) -> None:
    """One line says what is wrong, and nothing is left of it."""

    async def send(client: openai.AsyncOpenAI) -> httpx2.Response:
        answer: httpx2.Response = await client._client.post("http://localhost/v1/files", **form)
        return answer

    answer = asked(app, send)
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]
    uploads = service.collections.named("garden").path / "uploads"
    assert not uploads.exists() or list(uploads.iterdir()) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"file_id": "file-0123456789abcdef01234567"}, "there is no such file"),
        ({"file_id": "../../etc/passwd"}, "there is no such file"),
        ({"file_id": "x", "attributes": {"team": "green"}}, "attributes: "),
        ({"file_id": "x", "chunking_strategy": {"type": "static"}}, "chunking_strategy.type: "),
    ],
)
def test_what_cant_be_attached(app: FastAPI, body: dict[str, Any], said: str) -> None:
    """A file that isn't there, and what would be dropped in silence."""
    with pytest.raises(openai.APIStatusError, match=said):
        asked(app, lambda client: client.vector_stores.files.create("garden", **body))


def test_who_may_not_write_sees_no_uploads(service: Service, tmp_path: Path) -> None:
    """What is in no collection is nobody's but theirs who may bring it into one."""
    tokens = TokenFile(tmp_path / "t.json")
    both = {name: service.collections.named(name) for name in ("garden", "zoo")}
    app = application(Service(ServedCollections(both), writers=service.writers, tokens=tokens))
    writer = tokens.add("writer", rights=["search", "read", "ingest"], collections=["zoo"])
    reader = tokens.add("reader")
    file = asked(app, lambda client: client.files.create(file=BEES, purpose="assistants"), writer)
    assert (both["zoo"].path / "uploads" / file.id / "bees.md").read_bytes() == BEES[1]

    async def files(client: openai.AsyncOpenAI) -> list[str]:
        return [one.id async for one in client.files.list()]

    assert (asked(app, files, writer), asked(app, files, reader)) == ([file.id], [])
    for call in (
        lambda client: client.files.retrieve(file.id),
        lambda client: client.files.content(file.id),
        lambda client: client.files.delete(file.id),
        lambda client: client.vector_stores.files.retrieve(file.id, vector_store_id="zoo"),
    ):
        with pytest.raises(openai.NotFoundError):
            asked(app, call, reader)
    for call in (
        lambda client: client.files.create(file=BEES, purpose="assistants"),
        lambda client: client.vector_stores.files.create("zoo", file_id=file.id),
        lambda client: client.vector_stores.files.delete(file.id, vector_store_id="zoo"),
    ):
        with pytest.raises(openai.PermissionDeniedError):
            asked(app, call, reader)
    with pytest.raises(openai.NotFoundError):
        asked(app, lambda client: client.vector_stores.files.create("garden", file_id=file.id), writer)
