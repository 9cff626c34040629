"""Markdown: the source as it stands, its headings and its tables (CommonMark 0.31, sections 4.2, 4.3 and 4.5)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from passagework.ingest.loaders.base import LoadOptions, RecordFailure
from passagework.ingest.loaders.data_uris import without_data_uris
from passagework.ingest.loaders.encoding import read_text
from passagework.ingest.loaders.formats import Format
from passagework.ingest.loaders.text.front_matter import front_matter
from passagework.ingest.loaders.text.text_tables import barred_tables
from passagework.retrieval.errors import NoTextError
from passagework.retrieval.types import Document, Heading

# A literal newline leads, so that the search runs from line to line and not from character to character.
_MARK = re.compile(
    r"\n {0,3}(?:"
    r"(?P<fence>`{3,}(?=[^`\n]*(?:\n|\Z))|~{3,})"
    r"|(?P<comment><!--)"
    r"|(?P<atx>\#{1,6})(?=[ \t\n]|\Z)(?P<title>[^\n]*)"
    r"|(?P<under>=+|-+)[ \t]*(?=\n|\Z)"
    r")"
)
_CLOSING = re.compile(r"(?:^|[ \t])#+[ \t]*$")
_ANCHOR = re.compile(r"\{#[^{}\n]*\}$")
_WRAPPED = re.compile(r"(\*{1,3}|_{1,3}|`)(?P<inner>[^*_`]+)\1|\[(?P<link>[^\[\]]+)\]\([^()\s]*\)")
# A line that can't be the text of a setext heading: the underline below it is a rule, or belongs to something else.
_NO_PARAGRAPH = re.compile(r" {4}|\t| {0,3}(?:[>|<]|[-*+][ \t]|\d{1,9}[.)][ \t]|\#{1,6}(?:[ \t]|$)|[-=*_ \t]+$)")


def load_markdown(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """One document, its front matter as metadata. Raises IngestError where there is no text."""
    decoded = read_text(path)
    above = front_matter(decoded.text)
    fields = dict(above.fields)
    text = without_data_uris(decoded.text[above.end :])
    if not text or text.isspace():
        raise NoTextError("no text below the front matter")
    headings = markdown_headings(text)
    title = ""
    if isinstance(fields.get("title"), (str, int, float)):
        title = " ".join(str(fields.pop("title")).split())
    yield Document(
        text=text,
        media_type=Format.MARKDOWN.value,
        title=title or first_title(headings),
        metadata={**fields, **decoded.metadata},
        headings=headings,
        notes=(*decoded.notes, *above.notes),
        tables=barred_tables(text),
    )


def first_title(headings: Sequence[Heading]) -> str:
    """The first heading of the outermost level, else "": what a document without a stated title is called."""
    return next((heading.title for heading in headings if heading.level == 1), "")


def markdown_headings(text: str) -> list[Heading]:
    """The ATX and setext headings of Markdown, in order; none of those in code fences or HTML comments.

    A heading's range is its own line or lines, a setext underline included, without the last line end. A setext
    heading of several lines is taken for a paragraph above a rule, which is what people mean by it.
    """
    headings: list[Heading] = []
    # The pattern wants a newline first; the first line has none, so it is searched in a copy of its own.
    position = _first_line(text, headings)
    closes = True
    while match := _MARK.search(text, position):
        position = match.end()
        if match["fence"]:
            position = _fence_end(text, match["fence"], position)
        elif match["comment"]:
            # Once no comment closes any more, none is looked for: a million of them would take hours.
            end = text.find("-->", position) if closes else -1
            closes = end >= 0
            position = end if closes else position
        elif match["atx"]:
            _add_atx(headings, match, 0)
        else:
            _add_setext(headings, text, match)
    return headings


def _first_line(text: str, headings: list[Heading]) -> int:
    end = text.find("\n")
    line = text if end < 0 else text[:end]
    match = _MARK.match("\n" + line)
    if match is None:
        return 0
    if match["fence"]:
        return _fence_end(text, match["fence"], len(line))
    if match["comment"]:
        return max(text.find("-->"), 0)
    if match["atx"]:
        _add_atx(headings, match, -1)
    return len(line)


def _fence_end(text: str, fence: str, position: int) -> int:
    """Where the fence closes; a fence that never does runs to the end (CommonMark 4.5)."""
    closing = re.compile(rf"\n {{0,3}}{fence[0]}{{{len(fence)},}}[ \t]*(?=\n|\Z)").search(text, position)
    return closing.end() if closing else len(text)


def _add_atx(headings: list[Heading], match: re.Match[str], shift: int) -> None:
    title = _plain_title(_CLOSING.sub("", match["title"].rstrip()))
    if title:
        start = match.start("atx") + shift
        end = match.end() + shift
        headings.append(Heading(level=len(match["atx"]), title=title, start=start, end=end))


def _add_setext(headings: list[Heading], text: str, match: re.Match[str]) -> None:
    end = match.start()  # the newline after the title's line
    start = text.rfind("\n", 0, end) + 1
    line = text[start:end]
    before = text[text.rfind("\n", 0, start - 1) + 1 : start - 1] if start else ""
    alone = not before.strip() or (headings and headings[-1].end >= start - 1)
    if not line.strip() or not alone or _NO_PARAGRAPH.match(line):
        return
    title = _plain_title(line)
    if title:
        level = 1 if match["under"][0] == "=" else 2
        headings.append(Heading(level=level, title=title, start=start, end=match.end()))


def _plain_title(source: str) -> str:
    """The title without markup around all of it. It stays a slice of the source: inner markup is left."""
    title = _ANCHOR.sub("", source.strip()).strip()
    while wrapped := _WRAPPED.fullmatch(title):
        title = (wrapped["inner"] or wrapped["link"]).strip()
    return title
