"""Checks the PATHs of an ingest against the collection: its own folder, and folders that are empty now."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from passagework.ingest.scan import Scan
from passagework.ingest.sources.addresses import PathOrSource
from passagework.retrieval.errors import ConfigError, IngestError
from passagework.retrieval.folder import UPLOADS
from passagework.retrieval.roots import is_beneath, shown_path, uri_of
from passagework.retrieval.store import SourceRow
from passagework.retrieval.text import counted


def without_collection(scanned: Scan, collection: Path) -> Scan:
    """Returns the files outside the collection's own folder, which may stand among them, and those uploaded into it."""
    folder = collection.resolve()

    def outside(path: Path) -> bool:
        return not Path(os.path.realpath(path)).is_relative_to(folder)  # which a circle of links doesn't stop

    return Scan(
        files=tuple(
            file for file in scanned.files if file.root.resolve().is_relative_to(folder / UPLOADS) or outside(file.path)
        ),
        skipped=tuple(file for file in scanned.skipped if outside(file.path)),
        failed=tuple(file for file in scanned.failed if outside(file.path.parent)),
        ignored=tuple(file for file in scanned.ignored if outside(file.path)),
    )


def refuse_overlap(roots: Sequence[Path], collection: Path) -> None:
    """Raises ConfigError for a path in the collection's own folder: its documents would be passed over."""
    folder = collection.resolve()
    for root in roots:
        if root.resolve().is_relative_to(folder) and not root.resolve().is_relative_to(folder / UPLOADS):
            raise ConfigError(f"{root} lies in the collection's folder: give the collection a folder of its own")


def check_roots(roots: Sequence[Path], scanned: Scan, recorded: Sequence[SourceRow]) -> None:
    """Raises IngestError for an empty folder that had files: a disk that isn't mounted looks like that."""
    for root in roots:
        prefix = [root.absolute().as_uri()]
        before = sum(is_beneath(source.uri, prefix) for source in recorded)
        present = any(is_beneath(file.uri, prefix) for file in scanned.files) or (root.is_dir() and any(root.iterdir()))
        if before and not present:
            raise IngestError(
                f"{root} is empty, but {counted(before, 'file')} came from it before: nothing was deleted; "
                "if it is meant to be empty, use `passagework delete`"
            )


def listed(paths: PathOrSource | Iterable[PathOrSource]) -> Sequence[PathOrSource]:
    """Returns one path, or several, as several."""
    return list(paths) if isinstance(paths, Iterable) and not isinstance(paths, str | bytes) else [paths]


def named_roots(
    root: str | Path | Sequence[str | Path], recorded: Sequence[SourceRow], delete_missing: bool
) -> list[str]:
    """Returns the URIs of the folders that `root` names; raises ConfigError where nothing came from one."""
    if root and not delete_missing:
        raise ConfigError("root says where documents that are gone are taken out: give delete_missing, too")
    uris = [uri_of(folder) for folder in ([root] if isinstance(root, str | Path) else root)]
    for uri in uris:
        if not any(is_beneath(source.uri, [uri]) for source in recorded):
            raise ConfigError(f"nothing came from {shown_path(uri)}: `passagework sources` lists the folders")
    return uris
