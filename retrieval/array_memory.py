"""Arrays that may be wanted again, within a number of bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, Generic, TypeVar

from numpy.typing import NDArray

Key = TypeVar("Key", bound=Hashable)
Array = TypeVar("Array", bound=NDArray[Any])


class ArrayMemory(Generic[Key, Array]):
    """The arrays asked for last, by key, `limit` bytes of them at most; shared among threads, and read-only."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, Array] = OrderedDict()
        self._bytes = 0

    def get(self, key: Key) -> Array | None:
        """What was kept under a key."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: Key, array: Array) -> None:
        """Keeps an array, and forgets those that were asked for longest ago."""
        array.flags.writeable = False
        with self._lock:
            if key not in self._kept:
                self._kept[key] = array
                self._bytes += array.nbytes
            while self._bytes > self._limit:
                self._bytes -= self._kept.popitem(last=False)[1].nbytes
