"""Where a passage is marked on its page: what the boxes hold, whatever the page's rotation and crop."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("PIL", reason='pip install "passagework[ui]"')

import pypdfium2.raw as pdfium
from PIL import Image
from pypdf.generic import RectangleObject
from pypdfium2 import PdfDocument, PdfTextPage

from benchmarks.highlights import BAR, Drawn, draw, read_back
from passagework.ingest.loaders.pdf.highlights import Box, glyphs_of, highlight
from passagework.ingest.loaders.pdf.pdf_hyphens import join_hyphens
from passagework.ingest.loaders.pdf.pdf_settled import settled_as
from passagework.ingest.loaders.pdf.pdf_text import page_text
from passagework.ingest.loaders.pdf.pdf_writer import NO_GLYPH
from passagework.retrieval import PassageworkError
from passagework.retrieval.types import Document
from passagework.ui.sources.page_drawing import PagePicture, draw_page
from tests.support.pdf_files import copied, drawn, lines, load, saved, typed, written

ROOT = Path(__file__).parents[2]
COUNT = 100
"""Passages of the measure."""


def _within(page: PdfTextPage, boxes: Sequence[Box]) -> list[str]:
    """What pdfium itself reads in each box, drawn in by a quarter so that neighbours which touch it stay out."""
    found = []
    for box in boxes:
        inset = (box.top - box.bottom) / 4
        corners = box.left, box.top - inset, box.right, box.bottom + inset
        count = pdfium.FPDFText_GetBoundedText(page, *corners, None, 0)
        buffer = (pdfium.FPDF_WCHAR * (count + 1))()
        pdfium.FPDFText_GetBoundedText(page, *corners, buffer, count)
        found.append(bytes(memoryview(buffer)[:count]).decode("utf-16-le").strip("\r\n \0"))
    return found


def _span(document: Document, first: str, last: str) -> tuple[int, int]:
    """From the first words to the last; pdfium reads the lines of a page that lies on its side from below."""
    spans = [(document.text.index(words), document.text.index(words) + len(words)) for words in (first, last)]
    return min(start for start, _ in spans), max(end for _, end in spans)


def _marked(path: Path, first: str, last: str) -> tuple[list[str], list[Box], int]:
    """What the boxes of some words hold on the first page, the boxes, and the characters that are not shown."""
    document = load(path)
    start, end = _span(document, first, last)
    with closing(PdfDocument(path)) as pdf, closing(pdf[0]) as page, closing(page.get_textpage()) as text:
        found = highlight(text, document.text[: document.pages[0].end], start, end)
        assert found.exact
        return _within(text, found.boxes), list(found.boxes), found.missing


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_a_box_a_line_on_rotated_and_cropped_pages(tmp_path: Path, rotate: int) -> None:
    """The lines of a passage and no others; of the picture's dark dots, as many lie in the boxes as the passage has."""
    content = lines("Before it.", "The pump is safe", "for any cryostat.", "After it.", leading=40)
    writer = copied(drawn(content, rotate=rotate))
    writer.pages[0].cropbox = RectangleObject((50, 400, 450, 760))
    path = written(tmp_path / "a.pdf", saved(writer))
    found, boxes, missing = _marked(path, "The pump is safe", "for any cryostat.")
    assert (sorted(found), missing) == (["The pump is safe", "for any cryostat."], 0)
    assert all(50 < box.left < box.right < 450 for box in boxes)
    picture = _picture(path, "The pump is safe", "for any cryostat.")
    assert len(picture.boxes) == 2
    with Image.open(io.BytesIO(picture.png)) as image:
        grey = image.convert("L")
        inside = Image.new("L", grey.size, 255)
        for left, top, width, height in picture.boxes:
            area = tuple(
                round(value * side)
                for value, side in zip((left, top, left + width, top + height), grey.size * 2, strict=True)
            )
            inside.paste(grey.crop(area), area[:2])
        dark = sum(grey.histogram()[:100])
        share = sum(inside.histogram()[:100]) / dark
    letters = len("Thepumpissafeforanycryostat.") / len("Beforeit.Thepumpissafeforanycryostat.Afterit.")
    assert share == pytest.approx(letters, abs=0.12)


def test_a_passage_across_a_page_break(tmp_path: Path) -> None:
    """Each page marks its own part, and nothing else."""
    path = written(tmp_path / "a.pdf", typed([["Cover.", "The grid lasts"], ["for nine hours.", "Then it is dark."]]))
    document = load(path)
    reading = read_back(Drawn(path, document, *_span(document, "The grid", "hours.")))
    assert reading.found == reading.wanted == "Thegridlastsforninehours."


