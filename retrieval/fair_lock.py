"""A lock that is handed over in the order in which threads came."""

from __future__ import annotations

import threading
from collections import deque

from passagework.retrieval.forks import ForkSafeLock


class FairLock(ForkSafeLock):
    """Is handed to whoever has waited longest, so that who takes it again and again lets others in between.

    A plain lock mostly goes to the thread that has just let go of it: it runs, and those that wait must wake first.
    """

    def __init__(self) -> None:
        super().__init__()
        self._held = False
        self._turns: deque[threading.Event] = deque()

    def __enter__(self) -> None:
        with self._lock:
            if not self._held:
                self._held = True
                return
            turn = threading.Event()
            self._turns.append(turn)
        try:
            turn.wait()
        except BaseException:  # interrupted: whoever is behind must not wait for a thread that is gone
            with self._lock:
                was_handed = turn not in self._turns
                if not was_handed:
                    self._turns.remove(turn)
            if was_handed:
                self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        with self._lock:
            if self._turns:
                self._turns.popleft().set()
            else:
                self._held = False

    def free(self) -> None:
        """Makes it a new lock, which nobody holds or waits for."""
        super().free()
        self._held = False
        self._turns.clear()
