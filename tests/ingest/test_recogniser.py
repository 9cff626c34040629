"""The recogniser: loaded once, offline, on few threads, and sensible about what is no text."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rapidocr", reason="the extra ocr is not installed")

from passagework.ingest.loaders.ocr import recogniser
from passagework.ingest.loaders.ocr.recogniser import Pixels, recognise, threads
from passagework.retrieval.errors import IngestError
from tests.support.picture_files import LETTER, page

pytestmark = pytest.mark.slow


def pixels() -> Pixels:
    """A page with four lines of text."""
    return np.ascontiguousarray(np.asarray(page().convert("RGB"))[:, :, ::-1])


def test_it_is_loaded_once_and_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither for models nor for its dictionary, nor does OpenVINO report home: no socket is made."""

    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("a network was asked for")

    recogniser._engine.cache_clear()
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr("rapidocr.utils.download_file.DownloadFile.run", refuse)
    first = recognise(pixels())
    engine = recogniser._engine()
    assert [" ".join(word.text for word in line.words) for line in first] == [text for *_, text in LETTER]
    assert recognise(pixels()) == first
    assert recogniser._engine() is engine


def test_models_that_a_version_doesn_t_bring_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than fetched: whoever installs another version reads what is missing."""
    monkeypatch.setitem(recogniser._MODELS, "Rec", "PP-OCRv9_rec.onnx")
    recogniser._engine.cache_clear()
    with pytest.raises(IngestError, match=r"this version of rapidocr doesn't bring PP-OCRv9_rec\.onnx"):
        recognise(pixels())
    recogniser._engine.cache_clear()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc to look at")
def test_memory_doesn_t_grow_from_page_to_page() -> None:
    """Pictures of all sizes come; what was compiled for one isn't kept."""

    def address_space() -> int:
        return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")

    sizes = [(1000 + 37 * step, 700 + 53 * step) for step in range(8)]
    pages = [np.ascontiguousarray(np.asarray(page(width=w, height=h).convert("RGB"))) for h, w in sizes]
    for each in (*pages[::2], pages[-1]):
        recognise(each)
    before = address_space()
    for each in pages[1::2]:
        recognise(each)
    assert address_space() - before < 300 << 20


@pytest.mark.parametrize("shape", [(1, 1, 3), (5, 900, 3), (2000, 20, 3), (300, 300, 3)])
def test_what_is_no_text_has_no_lines(shape: tuple[int, int, int]) -> None:
    """Rules, dots and white paper; noise at the most some letters that nobody is sure of."""
    assert recognise(np.full(shape, 255, dtype=np.uint8)) == []
    noise = np.random.default_rng(1).integers(0, 255, shape, dtype=np.uint8)
    assert all(word.confidence < 0.95 for line in recognise(noise) for word in line.words)


def test_threads_are_a_share_of_the_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four parsers may read at once."""
    found = []
    for processors in (1, 2, 4, 8, 64, None):
        monkeypatch.setattr(os, "cpu_count", lambda count=processors: count)
        found.append(threads())
    assert found == [1, 1, 1, 2, 16, 1]


def test_words_of_scripts_without_spaces_are_told_in_pieces() -> None:
    """A line of Chinese is one word; its characters each have a box, so that a part of it can be marked."""
    quad = np.array([[0, 0], [300, 0], [300, 10], [0, 10]], dtype=np.float64)
    corners = [[[10 * at, 0], [10 * at + 10, 0], [10 * at + 10, 10], [10 * at, 10]] for at in range(30)]
    text = "字" * 30
    line = recogniser._line(text, 0.9, quad, [("字", 0.8, box) for box in corners])
    assert [word.text for word in line.words] == list(text)
    assert line.words[3].box == (30.0, 0.0, 40.0, 10.0)
    assert line.words[3].confidence == 0.8


def test_a_line_whose_pieces_don_t_fit_is_shared_out_evenly() -> None:
    """Each character as wide as the others, so that nothing is lost; the line's confidence is that of each word."""
    quad = np.array([[0, 0], [90, 3], [90, 13], [0, 10]], dtype=np.float64)
    line = recogniser._line("one three", 0.75, quad, [("one", 0.9, quad.tolist())])
    assert [(word.text, word.confidence, word.box) for word in line.words] == [
        ("one", 0.75, (0, 0, 30, 13)),
        ("three", 0.75, (40, 0, 90, 13)),
    ]
    assert line.slope == pytest.approx(1 / 30, abs=1e-3)
