"""Word, PowerPoint, Excel and EPUB: structure kept, properties as metadata."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from passagework.retrieval.errors import IngestError
from passagework.retrieval.types import Document, Heading, Page
from tests.support.office_files import PIXEL, book, changed, deck, docx, letter, novel, only, pptx


def sources(document: Document) -> list[tuple[int, str, str]]:
    """Level, title and source of each heading."""
    return [(h.level, h.title, document.text[h.start : h.end]) for h in document.headings]


def test_word_keeps_headings_lists_and_tables(tmp_path: Path) -> None:
    """Headings stand in the text as Markdown with exact ranges; tables survive; emphasis marks don't get in."""
    document = only(letter(tmp_path))
    assert sources(document) == [
        (1, "Travel", "# Travel"),
        (1, "Who pays", "# Who pays"),
        (2, "Limits", "## Limits"),
    ]
    assert "The company pays for snake_case and 2*3*4.\n" in document.text
    assert "* Trains\n" in document.text
    assert "| City | Euro |\n| --- | --- |\n| Bern | 12 |" in document.text
    assert "data:" not in document.text
    assert document.title == "Travel policy"
    assert document.metadata["author"] == "Ada"
    assert document.metadata["created"] == "2024-03-01T12:30:00Z"


def test_titles_that_programs_write_are_no_titles(tmp_path: Path) -> None:
    """ "Document1" is nobody's title: the first heading is."""
    path = letter(tmp_path)
    file = docx.Document(path)
    file.core_properties.title = "Document1"
    file.save(path)
    assert only(path).title == "Travel"


def test_a_word_file_without_text(tmp_path: Path) -> None:
    """An empty document says that it has no text."""
    docx.Document().save(tmp_path / "a.docx")
    with pytest.raises(IngestError, match=r"^no text$"):
        only(tmp_path / "a.docx")


def test_each_slide_is_a_page(tmp_path: Path) -> None:
    """Pages cover the slides' text, one that is blank too; the comments that number them are gone."""
    path = deck(tmp_path, [("Intro", "one\n<!-- Slide number: 9 -->"), ("", ""), ("Two\vlines", "# three")])
    document = only(path)
    assert [page.number for page in document.pages] == [1, 2, 3]
    assert [page.label for page in document.pages] == ["1", "2", "3"]
    slices = [document.text[page.start : page.end] for page in document.pages]
    assert slices == ["# Intro\none\n<!-- Slide number: 9 -->", "", "# Two lines\n# three"]
    assert document.text == "# Intro\none\n<!-- Slide number: 9 -->\n\n# Two lines\n# three"
    assert [h.title for h in document.headings] == ["Intro", "Two lines"]
    assert document.title == "Intro"
    assert document.media_type.endswith("presentationml.presentation")


def test_slide_notes_tables_and_pictures(tmp_path: Path) -> None:
    """Notes and tables are read on their slide; a picture counts by its description, not by its automatic name."""
    path = deck(tmp_path, [("A", "x")])
    presentation = pptx.Presentation(path)
    slide = presentation.slides[0]
    slide.notes_slide.notes_text_frame.text = "say this"
    grid = slide.shapes.add_table(2, 2, 0, 5_000_000, 3_000_000, 900_000).table
    for index, text in enumerate(("City", "Euro", "Bern", "12")):
        grid.cell(index // 2, index % 2).text = text
    slide.shapes.add_picture(io.BytesIO(PIXEL), 0, 6_000_000).name = "Picture 7"
    presentation.save(path)
    document = only(path)
    assert "| City | Euro |\n| --- | --- |\n| Bern | 12 |" in document.text
    assert document.text.endswith("### Notes:\nsay this")
    assert "jpg" not in document.text
    assert document.pages == [Page(number=1, label="1", start=0, end=len(document.text))]


def test_sheets_are_headings_and_cells_exact(tmp_path: Path) -> None:
    """Values as Excel shows them, no column without a cell, empty sheets left out, remarks as lines."""
    document = only(book(tmp_path))
    assert document.text == (
        "## Q1 figures\n\n"
        "| name | year | value | note |\n| --- | --- | --- | --- |\n"
        f"| a\\|b | 2018 | 12345.6789012 | {'x' * 80} |\n"
        "| c |  | 1000000000000 |  |\n"
        "| total | 2018 | 0.3 | 2020-01-02 |\n\n"
        "A remark\nin two lines\n\n"
        "## Other\n\nTRUE"
    )
    assert sources(document) == [(2, "Q1 figures", "## Q1 figures"), (2, "Other", "## Other")]
    assert document.title == ""
    assert document.metadata["author"] == "Ada"


def test_wrong_dimensions_hide_no_cells(tmp_path: Path) -> None:
    """A sheet that claims to end at A1, as some writers do, is read to its end."""
    path = book(tmp_path)
    with zipfile.ZipFile(path) as workbook:
        sheet = workbook.read("xl/worksheets/sheet1.xml")
    assert b"<dimension ref=" in sheet
    start = sheet.index(b"<dimension")
    end = sheet.index(b"/>", start) + 2
    changed(path, "xl/worksheets/sheet1.xml", sheet[:start] + b'<dimension ref="A1"/>' + sheet[end:])
    assert "| total | 2018 | 0.3 | 2020-01-02 |" in only(path).text


def test_a_book_is_read_in_its_spine_s_order(tmp_path: Path) -> None:
    """Chapters follow the spine; one without a heading gets its name in the contents; a missing one is noted."""
    document = only(novel(tmp_path))
    assert document.text == "One\n\nRain.\n\nSecond part\n\nSun, again."
    assert list(document.headings) == [
        Heading(level=1, title="One", start=0, end=3),
        Heading(level=1, title="Second part", start=12, end=23),
    ]
    assert document.title == "The Sea"
    assert document.metadata == {"author": "Ada, Bo", "language": "en"}
    assert document.media_type == "application/epub+zip"
    assert document.notes == ("chapter gone.xhtml is named but missing",)


def test_a_protected_book_is_named_so(tmp_path: Path) -> None:
    """Encrypted chapters are DRM; obfuscated fonts are not."""
    reference = '<encryption><CipherData><CipherReference URI="{}"/></CipherData></encryption>'
    path = changed(novel(tmp_path), "META-INF/encryption.xml", reference.format("OPS/font.otf").encode())
    assert "Rain." in only(path).text
    changed(path, "META-INF/encryption.xml", reference.format("OPS/ch%20one.xhtml").encode())
    with pytest.raises(IngestError, match="protected"):
        only(path)
