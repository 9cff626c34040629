"""The lock that is handed over in order."""

from __future__ import annotations

import threading
import time

from passagework.retrieval.fair_lock import FairLock


def test_who_takes_it_again_and_again_lets_others_in_between() -> None:
    """Each thread that waits has it once before the one that has just had it has it again."""
    lock, order = FairLock(), []
    both_wait = threading.Event()

    def take(name: str, times: int) -> None:
        for _ in range(times):
            with lock:
                both_wait.wait(10)
                order.append(name)

    threads = [threading.Thread(target=take, args=("ingest", 4))]
    threads[0].start()
    for name in ("first", "second"):
        before = len(lock._turns)
        threads.append(threading.Thread(target=take, args=(name, 1)))
        threads[-1].start()
        until = time.monotonic() + 10
        while len(lock._turns) == before and time.monotonic() < until:
            time.sleep(0.001)
    both_wait.set()
    for thread in threads:
        thread.join(10)
    assert order == ["ingest", "first", "second", "ingest", "ingest", "ingest"]


def test_a_forked_child_finds_it_free() -> None:
    """Whoever held it, or waited for it, is gone there."""
    lock = FairLock()
    lock.__enter__()
    lock._turns.append(threading.Event())
    lock.free()
    with lock:
        assert not lock._turns
    with lock:
        pass
