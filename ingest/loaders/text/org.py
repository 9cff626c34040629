"""Org files: the source as it stands, its headlines, its tables and its keywords (orgmode.org/worg/org-syntax).

What stands behind a headline's stars and is no title goes: the state, the priority, the tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from passagework.ingest.loaders.base import LoadOptions, RecordFailure
from passagework.ingest.loaders.data_uris import without_data_uris
from passagework.ingest.loaders.encoding import read_text
from passagework.ingest.loaders.formats import Format
from passagework.ingest.loaders.text.markdown import first_title
from passagework.ingest.loaders.text.text_tables import barred_tables
from passagework.retrieval.types import Document, Heading, Json

_MARK = re.compile(
    r"^(?:(?P<stars>\*+)[ \t]+(?P<title>[^\n]*)|[ \t]*#\+begin_(?P<block>\w+)[^\n]*"
    r"|[ \t]*#\+(?P<key>\w+):(?P<value>[^\n]*))$",
    re.MULTILINE | re.IGNORECASE,
)
_STATE = re.compile(r"(?:(?:TODO|DONE|NEXT|WAITING|HOLD|STARTED|CANCELED|CANCELLED)[ \t]+)?(?:\[#\w\][ \t]*)?")
_TAGS = re.compile(r"[ \t]+:[\w@#%:]+:[ \t]*$")
_LONGEST = 1_000
"""Characters of a headline that are looked at."""
_KEPT = ("author", "date", "email", "description", "keywords", "language", "filetags")


def load_org(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """One document, titled by `#+TITLE:`, else by its first headline. Raises IngestError where there is no text."""
    decoded = read_text(path)
    text = without_data_uris(decoded.text)
    headings, fields = org_outline(text)
    title = fields.pop("title", "")
    kept: dict[str, Json] = {key: fields[key] for key in _KEPT if key in fields}
    yield Document(
        text=text,
        media_type=Format.ORG.value,
        title=title or first_title(headings),
        metadata={**kept, **decoded.metadata},
        headings=headings,
        notes=decoded.notes,
        tables=barred_tables(text),
    )


def org_outline(text: str) -> tuple[list[Heading], dict[str, str]]:
    """The headlines, none of those in blocks, and the file's keywords by their names in lower case."""
    headings: list[Heading] = []
    fields: dict[str, str] = {}
    position = 0
    unclosed: set[str] = set()  # blocks that nothing closes any more: none is looked for again
    while match := _MARK.search(text, position):
        position = match.end()
        if match["block"]:
            block = match["block"].lower()
            closing = re.compile(rf"^[ \t]*#\+end_{block}\b", re.MULTILINE | re.IGNORECASE)
            end = closing.search(text, position) if block not in unclosed else None
            position = end.end() if end else position
            unclosed |= set() if end else {block}
        elif match["stars"]:
            words = _TAGS.sub("", match["title"][:_LONGEST].strip())
            title = words[_matched(words) :].strip()
            if title:
                headings.append(Heading(len(match["stars"]), title, match.start(), match.end()))
        elif match["value"].strip():
            fields.setdefault(match["key"].lower(), " ".join(match["value"].split()))
    return headings, fields


def _matched(words: str) -> int:
    state = _STATE.match(words)
    return state.end() if state else 0
