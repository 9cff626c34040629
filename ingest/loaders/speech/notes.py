"""What the report says of a recording: where nobody speaks, what was not understood, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence

from passagework.ingest.loaders.speech.whisper import Language
from passagework.ingest.loaders.speech.windows import Span
from passagework.retrieval.text import clock_time, counted

LONG_SILENCE = 30.0
"""Seconds without speech that are worth a word."""
SURE_LANGUAGE = 0.5
"""Probability of a language below which it is told to be a guess."""
MISSING_SHARE, MISSING_SECONDS = 0.1, 5.0
"""How much shorter than it claims a recording is for it to be cut off: of files without an index, FFmpeg guesses."""
_LISTED = 5


def listening_notes(silent: Sequence[Span], unsure: Sequence[Span], language: Language | None, model: str) -> list[str]:
    """The lines on silence, on speech that was left out, and on a language that isn't sure."""
    notes = []
    if long := [span for span in silent if span[1] - span[0] >= LONG_SILENCE]:
        notes.append(f"nobody speaks at {_places(long)}: silence, music or noise")
    if unsure:
        notes.append(
            f"left out at {_places(unsure)}, not understood by {model}: noise, or {unknown_language(language)}"
        )
    if language is not None and language.probability is not None and language.probability < SURE_LANGUAGE:
        notes.append(f"its language is a guess: {language.code}, {language.probability:.0%} sure")
    return notes


def unknown_language(language: Language | None) -> str:
    """Says which languages a model may not have understood: all but one, where it can't tell them apart."""
    if language is not None and language.probability is None:
        return f"another language than the one that it knows, {language.code}"
    return "a language that it doesn't know"


def cut_short(heard: float, claimed: float, damaged: int, *, whole: bool) -> list[str]:
    """The lines on sound that is missing."""
    if not whole:
        return [f"only the first {clock_time(heard)} were heard"]
    notes = []
    if claimed - heard > max(MISSING_SECONDS, MISSING_SHARE * claimed):
        notes.append(f"it ends early, as if cut off: {clock_time(heard)} of {clock_time(claimed)}")
    if damaged:
        notes.append(f"damaged sound: {counted(damaged, 'piece')} could not be decoded")
    return notes


def _places(spans: Sequence[Span]) -> str:
    shown = ", ".join(f"{clock_time(first)}-{clock_time(last)}" for first, last in spans[:_LISTED])
    return shown if len(spans) <= _LISTED else f"{shown} and {len(spans) - _LISTED:,} more places"
