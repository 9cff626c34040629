"""Runs in a parser process: reads requests from standard input, loads the files, answers on standard output.

It lives in fear of the files it reads: it is confined before the first of them (see `passagework.ingest.confinement`),
memory and time are limited, whatever a library prints goes nowhere, and it ends when its parent does. The files come
opened.
Only `passagework.ingest.workers.process` starts it.
"""

from __future__ import annotations

import _socket  # the part in C: what is around it in `socket` would cost milliseconds of every start
import ctypes
import importlib
import math
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from passagework.ingest.confinement import Confinement, confine
from passagework.ingest.loaders.base import PART_LISTENER, LoadOptions, PartsRead, RecordFailure
from passagework.ingest.workers.descriptor_path import DescriptorPath
from passagework.ingest.workers.messages import (
    MESSAGE_LIMIT,
    SEGMENT,
    from_json,
    item_to_json,
    request_from_json,
    to_json,
)
from passagework.retrieval.errors import IngestError, NoTextError
from passagework.retrieval.text import one_line
from passagework.retrieval.types import Document

BATCH_ITEMS = 256
BATCH_BYTES = 1 << 20
BATCH_SECONDS = 0.25
"""A batch of records goes out at whichever comes first: few messages, yet a slow file shows that it lives."""

_PR_SET_PDEATHSIG = 1  # linux/prctl.h

Load = Callable[[Path, LoadOptions], "Iterator[Document | RecordFailure]"]
Requests = queue.SimpleQueue[tuple[dict[str, Any], int | None]]
"""A message, and the descriptor of the file that it is about."""

OPEN_FILES = 256
PART_SECONDS = 600.0
"""What may be computed from one page that OCR reads, or one minute that is written down, to the next."""
INT_BYTES = 4  # a descriptor on its way


def main() -> NoReturn:
    """Serves requests until standard input closes. Never returns: at its end the process is gone."""
    try:
        _run()
    finally:
        os._exit(1)  # an orderly shutdown would wait for the reading thread


def _run() -> None:
    inlet, outlet = _take_pipes()
    start = from_json(inlet.readline())
    _end_with_parent(start["parent"])
    _limit_memory(start["memory_limit"], start["model_memory"])
    try:
        load = _import_loader(start["loader"])
    except BaseException as error:  # noqa: BLE001 - whatever an import raises, the parent must hear of it
        _send(outlet, to_json({"kind": "unable", "reason": f"{type(error).__name__}: {error}"}))
        return
    held = _confine(start["readable"]) if start["confine"] else Confinement.LIMITS
    requests: Requests = queue.SimpleQueue()
    files = None if start["files"] is None else _socket.socket(fileno=start["files"])
    threading.Thread(target=_read_requests, args=(inlet, files, requests), daemon=True).start()
    _send(outlet, to_json({"kind": "ready", "confined": held.value}))
    while True:
        message, descriptor = requests.get()
        path, options = request_from_json(message)
        _limit_time(message["seconds"])
        file = path if descriptor is None else DescriptorPath.of(path, descriptor)
        PART_LISTENER.set(lambda parts: _go_on(outlet, parts))
        failure = _serve(load, file, options, Batch(outlet), start["memory_limit"])
        _send(outlet, to_json(failure or {"kind": "done"}))
        if descriptor is not None:
            os.close(descriptor)


def _send(outlet: BinaryIO, message: bytes) -> None:
    try:
        outlet.write(message + b"\n")
        outlet.flush()
    except BrokenPipeError:
        os._exit(0)  # nobody listens any more


def _go_on(outlet: BinaryIO, parts: PartsRead) -> None:
    """Tells how many parts were read by a model, and gives the next one its time, and the models their memory."""
    _raise_memory()
    _limit_time(PART_SECONDS)
    _send(outlet, to_json({"kind": "part", "done": parts.done, "total": parts.total, "part": parts.part.value}))


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Returns the protocol's pipes, moved away from 0 and 1, where a library that prints or reads would find them."""
    inlet, outlet = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    return inlet, outlet


def _read_requests(inlet: BinaryIO, files: _socket.socket | None, requests: Requests) -> None:
    """Passes requests on, and ends the process when the parent closes the pipe or dies, even in the midst of a file."""
    for line in inlet:
        message = from_json(line)
        descriptor = None
        if message["given"] and files is not None:
            ((_, _, data),) = files.recvmsg(1, _socket.CMSG_LEN(INT_BYTES))[1]
            descriptor = int.from_bytes(data[:INT_BYTES], sys.byteorder)
        requests.put((message, descriptor))
    os._exit(0)


