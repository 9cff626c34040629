"""Queues files between the caller, who takes them in order, and the threads that have them parsed."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from passagework.ingest.loaders.base import LoadOptions, PartsRead, RecordFailure
from passagework.retrieval.errors import IngestError, PassageworkError
from passagework.retrieval.types import Document

Item: TypeAlias = "Document | RecordFailure | PartsRead"
"""What comes of a file on the way: its documents and failed records, and how many pages OCR has read."""


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """A file to load."""

    path: Path
    options: LoadOptions = field(default_factory=LoadOptions)


@dataclass(slots=True, eq=False)
class QueuedFile:
    """The state of one file; the lock of its LoadQueue guards all but the request."""

    request: LoadRequest
    batches: deque[tuple[deque[Item], int]] = field(default_factory=deque)
    bytes: int = 0  # read and not yet taken
    awaited: bool = False  # the caller waits for it
    finished: bool = False
    failure: IngestError | None = None
    abandoned: bool = False
    stop: Callable[[], None] | None = None  # ends the parser at work on it


class LoadQueue:
    """Holds the files in flight and their parsed text, bounded to about `ahead_limit` bytes; threads may share it."""

    def __init__(self, ahead_limit: int) -> None:
        self._limit = ahead_limit
        self._changed = threading.Condition()  # guards everything here, and tells of every change
        self._todo: deque[QueuedFile] = deque()
        self._bytes = 0
        self._idle = 0
        self._closed = False
        self._broken: BaseException | None = None

    # The caller's side

    def submit(self, request: LoadRequest) -> tuple[QueuedFile, bool]:
        """Queues a file; also tells whether nobody is idle to take it."""
        file = QueuedFile(request)
        with self._changed:
            self._todo.append(file)
            self._changed.notify_all()
            return file, self._idle < len(self._todo)

    def items(self, file: QueuedFile) -> Iterator[Item]:
        """Yields what the file holds, waiting for it as need be.

        Raises IngestError at its end if it failed, and PassageworkError if no file can be parsed any more.
        """
        while (batch := self._next(file)) is not None:
            while batch:
                yield batch.popleft()
        if file.failure is not None:
            raise file.failure

    def _next(self, file: QueuedFile) -> deque[Item] | None:
        with self._changed:
            file.awaited = True
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: file.batches or file.finished or file.abandoned or self._broken or self._closed
            )
            if self._broken is not None:
                raise PassageworkError(str(self._broken)) from self._broken
            if file.batches:
                batch, size = file.batches.popleft()
                self._charge(file, -size)
                return batch
            if file.abandoned or not file.finished:
                raise IngestError("no longer read: the next file was asked for, or the pool was closed")
            return None

    def abandon(self, file: QueuedFile) -> None:
        """Gives up what is left of a file: unread text is forgotten, and a parser at work on it is stopped."""
        with self._changed:
            file.abandoned = True
            file.batches.clear()
            self._charge(file, -file.bytes)
            if file in self._todo:
                self._todo.remove(file)
            if file.stop is not None:
                file.stop()

    def close(self) -> None:
        """Has everybody who waits here give up."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    # The parsers' side

    def take(self) -> QueuedFile | None:
        """Returns the next file to parse, waiting for one, or None when there will be no more."""
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: self._todo or self._closed)
            self._idle -= 1
            return None if self._closed else self._todo.popleft()

    def begin(self, file: QueuedFile, stop: Callable[[], None]) -> bool:
        """Says how to stop the parsing of a file that was taken; returns False if nobody wants it any more."""
        with self._changed:
            file.stop = stop
            return not (file.abandoned or self._closed)

    def wait_for_room(self, file: QueuedFile) -> bool:
        """Waits until more of the file may be read; returns False if nobody wants it any more.

        A file that the caller waits for, with nothing to give yet, always goes on: so nothing can lock up.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: (
                    self._bytes < self._limit or (file.awaited and not file.batches) or file.abandoned or self._closed
                )
            )
            return not (file.abandoned or self._closed)

    def read(self, file: QueuedFile, size: int) -> None:
        """Notes that `size` bytes of the file were read."""
        with self._changed:
            self._charge(file, size)

    def deliver(self, file: QueuedFile, batch: deque[Item], size: int) -> None:
        """Gives the caller a batch, for which `size` bytes were read."""
        with self._changed:
            file.batches.append((batch, size))
            self._changed.notify_all()

    def finish(self, file: QueuedFile, failure: IngestError | None) -> None:
        """Notes the file's end, and why it failed if it did."""
        with self._changed:
            file.stop, file.finished, file.failure = None, True, failure
            if file.abandoned:
                file.batches.clear()
                self._charge(file, -file.bytes)
            self._changed.notify_all()

    def give_up(self, error: BaseException) -> None:
        """Has the caller raise `error`: no file can be parsed any more."""
        with self._changed:
            self._broken = self._broken or error
            self._changed.notify_all()

    def _charge(self, file: QueuedFile, size: int) -> None:
        file.bytes += size
        self._bytes += size
        self._changed.notify_all()
