"""`passagework serve --workers`: several processes at one address, one of which writes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from passagework.ui.cli import app
from passagework.ui.commands.output import run
from passagework.ui.service.access_tokens import TokenFile
from tests.ui.test_service_process import free_port, path, serving

pytestmark = [
    pytest.mark.slow,
    pytest.mark.faults,
    pytest.mark.skipif(os.name == "nt", reason="Windows has no Unix sockets in asyncio"),
]
__all__ = ["path"]


def workers_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The processes that answer, the writer first."""
    children = psutil.Process(process.pid).children()
    return sorted(
        (one for one in children if "spawn_main" in " ".join(one.cmdline())), key=lambda one: one.create_time()
    )


def asked(port: int, method: str, where: str, **options: Any) -> httpx2.Response:
    """An answer over a connection of its own, which any worker may accept."""
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        answer: httpx2.Response = client.request(method, where, **options)
        return answer


def test_any_worker_answers_for_all(path: Path, tmp_path: Path) -> None:
    """Jobs and counts are the same whichever is asked; a writer that is killed is replaced, and nothing is lost."""
    copy, port = Path(shutil.copytree(path, tmp_path / "c")), free_port()
    with serving("--collection", f"c={copy}", "--workers", "2", port=port) as process:
        writer, other = workers_of(process)
        started = asked(port, "PUT", "/collections/c/files/owls.md", content=b"Owls hoot in the old tower.")
        job = started.headers["location"]
        os.kill(writer.pid, signal.SIGSTOP)  # the other is asked alone, which hands what writes to the writer
        try:
            found = asked(port, "POST", "/collections/c/search", json={"query": "how many bees", "k": 1}).json()
            assert found["hits"][0]["text"].endswith("forty thousand bees.")
        finally:
            os.kill(writer.pid, signal.SIGCONT)
        for _ in range(8):
            assert asked(port, "GET", f"{job}/events").text.rstrip().rpartition("event: ")[2].startswith("done")
            listed = asked(port, "GET", "/collections/c/documents").json()["documents"]
            assert sorted(one["path"] for one in listed) == ["bees.md", "owls.md"]
        line = 'passagework_requests_total{method="GET",route="/collections/{name}/documents",status="200"} 8.0'
        assert line in asked(port, "GET", "/metrics").text.splitlines()

        writer.kill()
        (copy / "uploads" / "moths.md").write_text("Moths fly to the lamp.")  # as if it had come in and not further
        until = time.monotonic() + 60
        while not (again := asked(port, "PUT", "/collections/c/files/ants.md", content=b"Ants carry.")).is_success:
            assert (again.status_code, time.monotonic() < until) == (503, True)
            time.sleep(0.1)
        assert asked(port, "GET", job).status_code == 404  # what became of it is forgotten, what it did is not
        events = asked(port, "GET", f"{again.headers['location']}/events").text
        assert '"added": 2' in events
        assert other.is_running()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert not other.is_running()


def test_they_end_with_the_process_that_started_them(path: Path, tmp_path: Path) -> None:
    """However that one ended: none is left that holds the address. Until then a token has one rate with all of them."""
    port = free_port()
    token = TokenFile(tmp_path / "t.json").add("a", rate=2)
    arguments = ["--collection", f"c={path}", "--workers", "2", "--tokens", str(tmp_path / "t.json")]
    with serving(*arguments, port=port) as process:
        workers = workers_of(process)
        headers = {"authorization": f"Bearer {token}"}
        for worker in workers:  # one after the other answers alone
            worker.suspend()
            assert asked(port, "GET", "/collections", headers=headers).status_code == 200
            worker.resume()
        assert asked(port, "GET", "/collections", headers=headers).status_code == 429
        process.kill()
        process.wait()
        gone, _ = psutil.wait_procs(workers, timeout=30)
        assert len(gone) == 2


def test_what_cant_be_served_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    """By the process that was started, in one line."""
    at = ["serve", "--collection", "/nowhere/c", "--port", str(free_port()), "--workers", "3"]
    assert run(app, at) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "no collection at /nowhere/c" in line
