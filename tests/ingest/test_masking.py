"""Placeholders in the place of personal data: what they stand for, and where everything else lies then."""

from __future__ import annotations

from hypothesis import given, strategies as st

from passagework.ingest.personal_data.detector import Detector
from passagework.ingest.personal_data.masking import DocumentMask, masked_document
from passagework.retrieval.types import (
    Document,
    Heading,
    Hidden,
    HiddenReason,
    Masked,
    OcrSpan,
    Page,
    PlaceUnit,
    SourcePlace,
    Table,
)

VALUES = ("jane@example.org", "203.0.113.9", "4111 1111 1111 1111", "SSN 536-22-1234", "AKIAIOSFODNN7EXAMPLE")
KEY = "-----BEGIN PRIVATE KEY-----\nMIIE\npAIB\n-----END PRIVATE KEY-----"


def masked(document: Document) -> tuple[Document, dict[str, str]]:
    """A document with placeholders, and what they stand for."""
    detector = Detector.of()
    mask = DocumentMask(detector, document.text)
    return masked_document(document, mask, detector.find(document.text)), mask.values


def test_a_value_has_one_placeholder_wherever_it_stands() -> None:
    """In text, title, headings and metadata, written with separators or not, and where nothing names it."""
    document = Document(
        "Ann has BSN 111222333 and card 4111 1111 1111 1111. Again: 111222333, 4111111111111111, ann@x.org.",
        "text/plain",
        title="Letter of ann@x.org",
        metadata={"from": ["ann@x.org", 7], "111222333": True, "card": 4111111111111111, "year": 2020},
        notes=["ann@x.org can't be read"],
        headings=[Heading(1, "Ann has BSN 111222333", 0, 21)],
        tables=[Table(0, 21, "111222333 | b")],
    )
    after, values = masked(document)
    assert after.text == "Ann has BSN [NL_BSN_1] and card [CARD_1]. Again: [NL_BSN_1], [CARD_1], [EMAIL_1]."
    assert after.title == "Letter of [EMAIL_1]"
    assert after.metadata == {"from": ["[EMAIL_1]", 7], "[NL_BSN_1]": True, "card": "[CARD_1]", "year": 2020}
    assert after.notes == ["[EMAIL_1] can't be read"]
    assert after.headings == [Heading(1, "Ann has BSN [NL_BSN_1]", 0, 22)]
    assert after.tables == [Table(0, 22, "[NL_BSN_1] | b")]
    assert values == {"[NL_BSN_1]": "111222333", "[CARD_1]": "4111 1111 1111 1111", "[EMAIL_1]": "ann@x.org"}


def test_words_of_the_document_are_no_placeholders() -> None:
    """Where a text has `[EMAIL_1]` of its own, the next number is taken."""
    after, values = masked(Document("[EMAIL_1] is jane@example.org", "text/plain"))
    assert (after.text, values) == ("[EMAIL_1] is [EMAIL_2]", {"[EMAIL_2]": "jane@example.org"})


def test_structure_moves_along() -> None:
    """Pages, hidden text and words of OCR lie about the same text; of several in one value the first stays."""
    text = "A 4111 1111 1111 1111 B\nlast words"
    document = Document(
        text,
        "application/pdf",
        pages=[Page(1, "i", 0, 24), Page(2, "", 24, 34)],
        hidden=[Hidden(22, 23, HiddenReason.TINY)],
        ocr=[OcrSpan(0, 1, 0.5), OcrSpan(2, 6, 0.6), OcrSpan(7, 11, 0.7), OcrSpan(22, 23, 0.8)],
    )
    after, _ = masked(document)
    assert after.text == "A [CARD_1] B\nlast words"
    assert after.pages == [Page(1, "i", 0, 13), Page(2, "", 13, 23)]
    assert after.hidden == [Hidden(11, 12, HiddenReason.TINY)]
    assert after.ocr == [OcrSpan(0, 1, 0.5), OcrSpan(2, 10, 0.6), OcrSpan(11, 12, 0.8)]
    assert after.masked == [Masked(2, 10, "card", 2, 21)]


def test_lines_behind_a_value_of_several_lines_keep_their_numbers() -> None:
    """A key of four lines becomes one word: what follows it is still in line 5."""
    text = f"first\n{KEY} end\nlast\n"
    place = SourcePlace(PlaceUnit.LINE, 1, 6, 0, len(text))
    after, _ = masked(Document(text, "text/x-python", places=[place]))
    assert after.text == "first\n[PRIVATE_KEY_1] end\nlast\n"
    assert after.places == [SourcePlace(PlaceUnit.LINE, 1, 6, 0, 21), SourcePlace(PlaceUnit.LINE, 5, 6, 21, 31)]


@given(st.lists(st.sampled_from((*VALUES, "plain words", "ünï \U0001f989", "\n", " ", "page")), max_size=12))
def test_offsets_lead_back_to_the_original(parts: list[str]) -> None:
    """Between placeholders the text is as it was; each stands where the value stood, and all of them give it back."""
    text = " ".join(parts)
    pages = [Page(1, "", 0, len(text) // 2), Page(2, "", len(text) // 2, len(text))]
    after, values = masked(Document(text, "text/plain", pages=pages))
    back, at = "", 0
    for mask in after.masked:
        back += after.text[at : mask.start]
        assert (len(back), values[after.text[mask.start : mask.end]]) == (
            mask.original_start,
            text[mask.original_start : mask.original_end],
        )
        back, at = back + text[mask.original_start : mask.original_end], mask.end
    assert back + after.text[at:] == text
    first, second = after.pages
    assert (first.start, first.end, second.end) == (0, second.start, len(after.text))
    assert not any(value.removeprefix("SSN ") in after.text for value in VALUES)
