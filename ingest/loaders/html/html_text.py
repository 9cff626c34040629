"""HTML to the text that a reader sees, in reading order, with its headings.

Paragraphs and other blocks are separated by blank lines, list items and table rows by line ends. Nothing is fetched
and nothing is run. The tree is walked with a stack of our own: pages nested ten thousand deep exist.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from passagework.ingest.loaders.html.html_style import Style, declarations, page_style
from passagework.ingest.loaders.html.html_writer import Cell, Writer
from passagework.retrieval.types import Heading, Hidden, Json

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_UNSEEN = frozenset(
    {
        "head", "script", "style", "template", "noscript", "svg", "iframe", "object", "embed",
        "canvas", "audio", "video", "map", "datalist", "rt", "rp", "annotation", "annotation-xml",
        "ix:header", "noframes", "noembed", "meter", "progress"
    }
)  # fmt: skip
_PARAGRAPHS = frozenset(
    {
        "p", "div", "section", "article", "main", "aside", "header", "footer", "nav", "blockquote",
        "figure", "form", "fieldset", "address", "details", "dialog", "table", "hr", "dl", "body",
        "center"
    }
)  # fmt: skip
_LINES = frozenset(
    {
        "dt", "dd", "tr", "td", "th", "caption", "figcaption", "legend", "summary", "option",
        "optgroup", "thead", "tbody", "tfoot"
    }
)  # fmt: skip
_LISTS = frozenset({"ul", "ol", "menu", "dir"})
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LAYOUT = frozenset({"table", "ul", "ol", "dl", "pre", "form", "blockquote", *_HEADINGS})
"""What tells a table that arranges a page from one that holds data, when it stands in a cell."""

_CELL = 600
"""Characters of a cell; a longer one is running text, whose paragraphs stay paragraphs."""

_HIDING = {"display": ("none",), "visibility": ("hidden", "collapse"), "content-visibility": ("hidden",)}
_XML_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
_SELF_CLOSED = re.compile(
    r"<(script|style|title|textarea|iframe|noscript|template|a|div|p|span)(\s[^<>]*)?/>", re.IGNORECASE
)
_META = frozenset({"description", "author", "keywords"})


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page's text, its headings in it, its `<title>`, what its head says about it, and what can't be seen of it.

    Elements that are not shown at all (`hidden`, `display: none`, `visibility: hidden`) are not in the text.
    """

    text: str
    headings: tuple[Heading, ...]
    title: str
    metadata: dict[str, Json]
    hidden: tuple[Hidden, ...] = ()


def render_html(source: str) -> Rendered:
    """The visible text of an HTML page or fragment, given as cleaned text. Malformed pages give what they hold."""
    soup = _parse(source)
    tables = _data_tables(soup)
    writer = Writer()
    _walk(soup, writer, tables, page_style(soup))
    text, headings = writer.finish()
    return Rendered(text=text, headings=headings, title=_title(soup), metadata=_metadata(soup), hidden=writer.hidden)


