"""Shares the processor's cores among threads: who waits for something meanwhile lends its own to another."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

RETURN_SECONDS = 1.0
"""The longest that who lent a core waits for one: whoever has it may wait for a lock that the lender holds."""

_thread = threading.local()
"""`cores` is what this thread holds one of, while it does."""


class Cores:
    """Lets so many threads compute at once. Who lent a core and wants it back goes before those that begin."""

    def __init__(self, most: int) -> None:
        self._free = most
        self._returning = 0
        lock = threading.Lock()
        self._to_go_on = threading.Condition(lock)
        self._to_begin = threading.Condition(lock)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Waits for a core, and holds it to the end, but for what is done within `core_lent`."""
        with self._to_begin:
            self._to_begin.wait_for(lambda: self._free > 0 and not self._returning)
            self._free -= 1
        _thread.cores = self
        try:
            yield
        finally:
            _thread.cores = None
            self._give()

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Gives back the core that this thread holds, and waits for one at the end.

        After RETURN_SECONDS it goes on without: then one more computes than there are cores, and nobody stands still.
        """
        self._give()
        try:
            yield
        finally:
            with self._to_go_on:
                self._returning += 1
                self._to_go_on.wait_for(lambda: self._free > 0, RETURN_SECONDS)
                self._returning -= 1
                self._free -= 1
                if self._free > 0:
                    self._to_begin.notify()  # what was given back meanwhile was told to this thread

    def _give(self) -> None:
        with self._to_begin:
            self._free += 1
            self._to_go_on.notify()
            self._to_begin.notify()


@contextmanager
def core_lent() -> Iterator[None]:
    """Lends the core that this thread holds, if it holds one, while it waits for what others do."""
    cores: Cores | None = getattr(_thread, "cores", None)
    if cores is None:
        yield
    else:
        with cores.lent():
            yield
