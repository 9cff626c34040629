"""Compares files on disk with files on record: which are new, changed, moved or gone."""

from __future__ import annotations

import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum

from passagework.ingest.scan import FoundFile, sha256_file
from passagework.retrieval.errors import IngestError
from passagework.retrieval.roots import is_beneath, is_gone, path_of, root_of, shown_path
from passagework.retrieval.store import SourceRow, SourceState
from passagework.retrieval.text import composed


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


def beneath_widest_root(
    files: Iterable[FoundFile], recorded: Sequence[SourceRow], roots: Iterable[str]
) -> list[FoundFile]:
    """Returns the files with their paths relative to the widest folder that was ingested and that they lie in.

    So a file has the same path whether it, its folder, or a folder above is given. `roots` are the URIs of the folders
    ingested so far. One that is on record with a longer path keeps that: of older collections, folders are not known.
    """
    by_uri = {source.uri: source for source in recorded}
    known = sorted(roots, key=len)
    widened = []
    for file in files:
        own = root_of(file.uri, file.relative)
        root = next((root for root in known if len(root) < len(own) and is_beneath(own, [root])), None)
        relative = file.relative
        if root is not None:
            folders = composed(shown_path(own)[len(shown_path(root)) :].replace(os.sep, "/").strip("/"))
            relative = f"{folders}/{relative}"
        source = by_uri.get(file.uri)
        for path in (source.path, composed(source.path)) if source is not None else ():
            relative = path if path.endswith(f"/{relative}") else relative
        widened.append(replace(file, relative=relative))
    return widened
