"""Runs an ingest behind the page: one at a time for a collection, going on when the page is left."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from passagework.ingest import IngestStopped, Progress, Report, ingest
from passagework.retrieval import IngestError, PassageworkError
from passagework.retrieval.collection.collection import Collection
from passagework.ui.present.wording import gettext, message

logger = logging.getLogger(__name__)

STOPPED = message("stopped; what was committed is safe, and the same ingest goes on from there")


class IngestJob(threading.Thread):
    """Runs one ingest in a thread of its own; `progress`, then `report` or `problem`, can be read at any time."""

    def __init__(self, collection: Collection, paths: Sequence[Path], *, delete_missing: bool, no_ignore: bool) -> None:
        super().__init__(name="ingest", daemon=True)  # one that doesn't stop in time must not hold up the server's end
        self.paths = tuple(paths)
        self.started = time.monotonic()
        self.progress: Progress | None = None
        self.report: Report | None = None
        self.problem: str | None = None
        self._collection = collection
        self._delete_missing, self._no_ignore = delete_missing, no_ignore
        self._stopping = False

    def stop(self) -> None:
        """Has it end at its next step; what it committed stays, and another run goes on from there."""
        self._stopping = True

    def run(self) -> None:
        """Runs the ingest, from beginning to end."""
        try:
            self.report = ingest(
                self.paths,
                self._collection.path,
                delete_missing=self._delete_missing,
                no_ignore=self._no_ignore,
                encoder=self._collection.encoder(),  # the one in memory
                progress=self._note,
            )
        except PassageworkError as error:
            self.problem = str(error)
        except IngestStopped:
            self.problem = STOPPED
        except Exception as error:  # a thread has nobody else to tell
            logger.exception("the ingest failed")
            self.problem = f"unexpected {type(error).__name__}: {error}"

    def _note(self, progress: Progress) -> None:
        if self._stopping:
            raise IngestStopped
        self.progress = progress


class IngestJobs:
    """Holds the last job of one collection."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.last: IngestJob | None = None

    def start(
        self, collection: Collection, paths: Sequence[Path], *, delete_missing: bool = False, no_ignore: bool = False
    ) -> IngestJob:
        """Starts a new job; raises IngestError where one is under way."""
        with self._lock:
            self.check()
            self.last = IngestJob(collection, paths, delete_missing=delete_missing, no_ignore=no_ignore)
            self.last.start()
            return self.last

    def check(self) -> None:
        """Raises IngestError where a job is under way."""
        if self.last is not None and self.last.is_alive():
            raise IngestError(gettext("another ingest is under way: wait until it is done"))


def stop_jobs(seconds: float) -> tuple[int, int]:
    """Stops every job of this process; returns how many were under way, and how many still are after `seconds`."""
    jobs = [thread for thread in threading.enumerate() if isinstance(thread, IngestJob)]
    end = time.monotonic() + seconds
    for job in jobs:
        job.stop()
    for job in jobs:
        job.join(max(0.0, end - time.monotonic()))
    return len(jobs), sum(job.is_alive() for job in jobs)
