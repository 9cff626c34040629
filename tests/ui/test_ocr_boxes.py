"""Marks of what OCR read: a box for words that stand together on a line, and the page's own text apart from them."""

from __future__ import annotations

from passagework.retrieval.types import Document, OcrSpan
from passagework.ui.web.ocr_boxes import ocr_boxes, without_ocr

DOCUMENT = Document(
    "two words\nleft right typed",
    "application/pdf",
    ocr=(
        OcrSpan(0, 3, 0.9, (0.1, 0.1, 0.1, 0.02)),
        OcrSpan(4, 9, 0.9, (0.21, 0.101, 0.2, 0.02)),
        OcrSpan(10, 14, 0.9, (0.1, 0.2, 0.1, 0.02)),
        OcrSpan(15, 20, 0.9, (0.6, 0.2, 0.1, 0.02)),
    ),
)


def test_words_of_a_line_are_one_box() -> None:
    """What stands far apart, or on another line, is not."""
    first, *rest = ocr_boxes(DOCUMENT, 0, len(DOCUMENT.text))
    assert [round(side, 3) for side in first] == [0.1, 0.1, 0.31, 0.021]
    assert rest == [(0.1, 0.2, 0.1, 0.02), (0.6, 0.2, 0.1, 0.02)]
    assert ocr_boxes(DOCUMENT, 4, 9) == [(0.21, 0.101, 0.2, 0.02)]
    assert ocr_boxes(DOCUMENT, 21, 26) == []


def test_the_rest_of_the_page_is_its_own_text() -> None:
    """What OCR read is blank in it, for nothing in the file shows it as text; places stay."""
    assert without_ocr(DOCUMENT, 0, 26) == "\n".join([" " * 9, f"{'':11}typed"])
    assert without_ocr(DOCUMENT, 16, 26) == "     typed"
