"""`passagework watch` as a process, and what other commands, the page and the service say of it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("watchfiles", reason='pip install "passagework[watch]"')

from passagework.ingest import WatchState, WatchStatus, ingest
from passagework.ingest.watching.watch_status import watch_file
from passagework.retrieval import extras
from passagework.ui.cli import app
from passagework.ui.commands.output import run
from passagework.ui.present.watch_lines import watch_line
from tests.support.fakes import FakeEncoder

STATUS = WatchStatus(WatchState.WATCHING, 77, ("/docs",), "2026-11-30T10:00:00+00:00")


@pytest.mark.slow
@pytest.mark.parametrize(("stop", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_process_ingests_what_changes_and_stops(tmp_path: Path, stop: signal.Signals, code: int) -> None:
    """One JSON object a line for each ingest; the exit code is that of an ingest which ends, or is interrupted."""
    docs, collection = tmp_path / "docs", tmp_path / "c"
    docs.mkdir()
    (docs / "bees.md").write_text("# Bees\n\nThe hive holds forty thousand bees.\n")
    command = [sys.executable, "-m", "passagework.ui.cli", "watch", str(docs), "--collection", str(collection)]
    with subprocess.Popen(
        [*command, "--json", "--debounce", "0.2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            assert json.loads(process.stdout.readline())["added"] == 1
            (docs / "wasps.md").write_text("# Wasps\n\nWasps build paper nests.\n")
            second = json.loads(process.stdout.readline())
            assert (second["added"], second["unchanged"], second["failed"]) == (1, 1, [])
            process.send_signal(stop)
            _, stderr = process.communicate(timeout=20)
            assert process.returncode == code
            assert len(stderr.splitlines()) == (code != 0), stderr
        finally:
            process.kill()


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """A note, in a collection of a fake encoder."""
    (tmp_path / "bees.txt").write_text("Bees dance to tell of flowers.")
    ingest(tmp_path / "bees.txt", tmp_path / "c", encoder=FakeEncoder())
    return tmp_path / "c"


def test_status_tells_of_the_watch(
    collection: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the JSON and in a line for people; null where there never was one."""
    assert run(app, ["status", "--collection", str(collection), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["watch"] is None
    with watch_file(collection) as file:
        file.write(STATUS)
        assert run(app, ["status", "--collection", str(collection), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["watch"] == STATUS.to_json()
    assert run(app, ["status", "--collection", str(collection)]) == 0
    assert "stopped (nothing is watching any more): /docs" in " ".join(capsys.readouterr().out.split())


def test_the_line_says_what_is_wrong() -> None:
    """What it waits for, what failed, and what the last ingest did."""
    last: dict[str, Any] = {"added": 2, "updated": 0, "moved": 0, "deleted": 1, "failures": 3}
    status = WatchStatus(
        WatchState.BUSY,
        77,
        ("/docs", "/more"),
        "2026-11-30T10:00:00+00:00",
        changes=4,
        absent=("/more",),
        events=False,
        problem="no room",
        finished="2026-11-30T10:01:00+00:00",
        last=last,
    )
    assert watch_line(status) == (
        "busy (process 77): /docs, /more; 4 changes waiting; missing or empty: /more; the system reports no "
        "changes; no room; last ingest 2026-11-30T10:01:00+00:00: 2 added, 1 deleted, 3 failed"
    )


def test_the_extra_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the library is missing."""
    monkeypatch.setattr(extras, "_is_installed", lambda module: module != "watchfiles")
    assert run(app, ["watch", str(tmp_path), "--collection", str(tmp_path / "c")]) == 2
    told = capsys.readouterr().err
    assert told == ('passagework: watchfiles, for file events, isn\'t installed: pip install "passagework[watch]"\n')
