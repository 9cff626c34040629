"""A cache of arrays, within a number of bytes."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Generic, TypeVar

from numpy.typing import NDArray

from passagework.retrieval.forks import ForkSafeLock

Array = TypeVar("Array", bound=NDArray[Any])

ENTRY_BYTES = 400
"""Bytes that an array takes beside its numbers and the letters of its key: uncounted, empty ones would never go."""


class ArrayCache(Generic[Array]):
    """Keeps the arrays asked for last, by a text, at most `limit` bytes with the texts; threads share it, read-only."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = ForkSafeLock()
        self._arrays: OrderedDict[str, Array] = OrderedDict()
        self._bytes = 0

    def get(self, key: str) -> Array | None:
        """Returns the array kept under a key, None where there is none."""
        with self._lock:
            if key in self._arrays:
                self._arrays.move_to_end(key)
            return self._arrays.get(key)

    def put(self, key: str, array: Array) -> None:
        """Keeps an array, and forgets those that were asked for longest ago."""
        array.flags.writeable = False
        with self._lock:
            if key not in self._arrays:
                self._arrays[key] = array
                self._bytes += _size(key, array)
            while self._bytes > self._limit:
                self._bytes -= _size(*self._arrays.popitem(last=False))


def _size(key: str, array: NDArray[Any]) -> int:
    return array.nbytes + len(key) + ENTRY_BYTES
