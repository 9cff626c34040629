"""A program in processes of its own, with the memory that all of them held at once."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

PAUSE = 0.05
"""Seconds between two looks at the memory."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program ended. `peak_bytes` is the resident memory of it and its children together; shared pages count in
    each. `said` is its last line."""

    code: int
    seconds: float
    peak_bytes: int
    said: str


def run_measured(
    command: Sequence[str], *, environment: Mapping[str, str], folder: Path, log: Path, limit: float
) -> Ran:
    """Runs a command to its end in `folder`, its output in `log`; it is killed, with its children, at `limit` seconds
    or when this program is interrupted."""
    start = time.monotonic()
    peak = 0
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(command, env=dict(environment), cwd=folder, stdout=output, stderr=subprocess.STDOUT)
        try:
            watched = psutil.Process(process.pid)
            while process.poll() is None and time.monotonic() - start < limit:
                peak = max(peak, _resident(watched))
                time.sleep(PAUSE)
        finally:
            if process.poll() is None:
                _end(process)
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    seconds = time.monotonic() - start
    said = lines[-1] if lines else ""
    return Ran(process.returncode, seconds, peak, f"no end in {limit:.0f} s" if seconds >= limit else said)


def _resident(watched: psutil.Process) -> int:
    total = 0
    with suppress(psutil.Error):
        for one in [watched, *watched.children(recursive=True)]:
            with suppress(psutil.Error):
                total += one.memory_info().rss
    return total


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(psutil.Error):
        for one in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.Error):
                one.kill()
    process.kill()
    process.wait()
