"""PDFs that are pictures of text, whole or in part: read by OCR where that is asked for, told where it isn't."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("rapidocr", reason="the extra ocr is not installed")

from fpdf import FPDF
from PIL import Image
from pypdf.generic import RectangleObject
from pypdfium2 import PdfDocument

from passagework.ingest.loaders import LoadOptions, OcrMode, load
from passagework.ingest.loaders.base import PART_LISTENER, PartsRead
from passagework.ingest.loaders.ocr import bounds, installed
from passagework.ingest.loaders.ocr.recogniser import Pixels, RecognisedLine
from passagework.ingest.loaders.pdf import pdf_document, pdf_scans
from passagework.retrieval.errors import IngestError, NoTextError
from passagework.retrieval.types import Document
from tests.support.pdf_files import copied, drawn, saved, slices, written
from tests.support.picture_files import LETTER, Words, page, scanned_pdf

pytestmark = pytest.mark.slow

SAID = "\n".join(text for *_, text in LETTER)
SECOND: Words = ((120, 140, 32, "The second page is about boats."),)


def read(path: Path, data: bytes, mode: OcrMode = OcrMode.AUTO) -> Document:
    """The one document of a PDF with these bytes."""
    (document,) = load(written(path, data), LoadOptions(ocr=mode))
    assert isinstance(document, Document)
    return document


def mixed(*pages: str | Image.Image | tuple[str, Image.Image]) -> bytes:
    """A PDF of pages of text, of pictures of pages, and of text with a picture below it."""
    pdf = FPDF()
    pdf.set_font("Helvetica", size=12)
    for each in pages:
        pdf.add_page()
        text, picture = each if isinstance(each, tuple) else (each, None) if isinstance(each, str) else ("", each)
        if text:
            pdf.cell(0, 6, text, new_x="LMARGIN", new_y="NEXT")
        if picture is not None:
            pdf.image(picture, x=0 if not text else 20, y=0 if not text else 60, w=210 if not text else 160)
    return bytes(pdf.output())


def test_a_scan_is_read_page_by_page(tmp_path: Path) -> None:
    """Its text, a heading told by its size, its words with boxes; and each page is told as it is read."""
    told: list[PartsRead] = []
    token = PART_LISTENER.set(told.append)
    try:
        document = read(tmp_path / "a.pdf", scanned_pdf([page(), page(SECOND)]))
    finally:
        PART_LISTENER.reset(token)
    assert slices(document) == [SAID, SECOND[0][3]]
    assert [heading.title for heading in document.headings] == ["The lighthouse manual"]
    assert [document.text[span.start : span.end] for span in document.ocr] == document.text.split()
    assert told == [PartsRead(0, 2), PartsRead(1, 2), PartsRead(2, 2)]
    assert (document.media_type, document.notes) == ("application/pdf", [])


def test_only_pages_without_text_are_read(tmp_path: Path) -> None:
    """A page that has text of its own keeps it, and nothing of it was read by OCR."""
    typed = "This page was typed, and its text is taken as it stands in the file."
    document = read(tmp_path / "a.pdf", mixed(typed, page(SECOND)))
    assert slices(document) == [typed, SECOND[0][3]]
    assert min(span.start for span in document.ocr) == document.pages[1].start


def test_a_stamp_upon_a_scan_is_no_text(tmp_path: Path) -> None:
    """A page that is a picture, and has hardly any text, is read anew; with the stamp, for it is on the picture."""
    pdf = FPDF()
    pdf.add_page()
    pdf.image(page(), x=0, y=0, w=210)
    pdf.set_font("Helvetica", size=12)
    pdf.text(20, 260, "Bates 0001")
    document = read(tmp_path / "a.pdf", bytes(pdf.output()))
    assert document.text.startswith(SAID)
    assert document.text.count("Bates 0001") == 1


def test_a_page_without_words_is_told(tmp_path: Path) -> None:
    """One that shows nothing is blank, one that shows only lines was looked at in vain; neither has failed."""
    with pytest.raises(NoTextError, match="no text: the pages are blank"):
        read(tmp_path / "a.pdf", drawn(""))
    with pytest.raises(NoTextError, match="scanned: 0 of 1 page has text: OCR finds none"):
        read(tmp_path / "b.pdf", drawn("0 0 m 100 100 l S"))


@pytest.mark.parametrize("rotate", [90, 180, 270])
def test_a_page_turned_by_the_file_is_read_as_it_is_shown(tmp_path: Path, rotate: int) -> None:
    """The scanner lay on its side, and the page says so: text and boxes are those of the page as people see it."""
    writer = copied(scanned_pdf([page().rotate(rotate, expand=True)]))
    writer.pages[0].rotate(rotate)
    document = read(tmp_path / "a.pdf", saved(writer))
    assert document.text == SAID
    box = document.ocr[0].box
    assert box is not None
    assert (box[0] * 1240, box[1] * 1754) == pytest.approx((120, 140), abs=20)


def test_only_what_the_page_shows_is_read(tmp_path: Path) -> None:
    """What a crop leaves out of the picture isn't there for a reader, and boxes are shares of what is shown."""
    writer = copied(scanned_pdf([page()]))
    cropped = writer.pages[0]
    width, height = float(cropped.mediabox.width), float(cropped.mediabox.height)
    cropped.cropbox = RectangleObject((0, height * 0.8, width, height))
    document = read(tmp_path / "a.pdf", saved(writer))
    assert document.text == "\n".join(text for *_, text in LETTER[:2])
    box = document.ocr[0].box
    assert box is not None
    assert box[1] * 0.2 * 1754 == pytest.approx(140, abs=20)


