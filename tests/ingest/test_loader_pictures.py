"""Picture files as documents, and pictures within office files: what OCR reads, in which order, and what it can't."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path
from statistics import fmean

import pytest

pytest.importorskip("rapidocr", reason="the extra ocr is not installed")

from PIL import Image

from passagework.ingest.loaders import LoadOptions, OcrMode, load, supported
from passagework.ingest.loaders.base import PART_LISTENER, PartsRead
from passagework.ingest.loaders.ocr import bounds, installed
from passagework.retrieval.errors import IngestError, NoTextError
from passagework.retrieval.types import Document, HiddenReason
from tests.support.office_files import docx, pptx
from tests.support.picture_files import LETTER, Words, encoded, page

pytestmark = pytest.mark.slow

SAID = "\n".join(text for *_, text in LETTER)
SECOND: Words = ((120, 140, 32, "The second page is about boats."),)
LOUPE = Image.Resampling.BICUBIC


def read(path: Path, data: bytes, mode: OcrMode = OcrMode.AUTO) -> Document:
    """The one document of a file with these bytes."""
    path.write_bytes(data)
    (document,) = load(path, LoadOptions(ocr=mode))
    assert isinstance(document, Document)
    return document


def reason(path: Path, data: bytes) -> str:
    """Why a file with these bytes can't be read."""
    path.write_bytes(data)
    with pytest.raises(IngestError) as raised:
        list(load(path, LoadOptions(ocr=OcrMode.AUTO)))
    return str(raised.value)


@pytest.mark.parametrize(
    ("name", "kind", "media_type"),
    [
        ("a.png", "PNG", "image/png"),
        ("a.JPG", "JPEG", "image/jpeg"),
        ("a.tif", "TIFF", "image/tiff"),
        ("a.webp", "WEBP", "image/webp"),
        ("a.bmp", "BMP", "image/bmp"),
        ("lies.png", "JPEG", "image/jpeg"),
    ],
)
def test_each_format_is_read(tmp_path: Path, name: str, kind: str, media_type: str) -> None:
    """The words in order, a heading told by its size, one page; what the bytes are decides, not the suffix."""
    document = read(tmp_path / name, encoded(page(), kind))
    assert document.text == SAID
    assert document.media_type == media_type
    assert [(heading.level, heading.title) for heading in document.headings] == [(1, "The lighthouse manual")]
    assert [(place.number, place.start, place.end) for place in document.pages] == [(1, 0, len(SAID))]
    assert document.notes == []


def test_each_word_has_its_box_and_confidence(tmp_path: Path) -> None:
    """The spans are the words of the text, each where it was drawn, as shares of the picture."""
    document = read(tmp_path / "a.png", encoded(page(), "PNG"))
    assert [document.text[span.start : span.end] for span in document.ocr] == SAID.split()
    assert all(0.5 < span.confidence <= 1 for span in document.ocr)
    assert fmean(span.confidence for span in document.ocr) > 0.95
    for line, (left, top, size, text) in enumerate(LETTER):
        start = sum(len(each) + 1 for *_, each in LETTER[:line])
        first = next(span for span in document.ocr if span.start == start)
        assert first.box is not None
        assert first.box[0] * 1240 == pytest.approx(left, abs=12)
        assert first.box[1] * 1754 < top + size / 2 < (first.box[1] + first.box[3]) * 1754, text


