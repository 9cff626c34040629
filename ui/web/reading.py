"""Finds the places of a document that are worth going to: its headings, the hits of a query, and words looked for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.config import RELEVANT
from passagework.retrieval.store import DocumentRow
from passagework.retrieval.types import Document
from passagework.ui.present.snippets import names_columns
from passagework.ui.present.wording import gettext, ngettext
from passagework.ui.web.rendered_text import plain

MOST_HITS = 50
"""Passages of a document that its rail shows for a query."""

MOST_HEADINGS = 200
MOST_FOUND = 500
"""Headings of an outline, and occurrences of words looked for; a book has more."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Is a place of a document that a link leads to; `level` is that of a heading, from 1, and 0 for a hit."""

    label: str
    start: int
    end: int
    level: int = 0


def outline_of(document: Document) -> list[Destination]:
    """Returns a document's headings in order, less those that name a table's columns."""
    headings = [heading for heading in document.headings if heading.title.strip() and not names_columns(heading.title)]
    return [Destination(one.title, one.start, one.end, one.level) for one in headings[:MOST_HEADINGS]]


def hits_in(collection: Collection, row: DocumentRow, query: str) -> list[Destination]:
    """Returns where a query's passages stand in a document, in order; those that seem not to answer are left out."""
    if not query.strip():
        return []
    found = collection.search(query, k=MOST_HITS, where={"path": row.path}, min_relevance=RELEVANT)
    places = sorted((hit.start, hit.end, hit.rank) for hit in found if hit.uri == row.uri)
    return [Destination(gettext("Passage {number}", number=rank), start, end) for start, end, rank in places]


def occurrences(text: str, words: str) -> list[tuple[int, int]]:
    """Returns where words stand in a text, in whatever case and white space; at most MOST_FOUND places."""
    parts = words.split()
    if not parts:
        return []
    pattern = re.compile(r"\s+".join(map(re.escape, parts)), re.IGNORECASE)
    spans: list[tuple[int, int]] = []
    for match in pattern.finditer(text):
        spans.append(match.span())
        if len(spans) == MOST_FOUND:
            break
    return spans


def outline_html(outline: Sequence[Destination], parameters: Mapping[str, str], at: int, first: int = 1) -> str:
    """Returns an outline as links, numbered from `first`; the heading that offset `at` stands under is marked."""
    least = min((one.level for one in outline), default=1)
    here = max((number for number, one in enumerate(outline) if one.start <= at), default=-1)
    items = "".join(
        f'<li style="padding-left:{0.8 * min(5, one.level - least):.1f}rem">'
        f"{_link(one, parameters, first + number, here == number)}</li>"
        for number, one in enumerate(outline)
    )
    return (
        f'<nav class="pw-outline" data-testid="outline" aria-label="{plain(gettext("Outline"))}"><ul>{items}</ul></nav>'
    )


def rail_html(hits: Sequence[Destination], parameters: Mapping[str, str], length: int, start: int) -> str:
    """Returns a rail with a tick for each hit of the query where it stands in a document of so many characters."""
    ticks = "".join(
        f'<a class="pw-tick" data-hit="{number}" style="left:{100 * one.start / max(1, length):.2f}%" '
        f'{"aria-current=true " if one.start == start else ""}href="{_href(one, parameters)}" '
        f'title="{plain(one.label)}" aria-label="{plain(one.label)}"></a>'
        for number, one in enumerate(hits, 1)
    )
    count = ngettext(
        "{count} passage of this document may answer", "{count} passages of this document may answer", len(hits)
    )
    name = plain(gettext("Passages that may answer"))
    return (
        f'<div class="pw-rail" data-testid="rail"><span class="pw-place">{plain(count)}</span>'
        f'<nav class="pw-ticks" aria-label="{name}">{ticks}</nav></div>'
    )


def _link(to: Destination, parameters: Mapping[str, str], number: int, current: bool) -> str:
    mark = ' aria-current="true"' if current else ""
    return f'<a data-hit="{number}" dir="auto"{mark} href="{_href(to, parameters)}">{plain(to.label)}</a>'


def _href(to: Destination, parameters: Mapping[str, str]) -> str:
    return plain(f"read?{urlencode({**parameters, 'start': str(to.start), 'end': str(to.end)})}")
