"""`passagework serve` as a process: it listens, answers, and ends what runs when it is asked to stop."""

from __future__ import annotations

import json
import platform
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import openai
import psutil
import pytest

from passagework.ingest import ingest
from passagework.retrieval import extras
from passagework.ui.cli import app
from passagework.ui.commands.output import run
from passagework.ui.service.listening import listening_socket
from passagework.ui.service.served_collections import ServedCollections


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A note, in a collection of the default encoder."""
    base = tmp_path_factory.mktemp("process")
    (base / "bees.md").write_text("# Bees\n\nThe hive behind the library holds forty thousand bees.\n")
    ingest([base / "bees.md"], base / "notes")
    return base / "notes"


def free_port() -> int:
    """A port that nothing listens at."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@contextmanager
def serving(*arguments: str, port: int) -> Iterator[subprocess.Popen[str]]:
    """A process that serves at a port, once it says that it does."""
    command = [sys.executable, "-m", "passagework.ui.cli", "serve", "--port", str(port), *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            assert f"http://127.0.0.1:{port}" in process.stderr.readline()
            yield process
        finally:
            process.kill()


@pytest.mark.slow
@pytest.mark.parametrize(("stop", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_process_answers_and_stops(path: Path, stop: signal.Signals, code: int) -> None:
    """It is warm when it says that it serves; a connection that is kept open holds nothing up."""
    port = free_port()
    with serving("--collection", f"bees={path}", port=port) as process:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            asked = time.perf_counter()
            answer = client.post("/collections/bees/search", json={"query": "how many bees are there", "k": 1})
            took = time.perf_counter() - asked
            assert answer.json()["hits"][0]["text"].endswith("forty thousand bees.")
            assert answer.json()["timings_ms"]["total"] < took * 1000
            answers = client.get("/collections").json()
            with openai.OpenAI(api_key="none", base_url=f"http://127.0.0.1:{port}/v1") as clients_own:
                (found,) = clients_own.vector_stores.search("bees", query="how many bees").data
                assert found.content[0].text.endswith("forty thousand bees.")
                (model,) = clients_own.models.list().data
                vector = clients_own.embeddings.create(model=model.id, input="forty thousand bees").data[0].embedding
                assert len(vector) == 384
            process.send_signal(stop)
            assert process.wait(30) == code
        assert process.stderr is not None
        log = process.stderr.read()
    assert answers == {"collections": [{"name": "bees"}]}
    assert "POST /collections/{name}/search bees 200" in log
    assert "Traceback" not in log


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--collection", "/nowhere/c"], 1, "no collection at /nowhere/c"),
        (["--collection", "a b=x"], 2, "can't name a collection in an address"),
        (["--collection", "c", "--host", "0.0.0.0"], 2, "0.0.0.0 is reached by other machines"),
        ([], 2, "--collection"),
    ],
)
def test_a_mistake_is_one_line(arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is served, and one line says why."""
    assert run(app, ["serve", "--port", str(free_port()), *arguments]) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_tokens_or_none() -> None:
    """An address of other machines needs one of the two, and takes no both; a file that isn't there is told."""
    at = ["serve", "--collection", "c", "--host", "0.0.0.0", "--port", str(free_port())]
    assert run(app, [*at, "--no-auth", "--tokens", "t.json"]) == 2
    assert run(app, [*at, "--tokens", "/nowhere/t.json"]) == 1


def test_collections_of_one_encoder_share_it(path: Path) -> None:
    """It is loaded once, whatever their number, and each answers by it."""
    served = ServedCollections.open({"a": path, "b": path})
    try:
        a, b = served.named("a"), served.named("b")
        assert a is not b
        assert a.encoder() is b.encoder()
        assert b.search("how many bees")[0].text.endswith("forty thousand bees.")
    finally:
        served.close()


def test_answers_are_sent_at_once() -> None:
    """What is accepted doesn't hold an answer's body back until its headers were received: that would cost 40 ms."""
    with listening_socket("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_a_port_that_is_taken(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is told before any model is loaded."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run(app, ["serve", "--collection", str(path), "--port", str(port)]) == 1
    assert f"can't listen at 127.0.0.1, port {port}" in capsys.readouterr().err


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """One line says what to install."""
    monkeypatch.setattr(extras, "_is_installed", lambda module: module != "fastapi")
    assert run(app, ["serve", "--collection", "c"]) == 2
    assert 'pip install "passagework[serve]"' in capsys.readouterr().err


def test_the_core_imports_none_of_it() -> None:
    """Nor does the command line, before it serves."""
    script = (
        "import json, sys, passagework.ui.cli, passagework.ingest.pipeline\n"
        "import passagework.retrieval.collection.collection\n"
        "print(json.dumps(sorted({'fastapi', 'uvicorn', 'starlette', 'pydantic', 'mcp'} & set(sys.modules))))"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert json.loads(out) == []


def test_a_start_imports_nothing_that_prints_for_people() -> None:
    """Rich takes a tenth of a second, for which the first search would wait."""
    script = "import sys, passagework.ui.service.application; print('rich' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert out == "False\n"


HEAPS = """
import ctypes, os, sys, threading
from passagework.ui.service import serving_process
if sys.argv[1] == "shared":
    serving_process._share_heaps()
libc = ctypes.CDLL("libc.so.6")
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
libc.malloc_info.argtypes, libc.fclose.argtypes = (ctypes.c_int, ctypes.c_void_p), (ctypes.c_void_p,)
together = threading.Barrier(8)
def take():
    together.wait()
    libc.malloc(100)
    together.wait()
threads = [threading.Thread(target=take) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
file = libc.fopen(sys.argv[2].encode(), b"w")
libc.malloc_info(0, file)
libc.fclose(file)
print(open(sys.argv[2]).read().count("<heap nr"))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library than glibc")
def test_threads_share_two_heaps(tmp_path: Path) -> None:
    """However many there are: each heap keeps what was freed in it."""
    counted = {}
    for how in ("shared", "apart"):
        command = [sys.executable, "-c", HEAPS, how, str(tmp_path / "info")]
        counted[how] = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert counted["shared"] <= 2 < counted["apart"]


@pytest.mark.slow
@pytest.mark.faults
def test_a_kill_during_an_upload(path: Path, tmp_path: Path) -> None:
    """Half a file is none: nothing of it is found, and after a restart the same upload comes in whole."""
    copy = Path(shutil.copytree(path, tmp_path / "c"))
    port = free_port()
    text = b"The key hangs behind the green door of the observatory. " * 40
    fields = ["host: localhost", f"content-length: {len(text)}"]
    head = "\r\n".join(["PUT /collections/c/files/key.md HTTP/1.1", *fields, "", ""])
    with (
        serving("--collection", f"c={copy}", port=port) as process,
        socket.create_connection(("127.0.0.1", port)) as sending,
    ):
        sending.sendall(head.encode() + text[:700])
        until = time.monotonic() + 30
        while not list((copy / "uploads").glob(".*.part")) and time.monotonic() < until:
            time.sleep(0.02)
        process.kill()
        process.wait()
    assert [file.suffix for file in (copy / "uploads").iterdir()] == [".part"]
    with serving("--collection", f"c={copy}", port=port), httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client:
        assert [row["path"] for row in client.get("/collections/c/documents").json()["documents"]] == ["bees.md"]
        job = client.put("/collections/c/files/key.md", content=text).headers["location"]
        until = time.monotonic() + 60
        while (now := client.get(job).json())["state"] in ("waiting", "running") and time.monotonic() < until:
            time.sleep(0.1)
        assert (now["state"], now["report"]["added"]) == ("done", 1)
    assert (copy / "uploads" / "key.md").read_bytes() == text


@pytest.mark.slow
@pytest.mark.faults
def test_clients_that_are_killed_or_stop_reading(path: Path) -> None:
    """They ask for much and read nothing: others have answers, memory stays, and the service ends when asked to."""
    port = free_port()
    body = json.dumps({"query": "bees", "k": 1}).encode()
    fields = ["host: localhost", "content-type: application/json", f"content-length: {len(body)}"]
    head = "\r\n".join(["POST /collections/c/search HTTP/1.1", *fields, "", ""])
    with serving("--collection", f"c={path}", port=port) as process:
        for _ in range(20):  # a client that is killed while it is answered resets its connection
            with socket.create_connection(("127.0.0.1", port)) as killed:
                killed.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                killed.sendall(head.encode() + body)
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
        for one in silent:
            one.setblocking(False)
            with suppress(BlockingIOError):
                one.sendall((head.encode() + body) * 300)
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            for _ in range(5):
                assert client.get("/healthz").status_code == 200
            found = client.post("/collections/c/search", json={"query": "how many bees", "k": 1})
            assert found.status_code in (200, 503)
        assert psutil.Process(process.pid).memory_info().rss < 1 << 30
        for one in silent:
            one.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
