"""Prints the status of a collection, as `status` and `rebuild` do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from passagework.ui.commands.output import print_result

if TYPE_CHECKING:
    from passagework.retrieval.collection.status import Status


def print_status(collection: Path, state: Status, as_json: bool) -> None:
    """Prints what a collection holds, what holds the parsers of this machine, and how its watch does."""
    from passagework.ingest.watching.watch_status import watch_status
    from passagework.ingest.workers.limits import ParserLimits
    from passagework.retrieval.config import Settings
    from passagework.ui.present import show_status

    parsers = ParserLimits.here(Settings.from_environment())
    watched = watch_status(collection)
    out = {
        **state.to_json(),
        "parsers": parsers.to_json(),
        "watch": None if watched is None else watched.to_json(),
    }
    print_result(out, as_json, lambda console: show_status(console, state, parsers, watched))