def _confine(readable: list[str]) -> Confinement:
    """Confines the process, with `readable` beside Python's own files.

    No thread has been started yet, and none of a stranger's bytes been read.
    """
    sys.dont_write_bytecode = True
    if sys.platform != "win32":
        import resource

        _limit(resource.RLIMIT_FSIZE, 0)  # no file grows, whatever else can't be forbidden here
        _limit(resource.RLIMIT_NOFILE, OPEN_FILES)
    return confine(map(Path, readable))


def _end_with_parent(parent: int) -> None:
    """Has the kernel end this process with its parent (on Linux), also while a library holds Python's lock."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if sys.platform != "win32" and os.getppid() != parent:
        os._exit(0)


def _limit_memory(limit: int, model_memory: int) -> None:
    """Has allocations beyond `limit` bytes of address space fail, where the system can; and writes no core dumps.

    `model_memory` bytes more can be had once the first page or minute is to be read by a model: see `_go_on`.
    """
    if sys.platform == "win32":
        return
    import resource

    _limit(resource.RLIMIT_AS, limit, limit + model_memory)
    _limit(resource.RLIMIT_CORE, 0)


def _raise_memory() -> None:
    """Allows the address space that was kept back for models."""
    if sys.platform == "win32":
        return
    import resource

    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


def _limit_time(seconds: float) -> None:
    """Has the system end this process once it has computed for `seconds` more."""
    if sys.platform == "win32":
        return
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    until = math.ceil(used.ru_utime + used.ru_stime + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (until if hard == resource.RLIM_INFINITY else min(until, hard), hard))


def _limit(kind: int, limit: int, later: int = 0) -> None:
    """Limits a resource to `limit`, and to `later` for good where that is more."""
    import resource

    hard = resource.getrlimit(kind)[1]
    now, most = (each if hard == resource.RLIM_INFINITY else min(each, hard) for each in (limit, max(limit, later)))
    with suppress(ValueError, OSError):  # macOS refuses to limit address space
        resource.setrlimit(kind, (now, most))


def _import_loader(name: str) -> Load:
    module, _, attribute = name.partition(":")
    load: Load = getattr(importlib.import_module(module), attribute)
    return load


def _serve(load: Load, path: Path, options: LoadOptions, batch: Batch, limit: int) -> dict[str, object] | None:
    """Sends what the file holds; returns the error message to send, or None if all went well."""
    reason, spent, no_text = "", False, False
    try:
        for item in load(path, options):
            batch.add(item)
    except IngestError as error:
        reason, spent = str(error), isinstance(error.__cause__, MemoryError)
        no_text = isinstance(error, NoTextError)
    except MemoryError:
        spent = True
    except RecursionError:
        reason = "nested too deep"
    except BaseException as error:  # noqa: BLE001 - parsers exit, and panic in Rust: each is this one file's failure
        reason = f"{_format(path)} can't be read: {type(error).__name__}: {error}"
    else:
        batch.send()
        return None
    batch.send()
    if spent:
        reason = f"needs more than {limit >> 20} MB of memory to read"
    return {"kind": "error", "reason": one_line(reason), "spent": spent, "no_text": no_text}


def _format(path: Path) -> str:
    return path.suffix[1:].upper() or "the file"


class Batch:
    """Gathers items on their way out: records into few messages, long texts in segments."""

    def __init__(self, outlet: BinaryIO) -> None:
        self._outlet = outlet
        self._items: list[bytes] = []
        self._bytes = 0
        self._sent_at = time.monotonic()

    def add(self, item: Document | RecordFailure) -> None:
        """Takes one item; sends the batch when it is full, or old."""
        segmented = isinstance(item, Document) and len(item.text) > SEGMENT
        encoded = to_json(item_to_json(item, with_text=not segmented))
        if len(encoded) > MESSAGE_LIMIT - BATCH_BYTES - 64:  # the batch before it, and the frame
            item = RecordFailure(f"metadata, pages and headings take {len(encoded) >> 20} MB: too much to read")
            encoded, segmented = to_json(item_to_json(item)), False
        if segmented and isinstance(item, Document):
            self.send()
            for start in range(0, len(item.text), SEGMENT):
                _send(self._outlet, b'{"kind":"text","text":%b}' % to_json(item.text[start : start + SEGMENT]))
        self._items.append(encoded)
        self._bytes += len(encoded)
        old = time.monotonic() - self._sent_at > BATCH_SECONDS
        if segmented or old or len(self._items) >= BATCH_ITEMS or self._bytes >= BATCH_BYTES:
            self.send()

    def send(self) -> None:
        """Sends what is gathered, if anything."""
        if self._items:
            _send(self._outlet, b'{"kind":"items","items":[%b]}' % b",".join(self._items))
            self._items, self._bytes = [], 0
        self._sent_at = time.monotonic()
