"""Compares files on disk with files on record: which are new, changed, moved or gone."""

from __future__ import annotations

import stat
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from passagework.ingest.scan import FoundFile, path_of, sha256_file
from passagework.retrieval.errors import IngestError
from passagework.retrieval.store import SourceRow, SourceState


class State(Enum):
    """Says how a file on disk compares with the record of it."""

    NEW = "new"
    CHANGED = "changed"  # other content than recorded, or not ingested to its end
    MOVED = "moved"  # the content of a file that is no longer where it was
    UNCHANGED = "unchanged"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class SyncEntry:
    """A file on disk, its state, its hash, and the record that it continues."""

    file: FoundFile
    state: State
    sha256: str = ""
    source: SourceRow | None = None
    reason: str = ""


def classify(files: Iterable[FoundFile], recorded: Sequence[SourceRow]) -> Iterator[SyncEntry]:
    """Yields each file with its state, hashed when its turn comes.

    A file is known by where it lies, then by its content. Content whose recorded file still exists is a copy, and new.
    Where the file system takes several spellings for one name (in another case, or another of Unicode's normal forms),
    a file found under another than its record has was moved.
    """
    files = list(files)
    by_uri = {source.uri: source for source in recorded}
    respelled = _respelled(files, by_uri)
    orphans: dict[str, list[SourceRow]] = defaultdict(list)
    for row in recorded:
        if row.state is SourceState.DONE and is_gone(row.uri):
            orphans[row.sha256].append(row)
    for file in files:
        source = by_uri.get(file.uri)
        try:
            sha256, _ = sha256_file(file.path)
        except IngestError as error:
            yield SyncEntry(file, State.UNREADABLE, source=source, reason=str(error))
            continue
        if source is not None:
            same = source.sha256 == sha256 and source.state is SourceState.DONE
            yield SyncEntry(file, State.UNCHANGED if same else State.CHANGED, sha256, source)
        elif file.uri in respelled:
            yield SyncEntry(file, State.MOVED, sha256, respelled[file.uri])
        elif orphans[sha256]:
            yield SyncEntry(file, State.MOVED, sha256, orphans[sha256].pop(0))
        else:
            yield SyncEntry(file, State.NEW, sha256)


def _respelled(files: Sequence[FoundFile], by_uri: Mapping[str, SourceRow]) -> dict[str, SourceRow]:
    """Returns the records, by the uri of the file found, that name the same file in another spelling."""
    found = {file.uri for file in files}
    others: dict[str, list[SourceRow]] = defaultdict(list)
    for uri, source in by_uri.items():
        if uri not in found:
            others[_folded(uri)].append(source)
    respelled = {}
    for file in files if others else ():
        if file.uri in by_uri:
            continue
        for source in others.get(_folded(file.uri), ()):
            with suppress(OSError):
                if file.path.samefile(path_of(source.uri)):
                    respelled[file.uri] = source
    return respelled


def _folded(uri: str) -> str:
    """Returns what all spellings of a file's name have in common, whatever its file system tells apart."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path_of(uri)).casefold())


def missing_sources(roots: Sequence[Path], recorded: Iterable[SourceRow]) -> list[SourceRow]:
    """Returns the recorded files beneath `roots` that are no longer on disk."""
    prefixes = [root.absolute().as_uri() for root in roots]
    return [source for source in recorded if is_beneath(source.uri, prefixes) and is_gone(source.uri)]


def is_beneath(uri: str, prefixes: Sequence[str]) -> bool:
    """Tells whether a file is one of the roots, or lies in one."""
    return any(uri == prefix or uri.startswith(prefix.rstrip("/") + "/") for prefix in prefixes)


def is_gone(uri: str) -> bool:
    """Tells whether nothing lies at a file's uri, or a folder in its place.

    A link that leads nowhere is nothing; what lies in a folder that can't be looked into does not count as gone.
    """
    try:
        status = Path(path_of(uri)).stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode)
