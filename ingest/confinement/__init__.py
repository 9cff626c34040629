"""Confines a process that reads strangers' files: no network, no programs, no writing, and few files to read.

landlock.py    which files can be opened at all
seccomp.py     which calls the kernel refuses
interpreter_files.py  what Python itself must be able to read
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from enum import Enum
from pathlib import Path

from passagework.ingest.confinement import landlock, seccomp
from passagework.ingest.confinement.interpreter_files import readable_paths


class Confinement(str, Enum):
    """Names what holds a parser, from most to least; `limits` are those of time and output, on Linux of memory too."""

    BOTH = "landlock+seccomp"
    LANDLOCK = "landlock"
    SECCOMP = "seccomp"
    LIMITS = "limits"


def confine(readable: Iterable[Path] = ()) -> Confinement:
    """Locks this process in for good, as far as the system can, and says how far that was.

    From here on it opens nothing for writing, reads only what Python needs and `readable` (with Landlock), has no
    network, starts no process and signals none but itself. Descriptors that are open stay open. To be called by the
    only thread.
    """
    return _first_of(lambda: landlock.restrict([*readable_paths(), *readable]), seccomp.restrict)


def available_confinement() -> Confinement:
    """Returns what `confine` would say on this machine, and confines nothing."""
    return _first_of(landlock.available, seccomp.available)


def _first_of(by_path: Callable[[], bool], by_call: Callable[[], bool]) -> Confinement:
    if sys.platform != "linux":
        return Confinement.LIMITS
    held = by_path(), by_call()  # Landlock first: seccomp then refuses its calls no more than any other
    return {
        (True, True): Confinement.BOTH,
        (True, False): Confinement.LANDLOCK,
        (False, True): Confinement.SECCOMP,
        (False, False): Confinement.LIMITS,
    }[held]
