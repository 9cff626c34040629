"""Gives room for all vectors of a collection: memory for few, for many a file that the system reads again."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from passagework.retrieval.errors import StoreError
from passagework.retrieval.files import write_problem
from passagework.retrieval.types import Vectors

MOST_BYTES = 1 << 30
"""Vectors of more bytes lie in a file while an index is built: 700,000 of the default encoder."""

VectorRoom = Callable[[int, int], Vectors]
"""Gives an array for so many vectors of so many numbers, float32; what is in it is any."""


def vector_room(folder: Path) -> VectorRoom:
    """Returns what gives room, with its file in `folder`: nameless, and gone with the array.

    The file has all its blocks before it is mapped, for a disk that fills up beneath a map ends the process. What is
    returned raises StoreError where the disk has no room.
    """

    def room(count: int, dim: int) -> Vectors:
        size = count * dim * 4
        if size <= MOST_BYTES or not hasattr(os, "posix_fallocate"):
            return np.empty((count, dim), dtype=np.float32)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder) as file:
                os.posix_fallocate(file.fileno(), 0, size)
                return np.memmap(file, dtype=np.float32, mode="r+", shape=(count, dim))
        except OSError as error:
            raise StoreError(f"{folder} can't be written: {write_problem(error)}") from error

    return room
