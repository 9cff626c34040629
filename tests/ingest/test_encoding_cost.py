"""What a server is to encode is counted and told before any of it is sent, and nothing is paid for twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from passagework import Collection, Settings, ingest
from passagework.ingest import Progress
from passagework.ingest.encoding_cost import EncodingCost
from tests.support.model_server import ROOT, RunningServer, running_server

pytestmark = pytest.mark.slow

SETTINGS = Settings(device="cpu", precision="fp32", offline=True)
FIRST_TEXTS, FIRST_TOKENS = 65, 2303
"""Encoded once for a new collection: the probe that its encoder is known by, 32 questions and their answers."""

WORDS = ("stone", "river", "paper", "bank", "travel", "budget", "office", "garden", "window", "letter")


@pytest.fixture(scope="module")
def process() -> Iterator[RunningServer]:
    """One server for all tests of this module."""
    with running_server() as server:
        yield server


@pytest.fixture
def server(process: RunningServer) -> RunningServer:
    """The same, with nothing going wrong."""
    process.go_wrong()
    return process


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """Three files of a line each, two of which say the same."""
    folder = tmp_path / "documents"
    (folder / "more").mkdir(parents=True)
    one = "# One\n\nriver stone"
    for name, text in {"one": one, "b": "a stone of the bank", "more/one": one}.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return folder


def test_a_dry_run_tells_texts_tokens_and_price_and_asks_nobody(
    server: RunningServer, documents: Path, tmp_path: Path
) -> None:
    """Each text once; what has its vector by now costs nothing. No collection is made, and no request."""
    before = server.seen()["requests"]
    named, collection = server.encoder("?price=20"), tmp_path / "collection"
    report = ingest(documents, collection, encoder=named, dry_run=True, settings=SETTINGS)
    assert report.cost is not None
    # "One\n# One\n\nriver stone" and "b\na stone of the bank": 7 pieces each, and two special tokens; and what a new
    # collection has encoded besides: 65 texts of the library's own
    assert report.cost.to_json() == {
        "server": f"127.0.0.1:{server.port}",
        "texts": 2 + FIRST_TEXTS,
        "tokens": 18 + FIRST_TOKENS,
        "estimated": True,
        "price": 0.04642,
    }
    assert report.to_json()["cost"] == report.cost.to_json()
    assert (server.seen()["requests"], collection.exists()) == (before, False)
    ingest(documents, collection, encoder=named, settings=SETTINGS)
    before = server.seen()["requests"]
    (documents / "d.md").write_text("travel budget", encoding="utf-8")
    again = ingest(documents, collection, dry_run=True, settings=SETTINGS)
    assert again.cost is not None
    assert (again.cost.texts, server.seen()["requests"]) == (1, before)
    assert ingest(documents, tmp_path / "local", dry_run=True, settings=SETTINGS).to_json().get("cost") is None


def test_an_ingest_tells_its_cost_before_anything_is_sent(
    server: RunningServer, documents: Path, tmp_path: Path
) -> None:
    """The progress that has it comes while the server has seen nothing, and the report has it at the end."""
    before = server.seen()["requests"]
    told: list[tuple[EncodingCost, int]] = []

    def watch(progress: Progress) -> None:
        if progress.cost is not None and not told:
            told.append((progress.cost, server.seen()["requests"]))

    report = ingest(documents, tmp_path / "c", encoder=server.encoder(), settings=SETTINGS, progress=watch)
    assert report.cost is not None
    assert told == [(report.cost, before)]
    assert report.cost.price is None
    assert (report.encoded, report.cost.texts) == (2, 2 + FIRST_TEXTS)
    assert report.cost.describe() == f"67 texts of about 2,321 tokens go to 127.0.0.1:{server.port}"


def test_the_command_says_so_on_stderr(server: RunningServer, documents: Path, tmp_path: Path) -> None:
    """One line, in both kinds of run; stdout has the JSON alone."""
    command = [
        sys.executable,
        "-m",
        "passagework.ui.cli",
        "ingest",
        str(documents),
        "--collection",
        str(tmp_path / "c"),
    ]
    run = subprocess.run(
        [*command, "--encoder", server.encoder("?price=20"), "--json"],
        capture_output=True, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True,
    )  # fmt: skip
    line = f"passagework: 67 texts of about 2,321 tokens go to 127.0.0.1:{server.port}, for 0.0464"
    assert run.stderr.splitlines() == [line]
    assert run.stdout.count("\n") == 1


@pytest.mark.faults
def test_a_killed_run_pays_for_nothing_that_was_committed(server: RunningServer, tmp_path: Path) -> None:
    """Killed between two commits, the next run sends the server only texts that have no vector yet, and finds all."""
    folder = tmp_path / "documents"
    folder.mkdir()
    for number in range(350):  # of two passages each: several groups of 32,768 tokens
        words = " ".join(f"{WORDS[(number * 7 + place * place) % 10]} {number}" for place in range(60))
        (folder / f"{number:03}.txt").write_text(words, encoding="utf-8")
    collection = tmp_path / "collection"
    server.go_wrong(slow=0.05)
    before = len(server.seen()["texts"])
    command = [sys.executable, "-m", "passagework.ui.cli", "ingest", str(folder), "--collection", str(collection)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([*command, "--encoder", server.encoder()], cwd=ROOT, env=environment) as running:
        deadline = time.monotonic() + 120
        while not (committed := _passages(collection)) and time.monotonic() < deadline:
            time.sleep(0.1)
        running.send_signal(signal.SIGKILL)
    committed = _passages(collection)
    sent = server.seen()["texts"][before:]
    assert committed > 0
    server.go_wrong()
    report = ingest(folder, collection, settings=SETTINGS)
    resent = server.seen()["texts"][before + len(sent) :]
    assert report.cost is not None
    assert report.cost.texts == report.encoded == len(set(resent) - {sent[0]}) > 0  # the first of all is the probe
    with Collection.open(collection, settings=SETTINGS) as opened:
        assert opened.status().passages == committed + report.encoded


def _passages(collection: Path) -> int:
    """How many passages are committed; 0 where there is no collection yet."""
    if not (collection / "CURRENT").exists():
        return 0
    with Collection.open(collection, settings=SETTINGS) as opened:
        return opened.status().passages
