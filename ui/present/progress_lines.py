"""Says how far an ingest is, a line for each stage, for the terminal and the pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from passagework.ingest.loaders.base import Part
from passagework.ingest.report import IngestStage, Progress
from passagework.retrieval.text import one_line
from passagework.ui.present.wording import counted, formatted, gettext

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
        yield ProgressLine(
            gettext("finding files"),
            progress.found,
            None if scanning else progress.found,
            gettext("{files} found", files=found),
        )
    if scanning:
        return
    yield _reading(progress, left)
    if progress.to_encode:
        rate = progress.encoded / max(progress.seconds, 1e-3)
        passages = _of(progress.encoded, counted(progress.to_encode, "passage"))
        words = gettext("{passages} known so far, {rate}/s", passages=passages, rate=formatted(rate))
        yield ProgressLine(gettext("encoding"), progress.encoded, progress.to_encode, words)
    if progress.stage is IngestStage.INDEXING:
        yield ProgressLine(gettext("indexing"), 0, None, gettext("saving the indexes"))
    if progress.to_fill:
        yield ProgressLine(gettext("indexing"), 1, 1, gettext("indexes saved"))
        words = _of(progress.filled, counted(progress.to_fill, "passage")) + left
        yield ProgressLine(gettext("token vectors"), progress.filled, progress.to_fill, words)


def time_left(seconds: float | None) -> str:
    """Returns `, about 3 min left`, nothing where it isn't known."""
    if seconds is None:
        return ""
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= 1.5 * length:
            return gettext(", about {number} {unit} left", number=formatted(seconds / length), unit=unit)
    return gettext(", about {number} {unit} left", number=formatted(max(1, round(seconds))), unit="s")


def _reading(progress: Progress, left: str) -> ProgressLine:
    words = _of(progress.files, counted(progress.total_files, "file"))
    if progress.documents:
        words += gettext(", {documents} stored", documents=counted(progress.documents, "document"))
    if not progress.total_bytes:
        return ProgressLine(gettext("reading"), progress.files, progress.total_files, words)
    done, total = progress.bytes_read / 1e6, progress.total_bytes / 1e6
    name = f"  {one_line(progress.current, limit=NAME_CHARACTERS)}" if progress.current else ""
    if progress.parts_to_read:
        by = " by OCR" if progress.part is Part.PAGE else ""
        name += f", {progress.part.value} {progress.parts_read:,} of {progress.parts_to_read:,}{by}"
    left = left if progress.stage is IngestStage.READING else ""
    return ProgressLine(
        gettext("reading"), done, total, f"{words}, {_of(done, f'{formatted(total, 1)} MB', 1)}{left}{name}"
    )


def _of(done: float, total: str, digits: int = 0) -> str:
    return gettext("{done} of {total}", done=formatted(done, digits), total=total)