def test_two_columns_and_a_joined_hyphen(tmp_path: Path) -> None:
    """Words apart on one line get boxes of their own; a word that a line end cut is marked without its hyphen."""
    content = "BT /F1 12 Tf 72 700 Td (Left words) Tj 250 0 Td (right words) Tj ET"
    found, _, _ = _marked(written(tmp_path / "a.pdf", drawn(content)), "Left", "right words")
    assert found == ["Left words", "right words"]
    path = written(tmp_path / "b.pdf", drawn(lines("All the infor-", "mation and information.")))
    found, _, missing = _marked(path, "the information", "information and")
    assert ([one.rstrip("\x02-") for one in found], missing) == (["the infor", "mation and"], 0)


def test_one_page_is_settled_as_the_document_was(tmp_path: Path) -> None:
    """Hyphens that stay and hyphens that go are told by the stored text; another text is no reading of the page."""
    path = written(tmp_path / "a.pdf", drawn(lines("A non-", "GAAP infor-", "mation, non-GAAP information")))
    with closing(PdfDocument(path)) as pdf, closing(pdf[0]) as page, closing(page.get_textpage()) as text:
        read = page_text(text)
        (joined,) = join_hyphens([read])
        assert "non-GAAP information," in joined.text.replace("\n", "")
        settled = settled_as(read, joined.text)
        assert settled is not None
        assert settled.tolist() == joined.glyphs.tolist()
        assert settled_as(read, joined.text + "!") is None
        assert settled_as(read, "Another page.") is None


def test_a_page_that_reads_otherwise_now(tmp_path: Path) -> None:
    """Words that both readings share are marked; the others have no glyph, and are counted."""
    path = written(tmp_path / "a.pdf", drawn(lines("The pump costs 900 now.")))
    with closing(PdfDocument(path)) as pdf, closing(pdf[0]) as page, closing(page.get_textpage()) as text:
        glyphs, exact = glyphs_of(text, "The pump costs 800 now.")
        assert not exact
        assert [at for at, one in enumerate(glyphs.tolist()) if one == NO_GLYPH] == [3, 8, 14, 15, 16, 17, 18]
        found = highlight(text, "The pump costs 800 now.", 0, 23)
        assert (found.missing, _within(text, found.boxes)) == (3, ["The pump costs", "now"])


def _picture(path: Path, first: str, last: str, sha256: str = "") -> PagePicture:
    document = load(path)
    start, end = _span(document, first, last)
    return draw_page(path, sha256, number=1, text=document.text, start=start, end=end)


def test_the_file_that_was_ingested_is_told_from_another(tmp_path: Path) -> None:
    """By its digest; a file that is gone or no PDF is said to be, in a line."""
    path = written(tmp_path / "a.pdf", typed([["The pump."]]))
    assert _picture(path, "The", "pump", hashlib.sha256(path.read_bytes()).hexdigest()).unchanged
    assert not _picture(path, "The", "pump", "0" * 64).unchanged
    path.write_text("no PDF")
    with pytest.raises(PassageworkError, match="damaged"):
        draw_page(path, "", number=1, text="", start=0, end=0)
    path.unlink()
    with pytest.raises(PassageworkError, match="gone since it was ingested"):
        draw_page(path, "", number=1, text="", start=0, end=0)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems limit no address space")
def test_a_user_with_less_memory_sees_the_page(tmp_path: Path) -> None:
    """Where less address space is allowed than the drawing process would allow itself, it takes what there is."""
    path = written(tmp_path / "a.pdf", typed([["The pump."]]))
    script = (
        "import resource, sys\nfrom pathlib import Path\n"
        "from passagework.ui.sources.page_drawing import MEMORY, draw_page\n"
        "resource.setrlimit(resource.RLIMIT_AS, (MEMORY // 2, MEMORY // 2))\n"
        "picture = draw_page(Path(sys.argv[1]), '', number=1, text='The pump.', start=0, end=9)\n"
        "print(picture.exact, len(picture.boxes))"
    )
    command = [sys.executable, "-c", script, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("True 1\n", "")


def test_the_boxes_of_real_passages_hold_them(real_data: Path) -> None:
    """Of passages drawn from the shared PDFs, what pdfium reads back equals at least 97 in 100, white space aside.

    Of the filings, which take seconds each, those of a few pages are among them; the benchmark draws from all.
    """
    paths = sorted((real_data / "files").rglob("*.pdf"))
    readings = [read_back(one) for one in draw([path for path in paths if "_10K" not in path.name], COUNT, seed=6)]
    missed = [(one.drawn.path.name, one.wanted, one.found) for one in readings if not one.equal]
    assert len(missed) <= (1 - BAR) * COUNT, missed
