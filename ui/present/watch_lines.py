"""Says in a line what a watch does, for the terminal and the pages."""

from __future__ import annotations

from passagework.ingest.watching.watch_status import WatchState, WatchStatus
from passagework.retrieval.text import counted

COUNTS = ("added", "updated", "moved", "deleted")


def watch_line(status: WatchStatus) -> str:
    """Returns what it does, what it waits for, what went wrong, and what the last ingest did."""
    process = f"process {status.pid}" if status.state is not WatchState.STOPPED else "nothing watches any more"
    parts = [f"{status.state.value} ({process}): {', '.join(status.paths)}"]
    if status.changes:
        parts.append(f"{counted(status.changes, 'change')} waiting")
    if status.absent:
        parts.append(f"not there, or empty: {', '.join(status.absent)}")
    if not status.events:
        parts.append("the system tells of no changes")
    if status.problem:
        parts.append(status.problem)
    if status.last is not None:
        did = [f"{status.last[name]} {name}" for name in COUNTS if status.last.get(name)]
        failed = [f"{status.last['failures']} failed"] if status.last.get("failures") else []
        parts.append(f"last ingest {status.finished}: {', '.join(did + failed) or 'nothing to do'}")
    return "; ".join(parts)
