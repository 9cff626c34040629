"""What brings documents in and takes them out over HTTP: uploads, folders, jobs, deletions, judgments."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from passagework import Collection, Settings, create
from passagework.retrieval.folder import writer_lock
from passagework.retrieval.types import Vectors
from passagework.ui.service import guarding, uploading
from passagework.ui.service.access_tokens import TokenFile
from passagework.ui.service.application import application
from passagework.ui.service.served_collections import ServedCollections
from passagework.ui.service.serving_state import Service
from passagework.ui.service.writing_jobs import Writers
from passagework.ui.sources.uploads import FORGOTTEN_SECONDS, sweep_parts
from tests.support.fakes import FakeEncoder
from tests.support.pdf_files import typed
from tests.support.service_client import ServiceClient


class HeldEncoder(FakeEncoder):
    """Encodes passages when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.may = threading.Event()
        self.may.set()

    def encode_tokens(self, token_ids: Any) -> Vectors:
        """The same, then."""
        assert self.may.wait(30)
        return super().encode_tokens(token_ids)


@pytest.fixture
def encoder() -> HeldEncoder:
    """That of the collection."""
    return HeldEncoder()


@pytest.fixture
def collection(tmp_path: Path, encoder: HeldEncoder) -> Iterator[Collection]:
    """An empty collection."""
    create(tmp_path / "c", encoder=encoder)
    with Collection.open(tmp_path / "c", encoder=encoder, settings=Settings(workers=1)) as opened:
        yield opened