def _parse(source: str) -> BeautifulSoup:
    from bs4 import BeautifulSoup
    from bs4.exceptions import ParserRejectedMarkup

    declaration = _XML_DECLARATION.match(source)
    if declaration or "//DTD XHTML" in source[:1000]:
        # HTML parsers take `<script/>` for an open tag, and all below it for a script.
        source = _SELF_CLOSED.sub(r"<\1\2></\1>", source[declaration.end() :] if declaration else source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # bs4 wonders aloud whether short texts are file names
        try:
            return BeautifulSoup(source, "lxml")
        except (ParserRejectedMarkup, AssertionError, ValueError):
            return BeautifulSoup(source, "html.parser")


def _walk(root: Tag, writer: Writer, tables: frozenset[int], style: Style) -> None:
    """Write everything visible below `root`. `tables` are the ids of the tables whose rows are lines."""
    from bs4 import Tag
    from bs4.element import CData, NavigableString

    open_tags: list[tuple[Tag, Iterator[object], bool, Style]] = [(root, iter(root.contents), False, style)]
    while open_tags:
        tag, children, in_data, style = open_tags[-1]
        child = next(children, None)
        if child is None:
            open_tags.pop()
            _leave(tag, writer)
        elif isinstance(child, Tag):
            if _is_hidden(child):
                continue
            within = style.within(child)
            if child.name == "tr" and in_data:
                cells = _cells(child, within)
                if max((len(text) for text, _ in cells), default=0) <= _CELL:
                    writer.row(cells)
                    continue
            _enter(child, writer)
            data = id(child) in tables if child.name == "table" else in_data
            open_tags.append((child, iter(child.contents), data, within))
        elif type(child) in (NavigableString, CData):
            writer.unseen = style.unseen
            writer.text(str(child))
            writer.unseen = None


def _cells(row: Tag, style: Style) -> list[Cell]:
    """The text of each cell of a row, on one line, with what can't be seen of it.

    A string between cells is malformed, and text all the same.
    """
    from bs4 import Tag
    from bs4.element import NavigableString

    cells = []
    for child in row.contents:
        writer = Writer(inline=True)
        if isinstance(child, Tag):
            if not _is_hidden(child):
                _walk(child, writer, frozenset(), style.within(child))
        elif type(child) is NavigableString:
            writer.unseen = style.unseen
            writer.text(str(child))
        cells.append((writer.finish()[0], writer.hidden))
    return cells


def _enter(tag: Tag, writer: Writer) -> None:
    name = tag.name
    if name in _HEADINGS:
        writer.open_heading(_HEADINGS[name])
    elif name == "br":
        writer.line_break()
    elif name == "pre":
        writer.open_pre()
    elif name in _LISTS:
        start = str(tag.get("start") or "1")
        writer.open_list(int(start) if name == "ol" and start.isdecimal() and len(start) < 9 else int(name == "ol"))
    elif name == "li":
        writer.open_item()
    elif name in _PARAGRAPHS:
        writer.block(2)
    elif name in _LINES:
        writer.block(1)


def _leave(tag: Tag, writer: Writer) -> None:
    name = tag.name
    if name in _HEADINGS:
        writer.close_heading()
    elif name == "pre":
        writer.close_pre()
    elif name in _LISTS:
        writer.close_list()
    elif name in _PARAGRAPHS:
        writer.block(2)
    elif name == "li":
        writer.close_item()
    elif name in _LINES:
        writer.block(1)


def _is_hidden(tag: Tag) -> bool:
    if tag.name in _UNSEEN or "hidden" in tag.attrs or "popover" in tag.attrs:
        return True
    if tag.name == "dialog" and "open" not in tag.attrs:
        return True
    style = tag.attrs.get("style")
    if not isinstance(style, str) or not ("display" in style.lower() or "visibility" in style.lower()):
        return False
    return any(value in _HIDING[name] for name, value in declarations(style) if name in _HIDING)


def _data_tables(soup: BeautifulSoup) -> frozenset[int]:
    """The ids of the tables that hold data: no table, list, heading or form stands in their cells."""
    tables = soup.find_all("table")
    layout: set[int] = set()
    climbed: set[int] = set()
    if tables:
        for tag in soup.find_all(list(_LAYOUT)):
            for parent in tag.parents:
                if id(parent) in climbed:
                    break
                climbed.add(id(parent))
                if parent.name == "table":
                    layout.add(id(parent))
    return frozenset(id(table) for table in tables) - layout


def _title(soup: BeautifulSoup) -> str:
    for tag in soup.find_all("title"):
        if tag.find_parent("svg") is None:
            return " ".join(tag.get_text(" ").split())
    return ""


def _metadata(soup: BeautifulSoup) -> dict[str, Json]:
    """`description`, `author` and `keywords` of the meta elements, and the page's `language`."""
    metadata: dict[str, Json] = {}
    for tag in soup.find_all("meta"):
        name = str(tag.get("name") or "").strip().lower()
        content = " ".join(str(tag.get("content") or "").split())
        if name in _META and content and name not in metadata:
            metadata[name] = content
    root = soup.find("html")
    language = str(root.get("lang") or root.get("xml:lang") or "").strip() if root is not None else ""
    if language:
        metadata["language"] = language
    return metadata