@pytest.mark.parametrize(("orientation", "turn"), [(6, 90), (3, 180), (8, 270)])
def test_a_picture_turned_by_its_exif_data_is_read_upright(tmp_path: Path, orientation: int, turn: int) -> None:
    """Phones write how they were held; the boxes are those of the upright picture, which is what is shown."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = page().rotate(turn, expand=True)
    document = read(tmp_path / "a.jpg", encoded(turned, "JPEG", exif=exif, quality=90))
    assert document.text == SAID
    box = document.ocr[0].box
    assert box is not None
    assert (box[0] * 1240, box[1] * 1754) == pytest.approx((120, 140), abs=20)


def test_a_page_put_askew_on_grey_paper_is_read_straight(tmp_path: Path) -> None:
    """A slope of a degree and a half moves the ends of a line by more than its height, and no word is out of order."""
    askew = page(ground=225).rotate(1.5, fillcolor=225, resample=LOUPE)
    assert read(tmp_path / "a.png", encoded(askew, "PNG")).text == SAID


def test_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    """As those of a page of text are."""
    left = ("The harbour was built in the", "years after the great storm,", "when the old pier had been",
            "washed away by the waves and", "nothing was left of the quay.")  # fmt: skip
    right = ("Ships from the north brought", "timber, and the carpenters of", "the village made of it what we",
             "still see today: sheds, cranes,", "and the house of the pilot.")  # fmt: skip
    lines = [(80, 100 + 50 * row, 30, text) for row, text in enumerate(left)]
    lines += [(680, 100 + 50 * row, 30, text) for row, text in enumerate(right)]
    assert read(tmp_path / "a.png", encoded(page(lines), "PNG")).text == "\n".join([*left, *right])


def test_a_table_keeps_its_rows_and_columns(tmp_path: Path) -> None:
    """Cells that stand under one another are a table, and its first row names the columns."""
    rows = [
        ("Lamp", "Built", "Tower"),
        ("North", "1871", "31.5 m"),
        ("South", "1902", "24.0 m"),
        ("West", "1911", "19.5 m"),
    ]
    cells = [
        (120 + 300 * column, 200 + 70 * row, 32, text)
        for row, line in enumerate(rows)
        for column, text in enumerate(line)
    ]
    document = read(tmp_path / "a.png", encoded(page(cells), "PNG"))
    assert document.text == "\n".join(f"| {' | '.join(row)} |" for row in rows)
    assert [(table.start, table.columns) for table in document.tables] == [(0, "Lamp | Built | Tower")]


def test_a_word_cut_at_a_line_s_end_is_mended(tmp_path: Path) -> None:
    """The hyphen goes, as in the text of a PDF; each half is a span with its own box."""
    lines: Words = (
        (120, 100, 32, "This is the only infor-"),
        (120, 150, 32, "mation that we have: the information"),
        (120, 200, 32, "was given by the keeper."),
    )
    document = read(tmp_path / "a.png", encoded(page(lines), "PNG"))
    assert document.text.startswith("This is the only information")
    halves = [document.text[span.start : span.end] for span in document.ocr][4:6]
    assert halves == ["infor", "mation"]


def test_a_tiff_of_several_pages(tmp_path: Path) -> None:
    """Each is a page of the document, and each is told as it is read."""
    told: list[PartsRead] = []
    token = PART_LISTENER.set(told.append)
    try:
        document = read(tmp_path / "a.tiff", encoded(page(), "TIFF", [page(SECOND)], compression="tiff_deflate"))
    finally:
        PART_LISTENER.reset(token)
    assert [document.text[place.start : place.end] for place in document.pages] == [SAID, SECOND[0][3]]
    assert told == [PartsRead(0, 2), PartsRead(1, 2), PartsRead(2, 2)]


def test_a_tiff_cut_off_in_its_second_page(tmp_path: Path) -> None:
    """The first page is read, and the other one named; cut off earlier still, the file can't be read."""
    data = encoded(page(), "TIFF", [page(SECOND)])
    document = read(tmp_path / "a.tiff", data[:-10])
    assert (document.text.strip(), len(document.pages)) == (SAID, 2)
    assert document.notes == ["page 2 can't be read: damaged picture: it can't be decoded to its end"]
    document = read(tmp_path / "b.tiff", data[: len(data) // 2])
    assert document.notes == ["the file ends early, as if cut off: pages may be missing"]
    assert reason(tmp_path / "c.tiff", data[:200_000]) == "damaged picture: it can't be decoded to its end"


def test_a_tiff_whose_pages_go_in_a_circle_ends(tmp_path: Path) -> None:
    """A directory that names itself as the next one is one page."""
    data = bytearray(encoded(page(SECOND, height=300), "TIFF"))
    (at,) = struct.unpack("<I", data[4:8])
    (entries,) = struct.unpack("<H", data[at : at + 2])
    data[at + 2 + 12 * entries : at + 6 + 12 * entries] = struct.pack("<I", at)
    document = read(tmp_path / "a.tiff", bytes(data))
    assert (document.text, len(document.pages)) == (SECOND[0][3], 1)


def test_a_tiff_of_more_pages_than_its_size_allows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file may claim a million of pages: the first ones are read, and how many is said."""
    monkeypatch.setattr(bounds, "_ANY_FILE", 2)
    monkeypatch.setattr(bounds, "_BYTES_A_PAGE", 1 << 40)
    pages = [page(SECOND, height=300) for _ in range(3)]
    document = read(tmp_path / "a.tiff", encoded(pages[0], "TIFF", pages, compression="tiff_deflate"))
    assert len(document.pages) == 2
    assert document.notes == ["only the first 2 pages were read"]


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose head claims that many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


def test_a_picture_bomb_is_refused_unread(tmp_path: Path) -> None:
    """Sizes are looked at before a pixel is decoded."""
    assert reason(tmp_path / "a.png", bomb(60_000, 60_000)) == "too large a picture: more than 150,000,000 pixels"
    found = reason(tmp_path / "b.png", bomb(13_000, 12_000))
    assert found == "too large a picture: more than 150,000,000 pixels, it has 13,000 x 12,000"


def test_damaged_pictures_are_refused(tmp_path: Path) -> None:
    """In a line, whatever is wrong with them."""
    data = encoded(page(), "PNG")
    assert reason(tmp_path / "a.png", data[:3000]) == "damaged picture: it can't be decoded to its end"
    assert reason(tmp_path / "b.png", data[:20]) == "damaged picture"
    assert reason(tmp_path / "c.png", b"GIF89a\0") == "named .png but holds a GIF picture"
    assert reason(tmp_path / "d.jpg", b"plain words") == "named .jpg but isn't one"
    assert reason(tmp_path / "e.jpg", b"") == "empty file"


def test_a_picture_without_text_is_told(tmp_path: Path) -> None:
    """It is no failure, and no document."""
    for name, image in (("blank.png", page([])), ("line.png", page([], width=2000, height=5))):
        (tmp_path / name).write_bytes(encoded(image, "PNG"))
        with pytest.raises(NoTextError, match=r"no text in the picture, as far as OCR can tell"):
            list(load(tmp_path / name, LoadOptions(ocr=OcrMode.AUTO)))


def test_see_through_deep_and_coloured_pictures(tmp_path: Path) -> None:
    """Letters on nothing stand on white paper; 16 bits a channel, a palette and CMYK are read too."""
    mask = page(SECOND, height=300)
    clear = Image.new("RGBA", mask.size, (0, 0, 0, 0))
    clear.putalpha(mask.point(lambda value: 255 - value))
    deep = mask.convert("I").point(lambda value: value * 257).convert("I;16")
    for name, image, kind in (
        ("clear.png", clear, "PNG"),
        ("deep.png", deep, "PNG"),
        ("palette.png", mask.convert("P"), "PNG"),
        ("cmyk.jpg", mask.convert("CMYK"), "JPEG"),
    ):
        assert read(tmp_path / name, encoded(image, kind)).text == SECOND[0][3], name


def test_without_ocr_pictures_are_no_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `never` they are left out, and without the extra the way out is named."""
    path = tmp_path / "a.png"
    path.write_bytes(encoded(page(SECOND, height=300), "PNG"))
    assert supported(path, OcrMode.AUTO)
    assert not supported(path)
    with pytest.raises(IngestError, match=r"^a picture: left out by --ocr never$"):
        list(load(path, LoadOptions()))
    monkeypatch.setattr(installed, "missing_modules", lambda extra: ("rapidocr",))
    with pytest.raises(IngestError, match=r'^a picture: pip install "passagework\[ocr\]" has them read$'):
        list(load(path, LoadOptions(ocr=OcrMode.AUTO)))


BOATS = encoded(page(SECOND, height=300), "PNG")


def letter_with_pictures(path: Path) -> Path:
    """A Word file that shows a picture of text twice, and an icon."""
    file = docx.Document()
    file.add_paragraph("Before the picture.")
    file.add_picture(io.BytesIO(BOATS))
    file.add_paragraph("Between.")
    file.add_picture(io.BytesIO(BOATS))
    file.add_picture(io.BytesIO(encoded(page([(2, 2, 30, "Icon")], width=100, height=40), "PNG")))
    file.save(path)
    return path


def test_pictures_of_a_word_file(tmp_path: Path) -> None:
    """What a picture says stands where the picture does, once; icons are none. Nothing is read without being asked."""
    path = letter_with_pictures(tmp_path / "a.docx")
    (document,) = load(path, LoadOptions(ocr=OcrMode.AUTO))
    assert isinstance(document, Document)
    assert document.text == f"Before the picture.\n\n{SECOND[0][3]}\n\nBetween."
    assert [document.text[span.start : span.end] for span in document.ocr] == SECOND[0][3].split()
    assert all(span.box is None and span.confidence > 0.5 for span in document.ocr)
    (document,) = load(path, LoadOptions())
    assert isinstance(document, Document)
    assert (document.text, document.ocr) == ("Before the picture.\n\nBetween.", [])


def test_pictures_of_slides(tmp_path: Path) -> None:
    """A slide that is nothing but a picture has its text; on a slide that is hidden nobody sees it."""
    deck = pptx.Presentation()
    for _ in range(2):
        slide = deck.slides.add_slide(deck.slide_layouts[6])
        slide.shapes.add_picture(io.BytesIO(encoded(page(SECOND, height=300 + len(deck.slides)), "PNG")), 0, 0)
        slide.shapes[0]._element.nvPicPr.cNvPr.set("descr", "")
    deck.slides[1]._element.set("show", "0")
    deck.save(tmp_path / "a.pptx")
    (document,) = load(tmp_path / "a.pptx", LoadOptions(ocr=OcrMode.AUTO))
    assert isinstance(document, Document)
    said = SECOND[0][3]
    assert [document.text[place.start : place.end].strip() for place in document.pages] == [said, said]
    assert [document.text[span.start : span.end] for span in document.ocr] == said.split() * 2
    (hidden,) = document.hidden
    assert (document.text[hidden.start : hidden.end], hidden.reason) == (said, HiddenReason.INVISIBLE)


def test_pictures_of_an_opendocument_text(tmp_path: Path) -> None:
    """Within a frame, behind the paragraph that it hangs on."""
    names = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    names += 'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    names += 'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:xlink="http://www.w3.org/1999/xlink"'
    content = (
        f"<office:document-content {names}><office:body><office:text><text:p>Before it."
        '<draw:frame><draw:image xlink:href="Pictures/boats.png"/></draw:frame></text:p>'
        "<text:p>After it.</text:p></office:text></office:body></office:document-content>"
    )
    with zipfile.ZipFile(tmp_path / "a.odt", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", content)
        archive.writestr("Pictures/boats.png", BOATS)
    (document,) = load(tmp_path / "a.odt", LoadOptions(ocr=OcrMode.AUTO))
    assert isinstance(document, Document)
    assert document.text == f"Before it.\n\n{SECOND[0][3]}\n\nAfter it."


def test_a_picture_that_can_t_be_read_costs_no_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a note, as is one that is not read for want of the extra."""
    file = docx.Document()
    file.add_paragraph("Before the picture.")
    file.add_picture(io.BytesIO(encoded(page(), "PNG")))
    file.save(tmp_path / "a.docx")
    with zipfile.ZipFile(tmp_path / "a.docx") as old, zipfile.ZipFile(tmp_path / "b.docx", "w") as new:
        for member in old.infolist():
            data = old.read(member)
            new.writestr(member.filename, data[:3000] if member.filename.endswith(".png") else data)
    (document,) = load(tmp_path / "b.docx", LoadOptions(ocr=OcrMode.AUTO))
    assert isinstance(document, Document)
    assert (document.text, document.notes) == (
        "Before the picture.",
        ("1 picture can't be read: damaged, or too large",),
    )
    monkeypatch.setattr(installed, "missing_modules", lambda extra: ("rapidocr",))
    (document,) = load(tmp_path / "a.docx", LoadOptions(ocr=OcrMode.AUTO))
    assert isinstance(document, Document)
    assert document.notes == ('1 picture not searched: pip install "passagework[ocr]" has them read',)


def test_columns_with_a_narrow_gutter_are_parted(tmp_path: Path) -> None:
    """As papers have it, no wider than a letter: the detector takes some rows for one line, and the others tell where
    it is to be cut."""
    left = (
        *(
            "The harbour was built in the years",
            "after the great storm, when the old",
            "pier had been washed away by waves",
        ),
        *(
            "and nothing was left of the quay,",
            "so that no boat could land any more",
            "before the first snow that year.",
        ),
    )
    right = (
        *(
            "Ships from the north brought timber",
            "and the carpenters of the village",
            "made of it what we still see today:",
        ),
        *(
            "sheds, cranes, and the house of the",
            "pilot, who came in the spring after",
            "and stayed there until he was old.",
        ),
    )
    lines = [(80, 100 + 44 * row, 30, text) for row, text in enumerate(left)]
    lines += [(610, 100 + 44 * row, 30, text) for row, text in enumerate(right)]
    for slope in (0, 1):
        askew = page(lines).rotate(slope, fillcolor=255, resample=LOUPE)
        document = read(tmp_path / "a.png", encoded(askew, "PNG"))
        assert document.text.replace("\n\n", "\n") == "\n".join([*left, *right])
