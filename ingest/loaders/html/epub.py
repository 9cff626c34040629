"""EPUB books: the chapters in reading order (EPUB 3.3, package document), each as a web page.

Chapters are read by our own HTML reader: markitdown leaves links between the book's files in the text.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from passagework.ingest.loaders.archive import given_title, open_archive, parse_xml, read_member
from passagework.ingest.loaders.base import LoadOptions, RecordFailure
from passagework.ingest.loaders.encoding import decode
from passagework.ingest.loaders.formats import Format
from passagework.ingest.loaders.html.epub_contents import Entry, read_navigation, read_ncx, text_of, with_entries
from passagework.ingest.loaders.html.html_text import render_html
from passagework.ingest.loaders.html.web import declared_charset
from passagework.ingest.loaders.parts import Part, joined
from passagework.ingest.loaders.text.markdown import first_title
from passagework.retrieval.errors import IngestError, NoTextError
from passagework.retrieval.text import composed
from passagework.retrieval.types import Document, Json

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_FIELDS = {
    "creator": "author",
    "language": "language",
    "publisher": "publisher",
    "date": "date",
    "description": "description",
    "identifier": "identifier",
    "subject": "subject",
}


def load_epub(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """One document. Where the table of contents leads to a place without a heading, the entry's name is one.

    Raises IngestError where the book is damaged, protected or empty.
    """
    with open_archive(path, document_types=True) as archive:
        package_name, package = _package(archive)
        chapters = _spine(archive, package_name, package)
        _refuse_protected(archive, chapters)
        navigation = {_resolve(archive, package_name, str(item.get("href"))) for item in _navigation(package)}
        read = [chapter for chapter in chapters if chapter not in navigation] or chapters
        book, notes = _read_chapters(archive, read, _contents(archive, package_name, package))
    if not book.text:
        raise IngestError(f"no text: {notes[0]}") if notes else NoTextError("no text")
    title, metadata = _metadata(package)
    yield Document(
        text=book.text,
        media_type=Format.EPUB.value,
        title=title or first_title(book.headings),
        metadata=metadata,
        headings=book.headings,
        notes=(*notes, *(("the page of its contents is not searched",) if len(read) < len(chapters) else ())),
        hidden=book.hidden,
        tables=book.tables,
    )


def _package(archive: zipfile.ZipFile) -> tuple[str, _Element]:
    container = _xml(archive, "META-INF/container.xml")
    name = next((str(file.get("full-path")) for file in _all(container, "rootfile")), "")
    package = _xml(archive, name) if name else None
    if package is None:
        raise IngestError("damaged .epub: it has no package document")
    return name, package


def _read_chapters(
    archive: zipfile.ZipFile, chapters: list[str], contents: dict[str, list[Entry]]
) -> tuple[Part, tuple[str, ...]]:
    parts: list[Part] = []
    missing = []
    for chapter in chapters:
        data = read_member(archive, chapter)
        if data is None:
            missing.append(f"chapter {posixpath.basename(chapter)} is named but missing")
            continue
        entries = contents.get(chapter, [])
        anchors = frozenset(unquote(entry.target.partition("#")[2]) for entry in entries)
        page = render_html(decode(BytesIO(data), declared=declared_charset).text, anchors=anchors)
        if page.body.text:
            parts.append(with_entries(page.body, entries, page.places))
    return joined(parts), tuple(missing)


def _spine(archive: zipfile.ZipFile, package_name: str, package: _Element) -> list[str]:
    """The chapters' member names in reading order, each once: a book may name none twice (EPUB 3.3, 5.7.3)."""
    items = {str(item.get("id")): item for item in _all(package, "item")}
    chapters = []
    for reference in _all(package, "itemref"):
        item = items.get(str(reference.get("idref")))
        if item is not None and "svg" not in str(item.get("media-type")):
            chapters.append(_resolve(archive, package_name, str(item.get("href"))))
    return list(dict.fromkeys(chapters))


def _resolve(archive: zipfile.ZipFile, base: str, href: str) -> str:
    """A reference's member name: percent-decoded, unless the archive stores it encoded; in the form that it has there.

    A zip archive made on macOS has decomposed names, whatever the book says.
    """
    href = href.partition("#")[0]
    names = [posixpath.normpath(posixpath.join(posixpath.dirname(base), form)) for form in (unquote(href), href)]
    found = next((name for name in names if name in archive.NameToInfo), None)
    if found is not None:
        return found
    members = {composed(member): member for member in archive.NameToInfo}
    return next((members[composed(name)] for name in names if composed(name) in members), names[0])


def _refuse_protected(archive: zipfile.ZipFile, chapters: list[str]) -> None:
    """Fonts may be obfuscated; a book whose chapters are encrypted is protected."""
    encryption = _xml(archive, "META-INF/encryption.xml")
    hidden = {unquote(str(item.get("URI"))) for item in _all(encryption, "CipherReference")}
    if hidden.intersection(chapters):
        raise IngestError("encrypted: the book is protected (DRM)")


def _contents(archive: zipfile.ZipFile, package_name: str, package: _Element) -> dict[str, list[Entry]]:
    """Chapter to its entries in the table of contents: EPUB 3's navigation document, else EPUB 2's NCX."""
    items = list(_all(package, "item"))
    navigation = _navigation(package)
    ncx = [item for item in items if item.get("media-type") == "application/x-dtbncx+xml"]
    contents: dict[str, list[Entry]] = {}
    for found, read in ((navigation, read_navigation), (ncx, read_ncx)):
        for item in found if not contents else ():
            base = _resolve(archive, package_name, str(item.get("href")))
            for entry in read(_xml(archive, base)):
                target = replace(entry, target=unquote(entry.target))
                contents.setdefault(_resolve(archive, base, entry.target), []).append(target)
    return contents


def _navigation(package: _Element) -> list[_Element]:
    """The items that are EPUB 3's navigation document; where it is a page too, that says what the headings say."""
    return [item for item in _all(package, "item") if "nav" in str(item.get("properties")).split()]


def _metadata(package: _Element) -> tuple[str, dict[str, Json]]:
    title = ""
    metadata: dict[str, Json] = {}
    for element in package.iter():
        name = str(element.tag).rpartition("}")[2]
        if "purl.org/dc" not in str(element.tag):
            continue
        value = text_of(element)
        if name == "title":
            title = title or given_title(value)
        elif name in _FIELDS and value:
            known = metadata.get(_FIELDS[name])
            metadata[_FIELDS[name]] = f"{known}, {value}" if known else value
    return title, metadata


def _xml(archive: zipfile.ZipFile, name: str) -> _Element | None:
    data = read_member(archive, name)
    return parse_xml(data) if data else None


def _all(root: _Element | None, name: str) -> Iterator[_Element]:
    """Elements of that local name, whatever their namespace."""
    return root.iter(f"{{*}}{name}") if root is not None else iter(())
