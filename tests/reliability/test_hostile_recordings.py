"""Recordings that were made to do harm, or broke on their way: each costs itself alone, in bounded memory."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

pytest.importorskip("faster_whisper", reason="the extra audio is not installed")

from passagework.ingest.loaders import LoadOptions
from passagework.ingest.loaders.base import PartsRead
from passagework.ingest.workers import LoadRequest, ParserPool
from passagework.retrieval.errors import IngestError
from passagework.retrieval.types import Document
from tests.support.recordings import alike, film, noise, silence, speech_model, spoken, wav

pytestmark = [pytest.mark.faults, pytest.mark.slow]

TREES = "Nobody remembers who planted the trees along the road."
MEMORY = 1 << 30


def outcomes(paths: list[Path], *, memory: int = MEMORY, timeout: float = 60) -> dict[str, str]:
    """By file, its text or why there is none, from a confined parser."""
    model = Path(speech_model())
    options = LoadOptions(speech_model=str(model), speech_name=model.name)
    found = {}
    with ParserPool(1, timeout=timeout, memory_limit=memory, model_memory=MEMORY, readable=[model]) as pool:
        for loaded in pool.load_all(LoadRequest(path, options) for path in paths):
            name = loaded.request.path.name
            try:
                items = [item for item in loaded.items if not isinstance(item, PartsRead)]
                found[name] = " ".join(item.text for item in items if isinstance(item, Document))
            except IngestError as error:
                found[name] = str(error)
    return found


def hours(path: Path, count: float, rate: int = 16_000) -> Path:
    """A WAV file of so many hours of silence, of which the disk holds nothing."""
    size = round(count * 3600 * rate * 2)
    form = struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate, 2, 16)
    header = b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + form
    with path.open("wb") as file:
        file.write(header + b"data" + struct.pack("<I", size))
        file.truncate(len(header) + 8 + size)
    return path


def test_hours_of_silence_take_no_more_memory_than_minutes(tmp_path: Path) -> None:
    """Six hours would take 1.4 GB as samples, and many times that as a spectrum; each window is forgotten."""
    path = hours(tmp_path / "six hours.wav", 6)
    said = outcomes([path], timeout=20)
    assert said == {"six hours.wav": "nobody speaks in 6:00:00 of it: silence, music or noise"}


def test_damaged_files_cost_themselves(tmp_path: Path) -> None:
    """Whatever bits are flipped and wherever a file ends, it is read or refused in one line, and the next is read."""
    chance = random.Random(5)
    speech = spoken(TREES)
    paths = []
    codecs = {"mp3": "libmp3lame", "mp4": "aac", "mkv": "libopus", "flac": "flac", "ogg": "libopus"}
    for suffix, codec in codecs.items():
        whole = film(tmp_path / f"whole.{suffix}", speech, noise(2), codec=codec, cues=(), tags={"title": "Trees"})
        data = whole.read_bytes()
        for number in range(8):
            damaged = bytearray(data)
            for _ in range(chance.choice((1, 10, 200))):
                damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
            damaged = damaged[: chance.randrange(100, len(damaged))] if number % 2 else damaged
            paths.append(tmp_path / f"{number}.{suffix}")
            paths[-1].write_bytes(damaged)
    good = wav(tmp_path / "good.wav", speech)
    said = outcomes([*paths, good])
    assert len(said) == len(paths) + 1
    assert alike(said.pop("good.wav"), TREES)
    assert not any("parser" in text or "took longer" in text or "\n\n\n" in text for text in said.values())


def test_a_playlist_leads_nowhere(tmp_path: Path) -> None:
    """Formats that name other files are not read, whatever a file is called."""
    secret = wav(tmp_path / "secret.wav", spoken(TREES))
    (tmp_path / "a.mp3").write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{secret}\n#EXT-X-ENDLIST\n")
    (tmp_path / "b.mp4").write_text(f"ffconcat version 1.0\nfile {secret}\n")
    said = outcomes([tmp_path / "a.mp3", tmp_path / "b.mp4"])
    assert sorted(said.values()) == [
        "damaged, or no recording: Invalid argument",
        "damaged, or no recording: Invalid data found when processing input",
    ]


def test_silence_between_speech_keeps_its_seconds(tmp_path: Path) -> None:
    """Beyond a window's bound, too: what is said after five minutes is said there."""
    path = wav(tmp_path / "a.wav", silence(300), spoken(TREES))
    model = Path(speech_model())
    options = LoadOptions(speech_model=str(model), speech_name=model.name)
    with ParserPool(1, memory_limit=MEMORY, model_memory=MEMORY, readable=[model]) as pool:
        (items,) = [list(loaded.items) for loaded in pool.load_all([LoadRequest(path, options)])]
    document = items[-1]
    assert isinstance(document, Document)
    assert [round(place.first) for place in document.places] == [300]
