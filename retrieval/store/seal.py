"""Seals a database: what its last writer left is kept beside it, so that lost commits and changed bytes are noticed.

SQLite checks neither what its pages say nor whether its log is still there. So `store.db.seal` counts the commits, and
once a writer is done and the log is empty, it holds a digest of every block of the file. A writer breaks the seal
before its first commit and counts on; one that is killed leaves the count alone, and the next to finish seals again.
"""

from __future__ import annotations

import json
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from passagework.retrieval.errors import StoreError
from passagework.retrieval.files import sync_folder, write_atomically, write_problem
from passagework.retrieval.store.database_file import BLOCK_BYTES, block_digests
from passagework.retrieval.types import Json

COMMITS = "commits"
"""The fact under which a database counts its own commits."""


@dataclass(frozen=True, slots=True)
class Seal:
    """`commits` were made; `blocks` are the sha256 of the file's blocks, None while a writer is at work."""

    commits: int
    size: int = 0
    blocks: tuple[str, ...] | None = None


def commits_in(fact: Json) -> int:
    """Returns the number of commits, as a database records it; 0 where it doesn't."""
    return fact if isinstance(fact, int) else 0


def seal_path(database: Path) -> Path:
    """Returns the seal's file, beside the database."""
    return database.with_name(f"{database.name}.seal")


def read_seal(database: Path) -> Seal | None:
    """Returns the seal of a database, None where it has none that can be read."""
    try:
        data = seal_path(database).read_bytes()
        check, _, body = data.partition(b"\n")
        if int(check, 16) != zlib.crc32(body):
            return None
        fields = json.loads(body)
        blocks = fields["blocks"]
        return Seal(int(fields["commits"]), int(fields["size"]), None if blocks is None else tuple(blocks))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def break_seal(database: Path) -> None:
    """Takes the digests off, for good, before the file may change; raises StoreError where that can't be written."""
    seal = read_seal(database)
    if seal is None or seal.blocks is None:
        return
    try:
        try:
            write_atomically(seal_path(database), _encoded(Seal(seal.commits)))
        except OSError:  # a full disk has no room for a smaller one either, and unlinking needs none
            seal_path(database).unlink(missing_ok=True)
            sync_folder(database.parent)
    except OSError as error:
        raise StoreError(f"{seal_path(database)} can't be written: {write_problem(error)}") from error


def count_commits(database: Path, commits: int) -> None:
    """Notes how many commits were made. It comes after them, so a crash or a full disk only leaves it behind."""
    with suppress(OSError):
        temporary = seal_path(database).with_name(f".{database.name}.seal.tmp")
        temporary.write_bytes(_encoded(Seal(commits)))
        temporary.replace(seal_path(database))


def put_seal(database: Path, commits: int) -> None:
    """Seals the file as it is; call it where nobody can write. On a full disk it stays without."""
    seal = read_seal(database)
    if seal is not None and seal.blocks is not None and seal.commits == commits:
        return  # nothing was written since
    with suppress(OSError):
        write_atomically(seal_path(database), _encoded(Seal(commits, *block_digests(database))))


def check_commits(database: Path, seal: Seal | None, commits: int) -> None:
    """Raises StoreError where the database has fewer commits than its seal counted: read the seal first."""
    if seal is not None and commits < seal.commits:
        raise StoreError(
            f"the database went backwards: {database} ends at commit {commits}, and {seal.commits} were made; restore "
            f"it from a newer copy, with its {database.name}-wal, or run `passagework doctor --repair` and ingest again"
        )


def check_bytes(database: Path) -> None:
    """Raises StoreError where a sealed file holds other bytes than its writer left."""
    while (seal := read_seal(database)) is not None and seal.blocks is not None:
        where = _differing(database, seal)
        if not where:
            return
        if read_seal(database) == seal:  # else a writer began, or finished, meanwhile
            raise StoreError(
                f"{database} is damaged: {where} what was written; restore it from a copy, or see what "
                "`passagework doctor --repair` can mend"
            )


def _differing(database: Path, seal: Seal) -> str:
    """Returns what differs, in words that end before "what was written"; "" where nothing does."""
    try:
        size, digests = block_digests(database)
    except OSError as error:
        raise StoreError(f"{database} can't be read: {error.strerror or error}") from error
    if size != seal.size:
        return f"it has {size:,} bytes, not the {seal.size:,} of"
    bad = [number for number, (a, b) in enumerate(zip(digests, seal.blocks or (), strict=False)) if a != b]
    if not bad:
        return "" if len(digests) == len(seal.blocks or ()) else "its length is not that of"
    first, last = bad[0] * BLOCK_BYTES, min(size, (bad[-1] + 1) * BLOCK_BYTES)
    return f"between bytes {first:,} and {last:,} it isn't"


def _encoded(seal: Seal) -> bytes:
    body = json.dumps({"commits": seal.commits, "size": seal.size, "blocks": seal.blocks}).encode()
    return b"%08x\n%b" % (zlib.crc32(body), body)
