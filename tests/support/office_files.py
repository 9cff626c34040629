"""Office files and books for the tests, made on the spot."""

from __future__ import annotations

import datetime
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from passagework.ingest.loaders import LoadOptions, load
from passagework.retrieval.types import Document

docx: Any = pytest.importorskip("docx")
pptx: Any = pytest.importorskip("pptx")
openpyxl: Any = pytest.importorskip("openpyxl")

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def only(path: Path) -> Document:
    """The one document of a file."""
    (document,) = load(path, LoadOptions())
    assert isinstance(document, Document)
    return document


def changed(path: Path, name: str, data: bytes) -> Path:
    """The archive with one member replaced or added."""
    with zipfile.ZipFile(path) as old:
        members = {info.filename: old.read(info) for info in old.infolist()}
    members[name] = data
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for member, content in members.items():
            new.writestr(member, content)
    return path


def letter(tmp_path: Path) -> Path:
    """A Word file with a title, headings, a list, a table, a picture and properties."""
    file = docx.Document()
    file.core_properties.title = "Travel policy"
    file.core_properties.author = "Ada"
    file.core_properties.created = datetime.datetime(2024, 3, 1, 12, 30)
    file.add_heading("Travel", 0)
    file.add_heading("Who pays", 1)
    paragraph = file.add_paragraph("The ")
    paragraph.add_run("company").bold = True
    paragraph.add_run(" pays for snake_case and 2*3*4.")
    file.add_heading("Limits", 2)
    file.add_paragraph("Trains", style="List Bullet")
    file.add_picture(io.BytesIO(PIXEL))
    table = file.add_table(rows=2, cols=2)
    for cell, text in zip((c for row in table.rows for c in row.cells), ("City", "Euro", "Bern", "12"), strict=True):
        cell.text = text
    path = tmp_path / "a.docx"
    file.save(path)
    return path


def deck(tmp_path: Path, slides: list[tuple[str, str]]) -> Path:
    """A presentation with a title and a body for each slide."""
    presentation = pptx.Presentation()
    for title, body in slides:
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = body
    path = tmp_path / "a.pptx"
    presentation.save(path)
    return path


def book(tmp_path: Path) -> Path:
    """A workbook whose values pandas would round, whose columns have gaps, and whose sheets are of all kinds."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = "Q1 figures"
    sheet.append([None, "name", "year", None, "value", "note"])
    sheet.append([None, "a|b", 2018, None, 12345.6789012, "x" * 80])
    sheet.append([None, "c", None, None, 1e12, None])
    sheet.append([])
    sheet.append([None, "total", 2018, None, 0.1 + 0.2, datetime.datetime(2020, 1, 2)])
    sheet.append([])
    sheet.append([None, "A remark", None])
    sheet.append([None, "in two lines", None])
    workbook.create_sheet("Empty")
    workbook.create_sheet("Other").append([True])
    workbook.properties.creator = "Ada"
    path = tmp_path / "a.xlsx"
    workbook.save(path)
    return path


CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OPS/book.opf"/></rootfiles></container>'
)
PACKAGE = """<?xml version="1.0"?>
<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">
<metadata><dc:title>The Sea</dc:title><dc:creator>Ada</dc:creator><dc:creator>Bo</dc:creator>
<dc:language>en</dc:language></metadata>
<manifest><item id="n" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>
<item id="b" href="two.xhtml" media-type="application/xhtml+xml"/>
<item id="a" href="ch%20one.xhtml" media-type="application/xhtml+xml"/>
<item id="x" href="gone.xhtml" media-type="application/xhtml+xml"/></manifest>
<spine><itemref idref="a"/><itemref idref="b"/><itemref idref="x"/></spine></package>"""
NAV = (
    '<html xmlns="http://www.w3.org/1999/xhtml"><body><nav><ol><li><a href="ch%20one.xhtml">Ignored</a></li>'
    '<li><a href="two.xhtml#top">Second  part</a></li></ol></nav></body></html>'
)
ONE = '<?xml version="1.0"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"><body><h1>One</h1><p>Rain.</p>'


def novel(tmp_path: Path) -> Path:
    """An EPUB of two chapters, one of them without a heading, and one that is missing."""
    path = tmp_path / "a.epub"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("mimetype", "application/epub+zip")
        file.writestr("META-INF/container.xml", CONTAINER)
        file.writestr("OPS/book.opf", PACKAGE)
        file.writestr("OPS/nav.xhtml", NAV)
        file.writestr("OPS/two.xhtml", '<html><body><p>Sun, <a href="ch%20one.xhtml">again</a>.</p></body></html>')
        file.writestr("OPS/ch one.xhtml", ONE + "</body></html>")
    return path
