"""What every source gives, and where its files lie while they are read."""

from __future__ import annotations

import re
import shutil
import tempfile
import weakref
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Protocol

from passagework.ingest.globs import Globs
from passagework.ingest.scan import Origin, Scan

_IMPOSSIBLE = re.compile(r'[\x00-\x1f\\/:*?"<>|]')
"""Characters that a file's name can't have on one of the three systems."""


class LocalCopies:
    """Gives each file of a source a place of its own beneath a temporary folder, which goes with it.

    Files of one folder are given one folder, and keep their names as far as they can, by which loaders know formats.
    """

    def __init__(self) -> None:
        self._top: Path | None = None
        self._folders: dict[str, int] = {}
        self._remove: Callable[[], object] = lambda: None

    def place(self, relative: str) -> Path:
        """Returns where the copy of a file is to be written, whatever its name is elsewhere."""
        folder, _, name = relative.rpartition("/")
        possible = _IMPOSSIBLE.sub("_", name)
        if possible != name or name in ("", ".", ".."):
            folder, possible = f"{relative}/", f"file{possible}"  # a folder of its own: two may be the same now
        if self._top is None:
            self._top = Path(tempfile.mkdtemp(prefix="passagework-"))
            self._remove = weakref.finalize(self, shutil.rmtree, self._top, ignore_errors=True)
        place = self._top / str(self._folders.setdefault(folder, len(self._folders)))
        place.mkdir(exist_ok=True)
        return place / possible

    def close(self) -> None:
        """Removes the folder."""
        self._remove()


class Source(Origin, Protocol):
    """Is where files come from that lie in no folder of this machine; documents' URIs begin with its own."""

    @property
    def uri(self) -> str:
        """Returns what the URIs of all its files begin with; "" where that can't be told."""

    @property
    def gone(self) -> Collection[str]:
        """Returns the URIs of files that the last `scan` found to be no more, beside those that it didn't list."""

    def scan(self, globs: Globs, supported: Callable[[Path], bool], copies: LocalCopies) -> Scan:
        """Lists all its files, those that can be read with the place that `fetch` will write them to.

        Raises IngestError where they can't be listed, ModelUnavailableError or ConfigError for what an extra needs.
        """
