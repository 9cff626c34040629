"""Has several processes parse files ahead, which arrive in the order they were asked for."""

from __future__ import annotations

import atexit
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType

from passagework.ingest.loaders.base import Part, PartsRead
from passagework.ingest.workers.load_queue import Item, LoadQueue, LoadRequest, QueuedFile
from passagework.ingest.workers.messages import items_from_json
from passagework.ingest.workers.process import ParserProcess
from passagework.retrieval.errors import ConfigError, IngestError, NoTextError
from passagework.retrieval.text import one_line

FILES_PER_PROCESS = 200
"""After so many files a parser is replaced, for libraries in C leak."""

TEXT_LIMIT = 200_000_000
"""Characters of one document; a file of more bytes may have as many."""
OUTPUT_LIMIT, OUTPUT_RATIO = 1 << 30, 200
"""Bytes that a parser may answer to one file, and how many for each byte of a larger one."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A file on its way: `items` are its documents and failed records, in order, as they are parsed, and between them
    how many pages OCR has read.

    `items` can be read once, before the next file is asked for, and raises IngestError at its end where the file
    as a whole could not be read; what came before that error is good.
    """

    request: LoadRequest
    items: Iterator[Item]


class _WornOutError(Exception):
    """Memory failed at the first word of a file, in a process that had parsed others."""


