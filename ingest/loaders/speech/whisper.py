"""Writes down what is said, by a Whisper model (Radford et al. 2022) that CTranslate2 runs: offline, from a folder.

The model is loaded once a process. It decodes without chance, so the same recording gives the same text; what it isn't
sure of is no text.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from passagework.ingest.loaders.speech.transcript import PAUSE
from passagework.ingest.loaders.speech.windows import Span, Window
from passagework.ingest.loaders.text.subtitles import Cue
from passagework.retrieval.config import PARSERS
from passagework.retrieval.errors import IngestError

LEAST_SURE, LEAST_SURE_ALONE = -1.0, -0.75
"""Mean logarithm of a token's probability, and MOST_REPETITIVE the text's length to its compressed length, beyond which
the paper (section 4.5) decodes again; here it is left out. A model of one language can't tell that it hears another,
and invents words in its own: German at -0.79 and less, where English as espeak-ng says it is at -0.61 and more."""
MOST_REPETITIVE = 2.4
MOST_SILENT, DOUBTFUL = 0.6, -0.5
"""Probability of no speech, beyond which words are left out that are doubtful besides: in the paper they need be as bad
as LEAST_SURE, and for silence the small models say "You" at -0.7. What is surely read stays: quiet speech has 0.65."""


@dataclass(frozen=True, slots=True)
class Said:
    """Words, from one second to another; `sure` tells whether they can be believed, else `text` is what was guessed."""

    cue: Cue
    sure: bool


@dataclass(frozen=True, slots=True)
class Language:
    """What is spoken, as a code such as `en`, and the probability of that; None where a model knows one language."""

    code: str
    probability: float | None


class Listener:
    """Hears one recording window by window; the language is that of the first speech."""

    def __init__(self, folder: str) -> None:
        self._model = _loaded(folder)
        self._several = bool(self._model.model.is_multilingual)
        self.language: Language | None = None

    def hear(self, window: Window) -> Iterator[Said]:
        """What is said in a window, in order of time."""
        clips = [second for span in clips_of(window.speech) for second in span]
        segments, info = self._model.transcribe(
            window.samples,
            language=None if self.language is None else self.language.code,
            clip_timestamps=clips,
            temperature=0.0,
            condition_on_previous_text=False,
        )
        if self.language is None:
            self.language = Language(info.language, info.language_probability if self._several else None)
        least = LEAST_SURE if self._several else LEAST_SURE_ALONE
        for segment in segments:
            first = window.first + max(0.0, segment.start)
            last = min(max(first, window.first + segment.end), max(first, window.last))
            text = " ".join(segment.text.split())
            yield Said(Cue(first, last, text), _is_sure(segment, least) and any(map(str.isalnum, text)))


def clips_of(speech: tuple[Span, ...]) -> list[Span]:
    """The spans of speech, those of a paragraph joined: what is heard together is understood better."""
    clips: list[Span] = []
    for first, last in speech:
        if clips and first - clips[-1][1] < PAUSE:
            clips[-1] = (clips[-1][0], last)
        else:
            clips.append((first, last))
    return clips


def _is_sure(segment: Any, least: float) -> bool:
    return bool(
        segment.avg_logprob >= least
        and segment.compression_ratio <= MOST_REPETITIVE
        and (segment.no_speech_prob <= MOST_SILENT or segment.avg_logprob >= DOUBTFUL)
    )


def threads() -> int:
    """How many threads a parser listens with: its share of the processors, beside the other parsers."""
    return max(1, (os.cpu_count() or 1) // PARSERS)


@lru_cache(maxsize=1)
def _loaded(folder: str) -> Any:
    from faster_whisper import WhisperModel

    try:
        return WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=threads(), local_files_only=True)
    except (RuntimeError, ValueError, OSError) as error:
        raise IngestError(f"the speech model can't be loaded: {error}") from error
