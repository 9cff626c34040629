"""What the file system tells of changes beneath the PATHs: by events, or by looking again and again."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from passagework.retrieval.text import one_line

if TYPE_CHECKING:
    from watchfiles import Change

_log = logging.getLogger(__name__)

TICK = 200
"""Milliseconds between two looks at whether anything was told."""

POLL_DELAY = 1_000
"""Milliseconds between two walks through the files where the file system tells nothing."""

Identity: TypeAlias = tuple[int, int]
"""Device and number of what lies at a PATH: a folder that comes back, or a file that was replaced, is another one."""


class FileEvents:
    """Follows PATHs from when it is made, files or folders; also those that vanish and come back.

    `poll` looks at all files every second, for file systems that don't tell what other machines do. What lies in the
    folder `apart`, or in or at a name that begins with a dot, is not told.
    """

    def __init__(self, paths: Sequence[Path], apart: Path, *, poll: bool) -> None:
        self._paths = tuple(paths)
        self._apart, self._poll = apart.resolve(), poll
        self._known: list[Identity | None] = []
        self._told: Generator[set[tuple[Change, str]], None, None]
        self._early: set[str] = set()
        self.working = True
        """False where the system refuses to tell, as when it has no watches left."""
        self._follow()

    def look(self) -> set[str]:
        """Waits for a tick, and returns the paths that changed meanwhile; those of a PATH that came or went, too."""
        changed = self._early | {path for _, path in next(self._told)}
        self._early = set()
        identities = [_identity(path) for path in self._paths]
        if identities != self._known:
            pairs = zip(self._paths, identities, self._known, strict=True)
            changed |= {str(path) for path, now, before in pairs if now != before}
            self._told.close()
            self._follow()
        return changed

    def close(self) -> None:
        """Follows nothing any more."""
        self._told.close()

    def _follow(self) -> None:
        self._known = [_identity(path) for path in self._paths]
        there = [path for path, known in zip(self._paths, self._known, strict=True) if known is not None]
        self._told = self._events(there)
        self._early |= {path for _, path in next(self._told)}  # begins to listen: from now on nothing is missed

    def _events(self, paths: Sequence[Path]) -> Generator[set[tuple[Change, str]], None, None]:
        from watchfiles import watch

        try:
            if paths:
                yield from watch(
                    *paths,
                    watch_filter=self._is_told,
                    step=TICK // 4,
                    debounce=TICK,
                    rust_timeout=TICK,
                    yield_on_timeout=True,
                    force_polling=self._poll,
                    poll_delay_ms=POLL_DELAY,
                    ignore_permission_denied=True,
                )
        except (OSError, RuntimeError) as error:
            self.working = isinstance(error, FileNotFoundError)  # a PATH that vanished is told below
            _log.warning("no file events: %s", one_line(str(error)))
        while True:
            time.sleep(TICK / 1000)
            yield set()

    def _is_told(self, _: Change, path: str) -> bool:
        if Path(os.path.realpath(path)).is_relative_to(self._apart):
            return False
        below = (Path(path).relative_to(root).parts for root in self._paths if Path(path).is_relative_to(root))
        return any(not any(part.startswith(".") for part in parts) for parts in below)


def _identity(path: Path) -> Identity | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
