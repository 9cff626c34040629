"""What is said, as text: paragraphs under the titles of chapters, each sentence with its seconds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from passagework.ingest.loaders.text.subtitles import Cue, paragraphs
from passagework.retrieval.types import Heading, SourcePlace

PAUSE = 2.0
"""Seconds of silence that end a paragraph: between sentences people pause for one at most."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """The title of what is said from a second on."""

    first: float
    title: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """The text, where each part of it is said, and the chapters' titles in it."""

    text: str
    places: list[SourcePlace]
    headings: list[Heading]


def transcript(said: Sequence[Cue], chapters: Sequence[Chapter]) -> Transcript:
    """The cues' text in order of time; a chapter begins with its title, also where nothing is said in it."""
    parts: list[str] = []
    places: list[SourcePlace] = []
    headings: list[Heading] = []
    length = 0

    def add(part: str) -> int:
        nonlocal length
        start = length + (2 if parts else 0)
        parts.append(part)
        length = start + len(part)
        return start

    for title, cues in _by_chapters(said, chapters):
        if title:
            start = add(title)
            headings.append(Heading(1, title, start, length))
        text, timed = paragraphs(cues, longest_pause=PAUSE)
        if text:
            start = add(text)
            places += [replace(place, start=place.start + start, end=place.end + start) for place in timed]
    return Transcript("\n\n".join(parts), places, headings)


def _by_chapters(said: Sequence[Cue], chapters: Sequence[Chapter]) -> Iterator[tuple[str, list[Cue]]]:
    """Each chapter's title with its cues, those before the first under none; a cue belongs where its middle lies."""
    cues = sorted(said, key=lambda cue: cue.first)
    at = 0
    for number in range(-1, len(chapters)):
        until = chapters[number + 1].first if number + 1 < len(chapters) else float("inf")
        begin = at
        while at < len(cues) and (cues[at].first + cues[at].last) / 2 < until:
            at += 1
        yield chapters[number].title if number >= 0 else "", cues[begin:at]
