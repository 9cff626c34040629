"""Finds the files beneath the PATHs to ingest, those of an unsupported type, and those impossible to reach."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from passagework.ingest.globs import Globs
from passagework.retrieval.errors import IngestError
from passagework.retrieval.files import read_problem
from passagework.retrieval.text import one_line

_READ_BYTES = 1 << 20
_READ_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""Non-blocking, for opening a FIFO put in a file's place would wait for its writer; binary, for Windows."""
_KINDS = {
    stat.S_IFIFO: "FIFO",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
    stat.S_IFDIR: "folder",
}


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to ingest: `path` is absolute, `uri` its file URI, `root` the PATH beneath which it was found, absolute.

    `relative` is `/`-separated and relative to `root`, or the file's own name if `root` is the file. Bytes of a name
    that are not UTF-8 are U+FFFD in `relative`, for people; `uri` percent-encodes them, so it alone is unique.
    """

    path: Path
    relative: str
    uri: str
    root: Path


@dataclass(frozen=True, slots=True)
class Unread:
    """A file or folder that is not ingested, and why, in one line; `path` and `relative` are as in FoundFile."""

    path: Path
    relative: str
    reason: str


@dataclass(frozen=True, slots=True)
class Scan:
    """What lies beneath the PATHs: in the order of the PATHs, and beneath each in byte order of the relative path.

    `skipped` are files of types that aren't supported. `failed` can't be reached, or are no files; what lies beneath
    a folder among them is unknown, not gone.
    """

    files: tuple[FoundFile, ...]
    skipped: tuple[Unread, ...]
    failed: tuple[Unread, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """Something on the walk: its path as walked, beneath the root ("" for the root), and without symbolic links.

    `linked`: reached through a link. `reason`: why it can't be read, "" if it can.
    """

    path: str
    relative: str
    real: str
    linked: bool
    reason: str = ""


def scan(
    paths: Sequence[Path],
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    supported: Callable[[Path], bool],
) -> Scan:
    """Returns every file beneath `paths` that the globs let through (see Globs), without opening any.

    Hidden files and folders are left out, unless they are PATHs themselves. Symbolic links are followed. A file that
    is reached twice is listed once: beneath the first PATH, and there by its own place rather than through a link.
    Raises IngestError where one of `paths` doesn't exist, ConfigError for an empty glob.
    """
    files: list[FoundFile] = []
    skipped: list[Unread] = []
    failed: list[Unread] = []
    globs = Globs(include, exclude)
    visited: set[str] = set()
    for root in [absolute(path) for path in paths]:
        for place in _once(_walk(root, globs), visited):
            path, relative = Path(place.path), _readable(place.relative or ".")
            if place.reason:
                failed.append(Unread(path, relative, place.reason))
            elif supported(path):
                files.append(FoundFile(path, relative, path.as_uri(), root))
            else:
                skipped.append(Unread(path, relative, _unsupported(path)))
    return Scan(tuple(files), tuple(skipped), tuple(failed))


def sha256_file(path: Path) -> tuple[str, int]:
    """Returns the file's SHA-256 in hexadecimal and its size in bytes, read in pieces.

    Raises IngestError with the reason alone: "permission denied", "vanished while reading", "not a regular file (...)".
    """
    digest, size = hashlib.sha256(), 0
    try:
        descriptor = os.open(path, _READ_FLAGS)
        try:
            if reason := _irregular(os.fstat(descriptor).st_mode):
                raise IngestError(reason)
            while piece := os.read(descriptor, _READ_BYTES):
                digest.update(piece)
                size += len(piece)
        finally:
            os.close(descriptor)
    except OSError as error:
        # A socket is the one thing that can't even be opened.
        raise IngestError(_irregular(stat.S_IFSOCK) if error.errno == errno.ENXIO else read_problem(error)) from error
    return digest.hexdigest(), size


def absolute(path: Path) -> Path:
    """Returns `path` from the top of the file system, with links kept; raises IngestError where there is nothing."""
    try:
        path.stat()
    except OSError as error:
        reason = "doesn't exist" if error.errno in (errno.ENOENT, errno.ENOTDIR) else read_problem(error)
        raise IngestError(one_line(f"{_readable(os.fspath(path))}: {reason}")) from error
    # Where "link/.." leads, only the file system knows.
    return Path(os.path.realpath(path)) if ".." in path.parts else path.absolute()


def _once(places: Iterator[_Place], visited: set[str]) -> list[_Place]:
    """Returns the places not `visited` yet, in byte order of the relative path, and adds them to `visited`."""
    new = []
    for place in sorted(places, key=lambda place: (place.linked, os.fsencode(place.relative))):
        if place.real not in visited:
            visited.add(place.real)
            new.append(place)
    return sorted(new, key=lambda place: os.fsencode(place.relative))


def _walk(root: Path, globs: Globs) -> Iterator[_Place]:
    """Yields the files beneath `root`, or `root` itself if it is one, and whatever can't be read, in no order.

    Folders that links lead to come last, so that a folder is walked in its own place if it has one.
    """
    top = _Place(os.fspath(root), "", os.path.realpath(root), linked=False)
    if not root.is_dir():
        if globs.take_file(root.name):
            yield _Place(top.path, root.name, top.real, linked=False, reason=_irregular(root.stat().st_mode))
        return
    folders = deque([top])  # links to the right, to be taken last
    visited: set[tuple[int, int]] = set()
    while folders:
        folder = folders.popleft()
        try:
            status = Path(folder.path).stat()
            if (status.st_dev, status.st_ino) in visited:
                continue
            visited.add((status.st_dev, status.st_ino))
            with os.scandir(folder.path) as listing:
                shown = (entry for entry in listing if not entry.name.startswith("."))
                entries = sorted(shown, key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            yield _Place(folder.path, folder.relative, folder.real, folder.linked, read_problem(error))
            continue
        for entry in entries:
            place, is_folder = _look(entry, folder)
            take = globs.take_folder if is_folder else globs.take_file
            if not take(place.relative):
                continue
            if not is_folder or place.reason:
                yield place
            elif entry.is_symlink():
                folders.append(place)
            else:
                folders.appendleft(place)


def _look(entry: os.DirEntry[str], folder: _Place) -> tuple[_Place, bool]:
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
            reason = "symlink loop"  # it leads back to a folder that it lies in
        elif not is_folder and not entry.is_file():
            reason = _irregular(entry.stat().st_mode)
    except OSError as error:
        reason = "broken symlink" if link and error.errno == errno.ENOENT else read_problem(error)
    return _Place(entry.path, relative, real, folder.linked or link, reason), is_folder


def _irregular(mode: int) -> str:
    """Returns why something of this mode can't be read as a file; "" if it can."""
    return "" if stat.S_ISREG(mode) else f"not a regular file ({_KINDS.get(stat.S_IFMT(mode), 'of another kind')})"


def _unsupported(path: Path) -> str:
    kind = f"{one_line(_readable(path.suffix.lower()))} files" if path.suffix else "files without an extension"
    return f"{kind} are not supported"


def _readable(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "replace")
