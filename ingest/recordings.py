"""Settles which recordings are written down: not those whose subtitles lie beside them, and none without a model."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from passagework.ingest.loaders import is_recording
from passagework.ingest.loaders.speech.speech_extra import speech_way_out
from passagework.ingest.scan import FoundFile, Scan, Unread
from passagework.ingest.speech_choice import SpeechChoice

_SUBTITLES = frozenset({".srt", ".vtt"})
_LANGUAGE = re.compile(r"\.[a-z]{2,3}(?:[-_][a-z\d]{2,4})?$", re.IGNORECASE)
"""What stands behind a film's name in that of subtitles in one language: `talk.en.srt`, `talk.pt-BR.srt`."""


def settled_recordings(scanned: Scan, choice: SpeechChoice, *, no_ignore: bool = False) -> Scan:
    """Returns the scan without the recordings that are not to be written down.

    Those with subtitles beside them are left out as what nobody need read, but with `no_ignore`; where a recording was
    given by itself, its subtitles take its place. Those that no model can write down are skipped.
    Raises ModelUnavailableError for a model that was asked for and can't be had.
    """
    if not any(is_recording(file.path) for file in scanned.files):
        return scanned
    if not no_ignore:
        scanned = _without_subtitled(scanned)
    recordings = [file for file in scanned.files if is_recording(file.path)]
    if not recordings or choice.model is not None:
        return scanned
    skipped = (Unread(file.path, file.relative, speech_way_out()) for file in recordings)
    files = tuple(file for file in scanned.files if not is_recording(file.path))
    return replace(scanned, files=files, skipped=(*scanned.skipped, *skipped))


def subtitles_of(recording: Path, candidates: Iterable[Path]) -> list[Path]:
    """Returns the subtitles that are named like a recording, without a language first, of files in its folder."""
    name = recording.stem.lower()
    named = [path for path in candidates if path.suffix.lower() in _SUBTITLES and name in _recording_names(path)]
    return sorted(named, key=lambda path: (path.stem.lower() != name, path.name))


def recording_of(subtitles: Path) -> Path | None:
    """Returns the recording beside a file of subtitles that is named like it; None where there is none."""
    if subtitles.suffix.lower() not in _SUBTITLES:
        return None
    names = _recording_names(subtitles)
    beside = (path for path in _files_beside(subtitles) if is_recording(path) and path.stem.lower() in names)
    return min(beside, default=None)


def _without_subtitled(scanned: Scan) -> Scan:
    by_folder: dict[Path, list[Path]] = {}
    for file in scanned.files:
        by_folder.setdefault(file.path.parent, []).append(file.path)
    files: list[FoundFile] = []
    left_out: list[Unread] = []
    for file in scanned.files:
        given = file.root == file.path
        beside: Sequence[Path] = ()
        if is_recording(file.path):
            beside = subtitles_of(file.path, _files_beside(file.path) if given else by_folder[file.path.parent])
        if not beside:
            files.append(file)
            continue
        left_out.append(Unread(file.path, file.relative, f"its subtitles are read instead: {beside[0].name}"))
        if given:
            files += [_found(path) for path in beside if path not in by_folder[file.path.parent]]
    return replace(scanned, files=tuple(files), ignored=(*scanned.ignored, *left_out))


def _found(path: Path) -> FoundFile:
    return FoundFile(path, path.name, path.as_uri(), path, path.stat().st_size)


def _files_beside(path: Path) -> list[Path]:
    with suppress(OSError), os.scandir(path.parent) as entries:
        return [path.parent / entry.name for entry in entries if entry.is_file()]
    return []


def _recording_names(subtitles: Path) -> set[str]:
    """Returns the names, in lower case, that the recording of subtitles may have."""
    return {subtitles.stem.lower(), _LANGUAGE.sub("", subtitles.stem).lower()}