@pytest.fixture
def service(collection: Collection, tmp_path: Path) -> Iterator[Service]:
    """A service of it, with a folder to bring it up to date with."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "owls.md").write_text("# Owls\n\nOwls hoot.\n\n## Food\n\nMice.\n\n# Herons\n\nThey stand.")
    made = Service(ServedCollections({"notes": collection}), sources={"notes": [tmp_path / "docs"]})
    yield made
    made.close()


@pytest.fixture
def client(service: Service) -> ServiceClient:
    """Whoever asks it."""
    return ServiceClient(application(service))


def over(client: ServiceClient, answer: Any) -> dict[str, Any]:
    """A job that was started, when it is over."""
    assert answer.status_code == 202, answer.text
    where = answer.headers["location"]
    assert where == f"/collections/notes/jobs/{answer.json()['id']}"
    until = time.monotonic() + 60
    while True:
        job: dict[str, Any] = client.get(where).json()
        if job["state"] not in ("waiting", "running"):
            return job
        assert time.monotonic() < until
        time.sleep(0.05)


def test_an_upload_is_brought_in(client: ServiceClient, collection: Collection) -> None:
    """A file that is put is found; the job tells what became of it, as the ingest JSON has it."""
    job = over(client, client.ask("PUT", "/collections/notes/files/bees.md", content=b"Bees dance."))
    assert (job["state"], job["files"], job["problem"]) == ("done", ["bees.md"], None)
    assert (job["report"]["added"], job["report"]["failed"], job["progress"]["passages"]) == (1, [], 1)
    found = client.post("/collections/notes/search", {"query": "bees dance", "stage": "hybrid"}).json()
    assert [hit["path"] for hit in found["hits"]] == ["bees.md"]
    assert (collection.path / "uploads" / "bees.md").read_bytes() == b"Bees dance."
    again = over(client, client.ask("PUT", "/collections/notes/files/bees.md", content=b"Bees dance."))
    assert (again["report"]["added"], again["report"]["unchanged"]) == (0, 1)
    other = over(client, client.ask("PUT", "/collections/notes/files/bees.md", content=b"Bees sleep."))
    assert other["files"] == ["bees (2).md"]


def test_files_of_a_form(client: ServiceClient) -> None:
    """Several at once, in one job; a damaged one costs itself alone."""
    files = [("file", ("a.md", b"Ants.")), ("file", ("b.json", b"{"))]
    job = over(client, client.ask("POST", "/collections/notes/files", files=files))
    assert (job["files"], job["report"]["added"]) == (["a.md", "b.json"], 1)
    assert [failed["path"] for failed in job["report"]["failed"]] == ["b.json"]


def test_progress_is_told_as_it_goes(client: ServiceClient) -> None:
    """By server-sent events, of which the last is the job's end."""
    started = client.post("/collections/notes/ingest", {})
    answer = client.get(f"{started.headers['location']}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [part.split("\n") for part in answer.text.removesuffix("\n\n").split("\n\n")]
    assert {event[0] for event in events[:-1]} <= {"event: progress"}
    assert events[-1][0] == "event: done"
    assert json.loads(events[-1][1].removeprefix("data: "))["report"]["added"] == 1


def test_a_folder_is_brought_up_to_date(client: ServiceClient, tmp_path: Path) -> None:
    """Its files, and with delete_missing none that are gone."""
    assert over(client, client.post("/collections/notes/ingest", {}))["report"]["added"] == 1
    (tmp_path / "docs" / "owls.md").rename(tmp_path / "docs" / "old.txt")
    (tmp_path / "docs" / "old.txt").write_text("Something else.")
    report = over(client, client.post("/collections/notes/ingest", {"delete_missing": True}))["report"]
    assert (report["added"], report["deleted"]) == (1, 1)


def test_searches_go_on_beside_a_writer(client: ServiceClient, encoder: HeldEncoder) -> None:
    """One job after the other writes; what waits is told so, and a search has its answer meanwhile."""
    over(client, client.ask("PUT", "/collections/notes/files/bees.md", content=b"Bees dance."))
    encoder.may.clear()
    first = client.ask("PUT", "/collections/notes/files/ants.md", content=b"Ants walk.")
    second = client.ask("PUT", "/collections/notes/files/owls.md", content=b"Owls hoot.")
    found = client.post("/collections/notes/search", {"query": "bees dance", "stage": "hybrid"}).json()
    assert len(found["hits"]) == 1
    assert client.get(second.headers["location"]).json()["state"] == "waiting"
    encoder.may.set()
    assert [over(client, job)["state"] for job in (first, second)] == ["done", "done"]
    assert len(client.get("/collections/notes/documents").json()["documents"]) == 3


def test_a_service_that_ends_stops_its_jobs(service: Service, encoder: HeldEncoder, collection: Collection) -> None:
    """Between two steps: what was committed is there, and the job says that it goes on from there."""
    client = ServiceClient(application(service))
    encoder.may.clear()
    running = client.ask("PUT", "/collections/notes/files/ants.md", content=b"Ants walk.").json()["id"]
    waiting = client.ask("PUT", "/collections/notes/files/bees.md", content=b"Bees dance.").json()["id"]
    until = time.monotonic() + 30
    while service.writers.job("notes", running).progress is None and time.monotonic() < until:
        time.sleep(0.01)
    service.writers.stop()
    encoder.may.set()
    service.writers.close()
    ended = [service.writers.job("notes", job).state.value for job in (running, waiting)]
    assert ended in (["stopped", "stopped"], ["done", "stopped"])
    with Collection.open(collection.path, encoder=encoder) as opened:
        assert all(document.passages for document in opened.documents())
        with writer_lock(collection.path):
            pass  # nobody holds it any more


def test_documents_are_taken_out(client: ServiceClient, collection: Collection) -> None:
    """One by its name, with its upload; several by names or a filter; and first as a dry run."""
    for name in ("ants.md", "bees.md", "owls.md"):
        over(client, client.ask("PUT", f"/collections/notes/files/{name}", content=f"All of {name}.".encode()))
    gone = client.ask("DELETE", "/collections/notes/documents/ants.md")
    assert (gone.status_code, gone.json()["deleted"]) == (200, 1)
    assert gone.json()["documents"][0].endswith("/uploads/ants.md")
    assert not (collection.path / "uploads" / "ants.md").exists()
    assert client.ask("DELETE", "/collections/notes/documents/ants.md").status_code == 404
    asked: dict[str, Any] = {"documents": ["b*"], "dry_run": True}
    (would_go,) = client.post("/collections/notes/delete", asked).json()["documents"]
    assert would_go.endswith("/uploads/bees.md")
    assert len(collection.documents()) == 2
    client.post("/collections/notes/delete", {"where": {"path": "owls.md"}})
    assert [row.path for row in collection.documents()] == ["bees.md"]
    assert client.post("/collections/notes/delete", {}).status_code == 422


def test_another_process_writes(client: ServiceClient, collection: Collection, tmp_path: Path) -> None:
    """A deletion is told that it can't be now; nothing of this machine is told."""
    over(client, client.post("/collections/notes/ingest", {}))
    with writer_lock(collection.path):
        answer = client.ask("DELETE", "/collections/notes/documents/owls.md")
        assert (answer.status_code, str(tmp_path) in answer.text) == (409, False)
        job = over(client, client.ask("PUT", "/collections/notes/files/a.md", content=b"Ants."))
        assert job["state"] == "failed"
        assert str(tmp_path) not in json.dumps(job)
    assert len(collection.documents()) == 1


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "said"),
    [
        ("PUT", "/collections/notes/files/a.exe", {"content": b"x"}, 422, "a.exe: supported types are"),
        ("PUT", "/collections/notes/files/..%2F..%2Fa.md", {"content": b"x"}, 404, "Not Found"),
        ("PUT", "/collections/none/files/a.md", {"content": b"x"}, 404, "there is no such collection"),
        ("POST", "/collections/notes/files", {"json": {}}, 415, "send a form"),
        ("POST", "/collections/notes/files", {"files": [("x", ("a.md", b"x"))]}, 422, "there is no parameter 'x'"),
        ("POST", "/collections/notes/ingest", {"json": {"paths": ["/etc"]}}, 422, "there is no parameter 'paths'"),
        ("GET", "/collections/notes/jobs/job-1", {}, 404, "there is no such job"),
        ("POST", "/collections/notes/judgments", {"json": {"judgments": []}}, 422, "judgments: "),
    ],
)
def test_mistakes(client: ServiceClient, method: str, path: str, options: Any, status: int, said: str) -> None:
    """One line, as problem details, and nothing is written."""
    answer = client.ask(method, path, **options)
    assert (answer.status_code, answer.json()["detail"].startswith(said)) == (status, True), answer.text


