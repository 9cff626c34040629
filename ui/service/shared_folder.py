"""The folder in which the processes of one service keep what they share, for as long as one of them lives."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "passagework-serve-"


@contextmanager
def shared_folder() -> Iterator[Path]:
    """Gives a new folder, which goes when it is left; those of services that were killed go first."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        _remove_if_left(left)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        with held_folder(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def held_folder(folder: Path) -> Iterator[None]:
    """Holds a folder: whoever clears what was left behind leaves it alone until this process ends."""
    from fcntl import LOCK_SH, flock

    with _opened(folder) as descriptor:
        flock(descriptor, LOCK_SH)
        yield


def _remove_if_left(folder: Path) -> None:
    """Removes a folder that no process holds; one of another user stays."""
    from fcntl import LOCK_EX, LOCK_NB, flock

    with suppress(OSError), _opened(folder) as descriptor:
        flock(descriptor, LOCK_EX | LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
