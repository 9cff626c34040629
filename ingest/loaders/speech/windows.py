"""Cuts sound at silences, into windows that are heard one after another: a day of it is never in memory.

Where there is speech, Silero's detector tells (a model of 2 MB in the wheel of faster-whisper). What it doesn't take
for speech, silence and most music, is never shown to the model that writes, which would invent words for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from passagework.ingest.loaders.speech.container import HOLE, RATE, Sound

WINDOW = 120
"""Seconds of a window."""
SILENCE = 0.4
"""Seconds of silence at which speech may be cut."""
_PADDING_MS = 200
"""Milliseconds that speech begins before it is surely speech, and ends after."""

Span = tuple[float, float]
"""From one second to another."""


@dataclass(frozen=True, slots=True)
class Window:
    """Sound from a second on, and where there is speech in it, in seconds of the window."""

    first: float
    samples: NDArray[np.float32]
    speech: tuple[Span, ...]

    @property
    def last(self) -> float:
        """The second at which it ends."""
        return self.first + len(self.samples) / RATE


def windows(sound: Iterable[Sound], length: int = WINDOW) -> Iterator[Window]:
    """The sound in windows of at most so many seconds and one piece; a hole in the recording ends one, too."""
    held: list[NDArray[np.float32]] = []
    first, size = 0.0, 0
    for piece in sound:
        if held and piece.first > first + size / RATE + HOLE / 2:
            yield _window(first, np.concatenate(held))
            held, size = [], 0
        if not held:
            first = piece.first
        held.append(piece.samples)
        size += len(piece.samples)
        if size >= length * RATE:
            samples = np.concatenate(held)
            window = _window(first, samples)
            cut = _cut(window.speech, size)
            speech = tuple(span for span in window.speech if span[0] < cut / RATE)
            yield Window(first, samples[:cut], speech)
            held, size, first = [samples[cut:]], size - cut, first + cut / RATE
    if size:
        yield _window(first, np.concatenate(held))


def _cut(speech: tuple[Span, ...], size: int) -> int:
    """The sample to cut at: the end in silence, else the last silence of the second half, else the end for good."""
    seconds = size / RATE
    if not speech or speech[-1][1] < seconds - SILENCE:
        return size
    gaps = [(before[1] + behind[0]) / 2 for before, behind in pairwise(speech)]
    return round(gaps[-1] * RATE) if gaps and gaps[-1] > seconds / 2 else size


def _window(first: float, samples: NDArray[np.float32]) -> Window:
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(min_silence_duration_ms=round(1000 * SILENCE), speech_pad_ms=_PADDING_MS)
    found = get_speech_timestamps(samples, options)
    speech = tuple((span["start"] / RATE, min(span["end"], len(samples)) / RATE) for span in found)
    return Window(first, samples, speech)
