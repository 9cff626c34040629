"""Runs searches beside the loop that talks to callers: so many at once, so many waiting, none longer than allowed."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from http import HTTPStatus
from typing import TypeVar

from passagework.retrieval.cores import Cores
from passagework.ui.service.problems import RefusedError

Answer = TypeVar("Answer")

AT_ONCE = max(2, os.cpu_count() or 1)
"""Searches that compute at once: each uses a core for most of its time."""

AT_THE_ENCODER = 14
"""Searches beside them that may wait for their query's vector, to be encoded together; with two cores they are as many
as the store keeps connections."""

WAITING = 64
"""Requests that may wait for a thread: a few seconds' work, and whoever comes later had better come again."""


class WorkerThreads:
    """Runs calls on threads, of which `at_once` compute; `seconds` is the longest that a caller waits for one.

    So many more, `lending`, have begun and lent their core while they wait for the encoder.
    """

    def __init__(
        self, *, at_once: int = AT_ONCE, lending: int = AT_THE_ENCODER, waiting: int = WAITING, seconds: float = 30.0
    ) -> None:
        self._pool = ThreadPoolExecutor(at_once + lending, thread_name_prefix="search")
        self._cores = Cores(at_once)
        self._most = at_once + lending + waiting
        self._seconds = seconds
        self._lock = threading.Lock()  # guards the count: calls end on their own threads
        self._under_way = 0

    async def run(self, call: Callable[[], Answer]) -> Answer:
        """Returns what a call returns, or raises what it raises.

        Raises RefusedError where too many wait (503), none came free in time (503), or the call took too long (504): a
        call that began goes on to its end, and keeps its thread until then.
        """
        future = self.start(call)
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(future)), self._seconds)
        except TimeoutError as error:
            if future.cancel():
                raise _busy(f"no thread came free within {self._seconds:g} s: try again") from error
            raise RefusedError(HTTPStatus.GATEWAY_TIMEOUT, f"no answer within {self._seconds:g} s") from error

    def start(self, call: Callable[[], Answer]) -> Future[Answer]:
        """Has a call run when its turn comes, and doesn't wait; raises RefusedError (503) where too many do."""
        with self._lock:
            full = self._under_way >= self._most
            self._under_way += not full
        if full:
            raise _busy("too many requests wait: try again")
        future = self._pool.submit(self._on_a_core, call)
        future.add_done_callback(self._ended)
        return future

    def close(self) -> None:
        """Waits for what runs, and ends the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _on_a_core(self, call: Callable[[], Answer]) -> Answer:
        with self._cores.taken():
            return call()

    def _ended(self, _: object) -> None:
        with self._lock:
            self._under_way -= 1


def _busy(detail: str) -> RefusedError:
    return RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, detail, {"Retry-After": "1"})
