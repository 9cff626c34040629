"""Recordings that tests make: spoken by espeak-ng, silent, or of noise and tones; and films with tracks beside."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import wave
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

av: Any = pytest.importorskip("av", reason="the extra audio is not installed")
SubtitleSet: Any = importlib.import_module("av.subtitles.subtitle").SubtitleSet

ASS_HEADER = (
    b"[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize, PrimaryColour\n"
    b"Style: Default,Arial,16,&Hffffff\n\n[Events]\n"
    b"Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
)
"""What FFmpeg's encoders of subtitles want to begin with, whatever they write."""

RATE = 16_000
Samples = NDArray[np.int16]
"""Of one channel, at RATE."""


def speech_model(name: str = "whisper-tiny.en") -> str:
    """The folder of a model in PASSAGEWORK_TEST_MODELS; the test skips where it isn't there."""
    folder = Path(os.environ.get("PASSAGEWORK_TEST_MODELS", "")) / name
    if not os.environ.get("PASSAGEWORK_TEST_MODELS") or not folder.is_dir():
        pytest.skip(f"PASSAGEWORK_TEST_MODELS has no {name}")
    return str(folder)


def alike(written: str, said: str) -> bool:
    """Whether both have the same paragraphs, but for a letter in ten: a small model mishears, by processor."""
    pairs = list(zip(written.lower().split("\n\n"), said.lower().split("\n\n"), strict=False))
    same = written.count("\n\n") == said.count("\n\n")
    return same and all(SequenceMatcher(None, one, other).ratio() > 0.9 for one, other in pairs)


def spoken(text: str, *, voice: str = "en-us", speed: int = 150) -> Samples:
    """The text as espeak-ng says it; the test skips where that isn't installed."""
    program = shutil.which("espeak-ng")
    if program is None:
        pytest.skip("espeak-ng is not installed")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        subprocess.run([program, "-v", voice, "-s", str(speed), "-w", str(path), text], check=True)
        with av.open(str(path)) as container:
            resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
            frames = [*container.decode(audio=0), None]
            pieces = [piece.to_ndarray()[0] for frame in frames for piece in resampler.resample(frame)]
    return np.concatenate(pieces)


def silence(seconds: float) -> Samples:
    """Nothing at all."""
    return np.zeros(round(seconds * RATE), np.int16)


def noise(seconds: float, *, brown: bool = False) -> Samples:
    """White noise, or brown as of wind, always the same."""
    samples = np.random.default_rng(7).normal(size=round(seconds * RATE))
    if brown:
        samples = np.cumsum(samples)
        samples -= np.linspace(samples[0], samples[-1], len(samples))
    return np.asarray(samples / np.abs(samples).max() * 12_000, dtype=np.int16)


def music(seconds: float) -> Samples:
    """Plucked tones of a scale, one every 0.4 seconds."""
    chance = np.random.default_rng(7)
    samples = np.zeros(round(seconds * RATE))
    for start in range(0, len(samples), round(0.4 * RATE)):
        time = np.arange(min(round(0.4 * RATE), len(samples) - start)) / RATE
        pitch = chance.choice([220, 247, 262, 294, 330, 349, 392, 440])
        for overtone in range(1, 5):
            tone = np.sin(2 * np.pi * pitch * overtone * time) / overtone * np.exp(-3 * time)
            samples[start : start + len(time)] += tone
    return np.asarray(samples * 6_000, dtype=np.int16)


def wav(path: Path, *parts: Samples) -> Path:
    """Writes the parts one after another as a WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.concatenate(parts).tobytes())
    return path


def film(
    path: Path,
    *parts: Samples,
    codec: str = "aac",
    tags: Mapping[str, str] | None = None,
    chapters: Sequence[tuple[int, int, str]] = (),
    cues: Sequence[tuple[int, int, str]] = (),
    subtitles: str = "mov_text",
    picture: bool = False,
    tracks: int = 1,
) -> Path:
    """Writes a container of the suffix's kind: sound, tags, chapters and subtitles (milliseconds), a black picture."""
    with av.open(str(path), "w") as container:
        container.metadata.update(tags or {})
        if chapters:
            times = ({"start": start, "end": end, "time_base": Fraction(1, 1000)} for start, end, _ in chapters)
            titles = ({"id": number, "metadata": {"title": title}} for number, (*_, title) in enumerate(chapters))
            container.set_chapters([{**time, **title} for time, title in zip(times, titles, strict=True)])
        pictures = container.add_stream("mpeg4", rate=1) if picture else None
        if pictures is not None:
            pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        experimental = {"strict": "-2"} if codec == "vorbis" else {}
        layout = "stereo" if codec == "vorbis" else "mono"
        sounds: list[Any] = []
        for _ in range(tracks if parts else 0):
            sounds.append(container.add_stream(codec, rate=48_000, layout=layout, options=experimental))
            sounds[-1].bit_rate = 64_000
        texts: Any = _subtitle_track(container, subtitles) if cues else None
        if pictures is not None:
            for _ in range(3):
                frame = av.VideoFrame(64, 48, "yuv420p")
                container.mux(pictures.encode(frame))
            container.mux(pictures.encode(None))
        for sound in sounds:
            _encode(container, sound, np.concatenate(parts))
        for number, (start, end, text) in enumerate(cues):
            line = f"{number},0,Default,,0,0,0,,{text}".encode()
            shown = SubtitleSet.create(line, start=0, end=end - start, pts=start * 1000, subtitle_format=1)
            packet = texts.codec_context.encode_subtitle(shown)
            packet.stream, packet.time_base = texts, Fraction(1, 1000)
            packet.pts, packet.dts, packet.duration = start, start, end - start
            container.mux(packet)
    return path


def _subtitle_track(container: Any, codec: str) -> Any:
    track = container.add_stream(codec)
    track.codec_context.subtitle_header = ASS_HEADER
    track.time_base = Fraction(1, 1000)
    return track


def _encode(container: Any, stream: Any, samples: Samples) -> None:
    for start in range(0, len(samples), RATE):
        frame = av.AudioFrame.from_ndarray(samples[None, start : start + RATE], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
