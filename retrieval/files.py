"""Files that are written whole or not at all, their digests, and why one can't be written."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeAlias

from passagework.retrieval.text import one_line

Write: TypeAlias = Callable[[bytes | memoryview], int]
"""Takes the next bytes of a file, and returns how many they were."""

READ_BYTES = 1 << 20
BUSY_WAITS = (0.01, 0.03, 0.1, 0.3, 1.0) if os.name == "nt" else ()
"""Seconds between the tries to replace a file: Windows refuses while another process has the old one open."""


def write_atomically(path: Path, content: bytes | Callable[[Write], object]) -> str:
    """Writes a file so that a crash leaves the old one or the new one, whole and on the disk; returns its sha256.

    `content` is what the file shall hold, or writes that piece by piece. There must be no other writer of the file.
    Whatever is raised passes through, and leaves nothing behind.
    """
    temporary = path.with_name(f".{path.name}.tmp")  # always the same, so that crashes leave no more than one
    digest = hashlib.sha256()
    try:
        with temporary.open("wb") as file:

            def write(data: bytes | memoryview) -> int:
                digest.update(data)
                return file.write(data)

            if isinstance(content, bytes):
                write(content)
            else:
                content(write)
            file.flush()
            os.fsync(file.fileno())
        replace_file(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    return digest.hexdigest()


def replace_file(temporary: Path, path: Path) -> None:
    """Puts a file in another's place at once; on Windows it waits for readers of the old one, 1.4 s at most."""
    for seconds in BUSY_WAITS:
        with contextlib.suppress(PermissionError):
            temporary.replace(path)
            return
        time.sleep(seconds)
    temporary.replace(path)


def sync_folder(folder: Path) -> None:
    """Makes a folder's new entries survive a power cut; Windows can't, and needs it less."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def set_aside(path: Path) -> Path:
    """Renames what is damaged to `.damaged`, or `.damaged-2` and so on: nothing that was set aside is written over.

    Returns its new path; raises OSError where it can't be renamed.
    """
    aside, number = path.with_name(f"{path.name}.damaged"), 1
    while os.path.lexists(aside):
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{number}")
    return path.rename(aside)


def digest_file(path: Path) -> str:
    """Returns the sha256 of a file as 64 hexadecimal digits; raises OSError where it can't be read."""
    with path.open("rb") as file:
        return digest_open(file)


def digest_open(file: BinaryIO) -> str:
    """Returns the sha256 of what is left of an open file."""
    digest = hashlib.sha256()
    while block := file.read(READ_BYTES):
        digest.update(block)
    return digest.hexdigest()


def write_problem(error: OSError | RuntimeError) -> str:
    """Says in a line why a file can't be written, with what to do where the disk is full."""
    reason = " ".join((getattr(error, "strerror", None) or str(error)).split())
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return f"{reason}; free some space and run again: what was committed is safe" if full else reason


def read_problem(error: OSError) -> str:
    """Says in a person's words what the operating system said of a file, without its path: a report names that."""
    match error.errno:
        case errno.EACCES | errno.EPERM:
            return "permission denied"
        case errno.ENOENT | errno.ENOTDIR | errno.ESTALE:
            return "vanished while reading"
        case errno.ELOOP:
            return "symlink loop"
        case _:
            return one_line(f"can't be read: {error.strerror or error}")
