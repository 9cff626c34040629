"""AsciiDoc: the source as it stands, its section titles, its tables and its attributes (docs.asciidoctor.org)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from passagework.ingest.loaders.base import LoadOptions, RecordFailure
from passagework.ingest.loaders.data_uris import without_data_uris
from passagework.ingest.loaders.encoding import read_text
from passagework.ingest.loaders.formats import Format
from passagework.ingest.loaders.text.markdown import first_title
from passagework.retrieval.text import collapsed
from passagework.retrieval.types import Document, Heading, Json, Table

# Delimited blocks of listings, literals, comments and passthroughs hold neither titles nor tables.
_MARK = re.compile(
    r"^(?:(?P<marks>={1,6}|#{1,6})[ \t]+(?P<title>\S[^\n]*)"
    r"|(?P<fence>-{4,}|\.{4,}|/{4,}|\+{4,}|`{3,}[^\n]*)[ \t]*"
    r"|(?P<table>[|,:!]={3,})[ \t]*)$",
    re.MULTILINE,
)
_ATTRIBUTE = re.compile(r":(?P<name>[\w-]+):[ \t]+(?P<value>[^\n]+)")
_CELL = re.compile(r"(?:^|(?<=\s))(?:[\d.]+[+*])?[<^>]?(?:\.[<^>])?[aehlmsv]?\|")
_HEADER = re.compile(r"\[[^\]\n]*(?:%header|options=\"?[^\]]*header)")
_KEPT = ("author", "email", "revdate", "revnumber", "keywords", "description", "lang")
_TOP = 10_000
"""Characters in which the document's attributes are looked for."""


def load_asciidoc(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """One document, titled by its first heading. Raises IngestError where there is no text."""
    decoded = read_text(path)
    text = without_data_uris(decoded.text)
    headings, tables = asciidoc_outline(text)
    fields = {match["name"].lower(): match["value"].strip() for match in _ATTRIBUTE.finditer(text, 0, _TOP)}
    kept: dict[str, Json] = {name: fields[name] for name in _KEPT if name in fields}
    yield Document(
        text=text,
        media_type=Format.ADOC.value,
        title=first_title(headings),
        metadata={**kept, **decoded.metadata},
        headings=headings,
        notes=decoded.notes,
        tables=tables,
    )


def asciidoc_outline(text: str) -> tuple[list[Heading], list[Table]]:
    """The section titles and the tables, in order; none of those in listings and comments."""
    headings: list[Heading] = []
    tables: list[Table] = []
    position = 0
    unclosed: set[str] = set()  # delimiters that close nothing any more: none is looked for again
    while match := _MARK.search(text, position):
        position = match.end()
        if match["marks"]:
            title = match["title"].strip()
            headings.append(Heading(len(match["marks"]), title, match.start(), match.end()))
        elif match["fence"]:
            closing = "```" if match["fence"].startswith("`") else match["fence"]
            position = _closed(text, closing, position, unclosed)
        else:
            position = _closed(text, match["table"], position, unclosed)
            tables.append(Table(match.start(), position, _columns(text, match.start(), match.end(), position)))
    return headings, tables


def _closed(text: str, delimiter: str, position: int, unclosed: set[str]) -> int:
    """The end of the line that closes a block; where none does, the block's own first line is all of it."""
    closing = re.compile(rf"^{re.escape(delimiter)}[ \t]*$", re.MULTILINE)
    end = closing.search(text, position) if delimiter not in unclosed else None
    if end is None:
        unclosed.add(delimiter)
    return end.end() if end else position


def _columns(text: str, start: int, opened: int, end: int) -> str:
    """The names in a table's first line: where its options say so, or a blank line follows it."""
    rows = text[opened:end].lstrip("\n").split("\n", 2)
    above = text[text.rfind("\n", 0, max(0, start - 1)) + 1 : start]
    named = _HEADER.search(above) or (len(rows) > 1 and not rows[1].strip())
    if not named or not rows[0].startswith("|"):
        return ""
    names = [collapsed(cell) for cell in _CELL.split(rows[0])[1:]]
    return " | ".join(names) if any(names) else ""
