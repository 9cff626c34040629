"""Tells what a scan left out on purpose, a line a folder, and which of it is on record from earlier runs."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from passagework.ingest.loaders.ways_out import unread_type, way_out
from passagework.ingest.report import Ignored, Problem, Report, UnreadType
from passagework.ingest.scan import Scan, Unread
from passagework.ingest.walk import BROKEN_LINK
from passagework.retrieval.roots import FILE_SCHEME, is_gone, path_of
from passagework.retrieval.store import SourceRow


def ignored_sources(scanned: Scan, recorded: Iterable[SourceRow]) -> dict[Path, list[SourceRow]]:
    """Returns the recorded files, still on disk, that a scan left out: by what it left out, the file or its folder."""
    left_out = {os.fspath(place.path): place.path for place in scanned.ignored}
    taken = {file.uri for file in scanned.files}
    sources: dict[Path, list[SourceRow]] = defaultdict(list)
    for source in (row for row in recorded if left_out and row.uri.startswith(FILE_SCHEME)):
        path = path_of(source.uri)
        place = next((left_out[above] for above in _upwards(path) if above in left_out), None)
        if place is not None and source.uri not in taken and not is_gone(source.uri):
            sources[place].append(source)
    return sources


def _upwards(path: str) -> Iterator[str]:
    while True:
        yield path
        above = os.path.dirname(path)  # noqa: PTH120 - a Path for each is 10 times slower
        if above == path:
            return
        path = above


def ignored_lines(places: Sequence[Unread], documents: Mapping[Path, int]) -> list[Ignored]:
    """Returns a line for each folder that was left out, and for each file; several of a folder share a line a reason.

    `documents` are those on record, by what was left out.
    """
    groups: dict[tuple[object, str], list[Unread]] = defaultdict(list)
    for place in places:
        groups[place.path if place.is_folder else place.path.parent, place.reason].append(place)
    lines = []
    for (_, reason), group in groups.items():
        first = group[0].relative
        path = first if len(group) == 1 else f"{first.rpartition('/')[0]}/*".removeprefix("/")
        lines.append(Ignored(path, reason, len(group), sum(documents.get(place.path, 0) for place in group)))
    return lines


def note_unread(report: Report, scanned: Scan) -> None:
    """Puts on the report what the scan can't have read, by its types too, and what it could not reach."""
    report.skipped.extend(Problem(file.relative, file.reason) for file in scanned.skipped)
    types = Counter(unread_type(file.path) for file in scanned.skipped if file.reason != BROKEN_LINK)
    report.unread = [UnreadType(kind, count, way_out(kind)) for kind, count in types.most_common()]
    report.failed.extend(Problem(file.relative, file.reason) for file in scanned.failed)