CHART = page(
    ((60, 40, 40, "Lamps lit in the year 1902"), (60, 120, 32, "North tower 311 nights")), width=900, height=200
)


def test_pictures_on_pages_of_text_are_read_when_asked(tmp_path: Path) -> None:
    """Below the page's own text; by itself that is not done, for most of them are photographs."""
    typed = "The report begins with what was lit, and when, and by whom it was."
    data = mixed((typed, CHART))
    assert read(tmp_path / "a.pdf", data).text == typed
    document = read(tmp_path / "b.pdf", data, OcrMode.ALWAYS)
    assert document.text == f"{typed}\n\nLamps lit in the year 1902\nNorth tower 311 nights"
    assert [document.text[span.start : span.end] for span in document.ocr] == document.text[len(typed) :].split()
    boxes = [span.box for span in document.ocr if span.box is not None]
    assert all(left > 20 / 210 and left + width < 180 / 210 and 60 / 297 < top < 0.35 for left, top, width, _ in boxes)


def test_a_logo_is_not_read(tmp_path: Path) -> None:
    """Too small to be text, and what stands upon a picture as text is not read twice."""
    pdf = FPDF()
    pdf.add_page()
    pdf.image(CHART, x=20, y=20, w=40)
    pdf.image(page([], width=900, height=200, ground=220), x=20, y=100, w=160)
    pdf.set_font("Helvetica", size=12)
    pdf.text(30, 110, "This is said upon the second of the two pictures, as text.")
    document = read(tmp_path / "a.pdf", bytes(pdf.output()), OcrMode.ALWAYS)
    assert (document.text, document.ocr) == ("This is said upon the second of the two pictures, as text.", ())


def test_a_scan_without_ocr_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `never` as ever; where the extra is missing, with what to install."""
    whole, part = scanned_pdf([page()]), mixed("A page of text that is long enough to be one.", page())
    with pytest.raises(IngestError, match=r"^scanned: 0 of 1 page has text$"):
        read(tmp_path / "a.pdf", whole, OcrMode.NEVER)
    assert read(tmp_path / "b.pdf", part, OcrMode.NEVER).notes == ["no text on page 2 of 2"]
    monkeypatch.setattr(installed, "missing_modules", lambda extra: ("rapidocr",))
    way_out = r'pip install "passagework[ocr]" has them read'
    with pytest.raises(IngestError) as raised:
        read(tmp_path / "c.pdf", whole)
    assert str(raised.value) == f"scanned: 0 of 1 page has text: {way_out}"
    assert read(tmp_path / "d.pdf", part).notes == [f"no text on page 2 of 2: {way_out}"]


def test_pages_of_any_size_are_drawn_within_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page as large as a house, or one that is nothing but a line, is drawn no larger than others."""
    sizes: list[tuple[int, ...]] = []

    def recognise(pixels: Pixels) -> list[RecognisedLine]:
        sizes.append(pixels.shape)
        return []

    monkeypatch.setattr(pdf_scans, "recognise", recognise)
    for width, height in ((1_000_000, 1_000_000), (1_000_000, 1), (0.5, 0.5)):
        writer = copied(drawn("0 0 m 100 100 l S"))
        writer.pages[0].mediabox = RectangleObject((0, 0, width, height))
        with pytest.raises(IngestError):
            read(tmp_path / "a.pdf", saved(writer))
    assert sizes
    assert all(max(shape) <= 2_001 for shape in sizes)


