"""What a model writes down is believed as far as it is sure; a model of several languages keeps to the first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from passagework.ingest.loaders.speech import whisper
from passagework.ingest.loaders.speech.notes import cut_short, listening_notes
from passagework.ingest.loaders.speech.whisper import Language, Listener, Said
from passagework.ingest.loaders.speech.windows import Window
from passagework.ingest.loaders.text.subtitles import Cue


@dataclass
class FakeModel:
    """Says what it is told, and remembers what it was asked."""

    segments: Sequence[tuple[float, float, str, float, float, float]]
    is_multilingual: bool
    asked: list[dict[str, Any]] = field(default_factory=list)

    @property
    def model(self) -> FakeModel:
        """What tells whether there are several languages."""
        return self

    def transcribe(self, samples: np.ndarray, **options: Any) -> tuple[Iterator[Any], Any]:
        """As WhisperModel does."""
        self.asked.append(options)
        names = ("start", "end", "text", "avg_logprob", "no_speech_prob", "compression_ratio")
        segments = (SimpleNamespace(**dict(zip(names, segment, strict=True))) for segment in self.segments)
        return segments, SimpleNamespace(language="sv", language_probability=0.4)


WINDOW = Window(120.0, np.zeros(160_000, np.float32), ((1.0, 2.0), (3.5, 4.0), (7.0, 8.0)))


def heard(model: FakeModel, monkeypatch: pytest.MonkeyPatch) -> tuple[Listener, list[Said]]:
    """What a listener hears in the window."""
    monkeypatch.setattr(whisper, "_loaded", lambda folder: model)
    listener = Listener("folder")
    return listener, list(listener.hear(WINDOW))


def test_times_are_those_of_the_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paragraphs are heard apart, without chance; what ends beyond the window ends with it."""
    model = FakeModel([(1.0, 2.0, "  Hej   du ", -0.2, 0.1, 1.1), (7.0, 30.0, "Ja.", -0.2, 0.1, 1.1)], True)
    _, said = heard(model, monkeypatch)
    assert said == [Said(Cue(121.0, 122.0, "Hej du"), True), Said(Cue(127.0, 130.0, "Ja."), True)]
    (asked,) = model.asked
    assert asked["clip_timestamps"] == [1.0, 4.0, 7.0, 8.0]
    assert (asked["temperature"], asked["condition_on_previous_text"], asked["language"]) == (0.0, False, None)


@pytest.mark.parametrize(
    ("sureness", "no_speech", "ratio", "several", "alone"),
    [
        (-0.3, 0.1, 1.2, True, True),
        (-0.9, 0.1, 1.2, True, False),  # another language, to a model that knows one
        (-1.1, 0.1, 1.2, False, False),
        (-0.2, 0.1, 2.5, False, False),  # the same over and over
        (-0.3, 0.7, 1.2, True, True),  # quiet, and sure
        (-0.6, 0.95, 0.3, False, False),  # "You", of silence
    ],
)
def test_what_is_not_sure_is_told(
    monkeypatch: pytest.MonkeyPatch, sureness: float, no_speech: float, ratio: float, several: bool, alone: bool
) -> None:
    """Each measure by itself can make it so; a model of one language must be surer."""
    for multilingual, expected in ((True, several), (False, alone)):
        _, said = heard(FakeModel([(1.0, 2.0, "Hej", sureness, no_speech, ratio)], multilingual), monkeypatch)
        assert [each.sure for each in said] == [expected]


def test_signs_are_no_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full stop is what a model makes of music."""
    _, said = heard(FakeModel([(1.0, 2.0, " .", -0.1, 0.1, 0.2)], False), monkeypatch)
    assert [each.sure for each in said] == [False]


def test_the_language_of_the_first_speech_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told how sure that is; a model of one language can't."""
    model = FakeModel([], True)
    listener, _ = heard(model, monkeypatch)
    list(listener.hear(WINDOW))
    assert [asked["language"] for asked in model.asked] == [None, "sv"]
    assert listener.language == Language("sv", 0.4)
    assert listening_notes([], [], listener.language, "base") == ["its language is a guess: sv, 40% sure"]
    listener, _ = heard(FakeModel([], False), monkeypatch)
    assert listener.language == Language("sv", None)
    assert listening_notes([], [], listener.language, "tiny.en") == []


def test_notes_name_the_places() -> None:
    """The first five, and how many more; silence from half a minute on."""
    spans = [(float(at), at + 40.0) for at in range(0, 700, 100)]
    english, several = Language("en", None), Language("en", 0.9)
    assert listening_notes([(0, 20), (3600, 3700)], [], several, "base") == [
        "nobody speaks at 1:00:00-1:01:40: silence, music or noise"
    ]
    (note,) = listening_notes([], spans, several, "base")
    places = "0:00:00-0:00:40, 0:01:40-0:02:20, 0:03:20-0:04:00, 0:05:00-0:05:40, 0:06:40-0:07:20 and 2 more places"
    assert note == f"left out at {places}, not understood by base: noise, or a language that it doesn't know"
    (note,) = listening_notes([], spans[:1], english, "tiny.en")
    assert note.endswith("by tiny.en: noise, or another language than the one that it knows, en")


def test_what_is_missing_is_told() -> None:
    """A tenth and five seconds less than claimed, or pieces that can't be decoded."""
    assert cut_short(55.0, 60.0, 0, whole=True) == []
    assert cut_short(0.5, 1.0, 0, whole=True) == []
    assert cut_short(50.0, 60.0, 2, whole=True) == [
        "it ends early, as if cut off: 0:00:50 of 0:01:00",
        "damaged sound: 2 pieces could not be decoded",
    ]
    assert cut_short(86_400.0, 1e6, 0, whole=False) == ["only the first 24:00:00 were heard"]
