"""Recordings and films as documents: their own subtitles where they have any, else what a model writes down."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from passagework.ingest.loaders.base import LoadOptions, Part, PartsRead, RecordFailure, tell_part
from passagework.ingest.loaders.formats import named_format
from passagework.ingest.loaders.sniff import true_format
from passagework.ingest.loaders.speech.container import (
    SoundTrack,
    chapters,
    claimed_seconds,
    opened_container,
    own_subtitles,
    tags,
)
from passagework.ingest.loaders.speech.notes import cut_short, listening_notes, unknown_language
from passagework.ingest.loaders.speech.speech_extra import speech_way_out
from passagework.ingest.loaders.speech.transcript import Transcript, transcript
from passagework.ingest.loaders.speech.whisper import Language, Listener, clips_of
from passagework.ingest.loaders.speech.windows import Span, Window, windows
from passagework.ingest.loaders.text.subtitles import Cue
from passagework.retrieval.errors import IngestError, NoTextError
from passagework.retrieval.text import clock_time, counted
from passagework.retrieval.types import Document, Json

LONGEST = 24 * 3600
"""Seconds of a recording that are heard: a small file can claim years of silence."""


@dataclass(slots=True)
class Heard:
    """What was heard of a recording: what is `said`, where it was not understood, and where nobody speaks."""

    said: list[Cue] = field(default_factory=list)
    unsure: list[Span] = field(default_factory=list)
    silent: list[Span] = field(default_factory=list)
    language: Language | None = None
    seconds: float = 0.0
    damaged: int = 0
    whole: bool = True


def load_recording(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    """One document, its places in seconds. Raises IngestError where it can't be read, or has no sound."""
    with path.open("rb") as file, opened_container(file) as container:
        title, metadata = tags(container)
        claimed = claimed_seconds(container)
        said, language = own_subtitles(container)
        marks = chapters(container)
        if said:
            written = transcript(said, marks)
            facts: dict[str, Json] = {"duration": _seconds(max(claimed, said[-1].last)), "subtitles": True}
            facts |= {"language": language} if language not in ("", "und") else {}
            notes = ["its own subtitles were read in place of its sound"]
        else:
            heard = _heard(container, options, claimed)
            if not heard.said:
                raise NoTextError(_nothing_said(heard, options.speech_name))
            written = transcript(heard.said, marks)
            facts = _facts(heard, options)
            notes = listening_notes(heard.silent, heard.unsure, heard.language, options.speech_name)
            notes += cut_short(heard.seconds, claimed, heard.damaged, whole=heard.whole)
            notes += _other_tracks(container)
    yield _document(path, title, {**metadata, **facts}, written, notes)


def _document(path: Path, title: str, metadata: dict[str, Json], written: Transcript, notes: list[str]) -> Document:
    named = named_format(path)
    return Document(
        text=written.text,
        media_type="" if named is None else true_format(path, named).value,
        title=title,
        metadata=metadata,
        headings=written.headings,
        places=written.places,
        notes=notes,
    )


def _heard(container: Any, options: LoadOptions, claimed: float) -> Heard:
    if not container.streams.audio:
        raise NoTextError("no sound: a film without an audio track, and without subtitles")
    if options.speech_model is None:
        raise IngestError(f"a recording: {speech_way_out()}")
    minutes = math.ceil(min(claimed, LONGEST) / 60)
    tell_part(PartsRead(0, max(1, minutes), Part.MINUTE))
    heard = Heard()
    listener: Listener | None = None
    track = SoundTrack(container, container.streams.audio[0])
    for window in windows(track.pieces()):
        if window.first >= LONGEST:
            heard.whole = False
            break
        if window.speech:
            listener = listener or Listener(options.speech_model)
            _listen(listener, window, heard, minutes)
        _note_silence(window, heard.silent)
        heard.seconds = window.last
        _tell(heard.seconds, minutes)
    heard.language = None if listener is None else listener.language
    heard.damaged = track.damaged
    return heard


def _listen(listener: Listener, window: Window, heard: Heard, minutes: int) -> None:
    """Adds what is said in a window, and the speech of which nothing was understood."""
    understood: list[Span] = []
    for said in listener.hear(window):
        if said.sure:
            heard.said.append(said.cue)
            understood.append((said.cue.first, said.cue.last))
        _tell(said.cue.last, minutes)
    for first, last in clips_of(window.speech):
        first, last = first + window.first, last + window.first
        if not any(begin < last and first < end for begin, end in understood):
            heard.unsure.append((first, last))


def _note_silence(window: Window, silent: list[Span]) -> None:
    """Adds the stretches of a window in which nobody speaks, joined with that before."""
    at = window.first
    for first, last in [*window.speech, (window.last - window.first, 0.0)]:
        until = min(window.first + first, window.last)
        if until > at:
            joins = silent and at - silent[-1][1] < 1e-3
            silent[-1:] = [(silent[-1][0], until)] if joins else [*silent[-1:], (at, until)]
        at = window.first + last


def _tell(seconds: float, minutes: int) -> None:
    done = int(seconds / 60)
    tell_part(PartsRead(done, max(1, minutes, done), Part.MINUTE))


def _facts(heard: Heard, options: LoadOptions) -> dict[str, Json]:
    facts: dict[str, Json] = {"duration": _seconds(heard.seconds), "speech_model": options.speech_name}
    if heard.language is not None:
        facts["language"] = heard.language.code
    return facts


def _seconds(duration: float) -> float:
    return round(duration, 3)


def _nothing_said(heard: Heard, model: str) -> str:
    if not heard.seconds:
        return "no sound: nothing of its track can be decoded" if heard.damaged else "no sound: it lasts no time"
    if heard.unsure:
        known = unknown_language(heard.language)
        return f"nothing that {model} understood in {clock_time(heard.seconds)}: music, noise, or {known}"
    return f"nobody speaks in {clock_time(heard.seconds)} of it: silence, music or noise"


def _other_tracks(container: Any) -> list[str]:
    others = len(container.streams.audio) - 1
    return [f"the first audio track was heard, {counted(others, 'other')} not"] if others else []
