"""Holds tokens to the requests that they may send a minute, in one process or in several together."""

from __future__ import annotations

import hashlib
import os
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

MINUTE = 60.0

_INSTANT = struct.Struct("d")


class RequestRates:
    """Counts requests by the name of their token: a full minute's at once, and then one each time its share has passed.

    That is the generic cell rate algorithm (ITU-T I.371), which keeps one instant for each token: when all that was
    taken is made up for. Processes that are given the same `folder` count together, in a file for each token; their
    monotonic clock is the system's.
    """

    def __init__(self, folder: Path | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._made_up: dict[str, float] = {}

    def take(self, name: str, rate: int) -> float:
        """Takes one request of `rate` a minute; returns 0, or the seconds until there is one, and then takes none."""
        if self._folder is None:
            made_up, wait = self._taken(self._made_up.get(name, 0.0), rate)
            self._made_up[name] = made_up
            return wait
        with _locked(self._folder / hashlib.sha256(name.encode()).hexdigest()) as file:
            written = os.pread(file, _INSTANT.size, 0)
            made_up, wait = self._taken(_INSTANT.unpack(written)[0] if written else 0.0, rate)
            os.pwrite(file, _INSTANT.pack(made_up), 0)
        return wait

    def _taken(self, made_up: float, rate: int) -> tuple[float, float]:
        """Returns when all is made up for after one more request, and the seconds until that may be."""
        now = self._clock()
        after = max(now, made_up) + MINUTE / rate
        wait = after - now - MINUTE
        return (made_up, wait) if wait > 1e-6 else (after, 0.0)


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """Gives a file that no other process reads or writes meanwhile."""
    from fcntl import LOCK_EX, flock

    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        flock(file, LOCK_EX)
        yield file
    finally:
        os.close(file)
