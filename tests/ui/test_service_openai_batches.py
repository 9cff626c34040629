"""Batches of files, attached to vector stores at once, by OpenAI's own client."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from fastapi import FastAPI

from passagework import Collection, Settings, create
from passagework.ingest import Progress
from passagework.ui.service.access_tokens import TokenFile
from passagework.ui.service.application import application
from passagework.ui.service.served_collections import ServedCollections
from passagework.ui.service.serving_state import Service
from passagework.ui.service.writing_jobs import JobState
from tests.support.fakes import FakeTokenEncoder
from tests.ui.test_service_openai_files import asked

BEES = ("bees.md", b"# Bees\n\nBees dance to tell where flowers are.\n")
OWLS = ("owls.md", b"# Owls\n\nOwls hoot in the old tower.\n")
BAD = ("bad.json", b"{")
NOBODY = "file-0123456789abcdef01234567"


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


async def uploaded(client: openai.AsyncOpenAI, *files: tuple[str, bytes]) -> list[str]:
    """The ids of files that were uploaded."""
    return [(await client.files.create(file=file, purpose="assistants")).id for file in files]


def test_files_are_uploaded_and_waited_for(app: FastAPI) -> None:
    """As the client's helper does it: what can be read is found by its id, what can't says why; both are counted."""

    async def use(client: openai.AsyncOpenAI) -> None:
        batches = client.vector_stores.file_batches
        (owls,) = await uploaded(client, OWLS)
        batch = await batches.upload_and_poll("garden", files=[BEES, BAD], file_ids=[owls])
        counts = batch.file_counts
        assert (batch.status, batch.vector_store_id, batch.object) == (
            "completed",
            "garden",
            "vector_store.files_batch",
        )
        assert (counts.total, counts.completed, counts.failed, counts.in_progress, counts.cancelled) == (3, 2, 1, 0, 0)
        (result,) = (await client.vector_stores.search("garden", query="owls hoot", max_num_results=1)).data
        assert (result.file_id, result.filename) == (owls, "owls.md")
        listed = [one async for one in batches.list_files(batch.id, vector_store_id="garden", limit=2)]
        assert sorted(one.status for one in listed) == ["completed", "completed", "failed"]
        assert owls in [one.id for one in listed]
        (failed,) = [one async for one in batches.list_files(batch.id, vector_store_id="garden", filter="failed")]
        assert failed.last_error is not None
        assert "JSON" in failed.last_error.message
        assert (await batches.retrieve(batch.id, vector_store_id="garden")) == batch
        assert (await batches.cancel(batch.id, vector_store_id="garden")).status == "completed"

        again = await batches.create_and_poll("zoo", files=[{"file_id": owls}, {"file_id": owls}])
        assert (again.file_counts.total, again.file_counts.completed) == (1, 1)
        await client.vector_stores.files.delete(owls, vector_store_id="zoo")
        assert (await batches.retrieve(again.id, vector_store_id="zoo")).file_counts.total == 0

    asked(app, use)


def test_documents_that_are_there_are_attached_already(app: FastAPI) -> None:
    """A batch of nothing else is over at once."""

    async def use(client: openai.AsyncOpenAI) -> None:
        (records,) = await uploaded(client, ("r.jsonl", b'{"_id": "1", "text": "owls hoot"}\n'))
        batches = client.vector_stores.file_batches
        await batches.create_and_poll("garden", file_ids=[records])
        (result,) = (await client.vector_stores.search("garden", query="owls hoot")).data
        batch = await batches.create_and_poll("garden", file_ids=[result.file_id], poll_interval_ms=20)
        assert (batch.status, batch.file_counts.total, batch.file_counts.completed) == ("completed", 1, 1)

    asked(app, use)


def test_a_batch_that_is_cancelled(app: FastAPI, service: Service) -> None:
    """One that waits for the writer begins no more, and its files are in no collection; they can be attached again."""
    free, taken = threading.Event(), threading.Event()

    def write() -> None:
        taken.set()
        free.wait(30)

    service.writers._of("garden").start(write)
    assert taken.wait(30)

    async def use(client: openai.AsyncOpenAI) -> None:
        batches = client.vector_stores.file_batches
        (bees,) = await uploaded(client, BEES)
        batch = await batches.create("garden", file_ids=[bees])
        assert (batch.status, batch.file_counts.in_progress) == ("in_progress", 1)
        gone = await batches.cancel(batch.id, vector_store_id="garden")
        assert (gone.status, gone.file_counts.cancelled, gone.file_counts.total) == ("cancelled", 1, 1)
        free.set()
        store = client.vector_stores
        assert (await store.files.retrieve(bees, vector_store_id="garden")).status == "cancelled"
        assert (await store.search("garden", query="bees dance")).data == []
        again = await batches.create_and_poll("garden", file_ids=[bees], poll_interval_ms=20)
        assert (again.status, again.file_counts.completed) == ("completed", 1)

    try:
        asked(app, use)
    finally:
        free.set()


def test_an_ingest_that_is_cancelled(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends at its next step; one that is over, or of nothing, stays as it is."""
    collection, begun = service.collections.named("garden"), threading.Event()

    def endless(*_: Any, progress: Callable[[Progress], None], **__: Any) -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            progress(Progress(files=0, total_files=1, documents=0, passages=0, encoded=0, seconds=0.0))
            begun.set()

    monkeypatch.setattr("passagework.ingest.ingest", endless)
    running = service.writers.ingest("garden", collection, [Path("x.md")])
    assert begun.wait(30)
    service.writers.cancel(running)
    empty = service.writers.ingest("garden", collection, [])
    until = time.monotonic() + 30
    while not empty.is_over and time.monotonic() < until:
        time.sleep(0.01)
    service.writers.cancel(empty)
    assert (running.state, running.problem) == (JobState.STOPPED, "cancelled; what was committed stays")
    assert (empty.state, empty.cancelled) == (JobState.DONE, False)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "give file_ids, or files"),
        ({"file_ids": ["x"], "files": [{"file_id": "x"}]}, "give file_ids, or files"),
        ({"file_ids": []}, "file_ids: "),
        ({"file_ids": ["x"] * 2001}, "file_ids: "),
        ({"file_ids": [NOBODY]}, "there is no such file"),
        ({"file_ids": ["../../etc/passwd"]}, "there is no such file"),
        ({"file_ids": ["x"], "attributes": {"team": "green"}}, "attributes: "),
        ({"files": [{"file_id": "x", "attributes": {"team": "green"}}]}, "attributes: "),
        ({"file_ids": ["x"], "chunking_strategy": {"type": "static"}}, "chunking_strategy.type: "),
    ],
)
def test_batches_that_are_refused(app: FastAPI, body: dict[str, Any], said: str) -> None:
    """A file that isn't there, and what would be dropped in silence; nothing is begun."""
    with pytest.raises(openai.APIStatusError, match=said):
        asked(app, lambda client: client.vector_stores.file_batches.create("garden", **body))


