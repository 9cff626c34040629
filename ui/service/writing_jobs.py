"""What brings documents in and takes them out: one writer for each collection, beside its searches."""

from __future__ import annotations

import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.errors import ConfigError, IngestError, PassageworkError, StoreError
from passagework.retrieval.types import Json
from passagework.ui.service.problems import RefusedError
from passagework.ui.service.worker_threads import WorkerThreads

if TYPE_CHECKING:
    from passagework.ingest import Progress, Report

Answer = TypeVar("Answer")

WAITING_JOBS = 16
"""Jobs of one collection that wait for its writer; each may take minutes."""

REMEMBERED_JOBS = 256
"""Jobs whose end can still be asked for."""

CANCELLED = "cancelled; what was committed stays"
STOPPED = "stopped; what was committed is safe, and the same ingest goes on from there"

_log = logging.getLogger(__name__)


class JobState(str, Enum):
    """Names what a job is at."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(slots=True)
class Job:
    """Is an ingest into a collection; `progress`, then `report` or `problem`, can be read at any time.

    `files` are the ids by which its caller named what it brings in, where it did; `created` is in seconds since 1970.
    """

    id: str
    collection: str
    paths: tuple[Path, ...]
    files: tuple[str, ...] = ()
    created: float = field(default_factory=time.time)
    cancelled: bool = False
    state: JobState = JobState.WAITING
    progress: Progress | None = None
    report: Report | None = None
    problem: str | None = None

    @property
    def is_over(self) -> bool:
        """Tells whether nothing more comes of it."""
        return self.state not in (JobState.WAITING, JobState.RUNNING)

    def to_json(self) -> dict[str, Json]:
        """Returns what is told of it; `report` is the JSON of `passagework ingest`."""
        return {
            "id": self.id,
            "collection": self.collection,
            "files": [path.name for path in self.paths],
            "state": self.state.value,
            "progress": None if self.progress is None else _progress_json(self.progress),
            "report": None if self.report is None else self.report.to_json(),
            "problem": self.problem,
        }


class _Stopped(Exception):  # noqa: N818 - nothing went wrong
    """Ends an ingest between two steps."""


class Writers:
    """Holds a thread for each collection that is written to, on which its jobs run one after the other."""

    def __init__(self, *, seconds: float = 30.0) -> None:
        self._seconds = seconds
        self._threads: dict[str, WorkerThreads] = {}
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._stopping = False

    def ingest(
        self,
        name: str,
        collection: Collection,
        paths: Sequence[Path],
        *,
        delete_missing: bool = False,
        files: Sequence[str] = (),
    ) -> Job:
        """Starts an ingest of files or folders, and returns its job; raises RefusedError (503) where too many wait."""
        job = Job(f"job-{secrets.token_hex(8)}", name, tuple(paths), tuple(files))
        self._of(name).start(lambda: self._run(job, collection, paths, delete_missing))
        self._jobs[job.id] = job
        while len(self._jobs) > REMEMBERED_JOBS:
            self._jobs.popitem(last=False)
        return job

    def cancel(self, job: Job) -> None:
        """Has a job end at its next step; what it committed stays. One that is over stays as it is."""
        if not job.is_over:
            job.cancelled = True
            if job.state is JobState.WAITING:
                job.state, job.problem = JobState.STOPPED, CANCELLED

    def job(self, name: str, identifier: str) -> Job:
        """Returns a job of a collection; raises RefusedError (404) where there is none."""
        job = self._jobs.get(identifier)
        if job is None or job.collection != name:
            raise RefusedError(HTTPStatus.NOT_FOUND, "there is no such job")
        return job

    def latest(self, name: str, path: Path) -> Job | None:
        """Returns the last job of a collection that brings in a file, None where none is remembered."""
        jobs = (job for job in reversed(self._jobs.values()) if job.collection == name and path in job.paths)
        return next(jobs, None)

    async def run(self, name: str, call: Callable[[], Answer]) -> Answer:
        """Returns what a call gives that writes to a collection, when its turn has come.

        Raises as `WorkerThreads.run` does, and RefusedError (409) where another process is the writer.
        """

        def write() -> Answer:
            try:
                return call()
            except StoreError as error:
                _log.warning("%s", error)
                raise RefusedError(
                    HTTPStatus.CONFLICT, "the collection can't be written now: the service's log says why"
                ) from error

        return await self._of(name).run(write)

    def stop(self) -> None:
        """Has every ingest end at its next step; what it committed stays, and another run goes on from there."""
        self._stopping = True

    def close(self) -> None:
        """Stops every ingest, and waits for what is being written."""
        self.stop()
        for threads in self._threads.values():
            threads.close()
        for job in self._jobs.values():
            if job.state is JobState.WAITING:
                job.state = JobState.STOPPED

    def _of(self, name: str) -> WorkerThreads:
        if name not in self._threads:
            self._threads[name] = WorkerThreads(at_once=1, lending=0, waiting=WAITING_JOBS, seconds=self._seconds)
        return self._threads[name]

    def _run(self, job: Job, collection: Collection, paths: Sequence[Path], delete_missing: bool) -> None:
        from passagework.ingest import ingest  # loaded when it is needed: the first search doesn't wait for it

        def note(progress: Progress) -> None:
            if self._stopping or job.cancelled:
                raise _Stopped
            job.progress = progress

        if job.is_over:
            return
        job.state = JobState.RUNNING
        if not paths:
            job.state = JobState.DONE
            return
        try:
            encoder = collection.encoder()  # the one in memory
            job.report = ingest(paths, collection.path, delete_missing=delete_missing, encoder=encoder, progress=note)
            job.state = JobState.DONE
        except _Stopped:
            job.problem = CANCELLED if job.cancelled else STOPPED
            job.state = JobState.STOPPED
        except Exception as error:  # noqa: BLE001 - a thread has nobody else to tell
            job.problem = _told(error)
            job.state = JobState.FAILED


def _told(error: Exception) -> str:
    """Returns what a caller is told of an ingest that failed; what concerns this machine alone goes to the log."""
    if isinstance(error, ConfigError | IngestError):
        return str(error)
    _log.error("the ingest failed: %s", error, exc_info=not isinstance(error, PassageworkError))
    return "the collection can't be written: the service's log says why"


def _progress_json(progress: Progress) -> dict[str, Json]:
    return {
        "stage": progress.stage.value,
        "files": progress.files,
        "total_files": progress.total_files,
        "bytes_read": progress.bytes_read,
        "total_bytes": progress.total_bytes,
        "documents": progress.documents,
        "passages": progress.passages,
        "encoded": progress.encoded,
        "to_encode": progress.to_encode,
        "filled": progress.filled,
        "to_fill": progress.to_fill,
        "seconds": round(progress.seconds, 3),
        "seconds_left": progress.seconds_left,
    }
