"""Reading a database's file beside SQLite, which POSIX makes dangerous.

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

BLOCK_BYTES = 8 << 20
THREADS = min(4, os.cpu_count() or 1)
"""One core digests about 1.3 GB a second; a disk is seldom faster than four."""


@dataclass(slots=True)
class _Held:
    """How many stores of a file are open, and what reads it, once somebody asked."""

    stores: int = 0
    file: BinaryIO | None = None
    reading: threading.Lock = field(default_factory=threading.Lock)


_held: dict[tuple[int, int], _Held] = {}
_lock = threading.RLock()  # a store may be forgotten, and let go, while this very thread holds it


def hold(path: Path) -> tuple[int, int] | None:
    """Says that a store of the file was opened; give what it returns to `let_go` behind the store's last connection."""
    with _lock:
        try:
            found = path.stat()
        except OSError:
            return None
        _held.setdefault((found.st_dev, found.st_ino), _Held()).stores += 1
        return found.st_dev, found.st_ino


def let_go(file: tuple[int, int] | None) -> None:
    """Says that the store was closed."""
    with _lock:
        held = None if file is None else _held.get(file)
        if file is None or held is None:
            return
        held.stores -= 1
        if held.stores == 0:
            del _held[file]
            if held.file is not None:
                held.file.close()


def block_digests(path: Path) -> tuple[int, tuple[str, ...]]:
    """The size of a file that a store has open, and the sha256 of each block of it; raises OSError."""
    with _lock:
        found = path.stat()
        held = _held.get((found.st_dev, found.st_ino))
        if held is None:
            raise FileNotFoundError(errno.ENOENT, "another file took its place", str(path))
        if held.file is None:
            held.file = path.open("rb", buffering=0)
    file, reading = held.file, held.reading

    def digest(start: int) -> str:
        with reading:
            file.seek(start)
            block = file.read(BLOCK_BYTES)
        return hashlib.sha256(block).hexdigest()

    with ThreadPoolExecutor(THREADS) as pool:
        return found.st_size, tuple(pool.map(digest, range(0, found.st_size, BLOCK_BYTES)))