def test_batches_of_others(service: Service, tmp_path: Path) -> None:
    """A batch is known in its collection alone, to who may write there; a job of single files is none."""
    tokens = TokenFile(tmp_path / "t.json")
    both = {name: service.collections.named(name) for name in ("garden", "zoo")}
    app = application(Service(ServedCollections(both), writers=service.writers, tokens=tokens))
    writer = tokens.add("writer", rights=["search", "read", "ingest"])
    reader = tokens.add("reader")

    async def make(client: openai.AsyncOpenAI) -> tuple[str, str]:
        (bees,) = await uploaded(client, BEES)
        batch = await client.vector_stores.file_batches.create_and_poll("zoo", file_ids=[bees], poll_interval_ms=20)
        await client.vector_stores.files.create_and_poll(bees, vector_store_id="zoo", poll_interval_ms=20)
        return batch.id, bees

    batch, bees = asked(app, make, writer)
    single = service.writers.latest("zoo", both["zoo"].path / "uploads" / bees / "bees.md")
    assert single is not None
    strangers = [("garden", batch), ("zoo", single.id.replace("job-", "vsfb_")), ("zoo", "vsfb_x"), ("zoo", "x")]

    async def ask(client: openai.AsyncOpenAI) -> None:
        batches = client.vector_stores.file_batches
        for store, one in strangers:
            for call in (batches.retrieve, batches.cancel):
                with pytest.raises(openai.NotFoundError):
                    await call(one, vector_store_id=store)

    asked(app, ask, writer)
    with pytest.raises(openai.PermissionDeniedError):
        asked(app, lambda client: client.vector_stores.file_batches.retrieve(batch, vector_store_id="zoo"), reader)
