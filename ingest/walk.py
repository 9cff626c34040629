"""Walks through a folder to be ingested: what lies in it, what can't be read, what is left out."""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from passagework.ingest.globs import Globs
from passagework.ingest.ignored import rules_above
from passagework.retrieval.files import read_problem

BROKEN_LINK, LINK_LOOP = "broken symlink", "symlink loop"
"""The reasons of links that lead nowhere, or back to where they are: there is no file to read, so none has failed."""

_KINDS = {
    stat.S_IFIFO: "FIFO",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
    stat.S_IFDIR: "folder",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Something on the walk: its path as walked, beneath the root ("" for the root), and without symbolic links.

    `linked`: reached through a link. `reason`: why it can't be read, "" if it can. `ignored`: why it is left out, ""
    if it isn't.
    """

    path: str
    relative: str
    real: str
    linked: bool
    reason: str = ""
    ignored: str = ""
    is_folder: bool = False


def walk(root: Path, globs: Globs, *, no_ignore: bool = False) -> Iterator[Place]:
    """Yields the files beneath `root`, or `root` itself if it is one, and whatever is left out or can't be read.

    They come in no order. Folders that links lead to come last, so that a folder is walked in its own place if it has
    one. What is left out (see `ignored`) is yielded once, a folder without what lies in it.
    """
    top = Place(os.fspath(root), "", os.path.realpath(root), linked=False)
    if not root.is_dir():
        if globs.take_file(root.name):
            yield Place(top.path, root.name, top.real, linked=False, reason=irregular(root.stat().st_mode))
        return
    folders = deque([(top, rules_above(root, no_ignore=no_ignore))])  # links to the right, to be taken last
    visited: set[tuple[int, int]] = set()
    while folders:
        folder, rules = folders.popleft()
        try:
            entries = _entries(folder.path, visited)
        except OSError as error:
            yield replace(folder, reason=read_problem(error))
            continue
        names = frozenset(entry.name for entry in entries)
        if folder is not top and (why := rules.folder_reason(folder.path, names)):
            yield replace(folder, ignored=why, is_folder=True)
            continue
        inside = rules.in_folder(folder.path, names, asked_for=folder is top)
        for place, is_folder in _shown(entries, folder, globs):
            link = os.path.islink(place.path)  # noqa: PTH114 - a Path for each is 10 times slower
            if why := inside.reason(place.path, names, is_folder=is_folder, linked=link):
                yield replace(place, ignored=why, is_folder=is_folder)
            elif not is_folder or place.reason:
                yield place
            elif link:
                folders.append((place, inside))
            else:
                folders.appendleft((place, inside))


def _entries(folder: str, visited: set[tuple[int, int]]) -> list[os.DirEntry[str]]:
    """Returns what lies in a folder, in byte order; nothing where it was `visited`, to which it is added."""
    status = Path(folder).stat()
    if (status.st_dev, status.st_ino) in visited:
        return []
    visited.add((status.st_dev, status.st_ino))
    with os.scandir(folder) as listing:
        return sorted(listing, key=lambda entry: os.fsencode(entry.name))


def _shown(entries: Sequence[os.DirEntry[str]], folder: Place, globs: Globs) -> Iterator[tuple[Place, bool]]:
    """Yields what the globs let through of a folder's entries, hidden ones apart, and whether each is a folder."""
    for entry in entries:
        if not entry.name.startswith("."):
            place, is_folder = _look(entry, folder)
            if (globs.take_folder if is_folder else globs.take_file)(place.relative):
                yield place, is_folder


def _look(entry: os.DirEntry[str], folder: Place) -> tuple[Place, bool]:
    """Returns what an entry of a folder is, and whether it is a folder itself."""
    relative = f"{folder.relative}/{entry.name}" if folder.relative else entry.name
    real, link = os.path.join(folder.real, entry.name), False  # noqa: PTH118 - a Path for each is 10 times slower
    is_folder, reason = False, ""
    try:
        link = entry.is_symlink()
        is_folder = entry.is_dir()
        if link:
            real = os.path.realpath(entry.path)
        if is_folder and link and os.path.commonpath([real, folder.real]) == real:
            reason = LINK_LOOP  # it leads back to a folder that it lies in
        elif not is_folder and not entry.is_file():
            reason = irregular(entry.stat().st_mode)
    except OSError as error:
        reason = BROKEN_LINK if link and error.errno == errno.ENOENT else read_problem(error)
    return Place(entry.path, relative, real, folder.linked or link, reason), is_folder


def irregular(mode: int) -> str:
    """Returns why something of this mode can't be read as a file; "" if it can."""
    return "" if stat.S_ISREG(mode) else f"not a regular file ({_KINDS.get(stat.S_IFMT(mode), 'of another kind')})"
