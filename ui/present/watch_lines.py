"""Says in a line what a watch does, for the terminal and the pages."""

from __future__ import annotations

from passagework.ingest.watching.watch_status import WatchState, WatchStatus
from passagework.ui.present.wording import counted, gettext, message

COUNTS = {
    "added": message("{number} added"),
    "updated": message("{number} updated"),
    "moved": message("{number} moved"),
    "deleted": message("{number} deleted"),
    "failures": message("{number} failed"),
}


def watch_line(status: WatchStatus) -> str:
    """Returns what it does, what it waits for, what went wrong, and what the last ingest did."""
    stopped = status.state is WatchState.STOPPED
    process = gettext("nothing is watching any more") if stopped else gettext("process {number}", number=status.pid)
    parts = [f"{gettext(status.state.value)} ({process}): {', '.join(status.paths)}"]
    if status.changes:
        parts.append(gettext("{changes} waiting", changes=counted(status.changes, "change")))
    if status.absent:
        parts.append(gettext("missing or empty: {paths}", paths=", ".join(status.absent)))
    if not status.events:
        parts.append(gettext("the system reports no changes"))
    if status.problem:
        parts.append(status.problem)
    if status.last is not None:
        last = status.last
        did = [gettext(said, number=last[name]) for name, said in COUNTS.items() if last.get(name)]
        counts = ", ".join(did) or gettext("nothing to do")
        parts.append(gettext("last ingest {time}: {counts}", time=status.finished, counts=counts))
    return "; ".join(parts)
