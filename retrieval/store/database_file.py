"""Reads a database's file beside SQLite, which POSIX makes dangerous.

A process that closes any descriptor of a file loses all its locks on it, SQLite's among them: another process would
then take away the log beneath a reader (sqlite.org/howtocorrupt.html, 2.2). So what is opened here stays open until the
last Store of that file in this process is closed.
"""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from passagework.retrieval.forks import ForkSafeLock, at_fork

BLOCK_BYTES = 8 << 20
THREADS = min(4, os.cpu_count() or 1)
"""One core digests about 1.3 GB a second; a disk is seldom faster than four."""


@dataclass(slots=True)
class _OpenFile:
    """Counts the open stores of a file, and holds what reads it, once that was asked for."""

    stores: int = 0
    file: BinaryIO | None = None
    reading: ForkSafeLock = field(default_factory=ForkSafeLock)


_open_files: dict[tuple[int, int], _OpenFile] = {}
_lock = threading.RLock()  # a store may be forgotten, and let go, while this very thread holds it
_parents_files: list[BinaryIO] = []  # never closed: a child reads by descriptors of its own


def _begin_child() -> None:
    global _lock
    _lock = threading.RLock()
    for open_file in _open_files.values():
        if open_file.file is not None:
            _parents_files.append(open_file.file)
            open_file.file = None
        open_file.reading = ForkSafeLock()


at_fork(in_child=_begin_child)


def register_store(path: Path) -> tuple[int, int] | None:
    """Says that a store of the file was opened.

    Give what it returns to `unregister_store` behind the store's last connection."""
    with _lock:
        try:
            status = path.stat()
        except OSError:
            return None
        _open_files.setdefault((status.st_dev, status.st_ino), _OpenFile()).stores += 1
        return status.st_dev, status.st_ino


def unregister_store(file: tuple[int, int] | None) -> None:
    """Says that the store was closed."""
    with _lock:
        open_file = None if file is None else _open_files.get(file)
        if file is None or open_file is None:
            return
        open_file.stores -= 1
        if open_file.stores == 0:
            del _open_files[file]
            if open_file.file is not None:
                open_file.file.close()


def block_digests(path: Path) -> tuple[int, tuple[str, ...]]:
    """Returns the size of a file that a store has open, and the sha256 of each block of it; raises OSError."""
    with _lock:
        status = path.stat()
        open_file = _open_files.get((status.st_dev, status.st_ino))
        if open_file is None:
            raise FileNotFoundError(errno.ENOENT, "another file took its place", str(path))
        if open_file.file is None:
            open_file.file = path.open("rb", buffering=0)
    file, reading = open_file.file, open_file.reading

    def digest(start: int) -> str:
        with reading:
            file.seek(start)
            block = file.read(BLOCK_BYTES)
        return hashlib.sha256(block).hexdigest()

    with ThreadPoolExecutor(THREADS) as pool:
        return status.st_size, tuple(pool.map(digest, range(0, status.st_size, BLOCK_BYTES)))
