"""Cores that threads share: how many compute, and who goes first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from passagework.retrieval import cores as cores_module
from passagework.retrieval.cores import Cores, core_lent


def wait_until(condition: Callable[[], bool]) -> None:
    """Returns when something is so; fails after ten seconds."""
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.001)


def test_no_more_compute_than_there_are_cores() -> None:
    """However many threads there are, and however often they lend theirs."""
    cores, lock = Cores(2), threading.Lock()
    computing, most = 0, 0

    def work() -> None:
        nonlocal computing, most
        for lends in (True, False):
            with lock:
                computing += 1
                most = max(most, computing)
            time.sleep(0.002)
            with lock:
                computing -= 1
            if lends:
                with core_lent():
                    time.sleep(0.002)

    def begin() -> None:
        with cores.taken():
            work()

    with ThreadPoolExecutor(12) as pool:
        for done in [pool.submit(begin) for _ in range(40)]:
            done.result(20)
    assert most == 2
    assert (cores._free, cores._returning) == (2, 0)


def test_who_comes_back_goes_before_those_who_begin() -> None:
    """What began ends before anything new begins; a thread that holds no core lends none."""
    cores, order = Cores(1), []
    lent, returning, hold = threading.Event(), threading.Event(), threading.Event()

    def lender() -> None:
        with cores.taken():
            with core_lent():
                lent.set()
                assert returning.wait(10)
            order.append("returned")

    def holder() -> None:
        with cores.taken():
            assert hold.wait(10)

    def beginner() -> None:
        with cores.taken():
            order.append("began")

    with ThreadPoolExecutor(3) as pool:
        done = [pool.submit(lender)]
        assert lent.wait(10)
        done.append(pool.submit(holder))
        wait_until(lambda: cores._free == 0)
        done.append(pool.submit(beginner))
        wait_until(lambda: len(cores._to_begin._waiters) == 1)  # type: ignore[attr-defined]
        returning.set()
        wait_until(lambda: cores._returning == 1)
        hold.set()
        for one in done:
            one.result(10)
    assert order == ["returned", "began"]
    with core_lent():
        assert cores._free == 1


def test_a_lock_that_is_held_while_a_core_is_lent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has the core may wait for it: the lender goes on without one, and then there are as many as before."""
    monkeypatch.setattr(cores_module, "RETURN_SECONDS", 0.05)
    cores, lock = Cores(1), threading.Lock()
    lent, taken = threading.Event(), threading.Event()

    def lender() -> None:
        with cores.taken(), lock, core_lent():
            lent.set()
            assert taken.wait(10)

    def waiter() -> None:
        assert lent.wait(10)
        with cores.taken():
            taken.set()
            with lock:
                pass

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(lender), pool.submit(waiter)]:
            done.result(10)
    assert cores._free == 1