def test_a_picture_too_large_is_left_out_with_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its size is looked at before the page is drawn, which would decode it."""
    monkeypatch.setattr(pdf_scans, "MOST_PIXELS", 1_000_000)
    document = read(tmp_path / "a.pdf", mixed("A page of text that is long enough to be one.", page()))
    assert document.notes == [
        "page 2 can't be read by OCR: it shows pictures of more than 1,000,000 pixels",
        "no text on page 2 of 2",
    ]


def test_only_so_many_pages_of_a_small_file_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages of a file may all show one picture: it would take days, and cost its author nothing."""
    monkeypatch.setattr(bounds, "_ANY_FILE", 1)
    monkeypatch.setattr(bounds, "_BYTES_A_PAGE", 1 << 40)
    document = read(tmp_path / "a.pdf", scanned_pdf([page(SECOND), page()]))
    assert slices(document) == [SECOND[0][3], ""]
    assert document.notes == ["only the first page that is a picture was read by OCR", "no text on page 2 of 2"]


def test_running_lines_of_a_scan_are_said_once(tmp_path: Path) -> None:
    """Headers and page numbers of scans are told as those of other PDFs are."""
    body = [f"This line {number} of the page says what nobody else says." for number in range(6)]
    pages = [
        page(
            [
                (120, 60, 28, "Annual report of the lighthouse"),
                *((120, 300 + 60 * row, 30, f"{text} Part {number}.") for row, text in enumerate(body)),
                (600, 1680, 28, str(number)),
            ]
        )
        for number in (1, 2, 3)
    ]
    document = read(tmp_path / "a.pdf", scanned_pdf(pages))
    assert document.text.count("Annual report of the lighthouse") == 1
    assert document.text.count("says what nobody else says.") == 18


def test_words_of_a_very_long_scan_are_told_by_the_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that no document has millions of spans; text and confidence are the same."""
    data = scanned_pdf([page()])
    words = read(tmp_path / "a.pdf", data)
    monkeypatch.setattr(pdf_document, "MOST_OCR_SPANS", 10)
    by_line = read(tmp_path / "a.pdf", data)
    assert [by_line.text[span.start : span.end] for span in by_line.ocr] == SAID.split("\n")
    first, second = words.ocr[0].box, words.ocr[2].box
    assert first is not None
    assert second is not None
    box = by_line.ocr[0].box
    assert box is not None
    assert (box[0], box[0] + box[2]) == pytest.approx((first[0], second[0] + second[2]))


def test_real_scans_are_read(real_data: Path) -> None:
    """A scan among the files of other projects, as its picture shows it."""
    paths: Sequence[Path] = sorted((real_data / "files").rglob("*imagemagick-lzw.pdf"))
    for path in paths:
        with closing(PdfDocument(path)) as pdf:
            assert len(pdf) == 1
        with pytest.raises(NoTextError, match="OCR finds none"):
            list(load(path, LoadOptions(ocr=OcrMode.AUTO)))


def test_a_pdf_s_own_pictures_are_no_files(tmp_path: Path) -> None:
    """What is read of a page leaves nothing behind, and the document can be read again alike."""
    data = scanned_pdf([page()])
    assert read(tmp_path / "a.pdf", data) == read(tmp_path / "b.pdf", data)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pdf", "b.pdf"]
    assert io.BytesIO(data).read(5) == b"%PDF-"