def test_limits_of_uploads(
    client: ServiceClient, collection: Collection, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a large file, told or untold, nor many at once, nor many that wait; nothing is left of those refused."""
    monkeypatch.setattr(uploading, "UPLOAD_BYTES", 10)
    monkeypatch.setattr(uploading, "PIECE", 4)
    monkeypatch.setattr(guarding, "UPLOAD_BYTES", 10)
    monkeypatch.setattr(guarding, "PIECE", 4)

    async def pieces() -> Any:
        for _ in range(4):
            yield b"1234"

    path = "/collections/notes/files/a.md"
    assert client.ask("PUT", path, content=b"x" * 15).status_code == 413
    assert client.ask("PUT", path, content=b"x" * 12).status_code == 413
    assert client.ask("PUT", path, content=pieces()).status_code == 413
    monkeypatch.setattr(uploading, "AT_ONCE", 0)
    assert client.ask("PUT", path, content=b"x").status_code == 503
    monkeypatch.setattr(uploading, "AT_ONCE", 8)
    assert list((collection.path / "uploads").iterdir()) == []
    full = ServiceClient(application(service))
    service.writers._of("notes")._most = 0
    answer = full.ask("PUT", path, content=b"x")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_an_upload_that_stays_where_it_belongs(client: ServiceClient, collection: Collection, tmp_path: Path) -> None:
    """A folder for uploads that leads elsewhere takes none; a name is its last part alone."""
    files = [("file", ("../../evil.md", b"x"))]
    job = over(client, client.ask("POST", "/collections/notes/files", files=files))
    assert job["files"] == ["evil.md"]
    (collection.path / "uploads" / "evil.md").unlink()
    (collection.path / "uploads").rmdir()
    (tmp_path / "elsewhere").mkdir()
    (collection.path / "uploads").symlink_to(tmp_path / "elsewhere")
    answer = client.ask("PUT", "/collections/notes/files/a.md", content=b"x")
    assert answer.status_code == 422
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_what_a_killed_service_left(client: ServiceClient, collection: Collection) -> None:
    """Of an upload that never came whole nothing is left; one that nobody ingested comes in with the next."""
    over(client, client.ask("PUT", "/collections/notes/files/a.md", content=b"Ants."))
    uploads = collection.path / "uploads"
    (uploads / ".0.part").write_bytes(b"half")
    (uploads / ".1.part").write_bytes(b"half")
    import os

    os.utime(uploads / ".0.part", (0, time.time() - FORGOTTEN_SECONDS - 1))
    (uploads / "left.md").write_text("Left behind.")
    sweep_parts(collection.path)
    assert sorted(path.name for path in uploads.iterdir()) == [".1.part", "a.md", "left.md"]
    job = over(client, client.ask("PUT", "/collections/notes/files/b.md", content=b"Bees."))
    assert (job["files"], job["report"]["added"]) == (["b.md", "left.md"], 2)


def test_a_section_and_a_page(client: ServiceClient, collection: Collection) -> None:
    """All that stands under a heading; and a page's picture, with marks where a passage is."""
    over(client, client.post("/collections/notes/ingest", {}))
    section = client.get("/collections/notes/documents/owls.md/text?section=0").json()
    assert section["text"] == "# Owls\n\nOwls hoot.\n\n## Food\n\nMice.\n\n"
    assert client.get("/collections/notes/documents/owls.md/text?section=1").json()["text"] == "## Food\n\nMice.\n\n"
    assert client.get("/collections/notes/documents/owls.md/text?section=3").status_code == 404
    assert client.get("/collections/notes/documents/owls.md/text?section=1&start=2").status_code == 422
    assert client.get("/collections/notes/documents/owls.md/pages/1/picture").status_code == 404
    over(
        client, client.ask("PUT", "/collections/notes/files/sheet.pdf", content=typed([["Sheet one tells of apples."]]))
    )
    end = len(collection.document("sheet.pdf").text)
    plain, marked = (
        client.get(f"/collections/notes/documents/sheet.pdf/pages/1/picture?end={last}") for last in (0, end)
    )
    assert (plain.status_code, marked.status_code) == (200, 200)
    assert plain.content.startswith(b"\x89PNG")
    assert marked.content.startswith(b"\x89PNG")
    assert plain.content != marked.content
    assert client.get("/collections/notes/documents/sheet.pdf/pages/2/picture").status_code == 404


def test_judgments(client: ServiceClient, collection: Collection) -> None:
    """They are what the pages and `evaluate` read; one of no document is refused, with all of its request."""
    over(client, client.post("/collections/notes/ingest", {}))
    path = "/collections/notes/judgments"
    assert client.get(path).json() == {"judgments": []}
    judgment = {"query": "what do owls do", "document": "owls.md", "grade": 2}
    assert client.post(path, {"judgments": [judgment]}).json() == {"added": 1}
    assert client.get(path).json() == {"judgments": [judgment]}
    unknown = {**judgment, "document": "none.md"}
    assert client.post(path, {"judgments": [judgment, unknown]}).status_code == 422
    assert client.post(path, {"judgments": [{**judgment, "page": 0}]}).status_code == 422
    assert len(client.get(path).json()["judgments"]) == 1
    assert collection.path / "judgments.jsonl" in collection.path.iterdir()


async def left(app: Any, method: str, path: str, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What an application sends to a caller who is gone after these messages."""
    sent: list[dict[str, Any]] = []
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
    }

    async def receive() -> dict[str, Any]:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await asyncio.wait_for(app(scope, receive, send), 20)
    return sent


def test_a_client_that_is_killed(client: ServiceClient, collection: Collection, encoder: HeldEncoder) -> None:
    """In the midst of an upload, or of a job's events: nothing is left of it, the job goes on, the next is answered."""
    half = {"type": "http.request", "body": b"Bees", "more_body": True}
    answer = asyncio.run(left(client.app, "PUT", "/collections/notes/files/bees.md", [half]))
    assert [message.get("status") for message in answer][:1] == [400]
    assert list((collection.path / "uploads").iterdir()) == []
    encoder.may.clear()
    started = client.ask("PUT", "/collections/notes/files/bees.md", content=b"Bees dance.")
    asyncio.run(left(client.app, "GET", f"{started.headers['location']}/events", []))
    encoder.may.set()
    assert over(client, started)["state"] == "done"


def test_who_may(collection: Collection, service: Service, tmp_path: Path) -> None:
    """The right to ingest is asked for; a token with a filter neither brings in nor takes out, nor sees judgments."""
    tokens = TokenFile(tmp_path / "t.json")
    app = application(Service(service.collections, tokens=tokens, writers=Writers()))

    def status(token: str, method: str, path: str, **options: Any) -> int:
        caller = ServiceClient(app, {"authorization": f"Bearer {token}"})
        return caller.ask(method, f"/collections/notes{path}", **options).status_code

    reader = tokens.add("reader")
    part = tokens.add("part", rights=("search", "read", "ingest"), visible={"path": "x"})
    writer = tokens.add("writer", rights=("ingest",))
    for token, expected in ((reader, 403), (part, 403), (writer, 202)):
        assert status(token, "PUT", "/files/a.md", content=b"x") == expected
    assert status(part, "GET", "/judgments") == 403
    assert status(reader, "GET", "/judgments") == 200
    assert status(writer, "POST", "/delete", json={"documents": ["none"]}) == 422
    assert status(part, "DELETE", "/documents/a.md") == 403
    app.state.service.writers.close()
