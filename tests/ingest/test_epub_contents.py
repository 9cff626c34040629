"""A book's contents: each entry leads to a heading, whether its chapter has one there or not."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from passagework.ingest.loaders import LoadOptions, load
from passagework.retrieval.types import Document

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="O/c.opf"/></rootfiles></container>'
)
PACKAGE = (
    '<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="all" href="all.xhtml" '
    'media-type="application/xhtml+xml"/><item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" '
    'properties="nav"/><item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/></manifest>'
    '<spine><itemref idref="all"/></spine></package>'
)
NAV = (
    '<html xmlns:epub="http://www.idpf.org/2007/ops"><body><nav epub:type="landmarks"><a href="all.xhtml">Start</a>'
    '</nav><nav epub:type="toc"><ol><li><a href="all.xhtml#s1">Herons</a><ol><li><a href="all.xhtml#s2">Cranes</a>'
    '</li></ol></li><li><a href="all.xhtml#s%C3%BC">Terns</a></li></ol></nav></body></html>'
)
NCX = (
    '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>Herons</text></navLabel>'
    '<content src="all.xhtml#s1"/><navPoint><navLabel><text>Cranes</text></navLabel><content src="all.xhtml#s2"/>'
    "</navPoint></navPoint><navPoint><navLabel><text>Terns</text></navLabel>"
    '<content src="all.xhtml#s%C3%BC"/></navPoint></navMap></ncx>'
)
CHAPTER = (
    '<html><body><div id="s1"><p>I</p><p>About herons.</p></div><a id="s2"></a><p>Cranes</p><p>About <b>them</b>.</p>'
    '<table><tr><td>a<td>b</table><h2 id="sü">Terns</h2><p style="opacity:0">unseen</p></body></html>'
)


def book(tmp_path: Path, contents: dict[str, str], package: str = PACKAGE) -> Document:
    """The book of one chapter with these contents."""
    path = tmp_path / "a.epub"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("mimetype", "application/epub+zip")
        parts = {"META-INF/container.xml": CONTAINER, "O/c.opf": package, "O/all.xhtml": CHAPTER, **contents}
        for name, text in parts.items():
            file.writestr(name, f'<?xml version="1.0" encoding="utf-8"?>{text}')
    (document,) = load(path, LoadOptions())
    assert isinstance(document, Document)
    return document


@pytest.mark.parametrize("contents", [{"O/nav.xhtml": NAV}, {"O/toc.ncx": NCX}, {"O/nav.xhtml": NAV, "O/toc.ncx": NCX}])
def test_every_entry_is_a_heading_at_its_place(tmp_path: Path, contents: dict[str, str]) -> None:
    """A name that stands there is it, one that doesn't is put in, a heading that is there is kept; all else moves."""
    document = book(tmp_path, contents)
    assert document.text == ("Herons\n\nI\n\nAbout herons.\n\nCranes\n\nAbout them.\n\n| a | b |\n\nTerns\n\nunseen")
    assert [(h.level, h.title) for h in document.headings] == [(2, "Herons"), (3, "Cranes"), (2, "Terns")]
    assert [document.text[h.start : h.end] for h in document.headings] == ["Herons", "Cranes", "Terns"]
    assert [document.text[table.start : table.end] for table in document.tables] == ["| a | b |"]
    assert [document.text[span.start : span.end] for span in document.hidden] == ["unseen"]


def test_the_page_of_contents_is_no_text(tmp_path: Path) -> None:
    """Where the contents are a page of the book too, they are left out, and the report says so."""
    package = PACKAGE.replace("<spine>", '<spine><itemref idref="nav"/>')
    document = book(tmp_path, {"O/nav.xhtml": NAV}, package)
    assert document.text.startswith("Herons\n\nI\n\nAbout")
    assert document.notes[0] == "the page of its contents is not searched"
