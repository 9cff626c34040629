"""Words in a picture, by RapidOCR with the models of its wheel: it runs offline, and nothing is ever downloaded.

The models are loaded once a process, by OpenVINO, which reads a page in a third of the time that ONNX Runtime takes
(docs/ocr.md has the figures).
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.config import PARSERS
from passagework.retrieval.errors import IngestError
from passagework.retrieval.extras import require
from passagework.retrieval.models.backends.openvino_library import load_openvino

Pixels: TypeAlias = NDArray[np.uint8]
"""(height, width, 3), in the order blue, green, red."""

LONGEST_SIDE = 2_000
"""Pixels of a side beyond which the recogniser makes a picture smaller before it looks at it."""
_LEAST_SIDE = 12
_MOST_ASPECT = 60
"""Of the longer side to the shorter: what is thinner is a rule."""
_LINES_AT_ONCE = 4
"""Lines recognised together: the scores of their characters take 25 MB a line of full width."""
_LONG_WORD = 20
"""Characters of a word, which in a script without spaces is a whole line, that is told as the pieces found."""
_MODELS = {
    "Det": "PP-OCRv6_det_small.onnx",
    "Rec": "PP-OCRv6_rec_small.onnx",
}


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it was read, how surely (0 to 1), and its box: left, top, right, bottom in pixels."""

    text: str
    confidence: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class RecognisedLine:
    """A line's words in order, and its slope: the angle in radians by which it falls."""

    words: tuple[Word, ...]
    slope: float


def recognise(picture: Pixels) -> list[RecognisedLine]:
    """The lines of text in a picture, from top to bottom. Raises IngestError where the extra `ocr` is missing."""
    height, width = picture.shape[:2]
    if min(height, width) < _LEAST_SIDE or max(height, width) > _MOST_ASPECT * min(height, width):
        return []
    found = _engine()(picture)
    if found.boxes is None or found.txts is None:
        return []
    words = found.word_results or ()
    pieces = words if len(words) == len(found.txts) else [()] * len(found.txts)
    lines = (
        _line(text, float(score), np.asarray(box, dtype=np.float64), of_line)
        for text, score, box, of_line in zip(found.txts, found.scores, found.boxes, pieces, strict=True)
    )
    return [line for line in lines if line.words]


def threads() -> int:
    """How many threads a parser recognises with: its share of the processors, beside the other parsers."""
    processors = os.cpu_count() or 1
    return max(1, processors // PARSERS)


@lru_cache(maxsize=1)
def _engine() -> Any:
    """The recogniser with its models, each named by its file, so that it looks for none elsewhere."""
    require("ocr", IngestError)
    openvino = load_openvino()  # before rapidocr does, for without its telemetry
    from rapidocr import EngineType, RapidOCR

    logging.getLogger("RapidOCR").disabled = True
    spec = find_spec("rapidocr")
    folder = Path(str(spec and spec.origin)).parent / "models"
    missing = [name for name in _MODELS.values() if not (folder / name).is_file()]
    if missing:
        raise IngestError(f"pictures can't be read: this version of rapidocr doesn't bring {missing[0]}")
    engine = RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.return_word_box": True,
            # What tells lines that stand on their heads takes long ones for such, and turns them around.
            "Global.use_cls": False,
            "Global.max_side_len": LONGEST_SIDE,
            "Rec.rec_batch_num": _LINES_AT_ONCE,
            **{f"{part}.engine_type": EngineType.OPENVINO for part in _MODELS},
            **{f"{part}.model_path": str(folder / name) for part, name in _MODELS.items()},
        }
    )
    core = openvino.Core()
    # A cache of what was compiled for each size of picture would grow by 300 MB of address space a page.
    settings = {"INFERENCE_NUM_THREADS": threads(), "NUM_STREAMS": 1, "CPU_RUNTIME_CACHE_CAPACITY": 0}
    for part in (engine._load_det_model(), engine._load_rec_model()):
        part.session.session = core.compile_model(part.session.model, "CPU", settings).create_infer_request()
    return engine


def _line(text: str, score: float, quad: NDArray[np.float64], pieces: Sequence[Any]) -> RecognisedLine:
    """A line from what the recogniser says of it: `quad` are its corners (4, 2), `pieces` its words or characters."""
    (left, top), (right, end) = quad[0], quad[1]
    slope = math.atan2(end - top, right - left) if right > left else 0.0
    return RecognisedLine(tuple(_words(text, score, quad, pieces)), slope)


def _words(text: str, score: float, quad: NDArray[np.float64], pieces: Sequence[Any]) -> Iterator[Word]:
    """The words of a line, each with the box of the pieces that it is made of."""
    characters: list[tuple[float, tuple[float, float, float, float]]] = []
    for piece, confidence, corners in pieces:
        box = _bounds(np.asarray(corners, dtype=np.float64))
        characters += [(float(confidence), box)] * len("".join(piece.split()))
    if len(characters) != len("".join(text.split())):
        characters = _evenly(text, score, quad)
    at = 0
    for word in text.split():
        of_word = characters[at : at + len(word)]
        at += len(word)
        if len(word) <= _LONG_WORD:
            yield _joined(word, of_word)
            continue
        start = 0
        for end in range(1, len(word) + 1):
            if end == len(word) or of_word[end][1] != of_word[start][1]:
                yield _joined(word[start:end], of_word[start:end])
                start = end


def _joined(text: str, characters: Sequence[tuple[float, tuple[float, float, float, float]]]) -> Word:
    boxes = np.array([box for _, box in characters])
    left, top = boxes[:, :2].min(axis=0).tolist()
    right, bottom = boxes[:, 2:].max(axis=0).tolist()
    confidence = sum(confidence for confidence, _ in characters) / len(characters)
    return Word(text, min(1.0, max(0.0, confidence)), (left, top, right, bottom))


def _evenly(
    text: str, score: float, quad: NDArray[np.float64]
) -> list[tuple[float, tuple[float, float, float, float]]]:
    """The characters of a line but its spaces side by side, each as wide as the others."""
    left, top, right, bottom = _bounds(quad)
    step = (right - left) / max(1, len(text))
    return [
        (score, (left + at * step, top, left + (at + 1) * step, bottom))
        for at, character in enumerate(text)
        if not character.isspace()
    ]


def _bounds(corners: NDArray[np.float64]) -> tuple[float, float, float, float]:
    left, top = corners.min(axis=0).tolist()
    right, bottom = corners.max(axis=0).tolist()
    return left, top, right, bottom
