"""XML without a loader of its own (DocBook, JATS, TEI, feeds, settings): its elements' text, block by block.

Titles of sections are headings, rows of cells are tables, and short values come with the names of their elements.
The tree is walked with a stack of our own. Comments and instructions say nothing to readers; nothing is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from passagework.ingest.loaders.archive import begins_with_element, parse_xml
from passagework.ingest.loaders.base import LoadOptions, RecordFailure
from passagework.ingest.loaders.formats import Format
from passagework.ingest.loaders.html.html_text import render_html
from passagework.ingest.loaders.office.office_writer import OfficeWriter, words
from passagework.ingest.loaders.raised import lowered, raised
from passagework.ingest.loaders.records.field_text import is_html
from passagework.ingest.loaders.text.markdown import first_title
from passagework.retrieval.errors import IngestError, NoTextError
from passagework.retrieval.text import one_line
from passagework.retrieval.types import Document

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

LARGEST = 256 << 20
"""Bytes: the tree takes some ten times as many."""


def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_TITLES = frozenset({"title", "head", "heading", "article-title", "bridgehead"})
_ROWS = frozenset({"row", "tr"})
_TABLES = frozenset({"table", "informaltable", "tgroup"})
_PROSE = frozenset(
    {"p", "para", "simpara", "formalpara", "title", "li", "listitem", "text", "programlisting", "screen"}
)
_INLINE = frozenset(
    [
        "b",
        "i",
        "u",
        "em",
        "strong",
        "emphasis",
        "bold",
        "italic",
        "sub",
        "sup",
        "subscript",
        "superscript",
        "xref",
        "ext-link",
        "ulink",
        "link",
        "a",
        "code",
        "literal",
        "quote",
        "citetitle",
        "filename",
        "command",
        "option",
        "tt",
        "span",
        "hi",
        "ref",
        "abbrev",
        "abbreviation",
        "acronym",
        "firstterm",
        "glossterm",
        "inline-formula",
        "underline",
        "sc",
        "monospace",
        "replaceable",
        "userinput",
        "varname",
        "function",
        "classname",
        "systemitem",
        "tspan",
        "title-group",
    ]
)
_PLACES = {"sup": "^", "superscript": "^", "sub": "_", "subscript": "_"}
_NOTES = frozenset({"footnote", "fn", "note"})
"""Notes that stand within a text."""
_REMARKS = frozenset({"note", "tip", "warning", "caution", "important", "danger"})
"""What has a title that is no heading of the text."""
_VERBATIM = frozenset({"programlisting", "screen", "literallayout", "codeblock", "preformat", "pre", "listing"})
_NOT_SHOWN = frozenset({"script", "style", "binary", "image-data"})
_NAMING = _names("id lang space schemaLocation class style role rid ref-type linkend")
"""Attributes that name elements to programs."""
_SHORT = 200
"""Characters of a value that is shown behind the name of its element; longer ones are texts."""
_DEEPEST_HEADING = 6
_WORD = re.compile(r"[^\W\d_]")


def load_xml(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    """One document, titled by its first title. Raises IngestError for what is no XML, or declares entities."""
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise IngestError(f"of more than {LARGEST >> 20} MiB: refused")
    if data.isspace():
        raise NoTextError("no text")
    notes: list[str] = []
    root = parse_xml(data, lambda words: notes.append(f"it is damaged, and read as far as it goes: {words}"))
    if root is None or not (begins_with_element(data) or b"<!DOCTYPE" in data[:4096]):
        raise IngestError("named .xml but isn't XML")
    name = _local(root)
    if name == "html":
        from passagework.ingest.loaders.html.web import load_html

        yield from load_html(path, options)
        return
    writer = OfficeWriter()
    XmlWriter(writer).write(root)
    text = writer.text()
    if not text:
        raise NoTextError("no text: its elements hold none")
    yield Document(
        text=text,
        media_type=Format.XML.value,
        title=writer.headings[0].title if writer.headings else first_title(writer.headings),
        metadata={"root": one_line(name, limit=80)},
        headings=writer.headings,
        notes=tuple(notes),
        tables=writer.tables,
    )


class XmlWriter:
    """Writes the blocks of a tree in the order that they stand in."""

    def __init__(self, writer: OfficeWriter) -> None:
        self._writer = writer

    def write(self, root: _Element) -> None:
        """Writes all that lies below an element."""
        waiting: list[tuple[_Element, int, bool]] = [(root, 1, False)]
        while waiting:
            element, level, in_line = waiting.pop()
            if not isinstance(element.tag, str) or _local(element) in _NOT_SHOWN:
                continue
            if self._written_whole(element, level, in_line):
                continue
            children = list(element)
            titled = any(_local(child) in _TITLES for child in children)
            self._attributes(element, in_line)
            inner = level + (titled or _local(element).endswith("title-group"))
            data_like = _all_values(children)
            waiting += (
                (child, level if _local(child) in _TITLES else inner, data_like) for child in reversed(children)
            )

    def _written_whole(self, element: _Element, level: int, in_line: bool) -> bool:
        """Whether an element was written as a block of its own: a title, a table, a text, a value."""
        name = _local(element)
        if name in _TABLES and (rows := _rows(element)):
            title = next((_words(child) for child in element if _local(child) in (*_TITLES, "caption", "label")), "")
            self._writer.write(words(title))
            self._writer.table([[words(cell) for cell in row] for row in rows])
            return True
        around = element.getparent()
        text = _words(element) if name in _VERBATIM or len(element) == 0 or _is_text(element) else None
        if text is None:
            return False
        if name in _VERBATIM:
            self._writer.write(words("".join(element.itertext()).strip("\n")), verbatim=True)
        elif name in _TITLES and text and (around is None or _local(around) not in _REMARKS):
            self._writer.write(words(text), level=min(level, _DEEPEST_HEADING))
        elif is_html(text):
            page = render_html(text).body.text
            self._writer.write(words(page))
        elif len(text) <= _SHORT and name not in _PROSE and len(element) == 0:
            shown = f"{name}: {text}" if text else ""
            facts = _facts(element)
            line = f"{shown} ({facts})" if shown and facts else shown or (f"{name}: {facts}" if facts else "")
            self._writer.write(words(line), gap=1 if in_line else 2)
        else:
            self._writer.write(words(text))
        return True

    def _attributes(self, element: _Element, in_line: bool) -> None:
        facts = _facts(element) if _local(element) not in _PROSE else ""
        if facts:
            self._writer.write(words(f"{_local(element)}: {facts}"), gap=1 if in_line else 2)


def _facts(element: _Element) -> str:
    """The attributes that say something in words: no addresses of schemas, identifiers or numbers."""
    kept = [
        f"{_bare(str(key))}={value}"
        for key, value in element.attrib.items()
        if _WORD.search(value) and "://" not in value and len(value) <= _SHORT and not _is_naming(str(key))
    ]
    return ", ".join(kept)


def _is_naming(key: str) -> bool:
    return _bare(key) in (
        "id",
        "lang",
        "space",
        "schemaLocation",
        "class",
        "style",
        "role",
        "rid",
        "ref-type",
        "linkend",
    )


def _is_text(element: _Element) -> bool:
    """Whether an element is text with marks in it: words beside its children, or children that stand in lines."""
    if element.text and element.text.strip():
        return True
    if any(child.tail and child.tail.strip() for child in element):
        return True
    return all(_local(child) in _INLINE for child in element)


def _all_values(children: list[_Element]) -> bool:
    return len(children) > 1 and all(len(child) == 0 and _local(child) not in _PROSE for child in children)


def _rows(table: _Element) -> list[list[str]]:
    """The cells of a table's rows, of as many columns as they span."""
    rows = []
    for row in table.iter():
        if _local(row) in _ROWS:
            cells: list[str] = []
            for cell in row:
                cells.append(_words(cell))
                wide = str(cell.get("colspan") or "1")
                cells += [""] * (min(int(wide), 100) - 1 if wide.isascii() and wide.isdigit() else 0)
            rows.append(cells)
    return rows


def _words(element: _Element) -> str:
    """An element's text in one line: raised and lowered parts written on it, notes in brackets."""
    return " ".join("".join(_pieces(element)).split())


def _pieces(element: _Element) -> Iterator[str]:
    waiting: list[tuple[_Element | str, str]] = [(element, "")]
    before = ""
    while waiting:
        node, place = waiting.pop()
        if isinstance(node, str):
            piece = {"^": raised, "_": lowered}[place](before, node) if place and node.strip() else node
            before = (before + piece)[-2:]
            yield piece
            continue
        if not isinstance(node.tag, str):
            continue
        name = _local(node)
        place = _PLACES.get(name, place)
        parts: list[tuple[_Element | str, str]] = [(node.text or "", place)]
        for child in node:
            parts += [(child, place), (child.tail or "", place)]
        if name in _NOTES and node is not element:
            parts = [(" (", ""), *parts, (")", "")]
        waiting += reversed(parts)


def _local(element: _Element) -> str:
    return _bare(str(element.tag))


def _bare(name: str) -> str:
    return name.rpartition("}")[2]
