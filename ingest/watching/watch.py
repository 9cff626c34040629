"""Watches files and folders, and brings the collection up to date whenever they come to rest after a change."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from passagework.ingest.file_digests import FileDigests
from passagework.ingest.loaders.base import OcrMode
from passagework.ingest.maintenance.creation import create
from passagework.ingest.path_checks import listed, refuse_overlap
from passagework.ingest.pipeline import ingest
from passagework.ingest.report import IngestStopped, Progress, Report
from passagework.ingest.scan import absolute
from passagework.ingest.sources.addresses import PathOrSource, source_at
from passagework.ingest.watching.file_events import FileEvents
from passagework.ingest.watching.warm_encoder import WarmEncoder
from passagework.ingest.watching.watch_status import WatchFile, WatchState, WatchStatus, now, watch_file
from passagework.ingest.writing.opening import collection_exists
from passagework.retrieval.config import Settings
from passagework.retrieval.errors import BusyError, ConfigError, PassageworkError
from passagework.retrieval.extras import require
from passagework.retrieval.folder import given_folder
from passagework.retrieval.models.encoder import Encoder

SWEEP = 300.0
"""Seconds after which all is looked at again, whatever events told."""
DEBOUNCE = 1.0
"""Seconds of rest before changes are brought in: a file is written in pieces, and an editor renames."""
LONGEST_UNREST = 60.0
"""Seconds after which changes are brought in though there is no rest: a log is written to all day."""
BUSY_WAIT = 2.0
"""Seconds between two tries while another process writes to the collection."""
SAID_EVERY = 1.0
"""Seconds between two words on how many changes wait."""


def watch(
    paths: PathOrSource | Iterable[PathOrSource],
    collection: str | Path,
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    delete_missing: bool = False,
    no_ignore: bool = False,
    sweep: float = SWEEP,
    debounce: float = DEBOUNCE,
    poll: bool = False,
    encoder: Encoder | str | None = None,
    pdf_password: str | None = None,
    ocr: OcrMode | str = OcrMode.AUTO,
    speech_model: str | None = None,
    settings: Settings | None = None,
    stop: threading.Event | None = None,
    progress: Callable[[Progress], None] | None = None,
    on_status: Callable[[WatchStatus], None] | None = None,
) -> Iterator[Report]:
    """Ingests files and folders now and after every change to them, and yields what each ingest did, without an end.

    The options are those of `ingest`. A change is brought in when there was none for `debounce` seconds, and every
    `sweep` seconds all is looked at, addresses of other sources only then. `poll` looks at all files every second, for
    drives that tell of no changes. The collection is made where there is none. While another process writes to it, the
    watch waits; a PATH that vanished, or with `delete_missing` one that is empty, is left alone until it comes back.
    Setting `stop` ends it when the file that is being read is committed. `on_status` gets what `watch_status` tells
    others, whenever that changes.
    Raises IngestError where a PATH doesn't exist at the start, BusyError where the collection is watched already, and
    whatever the first ingest raises; what later ones raise is told as the status's `problem`, and tried again.
    """
    require("watch")
    if sweep <= 0 or debounce < 0:
        raise ConfigError(
            f"sweep is {sweep:g} and debounce {debounce:g} seconds: give a sweep above 0, no negative one"
        )
    settings = settings or Settings.from_environment()
    given = listed(paths)
    addresses = [path for path in given if source_at(path) is not None]
    roots = tuple(absolute(Path(path)) for path in given if isinstance(path, str | Path) and path not in addresses)
    collection = given_folder(collection)
    refuse_overlap(roots, collection)
    if not collection_exists(collection):
        create(collection, encoder=encoder, settings=settings)
    digests, warm = FileDigests(), WarmEncoder(collection, encoder, settings)

    def bring_in(there: Sequence[Path], told: Callable[[Progress], None]) -> Report:
        return ingest(
            [*there, *addresses],
            collection,
            include=include,
            exclude=exclude,
            delete_missing=delete_missing,
            no_ignore=no_ignore,
            encoder=warm.of_live_version(),
            pdf_password=pdf_password,
            ocr=ocr,
            speech_model=speech_model,
            settings=settings,
            digests=digests,
            progress=told,
        )

    with watch_file(collection) as file, closing(FileEvents(roots, collection, poll=poll)) as events:
        named = (*map(str, roots), *(str(getattr(path, "address", path)) for path in addresses))
        status = WatchStatus(WatchState.WATCHING, os.getpid(), named, now())
        yield from _Watch(
            roots=roots,
            bring_in=bring_in,
            events=events,
            file=file,
            status=status,
            sweep=sweep,
            debounce=debounce,
            delete_missing=delete_missing,
            stop=stop or threading.Event(),
            progress=progress,
            on_status=on_status,
        ).reports()


@dataclass(slots=True, kw_only=True)
class _Watch:
    """Carries out one watch."""

    roots: Sequence[Path]
    bring_in: Callable[[Sequence[Path], Callable[[Progress], None]], Report]
    events: FileEvents
    file: WatchFile
    status: WatchStatus
    sweep: float
    debounce: float
    delete_missing: bool
    stop: threading.Event
    progress: Callable[[Progress], None] | None
    on_status: Callable[[WatchStatus], None] | None
    stopping: bool = False
    waiting: set[str] = field(default_factory=set)

    def reports(self) -> Iterator[Report]:
        """Yields what each ingest did until `stop` is set."""
        try:
            while not self.stop.is_set():
                report = self._ingest()
                if report is not None:
                    yield report
                self._wait()
        finally:
            self._say(replace(self.status, state=WatchState.STOPPED))

    def _ingest(self) -> Report | None:
        absent = [root for root in self.roots if self._is_absent(root)]
        there = [root for root in self.roots if root not in absent]
        self.waiting.clear()
        self._say(replace(self.status, changes=0, absent=tuple(map(str, absent)), events=self.events.working))
        if not there and len(self.status.paths) == len(self.roots):
            return None
        self._say(replace(self.status, state=WatchState.INGESTING))
        try:
            report = self.bring_in(there, self._follow)
        except IngestStopped:
            return None
        except BusyError as error:
            self._say(replace(self.status, state=WatchState.BUSY, problem=str(error)))
            return None
        except PassageworkError as error:
            if self.status.finished is None:
                raise
            self._say(replace(self.status, state=WatchState.WATCHING, problem=str(error)))
            return None
        self._say(self.status.after(report))
        return report

    def _is_absent(self, root: Path) -> bool:
        """Tells whether a PATH vanished; a drive that isn't mounted may leave an empty folder."""
        try:
            return not root.exists() or (self.delete_missing and root.is_dir() and not any(root.iterdir()))
        except OSError:
            return True

    def _wait(self) -> None:
        """Waits until changes have come to rest, or all is to be looked at."""
        began = unrest = quiet = said = time.monotonic()
        due = began + (BUSY_WAIT if self.status.state is WatchState.BUSY else self.sweep)
        while not self.stop.is_set():
            changed = self.events.look()
            clock = time.monotonic()
            if changed:
                unrest = unrest if self.waiting else clock
                quiet = clock
                self.waiting |= changed
            if self.waiting and (clock - quiet >= self.debounce or clock - unrest >= LONGEST_UNREST):
                return
            if clock >= due:
                return
            if len(self.waiting) != self.status.changes and clock - said >= SAID_EVERY:
                self._say(replace(self.status, changes=len(self.waiting)))
                said = clock

    def _follow(self, progress: Progress) -> None:
        if self.progress is not None:
            self.progress(progress)
        if self.stop.is_set() and not self.stopping and not progress.current:
            self.stopping = True  # raised once: what was read is still to be committed
            raise IngestStopped

    def _say(self, status: WatchStatus) -> None:
        self.status = status
        self.file.write(status)
        if self.on_status is not None:
            self.on_status(status)
