"""What a fork leaves to the child: nothing that another thread was in the midst of, and nothing whose end would hang.

A forked child has one thread, and a copy of the memory. A lock that another thread held stays locked there for ever; a
native library still counts on threads that are gone; SQLite believes that it holds the parent's locks. So whatever
uses native code does it within `in_use`, a fork waits until nothing is in use, and what is registered here is told of
the fork before it, and in the child after it. What was in use nevertheless is refused in the child, in one line.

The end of the process waits for the same: a native library whose code a daemon thread still runs would abort it.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from passagework.retrieval.errors import PassageworkError

FORK_WAIT_SECONDS = 30.0
"""Seconds that a fork waits for what other threads have in use: a batch takes one or two, of a large encoder ten."""

END_WAIT_SECONDS = 10.0
"""Seconds that the end of the process waits for what daemon threads have in use."""

SETTLE_SECONDS = 0.005
"""Seconds between the last use and the fork: threads of native libraries let go of their locks, and fall asleep."""


class _Uses:
    """Counts what each thread has in use, and keeps new uses from beginning while a fork is under way."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._of_thread: dict[int, Counter[str]] = {}
        self._forking: int | None = None
        self._last = 0.0

    def begin(self, name: str) -> None:
        """Waits for the end of a fork by another thread, unless this one has something in use already."""
        thread = threading.get_ident()
        with self._changed:
            while self._forking not in (None, thread) and thread not in self._of_thread:
                self._changed.wait()
            self._of_thread.setdefault(thread, Counter())[name] += 1

    def end(self, name: str) -> None:
        """Says that this thread is done with it."""
        thread = threading.get_ident()
        with self._changed:
            names = self._of_thread.get(thread, Counter())
            names[name] -= 1
            if not +names:
                self._of_thread.pop(thread, None)
            self._last = time.monotonic()
            self._changed.notify_all()

    def stop(self, seconds: float) -> None:
        """Waits so long at most until no other thread has anything in use, for a fork by this one, or for the end."""
        thread = threading.get_ident()
        with self._changed:
            self._changed.wait_for(lambda: self._forking is None)
            self._forking = thread
            self._changed.wait_for(lambda: not self._of_thread.keys() - {thread}, seconds)
            settled = self._last + SETTLE_SECONDS
        time.sleep(max(0.0, settled - time.monotonic()))

    def go_on(self) -> None:
        """Lets the parent's threads go on."""
        with self._changed:
            self._forking = None
            self._changed.notify_all()

    def names(self) -> set[str]:
        """Returns what is in use, by whatever thread."""
        return {name for names in list(self._of_thread.values()) for name in +names}


_uses = _Uses()
_lost: set[str] = set()  # what was in use when this process was forked
_before: list[Callable[[], None]] = []
_in_child: list[Callable[[], None]] = []
_locks: weakref.WeakSet[ForkSafeLock] = weakref.WeakSet()
_used_types: set[type] = set()
_parents_types: set[type] = set()  # of native objects that the parent of this forked process had
_never_freed: weakref.WeakSet[object] = weakref.WeakSet()


@contextmanager
def in_use(name: str) -> Iterator[None]:
    """Says that this thread uses native code, or holds a lock, until the end: a fork waits for it.

    `name` tells what of: a database's path, an encoder. Raises PassageworkError where it was in use, by another thread
    too, when this process was forked.
    """
    if name in _lost:
        raise PassageworkError(
            f"{name} was in use when this process was forked, and can't be used here: fork when nothing runs, or start "
            "processes by spawn"
        )
    _uses.begin(name)
    try:
        yield
    finally:
        _uses.end(name)


class ForkSafeLock:
    """A lock that is free in a forked child, whoever held it in the parent."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        _locks.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def free(self) -> None:
        """Makes it a new lock."""
        self._lock = threading.Lock()


def at_fork(*, before: Callable[[], None] | None = None, in_child: Callable[[], None] | None = None) -> None:
    """Has functions called before each fork, and after it in the child."""
    if before is not None:
        _before.append(before)
    if in_child is not None:
        _in_child.append(in_child)


def never_free_in_child(owner: object) -> None:
    """Keeps a native object of this process from being destroyed in a forked child, where its end would hang.

    In a child of a process that used the library, one of its own isn't destroyed either: its end would be that of
    threads which stayed in the parent.
    """
    _never_freed.add(owner)
    if type(owner) in _parents_types:
        _keep_for_ever(owner)
    _used_types.add(type(owner))


def keep_parents(owner: object) -> None:
    """Keeps an object of this process from being destroyed in a forked child; the child's own are its to end."""
    _never_freed.add(owner)


def _keep_for_ever(owner: object) -> None:
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(owner))


def _prepare() -> None:
    _uses.stop(FORK_WAIT_SECONDS)
    for call in _before:
        call()


def _begin_child() -> None:
    global _uses
    _lost.update(_uses.names())
    _uses = _Uses()
    for lock in list(_locks):
        lock.free()
    for owner in list(_never_freed):
        _keep_for_ever(owner)
    _parents_types.update(_used_types)
    for call in _in_child:
        call()


def _end() -> None:
    """Keeps daemon threads from native code that goes away beneath them; they have no part in what follows."""
    _uses.stop(END_WAIT_SECONDS)


atexit.register(_end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_prepare, after_in_parent=lambda: _uses.go_on(), after_in_child=_begin_child)
