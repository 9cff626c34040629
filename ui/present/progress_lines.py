"""Says how far an ingest is, a line for each stage, for the terminal and the pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from passagework.ingest.loaders.base import Part
from passagework.ingest.report import IngestStage, Progress
from passagework.retrieval.text import counted, one_line

NAME_CHARACTERS = 40
"""The length of a file's name behind a bar."""


@dataclass(frozen=True, slots=True)
class ProgressLine:
    """Tells how far one stage is: `done` of `total`, None where that isn't known, and the same in words."""

    name: str
    done: float
    total: float | None
    details: str


def progress_lines(progress: Progress) -> Iterator[ProgressLine]:
    """Yields the lines that progress changes: of its stage, and of the ones that it ends."""
    left = time_left(progress.seconds_left)
    scanning = progress.stage is IngestStage.SCANNING
    if progress.found or scanning:
        found = counted(progress.found, "file")
        yield ProgressLine("finding files", progress.found, None if scanning else progress.found, f"{found} found")
    if scanning:
        return
    yield _reading(progress, left)
    if progress.to_encode:
        rate = progress.encoded / max(progress.seconds, 1e-3)
        words = f"{progress.encoded:,} of {counted(progress.to_encode, 'passage')} known so far, {rate:.0f}/s"
        yield ProgressLine("encoding", progress.encoded, progress.to_encode, words)
    if progress.stage is IngestStage.INDEXING:
        yield ProgressLine("indexing", 0, None, "saving the indexes")
    if progress.to_fill:
        yield ProgressLine("indexing", 1, 1, "indexes saved")
        words = f"{progress.filled:,} of {counted(progress.to_fill, 'passage')}{left}"
        yield ProgressLine("token vectors", progress.filled, progress.to_fill, words)


def time_left(seconds: float | None) -> str:
    """Returns `, about 3 min left`, nothing where it isn't known."""
    if seconds is None:
        return ""
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= 1.5 * length:
            return f", about {seconds / length:.0f} {unit} left"
    return f", about {max(1, round(seconds)):.0f} s left"


def _reading(progress: Progress, left: str) -> ProgressLine:
    words = f"{progress.files:,} of {counted(progress.total_files, 'file')}"
    words += f", {counted(progress.documents, 'document')} stored" if progress.documents else ""
    if not progress.total_bytes:
        return ProgressLine("reading", progress.files, progress.total_files, words)
    done, total = progress.bytes_read / 1e6, progress.total_bytes / 1e6
    name = f"  {one_line(progress.current, limit=NAME_CHARACTERS)}" if progress.current else ""
    if progress.parts_to_read:
        by = " by OCR" if progress.part is Part.PAGE else ""
        name += f", {progress.part.value} {progress.parts_read:,} of {progress.parts_to_read:,}{by}"
    left = left if progress.stage is IngestStage.READING else ""
    return ProgressLine("reading", done, total, f"{words}, {done:,.1f} of {total:,.1f} MB{left}{name}")
