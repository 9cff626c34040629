"""Recordings become documents: what is said with its seconds, titles, chapters and subtitles; the rest is told."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("faster_whisper", reason="the extra audio is not installed")

from passagework.ingest.loaders import LoadOptions, load
from passagework.ingest.loaders.base import PART_LISTENER, Part, PartsRead
from passagework.ingest.loaders.speech import recording
from passagework.retrieval.errors import IngestError
from passagework.retrieval.types import Document, PlaceUnit
from tests.support.recordings import Samples, alike, film, music, noise, silence, speech_model, spoken, wav

pytestmark = pytest.mark.slow

TREES = "Nobody remembers who planted the trees along the road."
GARDEN = "The museum is closed on Mondays, but the garden is always open."

UNKNOWN = (
    "nothing that whisper-tiny.en understood in {}: music, noise, or another language than the one that it knows, en"
)
"""Why a recording has no text whose speech is none to an English model."""


@pytest.fixture(scope="module")
def trees() -> Samples:
    """A sentence."""
    return spoken(TREES)


@pytest.fixture(scope="module")
def garden() -> Samples:
    """Another one."""
    return spoken(GARDEN)


def read(path: Path) -> Document:
    """The document of a recording, by whisper-tiny.en."""
    (item,) = load(path, LoadOptions(speech_model=speech_model(), speech_name="whisper-tiny.en"))
    assert isinstance(item, Document)
    return item


def reason(path: Path, options: LoadOptions | None = None) -> str:
    """Why a recording is no document."""
    options = options or LoadOptions(speech_model=speech_model(), speech_name="whisper-tiny.en")
    with pytest.raises(IngestError) as error:
        list(load(path, options))
    return str(error.value)


CODECS = {
    "mp3": ("libmp3lame", "audio/mpeg"),
    "m4a": ("aac", "audio/mp4"),
    "flac": ("flac", "audio/flac"),
    "ogg": ("vorbis", "audio/ogg"),
    "opus": ("libopus", "audio/opus"),
    "aac": ("aac", "audio/aac"),
    "wma": ("wmav2", "audio/x-ms-wma"),
    "mp4": ("aac", "video/mp4"),
    "m4v": ("aac", "video/mp4"),
    "mkv": ("libopus", "video/x-matroska"),
    "webm": ("libopus", "video/webm"),
    "mov": ("aac", "video/quicktime"),
    "avi": ("libmp3lame", "video/x-msvideo"),
}


@pytest.mark.parametrize("suffix", CODECS)
def test_each_format_is_written_down(tmp_path: Path, trees: Samples, garden: Samples, suffix: str) -> None:
    """Two sentences with a pause between are two paragraphs, each with its seconds; what the file says is metadata."""
    codec, media_type = CODECS[suffix]
    tags = {"title": "Rules of the house", "artist": "Ada"} if suffix != "aac" else {}
    path = film(tmp_path / f"a.{suffix}", trees, silence(3), garden, codec=codec, tags=tags)
    document = read(path)
    assert alike(document.text, f"{TREES}\n\n{GARDEN}")
    assert document.media_type == media_type
    assert document.title == tags.get("title", "")
    begins = len(trees) / 16_000 + 3
    length = begins + len(garden) / 16_000
    assert document.metadata["duration"] == pytest.approx(length, abs=0.2)
    assert {key: value for key, value in document.metadata.items() if key != "duration"} == {
        **({"artist": "Ada"} if tags else {}),
        "language": "en",
        "speech_model": "whisper-tiny.en",
    }
    first, second = document.places
    assert first.unit is PlaceUnit.SECOND
    assert (first.start, second.end) == (0, len(document.text))
    assert first.first == pytest.approx(0, abs=0.5)
    assert second.first == pytest.approx(begins, abs=0.7)
    assert second.last == pytest.approx(length, abs=0.7)
    assert document.notes == []


def test_wav_of_any_name(tmp_path: Path, trees: Samples) -> None:
    """The content decides; a recording is read as what it is."""
    path = wav(tmp_path / "a.mp3", trees)
    document = read(path)
    assert alike(document.text, TREES)
    assert document.media_type == "audio/wav"
    path.rename(tmp_path / "a.txt")
    assert reason(tmp_path / "a.txt") == "named .txt but holds WAV audio"


def test_chapters_are_headings(tmp_path: Path, trees: Samples, garden: Samples) -> None:
    """Each stands above what is said in it."""
    middle = round(1000 * (len(trees) / 16_000 + 1))
    chapters = [(0, middle, "The desk"), (middle, 60_000, "The garden")]
    for suffix, codec in (("mp4", "aac"), ("mkv", "libopus")):
        document = read(film(tmp_path / f"a.{suffix}", trees, silence(2), garden, codec=codec, chapters=chapters))
        assert alike(document.text, f"The desk\n\n{TREES}\n\nThe garden\n\n{GARDEN}")
        assert [(heading.level, heading.title) for heading in document.headings] == [(1, "The desk"), (1, "The garden")]


@pytest.mark.parametrize("named", ["mp4 mov_text", "mkv subrip", "mkv webvtt", "mkv ass"])
def test_subtitles_within_are_taken(tmp_path: Path, named: str) -> None:
    """They are surer than what is heard, and take no model; the note says so."""
    suffix, kind = named.split()
    cues = [(500, 1500, "The heron <i>nests</i> here."), (4000, 5500, "It fishes\\Nat dusk.")]
    path = film(tmp_path / f"a.{suffix}", silence(6), codec="libopus", cues=cues, subtitles=kind)
    (document,) = load(path, LoadOptions())
    assert isinstance(document, Document)
    assert document.text == "The heron nests here.\n\nIt fishes at dusk."
    assert [(place.first, place.last) for place in document.places] == [(0.5, 1.5), (4.0, 5.5)]
    assert document.notes == ["its own subtitles were read in place of its sound"]
    assert document.metadata["duration"] == pytest.approx(6, abs=0.1)
    assert document.metadata["subtitles"] is True


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        (silence(40), "nobody speaks in 0:00:40 of it: silence, music or noise"),
        (noise(40), "nobody speaks in 0:00:40 of it: silence, music or noise"),
        (noise(40, brown=True), "nobody speaks in 0:00:40 of it: silence, music or noise"),
        (music(40), UNKNOWN.format("0:00:40")),
    ],
    ids=["silence", "white noise", "brown noise", "music"],
)
def test_no_words_are_invented(tmp_path: Path, samples: Samples, said: str) -> None:
    """Where nobody speaks there is no text, whatever a model would make of it."""
    assert reason(wav(tmp_path / "a.wav", samples)) == said


@pytest.mark.parametrize(
    ("voice", "text"),
    [
        ("de", "Der Zug nach London fährt um halb neun von Gleis sieben ab."),
        ("fr", "Le musée est fermé le lundi, mais le jardin est toujours ouvert."),
        ("ru", "Поезд в Лондон отправляется с седьмой платформы в половине девятого."),
    ],
)
def test_a_language_that_the_model_does_not_know(tmp_path: Path, trees: Samples, voice: str, text: str) -> None:
    """An English model can't tell; what it is unsure of is left out, and told with its place."""
    path = wav(tmp_path / "a.wav", trees, silence(4), spoken(text, voice=voice))
    document = read(path)
    assert alike(document.text, TREES)
    (note,) = document.notes
    assert note.startswith("left out at 0:00:0")
    assert note.endswith(
        ", not understood by whisper-tiny.en: noise, or another language than the one that it knows, en"
    )


