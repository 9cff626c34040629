"""Subtitles (SubRip, and WebVTT: w3.org/TR/webvtt1): what is said, in paragraphs, each cue with its seconds."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from passagework.ingest.loaders.base import LoadOptions, RecordFailure
from passagework.ingest.loaders.encoding import read_text
from passagework.ingest.loaders.formats import Format
from passagework.retrieval.errors import NoTextError
from passagework.retrieval.types import Document, PlaceUnit, SourcePlace

PAUSE = 3.0
"""Seconds of silence that end a paragraph."""
LONG = 600
"""Characters of a paragraph that ends with the next sentence."""

_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})(?:[.,](\d{1,3}))?"
_TIMES = re.compile(rf"^[ \t]*{_TIME}[ \t]*-->[ \t]*{_TIME}[^\n]*$", re.MULTILINE)
_BLANK = re.compile(r"\n[ \t]*\n")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^>]*)>")
_TAG = re.compile(r"</?[a-zA-Z\d][^<>\n]*>|\{\\[^{}\n]*\}")
_ENDS = re.compile(r"[.!?…。！？][\"'”’)\]]*$")
_SPEAKER = re.compile(r"(?:[-–—]\s|>>|[^\W\d_][\w .'-]{0,40}:\s)")


@dataclass(frozen=True, slots=True)
class Cue:
    """What is shown from one second to another."""

    first: float
    last: float
    text: str


def load_subtitles(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """One document without headings, its places in seconds. Raises IngestError where nothing is said."""
    decoded = read_text(path)
    text, places = paragraphs(cues(decoded.text))
    if not text:
        raise NoTextError("no text: nothing is said at any time")
    webvtt = decoded.text.lstrip("\ufeff").startswith("WEBVTT")
    yield Document(
        text=text,
        media_type=(Format.VTT if webvtt else Format.SRT).value,
        metadata={"duration": max(place.last for place in places), **decoded.metadata},
        notes=decoded.notes,
        places=places,
    )


def cues(source: str) -> Iterator[Cue]:
    """The cues in order of the file. Remarks and styles are none; lines that roll on from the cue before come once."""
    times = list(_TIMES.finditer(source))
    shown: list[str] = []
    for number, match in enumerate(times):
        until = times[number + 1].start() if number + 1 < len(times) else len(source)
        blank = _BLANK.search(source, match.end(), until)
        block = source[match.end() : blank.start() if blank else until]
        lines = [line for line in (plain_line(line) for line in block.split("\n")) if line]
        fresh = [line for line in lines if line not in shown]
        shown = lines or shown
        first, last = _seconds(match, 1), _seconds(match, 5)
        if fresh and last >= first:
            yield Cue(first, last, " ".join(fresh))


def paragraphs(said: Iterable[Cue], *, longest_pause: float = PAUSE) -> tuple[str, list[SourcePlace]]:
    """The cues' text: a new paragraph behind a pause, for another speaker, and at a sentence's end of a long one."""
    parts: list[str] = []
    places: list[SourcePlace] = []
    length, begin = 0, 0
    before: Cue | None = None
    for cue in said:
        gap = ""
        if before is not None:
            pause = cue.first - before.last > longest_pause
            long = length - begin > LONG and _ENDS.search(before.text)
            gap = "\n\n" if pause or long or _SPEAKER.match(cue.text) else " "
        length += len(gap)
        begin = length if gap == "\n\n" else begin
        parts += (gap, cue.text)
        places.append(SourcePlace(PlaceUnit.SECOND, cue.first, cue.last, length, length + len(cue.text)))
        length += len(cue.text)
        before = cue
    return "".join(parts), places


def plain_line(line: str) -> str:
    """A line without its markup; who speaks stands before what is said."""
    named = _VOICE.sub(lambda voice: f"{voice[1].strip()}: ", line)
    return " ".join(html.unescape(_TAG.sub("", named)).split())


def _seconds(match: re.Match[str], group: int) -> float:
    hours, minutes, seconds, fraction = (match[number] or "0" for number in range(group, group + 4))
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + int(fraction.ljust(3, "0")) / 1000
