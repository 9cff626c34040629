"""Keeps what is on record of a job in a folder that all its machines reach: options, units, and what each gave."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from passagework.ingest.scan import FoundFile
from passagework.retrieval.errors import StoreError
from passagework.retrieval.files import read_problem, write_atomically, write_problem
from passagework.retrieval.text import one_line
from passagework.retrieval.types import Json

JOB, UNITS, SHARDS = "job.json", "units.jsonl", "shards"

UNIT_BYTES = 16 << 20
"""Bytes of a unit's files at most, one large file apart: minutes of a CPU, which is what a kill can cost a worker."""
LEAST_UNIT_BYTES = 256 << 10
UNIT_FILES = 1_000
UNITS_A_WORKER = 4
"""So many at least, where there is enough to do: all workers end at about the same time."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Files that one worker reads at once, by their number in the job."""

    number: int
    files: tuple[FoundFile, ...]

    @property
    def bytes(self) -> int:
        """Returns the bytes of its files."""
        return sum(file.size for file in self.files)


def cut_into_units(files: Sequence[FoundFile], first: int, *, workers: int, most: int = UNIT_BYTES) -> list[Unit]:
    """Returns the files in units of at most so many bytes, in their order, numbered from `first` on."""
    share = sum(file.size for file in files) // (workers * UNITS_A_WORKER)
    room = min(most, max(share, LEAST_UNIT_BYTES))
    groups: list[list[FoundFile]] = []
    size = 0
    for file in files:
        if not groups or len(groups[-1]) >= UNIT_FILES or (groups[-1] and size + file.size > room):
            groups.append([])
            size = 0
        groups[-1].append(file)
        size += file.size
    return [Unit(first + number, tuple(group)) for number, group in enumerate(groups)]


class JobFolder:
    """Reads and writes the records of one job; each is there whole, or not at all.

    Raises StoreError where the folder can't be used, or holds something else.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self, options: Mapping[str, Json]) -> None:
        """Makes the folder, or checks that the job in it has the same options; raises StoreError for another."""
        try:
            before = _read(self.folder / JOB)
            if before is None:
                if self.folder.is_dir() and any(self.folder.iterdir()):
                    raise StoreError(f"{self.folder} is a folder of other files: name a new one (--work)")
                (self.folder / SHARDS).mkdir(parents=True)
                write_atomically(self.folder / JOB, json.dumps(dict(options), ensure_ascii=False).encode())
                return
        except OSError as error:
            raise StoreError(f"{self.folder} can't be written: {write_problem(error)}") from error
        other = next((name for name in options if before.get(name) != options[name]), None)
        if other is not None:
            raise StoreError(
                one_line(
                    f"{self.folder} has a job whose {other} is {json.dumps(before.get(other))}, not "
                    f"{json.dumps(options[other])}: give the same, or another folder (--work)"
                )
            )

    def units(self, files: Iterable[FoundFile]) -> tuple[list[Unit], list[FoundFile]]:
        """Returns the units on record with those of their files that are there, and the files that are in none."""
        by_uri = {file.uri: file for file in files}
        units = []
        for number, line in enumerate(_lines(self.folder / UNITS)):
            found = tuple(by_uri.pop(uri) for uri in line if uri in by_uri)
            units.append(Unit(number, found))
        return units, list(by_uri.values())

    def plan(self, units: Sequence[Unit]) -> None:
        """Records all units, before any is begun."""
        lines = [json.dumps([file.uri for file in unit.files]) for unit in units]
        self._write(UNITS, "".join(f"{line}\n" for line in lines))

    def new_shard(self, unit: int) -> Path:
        """Returns where a worker is to write what a unit gives: a name of its own, should another be at it, too."""
        return self.folder / SHARDS / f"{unit:06}-{secrets.token_hex(4)}"

    def finish(self, unit: int, manifest: Mapping[str, Json]) -> None:
        """Records what a unit gave; from here on it is done."""
        self._write(f"{SHARDS}/{unit:06}.json", json.dumps(dict(manifest), ensure_ascii=False))

    def manifest(self, unit: int) -> dict[str, Json] | None:
        """Returns what a unit gave; None where it isn't done."""
        return _read(self.folder / SHARDS / f"{unit:06}.json")

    def shard(self, manifest: Mapping[str, Json]) -> Path:
        """Returns the folder of a unit's Parquet files."""
        return self.folder / SHARDS / str(manifest["shard"])

    def remove(self) -> None:
        """Removes all that is on record of the job, and the folder where nothing else is in it."""
        shutil.rmtree(self.folder / SHARDS, ignore_errors=True)
        for name in (UNITS, JOB):
            (self.folder / name).unlink(missing_ok=True)
        with suppress(OSError):
            self.folder.rmdir()

    def _write(self, name: str, text: str) -> None:
        try:
            write_atomically(self.folder / name, text.encode())
        except OSError as error:
            raise StoreError(f"{self.folder / name} can't be written: {write_problem(error)}") from error


def _read(path: Path) -> dict[str, Json] | None:
    try:
        found = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StoreError(f"{path} can't be read: {read_problem(error)}") from error
    except ValueError as error:
        raise StoreError(f"{path} is damaged: remove it, and the job does that part again") from error
    return dict(found)


def _lines(path: Path) -> list[list[str]]:
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} can't be read: name a new folder (--work)") from error
