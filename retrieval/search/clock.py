"""Takes the time of each part of a search."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """Takes milliseconds by the name of a part; it runs from the moment that it is made."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._parts: dict[str, float] = {}

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        """Adds the time within to a part."""
        start = time.perf_counter()
        yield
        self._parts[part] = self._parts.get(part, 0.0) + (time.perf_counter() - start) * 1000

    def resume(self) -> None:
        """Leaves out what passed since the last part ended: another query had its turn."""
        self._started = time.perf_counter() - sum(self._parts.values()) / 1000

    def timings_ms(self) -> dict[str, float]:
        """Returns every part, and under `total` all of the time so far, to a microsecond."""
        total = (time.perf_counter() - self._started) * 1000
        return {name: round(ms, 3) for name, ms in {**self._parts, "total": total}.items()}
