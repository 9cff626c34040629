"""The server of the pages as a process: how it ends while an ingest is under way."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from passagework import Collection
from passagework.ingest import ingest
from tests.support.browser_sessions import ROOT, free_port

SERVER = """
import sys, threading, time
from pathlib import Path
from passagework import Collection
from passagework.ui.web.ingest_job import IngestJobs
from passagework.ui.web.server import serve

collection, folder, port = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
job = IngestJobs().start(Collection.open(collection), [folder])

def tell():
    while job.progress is None or job.progress.passages < 32:
        time.sleep(0.01)
    print("under way", flush=True)

threading.Thread(target=tell, daemon=True).start()
serve([collection], host="127.0.0.1", port=port)
"""


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without asking it")
def test_the_end_of_the_server_ends_an_ingest(tmp_path: Path, by: signal.Signals) -> None:
    """One line says so, and nothing else; the exit code is 0, and what was committed opens and goes on."""
    many = tmp_path / "many"
    many.mkdir()
    for number in range(300):
        (many / f"{number:04}.txt").write_text(f"Bee number {number} dances for {number} minutes. " * 20)
    (tmp_path / "one.txt").write_text("The first of all bees.")
    ingest([tmp_path / "one.txt"], tmp_path / "c")
    command = [sys.executable, "-c", SERVER, str(tmp_path / "c"), str(many), str(free_port())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, text=True) as server:
        assert server.stdout is not None
        for line in server.stdout:
            if line == "under way\n":
                break
        server.send_signal(by)
        _, complaints = server.communicate(timeout=120)
    told = [line for line in complaints.splitlines() if "Uvicorn server st" not in line]
    assert told == [
        "passagework: the ingest was stopped; what was committed is safe, and the same ingest goes on from there"
    ]
    assert server.returncode == 0
    with Collection.open(tmp_path / "c") as collection:
        assert 1 < collection.status().documents < 300
        assert collection.search("first of all bees", stage="lexical")[0].path == "one.txt"
