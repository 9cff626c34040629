"""HTML to the text that a reader sees, in reading order, with its headings.

Paragraphs and other blocks are separated by blank lines, list items and table rows by line ends. Nothing is fetched
and nothing is run. The tree is walked with a stack of our own: pages nested ten thousand deep exist.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial, reduce
from typing import TYPE_CHECKING

from passagework.ingest.loaders.data_uris import without_data_uris
from passagework.ingest.loaders.html.data_tables import data_tables, read_table
from passagework.ingest.loaders.html.furniture import furniture
from passagework.ingest.loaders.html.html_controls import shown_option, shown_value
from passagework.ingest.loaders.html.html_lists import list_marks
from passagework.ingest.loaders.html.html_pictures import described
from passagework.ingest.loaders.html.html_roles import with_elements_of_roles
from passagework.ingest.loaders.html.html_scripts import script_sign
from passagework.ingest.loaders.html.html_style import Style, page_style
from passagework.ingest.loaders.html.html_visible import is_formula, is_hidden, words_of
from passagework.ingest.loaders.html.html_writer import Cell, Writer, glued
from passagework.ingest.loaders.html.mathml import math_text
from passagework.ingest.loaders.parts import Part
from passagework.retrieval.types import Json

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag
    from bs4.element import PageElement

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
_APART = frozenset({"button", "text"})
"""What stands in a line beside others, and by itself: controls, and the texts of a drawing."""
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_NO_HEADINGS = frozenset({"author", "corpauthor", "editor", "subtitle", "edition", "releaseinfo", "pubdate"})
"""What title pages have in elements of headings (DocBook's style sheets), and is none."""
_WHOLE = frozenset({"table", "sup", "sub", "a", "input", "img", "select", "script"})
_XML_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
_SELF_CLOSED = re.compile(
    r"<(script|style|title|textarea|iframe|noscript|template|a|div|p|span)(\s[^<>]*)?/>", re.IGNORECASE
)
_META = frozenset({"description", "author", "keywords"})


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a page shows, its `<title>`, and what its head says about it.

    Elements that are not shown at all (`hidden`, `display: none`, `visibility: hidden`) are not in the text.
    """

    body: Part
    title: str
    metadata: dict[str, Json]
    surroundings: str = ""
    """What stands around the page's content, a line for each part."""
    places: Mapping[str, int] = field(default_factory=dict)
    """Where the text of each anchor that was asked for begins."""


def render_html(source: str, *, whole: bool = True, anchors: frozenset[str] = frozenset()) -> Rendered:
    """The visible text of an HTML page or fragment, given as cleaned text. Malformed pages give what they hold.

    A page that isn't wanted whole comes without its navigation, headers and footers. `anchors` are the ids of elements
    whose places are wanted.
    """
    soup = _parse(without_data_uris(source))
    with_elements_of_roles(soup)
    writer = Writer(anchors=anchors)
    around = {} if whole else furniture(soup)
    _walk(soup, writer, data_tables(soup), page_style(soup), around)
    surroundings = "\n".join(filter(None, around.values()))
    return Rendered(writer.finish(), _title(soup), _metadata(soup), surroundings, writer.places)


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


def _walk(
    root: Tag, writer: Writer, tables: Mapping[int, bool], style: Style, around: Container[int] = frozenset()
) -> None:
    """Write everything visible below `root`, but the elements of the ids in `around`.

    `tables` has the ids of those whose rows are lines.
    """
    from bs4 import Tag
    from bs4.element import CData, NavigableString, RubyTextString

    open_tags: list[tuple[Tag, Iterator[object], Style]] = [(root, iter(root.contents), style)]
    while open_tags:
        tag, children, style = open_tags[-1]
        child = next(children, None)
        if child is None:
            open_tags.pop()
            if tag.name == "ruby":
                writer.close_ruby(_reading(tag, style, around))
            _leave(tag, writer, style)
        elif isinstance(child, Tag):
            if is_hidden(child) or id(child) in around:
                continue
            within = style.within(child)
            if writer.anchors:
                writer.anchor(child.attrs.get("id"), child.attrs.get("name"))
            if not _write_whole(child, writer, tables, within, around):
                _enter(child, writer, within)
                open_tags.append((child, iter(child.contents), within))
        elif type(child) in (NavigableString, CData, RubyTextString):
            writer.unseen = style.unseen
            writer.text(str(child))
            writer.unseen = None


def _write_whole(tag: Tag, writer: Writer, tables: Mapping[int, bool], style: Style, around: Container[int]) -> bool:
    """Writes what is more than its parts: a table, a formula, a text above or below the line; False for the others."""
    styled = style.sheet.sign(tag)
    if tag.name not in _WHOLE and not styled and not tag.name.endswith("math"):
        return False
    if tag.name == "table" and id(tag) in tables and writer.takes_tables:
        named = tables[id(tag)]
        read = read_table(tag, style, partial(_line, around=around), named=named)
        if read is None:
            return False
        for caption in tag.find_all("caption", recursive=False):
            writer.block(2)
            _walk(caption, writer, {}, style.within(caption), around)
        writer.table(read.lines(), read.columns)
    elif tag.name.rpartition(":")[2] == "math":
        writer.unseen = style.unseen
        writer.formula(math_text(tag), block=tag.get("display") == "block")
        writer.unseen = None
    elif is_formula(tag):
        writer.unseen = style.unseen
        writer.formula(tag.text.strip(), block="mode=display" in str(tag.get("type")))
        writer.unseen = None
    elif sign := script_sign(tag, styled):
        writer.script(_line(tag, style, around=around), sign)
    elif tag.name in ("input", "img"):
        writer.unseen = style.unseen
        writer.apart()
        writer.text(shown_value(tag) if tag.name == "input" else described(tag))
        writer.apart()
        writer.unseen = None
    elif tag.name == "select" and (option := shown_option(tag)) is not None:
        writer.block(1)
        _walk(option, writer, {}, style.within(option), around)
        writer.block(1)
    else:
        return False
    return True


def _reading(ruby: Tag, style: Style, around: Container[int]) -> Cell:
    """What stands above the characters of a `ruby` element."""
    nothing: Cell = ("", ())
    return reduce(glued, (_line(rt, style.within(rt), around=around) for rt in ruby.find_all("rt")), nothing)


def _line(content: PageElement, style: Style, *, around: Container[int] = frozenset()) -> Cell:
    """All that an element or a string shows, in one line, with what of it can't be seen."""
    from bs4 import Tag

    writer = Writer(inline=True)
    if isinstance(content, Tag):
        _walk(content, writer, {}, style, around)
    else:
        writer.unseen = style.unseen
        writer.text(str(content))
    line = writer.finish()
    return line.text, line.hidden


def _gap(verbatim: Tag) -> int:
    """How many line ends stand around an element whose white space counts."""
    return 1 if verbatim.name in _LINES or verbatim.name == "textarea" else 2


def _enter(tag: Tag, writer: Writer, style: Style) -> None:
    if style.sheet.is_verbatim(tag):
        writer.open_pre(_gap(tag))
    else:
        _open(tag, writer)


def _leave(tag: Tag, writer: Writer, style: Style) -> None:
    if style.sheet.is_verbatim(tag):
        writer.close_pre(_gap(tag))
    else:
        _close(tag, writer)


def _open(tag: Tag, writer: Writer) -> None:
    name = tag.name
    if name in _HEADINGS:
        writer.block(2)
        if _NO_HEADINGS.isdisjoint(words_of(tag, "class")):
            writer.open_heading(_HEADINGS[name])
    elif name == "br":
        writer.line_break()
    elif name in _LISTS:
        writer.open_list(list_marks(tag))
    elif name == "li":
        writer.open_item(tag)
    elif name == "ruby":
        writer.open_ruby()
    elif name in _PARAGRAPHS:
        writer.block(2)
    elif name in _LINES:
        writer.block(1)
    elif name in _APART:
        writer.apart()


def _close(tag: Tag, writer: Writer) -> None:
    name = tag.name
    if name in _HEADINGS:
        writer.close_heading()
        writer.block(2)
    elif name in _LISTS:
        writer.close_list()
    elif name in _PARAGRAPHS:
        writer.block(2)
    elif name == "li":
        writer.close_item()
    elif name in _LINES:
        writer.block(1)
    elif name in _APART:
        writer.apart()


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
