"""Follows one ingest, and tells whoever asked how far it is and about how long it will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from passagework.ingest.encoding_cost import EncodingCost
from passagework.ingest.loaders.base import PartsRead, RecordFailure
from passagework.ingest.report import IngestStage, Progress
from passagework.ingest.scan import FoundFile
from passagework.ingest.writing.write_counts import WriteCounts
from passagework.retrieval.types import Document

NO_PARTS = PartsRead(0, 0)
EARLY = 2.0
"""Seconds of a stage before anything is estimated from it."""


class RunProgress:
    """Keeps count of an ingest, stage by stage, and calls `callback` whenever there is something new to tell."""

    def __init__(self, callback: Callable[[Progress], None] | None, started: float) -> None:
        self._callback = callback
        self._started = started
        self._stage, self._stage_started = IngestStage.SCANNING, started
        self._found = self._files = self._total_files = 0
        self._bytes = self._total_bytes = 0
        self._current: FoundFile | None = None
        self._parts = NO_PARTS
        self._bytes_a_character, self._taken_before = 1.0, 0
        self._counts = WriteCounts()
        self._filled = self._to_fill = 0
        self._cost: EncodingCost | None = None

    def found(self, files: int) -> None:
        """Notes how many files a scan has come upon so far."""
        self._found = files
        self.tell()

    def price(self, cost: EncodingCost | None) -> None:
        """Notes what a server is to encode, before any of it is sent."""
        self._cost = cost
        self.tell()

    def read(self, files: Sequence[FoundFile], counts: WriteCounts) -> None:
        """Begins to read the files; `counts` is kept up to date by whoever writes their passages."""
        self._begin(IngestStage.READING)
        self._found = self._total_files = len(files)
        self._total_bytes = sum(file.size for file in files)
        self._counts = counts
        self.tell()

    def begin(self, file: FoundFile) -> None:
        """Notes that a file is being parsed; nothing of it has come yet."""
        self._current, self._bytes_a_character, self._taken_before = file, 1.0, self._counts.characters
        self._parts = NO_PARTS
        self.tell()

    def take(self, item: Document | RecordFailure) -> None:
        """Notes a document that is to be cut: a file's own is all of it, a record about as many bytes as characters."""
        if self._current is not None and isinstance(item, Document) and item.name is None and not item.uri:
            self._bytes_a_character = self._current.size / max(1, len(item.text))
            self._parts = NO_PARTS
        self.tell()

    def read_part(self, parts: PartsRead) -> None:
        """Notes that a model read a part of the current file."""
        self._parts = parts
        self.tell()

    def finish(self, file: FoundFile) -> None:
        """Notes that a file is done, be it that there was nothing to do."""
        self._files += 1
        self._bytes += file.size
        self._current = None
        self.tell()

    def index(self) -> None:
        """Notes that all is read, and the indexes are brought up to date."""
        self._begin(IngestStage.INDEXING)
        self.tell()

    def fill(self, filled: int, to_fill: int) -> None:
        """Notes how many passages got the token vectors that they lacked."""
        if self._stage is not IngestStage.FILLING:
            self._begin(IngestStage.FILLING)
        self._filled, self._to_fill = filled, to_fill
        self.tell()

    def tell(self) -> None:
        """Tells how far the run is."""
        if self._callback is None:
            return
        counts = self._counts
        self._callback(
            Progress(
                files=self._files,
                total_files=self._total_files,
                documents=counts.documents,
                passages=counts.passages,
                encoded=counts.encoded,
                seconds=time.monotonic() - self._started,
                filled=self._filled,
                to_fill=self._to_fill,
                stage=self._stage,
                found=self._found,
                bytes_read=self._bytes_read(),
                total_bytes=self._total_bytes,
                to_encode=counts.to_encode,
                current="" if self._current is None else self._current.relative,
                seconds_left=self._seconds_left(),
                parts_read=self._parts.done,
                parts_to_read=self._parts.total,
                part=self._parts.part,
                cost=self._cost,
            )
        )

    def _begin(self, stage: IngestStage) -> None:
        self._stage, self._stage_started = stage, time.monotonic()

    def _bytes_read(self) -> int:
        """Returns the bytes of the files that are done, and of the current one as much as was read or cut of it."""
        if self._current is None:
            return self._bytes
        if self._parts.total:
            return self._bytes + self._current.size * self._parts.done // self._parts.total
        taken = (self._counts.characters - self._taken_before) * self._bytes_a_character
        return self._bytes + min(self._current.size, round(taken))

    def _seconds_left(self) -> float | None:
        """Returns an estimate for this stage: what is to do takes as long, for its size, as what was done."""
        taken = time.monotonic() - self._stage_started
        if taken < EARLY:
            return None
        if self._stage is IngestStage.FILLING and self._filled:
            return taken * (self._to_fill - self._filled) / self._filled
        done = self._bytes_read()
        if self._stage is IngestStage.READING and done:
            behind = (self._counts.to_encode - self._counts.encoded) / max(1, self._counts.to_encode)
            # What was cut and waits for the encoder is not yet done, whatever the bytes say.
            return taken * (self._total_bytes / (done * (1 - behind)) - 1) if behind < 1 else None
        return None
