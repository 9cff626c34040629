"""A collection's folder: versions side by side, CURRENT naming the live one, and the writer's lock."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from passagework.retrieval.errors import BusyError, ConfigError, LostVersionError, StoreError
from passagework.retrieval.files import write_atomically, write_problem

CURRENT = "CURRENT"
JUDGMENTS = "judgments.jsonl"
JUDGMENTS_LOCK = "judgments.lock"
"""Judgments outlive the versions."""
PREFERENCES = "preferences.jsonl"
PREFERENCES_LOCK = "preferences.lock"
"""Which of two settings a person found better."""
RUNS = "runs"
"""Measurements on one's own judgments, a folder each."""
BENCHMARK = "benchmark.json"
"""Says that `passagework evaluate` made the collection, and may make it anew."""
UPLOADS = "uploads"
"""Files that came through the browser: the only documents that may lie in a collection's own folder."""
WANTED = "queries.txt"
"""Queries that the collection must answer well, a line each."""
GATE = "gate.json"
"""Thresholds that its answers to judged queries must hold."""
IGNORED = "ignored.json"
"""Failed files that the library lists no more until they change, by URI, each with its digest."""
WATCH = "watch.json"
WATCH_LOCK = "watch.lock"
"""What `passagework watch` does, and the lock that it holds while it runs."""
REMOTE = "remote.json"
"""In a version that an engine serves: which one, and where."""
LOCK = "writer.lock"
VERSION = re.compile(r"v(\d{4,})")


def given_folder(path: str | Path) -> Path:
    """Returns a collection's folder as an absolute path; raises ConfigError for what is no path."""
    if not isinstance(path, str | os.PathLike):
        raise ConfigError(f"the collection is {path!r}: give the path of its folder")
    return Path(path).absolute()


def current_version(collection: Path) -> Path:
    """Returns the live version's folder; raises StoreError where there is no collection.

    The error is a LostVersionError where only the name of the live version was lost.
    """
    pointer = collection / CURRENT
    try:
        name = pointer.read_text(encoding="ascii").strip()
    except FileNotFoundError as error:
        if not collection.is_dir():
            raise StoreError(f"no collection at {collection}: make one with `passagework ingest`") from error
        check_verified(collection)
        if versions(collection):
            raise LostVersionError(f"{collection} has no {CURRENT} file") from error
        raise StoreError(f"{collection} is not a collection: it has no {CURRENT} file") from error
    except NotADirectoryError as error:
        raise StoreError(f"{collection} is a file: a collection is a folder") from error
    except IsADirectoryError as error:
        raise LostVersionError(f"{pointer} is a folder in place of a file") from error
    except UnicodeDecodeError as error:
        raise LostVersionError(f"{pointer} is damaged, for it holds no text") from error
    except OSError as error:
        raise StoreError(f"{pointer} can't be read: {error.strerror or error}") from error
    if not VERSION.fullmatch(name):
        raise LostVersionError(f"{pointer} is damaged, for it holds {name[:40]!r} in place of a version's name")
    if not (collection / name).exists():
        raise LostVersionError(f"{pointer} names {name}, which is not there")
    return collection / name


def check_verified(collection: Path) -> None:
    """Raises StoreError where no version is live yet, for the newest was loaded into an engine and never verified."""
    newest = next(iter(versions(collection)), None)
    if newest is not None and not (collection / CURRENT).exists() and (newest / REMOTE).is_file():
        raise StoreError(f"{collection} was loaded into an engine and not verified yet: run `passagework fleet verify`")


def versions(collection: Path) -> list[Path]:
    """Returns the folders of all versions, whole or not, newest first; raises StoreError where it can't be read."""
    try:
        folders = [entry for entry in collection.iterdir() if VERSION.fullmatch(entry.name)]
    except OSError as error:
        raise StoreError(f"{collection} can't be read: {error.strerror or error}") from error
    return sorted(folders, key=lambda entry: int(entry.name[1:]), reverse=True)


def is_collection(path: Path) -> bool:
    """Tells whether a collection lies at `path`."""
    return (path / CURRENT).is_file()


def next_version(collection: Path) -> Path:
    """Returns the folder for a new version, not yet made; one that an interrupted run left is not taken again."""
    newest = next((int(entry.name[1:]) for entry in versions(collection)), 0)
    return collection / f"v{newest + 1:04d}"


def publish(collection: Path, version: Path) -> None:
    """Makes `version` the live one: at every instant CURRENT names the old one or the new one, whole.

    Raises StoreError where it can't be written.
    """
    try:
        write_atomically(collection / CURRENT, f"{version.name}\n".encode("ascii"))
    except OSError as error:
        raise StoreError(f"{collection / CURRENT} can't be written: {write_problem(error)}") from error


@contextmanager
def writer_lock(collection: Path, *, wait: float = 0.0) -> Iterator[None]:
    """Holds the right to write, for one process at a time; the system takes it back from a process that dies.

    Raises BusyError after `wait` seconds, naming the process that holds it, and StoreError where the folder can't be
    written.
    """
    if not collection.is_dir():  # which the lock would make
        raise StoreError(f"no collection at {collection}: make one with `passagework ingest`")
    holder = collection / f"{LOCK}.holder"
    lock = FileLock(str(collection / LOCK))
    try:
        lock.acquire(timeout=wait)
    except Timeout as error:
        raise BusyError(
            f"{collection} is being written by {_writer_name(holder)}: try again when it is done"
        ) from error
    except OSError as error:
        raise StoreError(f"{collection} can't be written: {write_problem(error)}") from error
    try:
        with contextlib.suppress(OSError):  # it only tells others who it is
            holder.write_text(f"{os.getpid()}\n", encoding="ascii")
        yield
    finally:
        with contextlib.suppress(OSError):
            holder.unlink()
        lock.release()


def _writer_name(holder: Path) -> str:
    try:
        return f"process {int(holder.read_text(encoding='ascii'))}"
    except (OSError, ValueError):
        return "another process"
