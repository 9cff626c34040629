"""Copies what lies in a collection's folder beside its versions: judgments, uploads, measured runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from passagework.retrieval.folder import (
    BENCHMARK,
    JUDGMENTS,
    JUDGMENTS_LOCK,
    PREFERENCES,
    PREFERENCES_LOCK,
    RUNS,
    UPLOADS,
)

LINES = {JUDGMENTS: JUDGMENTS_LOCK, PREFERENCES: PREFERENCES_LOCK}
"""Files that grow by whole lines, and the lock that those who write them hold."""
ALL = (*LINES, BENCHMARK, UPLOADS, RUNS)

_LOCK_SECONDS = 5.0


def copy_side_files(source: Path, target: Path, names: Iterable[str]) -> tuple[str, ...]:
    """Copies what there is of these to the folder `target`, and returns their names; raises OSError where it can't.

    Links are left out, and so is what is still being written, or vanishes meanwhile.
    """
    return tuple(name for name in names if _copy(source / name, target / name, source))


def describe_side_files(source: Path, names: Iterable[str]) -> tuple[str, ...]:
    """Returns what there is of these, with the number of files: `uploads (3 files)`."""
    counts = {name: len(_files(source / name)) for name in names}
    return tuple(f"{name} ({n} {'file' if n == 1 else 'files'})" for name, n in counts.items() if n)


def _copy(source: Path, target: Path, collection: Path) -> bool:
    files = _files(source)
    with ExitStack() as stack:
        if files and source.name in LINES:
            with suppress(OSError, Timeout):  # a folder that can't be written has nobody who writes lines
                stack.enter_context(FileLock(collection / LINES[source.name], timeout=_LOCK_SECONDS))
        for file in files:
            place = target / file.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                shutil.copy2(file, place)
    return bool(files)


def _files(path: Path) -> list[Path]:
    """Returns the file, or the files beneath the folder, without those that begin with a dot."""
    beneath = [path] if path.is_file() else sorted(path.rglob("*")) if path.is_dir() else []
    return [
        file
        for file in beneath
        if file.is_file()
        and not file.is_symlink()
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
    ]
