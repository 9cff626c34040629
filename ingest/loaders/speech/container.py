"""What a container of sound and films holds: tags, chapters, subtitles of its own, and its sound, piece by piece.

PyAV brings FFmpeg's readers and decoders. They get an open file, never a path, and no protocol or playlist format that
could lead to another.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from passagework.ingest.loaders.metadata import plain
from passagework.ingest.loaders.speech.transcript import Chapter
from passagework.ingest.loaders.text.subtitles import Cue, plain_line
from passagework.retrieval.errors import IngestError
from passagework.retrieval.extras import require
from passagework.retrieval.text import one_line
from passagework.retrieval.types import Json

RATE = 16_000
"""Samples a second, as the models hear."""
HOLE = 1.0
"""Seconds by which sound may come later than it should by what was heard before: more is a hole in the recording."""

_READERS = "mp3,aac,flac,wav,w64,ogg,asf,avi,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2"
_SUBTITLES = frozenset({"subrip", "srt", "mov_text", "webvtt", "text", "ass", "ssa"})
_TAGS = ("artist", "album", "author", "date", "genre", "comment", "description", "composer", "show")
_MOST_CHAPTERS = 5_000
_MOST_CUES = 200_000
_MOST_DAMAGED = 10_000
"""Pieces that can't be decoded before the rest is given up."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Samples of one channel from a second on, float32 between -1 and 1."""

    first: float
    samples: NDArray[np.float32]


@contextmanager
def opened_container(file: BinaryIO) -> Iterator[Any]:
    """Opens a recording. Raises IngestError, also for what goes wrong while it is open, in FFmpeg's words."""
    require("audio", IngestError)
    import av

    try:
        with av.open(file, metadata_errors="replace", options={"format_whitelist": _READERS}) as container:
            yield container
    except av.FFmpegError as error:
        words = one_line(str(error.strerror or error), limit=160)
        raise IngestError(f"damaged, or no recording: {words}") from error


def claimed_seconds(container: Any) -> float:
    """How long the container says it is; 0 where it doesn't say."""
    return max(0.0, (container.duration or 0) / 1_000_000)


def tags(container: Any) -> tuple[str, dict[str, Json]]:
    """The title, and what else the file says of itself; Ogg has its tags at the track."""
    said = [tag for track in container.streams.audio[:1] for tag in track.metadata.items()]
    found = {str(key).lower(): one_line(str(value), limit=1_000) for key, value in (*said, *container.metadata.items())}
    return found.get("title", ""), {key: plain(found[key]) for key in _TAGS if found.get(key)}


def chapters(container: Any) -> list[Chapter]:
    """The chapters that have a title, in order of time."""
    found = []
    for chapter in container.chapters()[:_MOST_CHAPTERS]:
        title = one_line(str(chapter["metadata"].get("title", "")), limit=500)
        if title:
            found.append(Chapter(max(0.0, float(chapter["start"] * chapter["time_base"])), title))
    return sorted(found, key=lambda chapter: chapter.first)


def own_subtitles(container: Any) -> tuple[list[Cue], str]:
    """What the first track of subtitles as text says, and its language; forced ones are for foreign parts alone."""
    from av.stream import Disposition

    tracks = [track for track in container.streams.subtitles if track.codec_context.name in _SUBTITLES]
    tracks = [track for track in tracks if not track.disposition & Disposition.forced]
    for track in sorted(tracks, key=lambda track: not track.disposition & Disposition.default):
        said = list(_cues(container, track))
        if said:
            return said, str(track.metadata.get("language", ""))
    return [], ""


def _cues(container: Any, track: Any) -> Iterator[Cue]:
    container.seek(0)
    kind = track.codec_context.name
    for number, packet in enumerate(container.demux(track)):
        if packet.pts is None or number >= _MOST_CUES:
            continue
        text = _packet_text(bytes(packet), kind)
        first = max(0.0, float(packet.pts * packet.time_base))
        last = first + max(0.0, float((packet.duration or 0) * packet.time_base))
        if text:
            yield Cue(first, last, text)


def _packet_text(data: bytes, kind: str) -> str:
    """The text of a packet: behind its length in MP4, behind eight fields in ASS."""
    if kind == "mov_text":
        data = data[2 : 2 + int.from_bytes(data[:2], "big")]
    text = data.decode("utf-8", "replace")
    if kind in {"ass", "ssa"}:
        text = text.split(",", 8)[-1].replace("\\N", "\n").replace("\\n", "\n")
    return " ".join(filter(None, map(plain_line, text.splitlines())))


class SoundTrack:
    """The sound of one track, heard once; how much was `damaged` is known behind its end."""

    def __init__(self, container: Any, track: Any) -> None:
        self._container = container
        self._track = track
        self.damaged = 0

    def pieces(self) -> Iterator[Sound]:
        """The sound as it comes, a few hundredths of a second a piece, each behind the one before."""
        import av

        at = 0.0
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        self._container.seek(0)
        for frame in self._frames():
            if frame.time is not None and frame.time > at + HOLE:
                at = frame.time
            try:
                resampled = resampler.resample(frame)
            except (ValueError, av.FFmpegError):  # the sound changes its form, as no encoder has it do
                self.damaged += 1
                resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
                continue
            for piece in resampled:
                samples = piece.to_ndarray().reshape(-1).astype(np.float32) / 32_768
                yield Sound(at, samples)
                at += len(samples) / RATE

    def _frames(self) -> Iterator[Any]:
        """The frames that can be decoded; those that can't are counted."""
        import av

        packets = self._container.demux(self._track)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                frames = packet.decode()
            except av.FFmpegError:
                self.damaged += 1
                if self.damaged > _MOST_DAMAGED:
                    return
                continue
            yield from frames
