"""Finds the files beneath the PATHs to ingest, those of an unsupported type, and those impossible to reach."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from passagework.ingest.globs import Globs
from passagework.ingest.walk import BROKEN_LINK, LINK_LOOP, Place, irregular, walk
from passagework.retrieval.errors import IngestError
from passagework.retrieval.files import read_problem
from passagework.retrieval.text import composed, one_line
from passagework.retrieval.types import Json

_READ_BYTES = 1 << 20
_READ_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""Non-blocking, for opening a FIFO put in a file's place would wait for its writer; binary, for Windows."""

FOUND_EVERY = 100
"""Files between two words on how many were found."""


class Origin(Protocol):
    """Is what knows more of a file than its place: a repository, a vault, another machine."""

    def fetch(self, file: FoundFile) -> None:
        """Writes the file to its path, where it isn't there yet; raises IngestError where it can't be had."""

    def metadata(self, file: FoundFile, said: Mapping[str, Json]) -> Mapping[str, Json]:
        """Returns what a document of it has as metadata, in place of what it `said` itself under these names."""

    def close(self) -> None:
        """Lets go of what `fetch` needs."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to ingest: `path` is absolute, `uri` its file URI, `root` the PATH beneath which it was found, absolute.

    `relative` is `/`-separated and relative to `root`, or the file's own name if `root` is the file. It is in Unicode's
    composed form, unless another file has that; bytes of a name that are not UTF-8 are U+FFFD. `uri` has the bytes that
    the file system has, percent-encoded, so it alone is unique. `size` is in bytes, 0 where that isn't known.
    One with an `origin` may have another `uri`, and is fetched before it is read. `digest` tells its content from
    another without reading it, "" where that takes a hash; `read_as` what more than its content its documents hold.
    """

    path: Path
    relative: str
    uri: str
    root: Path
    size: int = field(default=0, compare=False)
    origin: Origin | None = field(default=None, compare=False)
    digest: str = ""
    read_as: str = ""


@dataclass(frozen=True, slots=True)
class Unread:
    """A file or folder that is not ingested, and why, in one line; `path` and `relative` are as in FoundFile."""

    path: Path
    relative: str
    reason: str
    is_folder: bool = False
    uri: str = ""
    """That of a file which a source listed, and couldn't give."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What lies beneath the PATHs: in the order of the PATHs, and beneath each in byte order of the relative path.

    `skipped` are files of types that aren't supported, and links that lead nowhere or in a circle. `failed` can't be
    reached, or are no files; what lies beneath a folder among them is unknown, not gone. `ignored` was left out on
    purpose, a folder once, for all that lies in it.
    """

    files: tuple[FoundFile, ...]
    skipped: tuple[Unread, ...]
    failed: tuple[Unread, ...]
    ignored: tuple[Unread, ...] = ()


def scan(
    paths: Sequence[Path],
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    supported: Callable[[Path], bool],
    no_ignore: bool = False,
    found: Callable[[int], None] | None = None,
) -> Scan:
    """Returns every file beneath `paths` that the globs let through (see Globs), without opening any.

    Hidden files and folders are left out, and, without `no_ignore`, what nobody wrote to be read (see `ignored`),
    unless they are PATHs themselves. Symbolic links are followed. A file that is reached twice is listed once: beneath
    the first PATH, and there by its own place rather than through a link. `found` is told now and then how many files
    there are so far.
    Raises IngestError where one of `paths` doesn't exist, ConfigError for an empty glob.
    """
    files: list[FoundFile] = []
    skipped: list[Unread] = []
    failed: list[Unread] = []
    ignored: list[Unread] = []
    globs = Globs(include, exclude)
    visited: set[str] = set()
    roots = [absolute(path) for path in paths]
    for root in roots:
        walked = _counted(walk(root, globs, no_ignore=no_ignore), len(files), found)
        for place in _once(walked, visited):
            path, relative = Path(place.path), _recorded_path(place)
            if place.ignored:
                ignored += [] if path in roots else [Unread(path, relative, place.ignored, place.is_folder)]
            elif place.reason:
                (skipped if place.reason in (BROKEN_LINK, LINK_LOOP) else failed).append(
                    Unread(path, relative, place.reason)
                )
            elif supported(path):
                files.append(FoundFile(path, relative, path.as_uri(), root, _size(path)))
            else:
                skipped.append(Unread(path, relative, unsupported(path)))
    return Scan(tuple(files), tuple(skipped), tuple(failed), tuple(ignored))


def sha256_file(path: Path) -> tuple[str, int]:
    """Returns the file's SHA-256 in hexadecimal and its size in bytes, read in pieces.

    Raises IngestError with the reason alone: "permission denied", "vanished while reading", "not a regular file (...)".
    """
    digest, size = hashlib.sha256(), 0
    try:
        descriptor = os.open(path, _READ_FLAGS)
        try:
            if reason := irregular(os.fstat(descriptor).st_mode):
                raise IngestError(reason)
            while piece := os.read(descriptor, _READ_BYTES):
                digest.update(piece)
                size += len(piece)
        finally:
            os.close(descriptor)
    except OSError as error:
        # A socket is the one thing that can't even be opened.
        raise IngestError(irregular(stat.S_IFSOCK) if error.errno == errno.ENXIO else read_problem(error)) from error
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


def _counted(places: Iterator[Place], before: int, found: Callable[[int], None] | None) -> Iterator[Place]:
    """Yields the places, and tells how many there are, with those `before`."""
    for number, place in enumerate(places, before + 1):
        if found is not None and number % FOUND_EVERY == 0:
            found(number)
        yield place


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # why it can't be read is told when its turn comes
        return 0


def _recorded_path(place: Place) -> str:
    """Returns the path to record, in Unicode's composed form; in its own where another file has the composed one."""
    relative = composed(place.relative)
    if relative != place.relative:
        other = f"{place.path.removesuffix(place.relative)}{relative}"
        with suppress(OSError):
            if not Path(other).samefile(place.path):
                relative = place.relative
    return _readable(relative or ".")


def _once(places: Iterator[Place], visited: set[str]) -> list[Place]:
    """Returns the places not `visited` yet, in byte order of the relative path, and adds them to `visited`."""
    new = []
    for place in sorted(places, key=lambda place: (place.linked, os.fsencode(place.relative))):
        if place.real not in visited:
            if not place.ignored:  # it may be a PATH of its own
                visited.add(place.real)
            new.append(place)
    return sorted(new, key=lambda place: os.fsencode(place.relative))


def unsupported(path: Path) -> str:
    """Returns why a file of that name is not read."""
    kind = f"{one_line(_readable(path.suffix.lower()))} files" if path.suffix else "files without an extension"
    return f"{kind} are not supported"


def _readable(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "replace")
