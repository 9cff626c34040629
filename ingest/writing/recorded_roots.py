"""Keeps on record which folders were ingested: a file's path is relative to the widest of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from passagework.ingest.scan import FoundFile, Scan
from passagework.ingest.sync import beneath_widest_root
from passagework.ingest.writing.destination import Destination
from passagework.retrieval.roots import is_beneath, uri_of
from passagework.retrieval.store import SourceRow


def widened_paths(
    destination: Destination, scanned: Scan, roots: Sequence[Path], recorded: Sequence[SourceRow]
) -> tuple[FoundFile, ...]:
    """Returns the files with the paths that they get on record, where the folders ingested are written down, too."""
    before = destination.roots()
    folders = {uri_of(root) for root in roots if root.is_dir()}
    known = sorted(folders.union(root for root in before if any(is_beneath(row.uri, [root]) for row in recorded)))
    if known != before:
        destination.record_roots(known)
    return tuple(beneath_widest_root(scanned.files, recorded, known))
