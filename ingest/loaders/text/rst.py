"""reStructuredText: the source as it stands, its section titles, tables and field list. Nothing is included or run.

docutils tells the sections but not where their titles stand in the source, so the adornments are read here, by the
rules of the reStructuredText specification ("Sections").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

from passagework.ingest.loaders.base import LoadOptions, RecordFailure
from passagework.ingest.loaders.data_uris import without_data_uris
from passagework.ingest.loaders.encoding import read_text
from passagework.ingest.loaders.formats import Format
from passagework.ingest.loaders.text.text_tables import ruled_tables
from passagework.retrieval.types import Document, Heading, Json

_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1+[ \t]*")
_EXPLICIT = re.compile(r"\.\. |\.\.$|__ ")
_FIELD = re.compile(r":(?P<name>[^:\s][^:\n]*):[ \t]+(?P<value>.+)")
_SHORTEST = 4
"""An underline shorter than its title still makes a title when it has this many characters (docutils warns)."""

_DOCINFO = 10_000
"""Characters in which a field list at the top is looked for."""


def load_rst(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """One document, titled by its first section. Raises IngestError where there is no text."""
    decoded = read_text(path)
    text = without_data_uris(decoded.text)
    headings = rst_headings(text)
    yield Document(
        text=text,
        media_type=Format.RST.value,
        title=headings[0].title if headings else "",
        metadata={**_docinfo(text, headings), **decoded.metadata},
        headings=headings,
        notes=decoded.notes,
        tables=ruled_tables(text),
    )


def rst_headings(text: str) -> list[Heading]:
    """The section titles in order; levels by the order in which their adornments first appear.

    A heading's range is its own lines, adornments included, without the last line end.
    """
    lines = text.split("\n")
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    styles: list[str] = []
    headings: list[Heading] = []
    free = True  # whether a title may begin on this line: paragraphs don't contain titles
    index = 0
    while index < len(lines):
        height, title = _title_at(lines, index) if free else (0, "")
        if not height:
            free = not lines[index].strip() or bool(_EXPLICIT.match(lines[index]))
            index += 1
            continue
        style = lines[index][0] * 2 if height == 3 else lines[index + 1][0]
        if style not in styles:
            styles.append(style)
        last = index + height - 1
        end = starts[last] + len(lines[last])
        headings.append(Heading(level=styles.index(style) + 1, title=title, start=starts[index], end=end))
        index += height
    return headings


def _title_at(lines: list[str], index: int) -> tuple[int, str]:
    """How many lines a title takes from `index`, and the title; `(0, "")` where none begins there."""
    line = lines[index]
    following = lines[index + 1 : index + 3]
    if not line.strip() or not following:
        return 0, ""
    if _ADORNMENT.fullmatch(line):
        title = following[0].strip()
        same = len(following) == 2 and following[1].rstrip() == line.rstrip()
        fits = _width(title) <= max(len(line.rstrip()), _SHORTEST)
        return (3, title) if same and title and fits and not _ADORNMENT.fullmatch(title) else (0, "")
    under = following[0].rstrip()
    if line[0].isspace() or not _ADORNMENT.fullmatch(under):
        return 0, ""
    title = line.strip()
    return (2, title) if _width(title) <= len(under) or len(under) >= _SHORTEST else (0, "")


def _width(title: str) -> int:
    """Columns: East Asian wide characters take two, combining ones none."""
    if title.isascii():
        return len(title)
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in title)
    return len(title) + wide - sum(unicodedata.combining(char) > 0 for char in title)


def _docinfo(text: str, headings: list[Heading]) -> dict[str, Json]:
    """The field list at the top, below the title if there is one (`:Author: Ada`), names in lower case."""
    top = headings[0].end if headings and not text[: headings[0].start].strip() else 0
    fields: dict[str, Json] = {}
    for line in text[top : top + _DOCINFO].lstrip("\n").split("\n"):
        match = _FIELD.fullmatch(line.rstrip())
        if match is None:
            break
        fields[match["name"].strip().lower()] = match["value"].strip()
    return fields
