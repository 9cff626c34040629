"""Remembers the digests of files from run to run of one process, so that a file that nobody touched isn't read."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from passagework.ingest.scan import sha256_file

Stamp: TypeAlias = tuple[int, int, int, int, int]
"""Device, number on it, bytes, and when content and status last changed, in nanoseconds."""

RECENT = 2_000_000_000
"""Nanoseconds in which a second change may leave the times as they are: those of FAT count in steps of 2 s."""


class FileDigests:
    """Gives the SHA-256 of files, and reads none again whose size, number and times are as they were.

    As git's index does, it remembers none that changed right before it was read: another change might not show.
    """

    def __init__(self) -> None:
        self._known: dict[Path, tuple[Stamp, str]] = {}

    def of(self, path: Path) -> str:
        """Returns a file's SHA-256 in hexadecimal; raises IngestError as `sha256_file` does."""
        stamp = stamp_of(path)
        known = self._known.get(path)
        if stamp is not None and known is not None and known[0] == stamp:
            return known[1]
        self._known.pop(path, None)
        began = time.time_ns()
        sha256, _ = sha256_file(path)
        if stamp is not None and stamp == stamp_of(path) and max(stamp[3:]) < began - RECENT:
            self._known[path] = (stamp, sha256)
        return sha256


def stamp_of(path: Path) -> Stamp | None:
    """Returns a file's device, number, size and the times of its last changes; None where there is none."""
    with suppress(OSError):
        status = path.stat()
        return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
    return None
