"""Sound is cut into windows at silences: all of it is heard once, and never much at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from passagework.ingest.loaders.speech import windows as module
from passagework.ingest.loaders.speech.container import RATE, Sound
from passagework.ingest.loaders.speech.whisper import clips_of
from passagework.ingest.loaders.speech.windows import Window, windows

PIECE = RATE // 10
LENGTH = 3


def sound(loud: list[bool], start: float = 0.0) -> list[Sound]:
    """A piece of a tenth of a second for each, loud or silent; samples count up, so that each is known again."""
    pieces = []
    for number, speaks in enumerate(loud):
        samples = np.arange(number * PIECE, (number + 1) * PIECE, dtype=np.float32) + 1
        pieces.append(Sound(start + number / 10, samples if speaks else -samples))
    return pieces


@pytest.fixture(autouse=True)
def loud_is_speech(monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of the detector: positive samples are speech."""

    def window(first: float, samples: np.ndarray) -> Window:
        changes = np.flatnonzero(np.diff(np.concatenate([[False], samples > 0, [False]]).astype(int)))
        spans = zip(changes[::2] / RATE, changes[1::2] / RATE, strict=True)
        return Window(first, samples, tuple((float(start), float(end)) for start, end in spans))

    monkeypatch.setattr(module, "_window", window)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.booleans(), max_size=200))
def test_all_is_heard_once_in_bounded_windows(loud: list[bool]) -> None:
    """The windows join to the whole sound, none is longer than its bound and one piece, and times count on."""
    found = list(windows(sound(loud), LENGTH))
    joined = [sample for window in found for sample in np.abs(window.samples)]
    assert joined == list(range(1, len(loud) * PIECE + 1))
    at = 0.0
    for window in found:
        assert len(window.samples) <= (LENGTH * RATE) + PIECE
        assert window.first == pytest.approx(at, abs=1e-6)
        at = window.last


def test_speech_is_cut_in_silence() -> None:
    """A word that lasts beyond the window's end is heard whole, in the next one."""
    loud = [True] * 20 + [False] * 5 + [True] * 15
    first, second = windows(sound(loud), LENGTH)
    assert len(first.samples) == round(2.25 * RATE)
    assert first.speech == ((0.0, 2.0),)
    assert second.speech == ((0.25, 1.75),)


def test_speech_without_silence_is_cut_all_the_same() -> None:
    """A window has its bound."""
    assert [len(window.samples) for window in windows(sound([True] * 50), LENGTH)] == [LENGTH * RATE, 2 * RATE]


def test_a_hole_begins_a_new_window() -> None:
    """What comes later than it should has its own time."""
    pieces = [*sound([True] * 5), *sound([True] * 5, start=100.0)]
    assert [(window.first, round(window.last, 3)) for window in windows(pieces, LENGTH)] == [(0.0, 0.5), (100.0, 100.5)]


def test_spans_of_a_paragraph_are_heard_together() -> None:
    """Those parted by less than two seconds are one clip."""
    assert clips_of(((0.0, 1.0), (2.9, 4.0), (6.1, 7.0))) == [(0.0, 4.0), (6.1, 7.0)]
    assert clips_of(()) == []