class ParserPool:
    """Runs `workers` parser processes, started when first needed; a context manager that leaves nothing behind.

    A file whose parser hangs (`timeout` seconds without a word), dies, or needs more than `memory_limit` bytes fails
    with a reason; the others go on. A parser may take `model_memory` more once it
    begins to read by a model, and read the files of `readable`. At most
    `workers` + 2 files are in flight, and parsing pauses while `ahead_limit` bytes of parsed text wait to be taken; one
    huge document may exceed it alone. `loader` is "module:function"; only one that has to do what no parser may is run
    without `confine`.
    """

    def __init__(
        self,
        workers: int,
        *,
        timeout: float = 120.0,
        memory_limit: int = 4 << 30,
        model_memory: int = 0,
        readable: Sequence[Path] = (),
        ahead_limit: int = 64 << 20,
        loader: str = "passagework.ingest.loaders:load",
        confine: bool = True,
    ) -> None:
        if workers < 1 or timeout <= 0 or memory_limit < 1 or ahead_limit < 1:
            raise ConfigError(
                "workers, timeout, memory_limit and ahead_limit must be positive, "
                f"not {workers}, {timeout}, {memory_limit} and {ahead_limit}"
            )
        self._workers, self._timeout, self._memory_limit, self._loader = workers, timeout, memory_limit, loader
        self._confine, self._model_memory = confine, model_memory
        self._readable = readable
        self._flight = LoadQueue(ahead_limit)
        self._threads: list[threading.Thread] = []
        self._processes: set[ParserProcess] = set()
        self._lock = threading.Lock()  # guards the set
        self._closing = threading.Event()
        self._running = False
        self._process = os.getpid()

    def __enter__(self) -> ParserPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends every process and thread, whatever they are doing. Files not yet read to their end are lost."""
        if os.getpid() != self._process:
            return  # a forked child's exit must not end its parent's parsers
        self._closing.set()
        self._flight.close()
        with self._lock:
            for process in self._processes:
                process.kill()
        for thread in self._threads:
            thread.join(timeout=10)  # a process that the kernel can't stop must not stop this one
        atexit.unregister(self.close)

    def load_all(self, requests: Iterable[LoadRequest]) -> Iterator[Loaded]:
        """Yields the files in the order of `requests`, which is read only a little ahead; one call runs at a time.

        Asking for the next file gives up what is left of the current one, and dropping the iterator gives up all that
        is in flight. `items` raises PassageworkError itself, not IngestError, where no parser can start: that is no
        file's fault, and ends the run.
        """
        if self._running or self._closing.is_set():
            raise RuntimeError("the pool is closed, or busy with another load_all")
        self._running = True
        source = iter(requests)
        files: deque[QueuedFile] = deque()
        try:
            while True:
                for request in islice(source, self._workers + 2 - len(files)):
                    files.append(self._submit(request))
                if not files:
                    return
                yield Loaded(files[0].request, self._flight.items(files[0]))
                self._flight.abandon(files.popleft())
        finally:
            for file in files:
                self._flight.abandon(file)
            self._running = False

    def _submit(self, request: LoadRequest) -> QueuedFile:
        file, nobody_idle = self._flight.submit(request)
        if not self._threads:
            atexit.register(self.close)
            self._start_thread(self._watch)
        if nobody_idle and len(self._threads) < 1 + self._workers:
            self._start_thread(self._work)
        return file

    def _start_thread(self, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, name="passagework-parser", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _watch(self) -> None:
        """Ends parsers that have been silent for too long, on a thread of its own."""
        while not self._closing.wait(min(1.0, self._timeout / 10)):
            with self._lock:
                for process in self._processes:
                    process.stop_if_late()

    def _work(self) -> None:
        """Runs one parser process after another, each for one file after another, on a thread of its own."""
        process = None
        try:
            while (file := self._flight.take()) is not None:
                if process is not None and (not process.usable or process.files >= FILES_PER_PROCESS):
                    self._end(process)
                    process = None
                process = process or self._start()
                if not self._load(file, process):  # in a new process, whose memory no file has taken yet
                    self._end(process)
                    process = self._start()
                    self._load(file, process)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the caller must not wait for ever
            self._flight.give_up(error)
        finally:
            if process is not None:
                self._end(process)

    def _start(self) -> ParserProcess:
        process = ParserProcess(
            self._loader,
            self._memory_limit,
            model_memory=self._model_memory,
            readable=self._readable,
            confine=self._confine,
        )
        with self._lock:
            self._processes.add(process)
        try:
            if self._closing.is_set():
                process.kill()
            process.wait_ready()
        except IngestError:
            self._end(process)
            raise
        return process

    def _end(self, process: ParserProcess) -> None:
        with self._lock:
            self._processes.discard(process)
        process.close()

    def _load(self, file: QueuedFile, process: ParserProcess) -> bool:
        """Loads a file; False where it should be tried once more, for those before it have taken the memory."""
        if not self._flight.begin(file, process.kill):
            return True
        failure: IngestError | None
        try:
            size = process.request(file.request.path, file.request.options)
            failure = self._receive(file, process, size)
        except _WornOutError:
            return False
        except IngestError as error:
            process.kill()
            failure = error
        except (ValueError, RecursionError) as error:
            process.kill()
            failure = IngestError(one_line(f"the parser's answer is broken: {error}"))
        self._flight.finish(file, failure)
        return True

    def _receive(self, file: QueuedFile, process: ParserProcess, file_size: int) -> IngestError | None:
        """Takes a file's messages as there is room for them; returns why the file failed, or None.

        Raises IngestError for a parser that doesn't end, or a text beyond all measure.
        """
        segments: list[str] = []
        size = total = characters = 0
        while self._flight.wait_for_room(file):
            message, length = process.receive(self._timeout)
            self._flight.read(file, length)
            size += length
            total += length
            if total > (most := max(OUTPUT_LIMIT, OUTPUT_RATIO * file_size)):
                raise IngestError(f"expands to more than {most >> 20} MiB: refused")
            match message:
                case {"kind": "text", "text": str(segment)}:
                    segments.append(segment)
                    characters += len(segment)
                    if characters > (most := max(TEXT_LIMIT, file_size)):
                        raise IngestError(f"a document of more than {most:,} characters: refused")
                case {"kind": "items", "items": list(items)}:
                    batch: deque[Item] = deque(items_from_json(items, "".join(segments)))
                    self._flight.deliver(file, batch, size)
                    segments.clear()
                    size = characters = 0
                case {"kind": "part", "done": int(done), "total": int(parts), "part": part}:
                    self._flight.deliver(file, deque([PartsRead(done, parts, Part(part))]), size)
                    size = 0
                case {"kind": "done"}:
                    return None
                case {"kind": "error", "reason": str(reason)}:
                    if message.get("spent"):
                        _end_spent(process, had_begun=total > length)
                    return (NoTextError if message.get("no_text") else IngestError)(one_line(reason))
                case _:
                    raise ValueError("an unknown message")
        raise IngestError("no longer read")


def _end_spent(process: ParserProcess, *, had_begun: bool) -> None:
    """Ends a process without memory left; raises where files before this one, which has no part in it, had taken it."""
    process.kill()
    if process.files > 1 and not had_begun:
        raise _WornOutError
