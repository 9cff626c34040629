"""Compares files on disk with files on record: which are new, changed, moved or gone."""

from __future__ import annotations

import os
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from passagework.ingest.file_digests import FileDigests, Stamp, stamp_of
from passagework.ingest.scan import FoundFile
from passagework.retrieval.errors import IngestError
from passagework.retrieval.roots import FILE_SCHEME, is_beneath, is_gone, path_of, root_of, shown_path
from passagework.retrieval.store import SourceRow, SourceState
from passagework.retrieval.store.rows import NO_MODEL
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
    """A file on disk, its state, its hash, and the record that it continues.

    `other_model` tells that another model read it than is to, or OCR more or less of it. `stamp` is of the moment
    before it was hashed; None for a file that lies elsewhere.
    """

    file: FoundFile
    state: State
    sha256: str = ""
    source: SourceRow | None = None
    reason: str = ""
    other_model: bool = False
    stamp: Stamp | None = None

    @property
    def has_changed(self) -> bool:
        """Tells whether the file on disk is another one by now, so that what was read of it may not go by its hash."""
        return self.stamp is not None and stamp_of(self.file.path) != self.stamp

    @property
    def place_changed(self) -> bool:
        """Tells whether a file's path is another one, as a wider folder was ingested than before."""
        return self.source is not None and self.source.path != self.file.relative


def classify(
    files: Iterable[FoundFile],
    recorded: Sequence[SourceRow],
    read_by: Callable[[Path], str | None] = lambda _: None,
    digests: FileDigests | None = None,
) -> Iterator[SyncEntry]:
    """Yields each file with its state, hashed when its turn comes, where `digests` doesn't know it.

    A file is known by where it lies, then by its content. Content whose recorded file still exists is a copy, and new.
    A file found by another address than its record has was moved: through a symbolic link, or, where the file system
    takes several spellings for one name, in another case or another of Unicode's normal forms. One has
    changed, too, where its record says that it was read otherwise than by what `read_by` names; None leaves it.
    """
    files = list(files)
    digests = digests or FileDigests()
    by_uri = {source.uri: source for source in recorded}
    elsewhere = _by_other_addresses(files, by_uri)
    orphans: dict[str, list[SourceRow]] = defaultdict(list)
    for row in recorded:
        if row.state is SourceState.DONE and is_gone(row.uri):
            orphans[row.sha256].append(row)
    for file in files:
        source = by_uri.get(file.uri)
        stamp = None if file.digest else stamp_of(file.path)
        try:
            sha256 = file.digest or digests.of(file.path)
        except IngestError as error:
            yield SyncEntry(file, State.UNREADABLE, source=source, reason=str(error))
            continue
        if source is not None:
            same = source.sha256 == sha256 and _is_done(source) and not _other_model(file, source, read_by)
            yield SyncEntry(file, State.UNCHANGED if same else State.CHANGED, sha256, source, stamp=stamp)
        elif file.uri in elsewhere or orphans[sha256]:
            source = elsewhere.get(file.uri) or orphans[sha256].pop(0)
            other = _other_model(file, source, read_by)
            yield SyncEntry(file, State.MOVED, sha256, source, other_model=other, stamp=stamp)
        else:
            yield SyncEntry(file, State.NEW, sha256, stamp=stamp)


def _is_done(source: SourceRow) -> bool:
    """Tells whether there is nothing to gain by reading a file again: also where a model found no text in it."""
    return source.state is SourceState.DONE or (source.state is SourceState.EMPTY and source.read_by != NO_MODEL)


def _other_model(file: FoundFile, source: SourceRow, read_by: Callable[[Path], str | None]) -> bool:
    wanted = file.read_as or read_by(file.path)
    return wanted is not None and source.read_by != wanted


def _by_other_addresses(files: Sequence[FoundFile], by_uri: Mapping[str, SourceRow]) -> dict[str, SourceRow]:
    """Returns the records, by the uri of the file found, that name the same file by another address."""
    found = {file.uri for file in files}
    unknown = [file for file in files if file.uri not in by_uri and file.uri.startswith(FILE_SCHEME)]
    real_folders: dict[str, str] = {}
    others: dict[str, list[SourceRow]] = defaultdict(list)
    for source in by_uri.values() if unknown else ():
        if source.uri not in found and source.uri.startswith(FILE_SCHEME):
            others[_folded(path_of(source.uri), real_folders)].append(source)
    records = {}
    for file in unknown if others else ():
        for source in others.get(_folded(os.fspath(file.path), real_folders), ()):
            with suppress(OSError):
                if file.path.samefile(path_of(source.uri)):
                    records[file.uri] = source
    return records


def _folded(path: str, real_folders: dict[str, str]) -> str:
    """Returns what all addresses of a file have in common, links and whatever its file system tells apart aside."""
    folder, name = os.path.split(path)
    if folder not in real_folders:
        real_folders[folder] = os.path.realpath(folder)
    real = os.path.realpath(path) if os.path.islink(path) else os.path.join(real_folders[folder], name)  # noqa: PTH114, PTH118 - a Path for each is 10 times slower
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", real).casefold())


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
