"""An ingest behind the page: one at a time for a collection, whoever started it, going on when the page is left."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path

from ingest import Progress, Report, ingest
from retrieval import Collection, IngestError, PassageworkError

logger = logging.getLogger(__name__)


class IngestJob:
    """One run in a thread of its own. `progress`, then `report` or `problem`, can be read at any time."""

    def __init__(self, collection: Collection, paths: Sequence[Path], *, delete_missing: bool = False) -> None:
        self.paths = tuple(paths)
        self.progress: Progress | None = None
        self.report: Report | None = None
        self.problem: str | None = None
        self._collection = collection
        self._delete_missing = delete_missing
        self._thread = threading.Thread(target=self._run, name="ingest")

    def start(self) -> None:
        """Returns at once."""
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it is still under way."""
        return self._thread.is_alive()

    def wait(self, seconds: float) -> None:
        """Returns when it has ended, or after so many seconds."""
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            self.report = ingest(
                self.paths,
                self._collection.path,
                delete_missing=self._delete_missing,
                encoder=self._collection.encoder(),  # the one in memory
                progress=self._note,
            )
        except PassageworkError as error:
            self.problem = str(error)
        except Exception as error:  # a thread has nobody else to tell
            logger.exception("the ingest failed")
            self.problem = f"unexpected {type(error).__name__}: {error}"

    def _note(self, progress: Progress) -> None:
        self.progress = progress


class IngestJobs:
    """The last job of one collection."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.last: IngestJob | None = None

    def start(self, collection: Collection, paths: Sequence[Path], *, delete_missing: bool = False) -> IngestJob:
        """A new job; raises IngestError where one is under way."""
        with self._lock:
            self.check()
            self.last = IngestJob(collection, paths, delete_missing=delete_missing)
            self.last.start()
            return self.last

    def check(self) -> None:
        """Raises IngestError where a job is under way."""
        if self.last is not None and self.last.running:
            raise IngestError("another ingest is under way: wait until it is done")
