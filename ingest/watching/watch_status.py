"""What a watch says of itself, in a small file beside the collection, and whether it still runs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timezone
from enum import Enum
from pathlib import Path

from filelock import FileLock, Timeout

from passagework.ingest.report import Report
from passagework.retrieval.errors import BusyError, StoreError
from passagework.retrieval.files import write_atomically, write_problem
from passagework.retrieval.folder import WATCH, WATCH_LOCK
from passagework.retrieval.types import Json

MOST_LISTED = 20
"""Failures of the last run that the file names; the others are counted."""

_PROBE_SECONDS = 1.0
"""How long a watch that starts waits for one who only looks whether there is another."""


class WatchState(str, Enum):
    """Names what a watch is at."""

    WATCHING = "watching"  # nothing to do
    INGESTING = "ingesting"
    BUSY = "busy"  # another process writes to the collection, and it waits
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class WatchStatus:
    """Tells what a watch does: process `pid`, since `started`, with the PATHs in `paths` (absolute).

    `changes` counts files that changed since the last ingest began, and wait for the next. `absent` are PATHs that are
    not there, or empty where that is no leave to delete. `events` is false where the system tells of no changes, so
    that only sweeps find them. `problem` is why the last ingest failed, in a line; None where it didn't. `finished` is
    when the last one that didn't fail ended, and `last` its counts as the ingest JSON has them, with `failures`, how
    many documents failed, and of `failed` the first 20. Times are ISO 8601, in UTC.
    """

    state: WatchState
    pid: int
    paths: tuple[str, ...]
    started: str
    changes: int = 0
    absent: tuple[str, ...] = ()
    events: bool = True
    problem: str | None = None
    finished: str | None = None
    last: dict[str, Json] | None = None

    def to_json(self) -> dict[str, Json]:
        """Returns what the status JSON has of it."""
        return {**asdict(self), "state": self.state.value, "paths": list(self.paths), "absent": list(self.absent)}

    def after(self, report: Report) -> WatchStatus:
        """Returns the status when an ingest ended."""
        counts = {name: getattr(report, name) for name in ("added", "updated", "moved", "deleted", "unchanged", "gone")}
        failed: list[Json] = [problem.to_json() for problem in report.failed[:MOST_LISTED]]
        last: dict[str, Json] = {
            **counts,
            "failures": len(report.failed),
            "failed": failed,
            "passages": report.passages,
            "seconds": round(report.seconds, 3),
        }
        return replace(self, state=WatchState.WATCHING, problem=None, finished=now(), last=last)


def watch_status(collection: str | Path) -> WatchStatus | None:
    """Returns what the collection's watch said last; None where there never was one, or its file can't be read.

    Whatever it said, its state is `stopped` where it runs no more.
    """
    folder = Path(collection)
    try:
        said = json.loads((folder / WATCH).read_text(encoding="utf-8"))
        known = {name: said[name] for name in (field.name for field in fields(WatchStatus))}
        status = WatchStatus(**known)
        status = replace(status, state=WatchState(status.state), paths=tuple(status.paths), absent=tuple(status.absent))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return status if _is_alive(folder, status.pid) else replace(status, state=WatchState.STOPPED)


class WatchFile:
    """Is the place of a collection where its one watch says what it does; made by `watch_file`."""

    def __init__(self, collection: Path) -> None:
        self._path = collection / WATCH

    def write(self, status: WatchStatus) -> None:
        """Says it, unless the file can't be written: it only tells others."""
        with suppress(OSError):
            write_atomically(self._path, json.dumps(status.to_json(), ensure_ascii=False).encode())


@contextmanager
def watch_file(collection: Path) -> Iterator[WatchFile]:
    """Holds the right to watch a collection, which the system takes back from a process that dies.

    Raises BusyError where another process has it, naming that, and StoreError where the folder can't be written.
    """
    lock = FileLock(collection / WATCH_LOCK, thread_local=False)
    try:
        lock.acquire(timeout=_PROBE_SECONDS)
    except Timeout as error:
        other = watch_status(collection)
        process = "another process" if other is None else f"process {other.pid}"
        raise BusyError(f"{collection} is watched by {process} already: give it all PATHs, or stop it") from error
    except OSError as error:
        raise StoreError(f"{collection} can't be written: {write_problem(error)}") from error
    try:
        yield WatchFile(collection)
    finally:
        lock.release()


def now() -> str:
    """Returns the time in ISO 8601, in whole seconds of UTC."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def _is_alive(collection: Path, pid: int) -> bool:
    """Tells whether a watch holds its lock; where the folder can't be written, whether there is such a process."""
    try:
        with FileLock(collection / WATCH_LOCK, timeout=0, thread_local=False):
            return False
    except Timeout:
        return True
    except OSError:
        with suppress(OSError):
            os.kill(pid, 0)
            return True
        return False