def test_long_silence_is_told(tmp_path: Path, trees: Samples, garden: Samples) -> None:
    """With its place; a short one is not."""
    document = read(wav(tmp_path / "a.wav", silence(5), trees, silence(45), garden))
    assert alike(document.text, f"{TREES}\n\n{GARDEN}")
    (note,) = document.notes
    begins = 5 + len(trees) / 16_000
    assert note.startswith("nobody speaks at 0:00:0")
    assert note.endswith(": silence, music or noise")
    assert document.places[0].first == pytest.approx(5, abs=0.7)
    assert document.places[1].first == pytest.approx(begins + 45, abs=0.7)


def test_a_film_without_sound(tmp_path: Path) -> None:
    """It says so."""
    path = film(tmp_path / "a.mp4", picture=True)
    assert reason(path) == "no sound: a film without an audio track, and without subtitles"


def test_a_recording_of_no_length(tmp_path: Path) -> None:
    """It says so."""
    assert reason(wav(tmp_path / "a.wav", silence(0))) == "no sound: it lasts no time"


def test_a_recording_that_is_cut_off(tmp_path: Path, trees: Samples, garden: Samples) -> None:
    """What is there is read, and what isn't is told; of MP4 nothing can be read without its end."""
    path = film(tmp_path / "a.mp3", trees, silence(3), garden, silence(2), codec="libmp3lame")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    document = read(path)
    assert alike(document.text, TREES)
    (note,) = document.notes
    assert note.startswith("it ends early, as if cut off: 0:00:0")
    path = film(tmp_path / "a.mp4", trees)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert reason(path) == "damaged, or no recording: Invalid data found when processing input"


def test_a_text_that_is_named_as_sound(tmp_path: Path) -> None:
    """It is no recording."""
    (tmp_path / "a.mp3").write_text("The heron nests here. " * 100)
    assert reason(tmp_path / "a.mp3") == "damaged, or no recording: Invalid data found when processing input"


def test_without_a_model(tmp_path: Path) -> None:
    """A loader that is given none says what to do."""
    path = wav(tmp_path / "a.wav", noise(1))
    assert reason(path, LoadOptions()) == (
        "a recording: no speech model is here: `hf download Systran/faster-whisper-base`, or give --speech-model FOLDER"
    )


def test_minutes_are_told(tmp_path: Path, trees: Samples) -> None:
    """At first none, then those that were heard, of all that the file claims."""
    told: list[PartsRead] = []
    token = PART_LISTENER.set(told.append)
    try:
        read(wav(tmp_path / "a.wav", silence(130), trees))
    finally:
        PART_LISTENER.reset(token)
    assert list(dict.fromkeys(told)) == [PartsRead(done, 3, Part.MINUTE) for done in (0, 2)]


def test_a_day_at_most_is_heard(tmp_path: Path, trees: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file can claim years; what is heard of it is text, and the rest is told."""
    monkeypatch.setattr(recording, "LONGEST", 100)
    document = read(wav(tmp_path / "a.wav", trees, silence(300)))
    assert alike(document.text, TREES)
    assert document.notes[1:] == ["only the first 0:02:00 were heard"]


def test_several_tracks(tmp_path: Path, trees: Samples) -> None:
    """The first is heard, and the report says that there are more."""
    path = film(tmp_path / "a.mkv", trees, codec="libopus", tracks=2)
    document = read(path)
    assert alike(document.text, TREES)
    assert document.notes == ["the first audio track was heard, 1 other not"]
