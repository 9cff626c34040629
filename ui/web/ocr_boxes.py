"""Where words that OCR read stand on the picture of their page: those of a line that follow one another as one box."""

from __future__ import annotations

from collections.abc import Iterable

from passagework.retrieval.types import Document, OcrSpan
from passagework.ui.sources.page_drawing import Share

_GAP = 2.0
"""Heights of a line between two words, at most, for one box to hold both: more is another column or cell."""


def ocr_boxes(document: Document, start: int, end: int) -> list[Share]:
    """Returns the boxes of what OCR read of `document.text[start:end]`, which lies on one page."""
    return _joined(span.box for span in _touched(document, start, end) if span.box is not None)


def without_ocr(document: Document, start: int, end: int) -> str:
    """Returns `document.text[start:end]` with blanks for what OCR read: the rest is the page's own text."""
    text = list(document.text[start:end])
    for span in _touched(document, start, end):
        for at in range(max(span.start, start), min(span.end, end)):
            text[at - start] = " "
    return "".join(text)


def _touched(document: Document, start: int, end: int) -> list[OcrSpan]:
    return [span for span in document.ocr if span.start < end and span.end > start]


def _joined(boxes: Iterable[Share]) -> list[Share]:
    lines: list[Share] = []
    for box in boxes:
        if lines and _goes_on(lines[-1], box):
            left, top = min(lines[-1][0], box[0]), min(lines[-1][1], box[1])
            right = max(lines[-1][0] + lines[-1][2], box[0] + box[2])
            bottom = max(lines[-1][1] + lines[-1][3], box[1] + box[3])
            lines[-1] = (left, top, right - left, bottom - top)
        else:
            lines.append(box)
    return lines


def _goes_on(line: Share, box: Share) -> bool:
    """Tells whether a word stands on a line, not far behind its end."""
    height = min(line[3], box[3])
    shared = min(line[1] + line[3], box[1] + box[3]) - max(line[1], box[1])
    gap = box[0] - (line[0] + line[2])
    return shared > height / 2 and -height < gap < _GAP * height
