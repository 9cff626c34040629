"""Renders hits as HTML, grouped by document: where each stands, the lines that answer, and how relevant it is.

Every text that comes from a document goes through `plain` or `rendered_html`, without exception.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from passagework.retrieval.hits import Hit, Hits, is_relevant
from passagework.ui.present import (
    also_in_line,
    heading,
    hidden_line,
    injection_line,
    last_relevant,
    ocr_line,
    relevance_label,
)
from passagework.ui.present.highlighting import Highlights
from passagework.ui.present.snippets import breadcrumb, snippet_of
from passagework.ui.present.wording import counted, gettext, message
from passagework.ui.web.bump_chart import bump_chart
from passagework.ui.web.page_html import plan_html
from passagework.ui.web.rendered_text import plain, rendered_html
from passagework.ui.web.searched import HitDocument, document_key

OF_ONE_DOCUMENT = 3
"""Hits of a document that are shown at once; the others wait behind a line that counts them."""

WEAKER = message("Less likely to answer")
NOTHING = message("Nothing in this collection seems to answer that. These passages come closest.")


@dataclass(frozen=True, slots=True)
class ListedHit:
    """Is a hit with what the page knows of it: its marks, the address that opens it, and its document's type and date.

    `date` is as people write it; "" where the document has none.
    """

    hit: Hit
    href: str = ""
    highlights: Highlights = field(default_factory=Highlights)
    media_type: str = ""
    kind: str = ""
    date: str = ""


def hit_list_html(hits: Hits, listed: Sequence[ListedHit]) -> str:
    """Returns the hits grouped by document, the best first; those that seem not to answer stand below a line."""
    ends = last_relevant(hits)
    above, below = listed[:ends], listed[ends:]
    documents = len({document_key(one.hit) for one in listed})
    count = gettext(
        "{passages} in {documents}", passages=counted(len(hits), "passage"), documents=counted(documents, "document")
    )
    line = (
        f'<p class="pw-line" data-testid="less-relevant"><span>{plain(gettext(WEAKER if ends else NOTHING))}</span></p>'
    )
    return (
        f'<section class="pw-results" data-testid="results" aria-label="{plain(gettext("Results"))}">'
        f'<p class="pw-count" data-testid="count" role="status">{plain(count)}</p>'
        f"{_groups_html(above)}{line if below else ''}{_groups_html(below)}</section>"
    )


def how_html(hits: Hits) -> str:
    """Returns how the hits were found, folded: the plan, the time that it took, and how the ranks came about."""
    return (
        f'<details class="pw-how"><summary>{plain(gettext("Search details"))}</summary>'
        f"{plan_html(hits)}{bump_chart(hits)}</details>"
    )


def _groups_html(listed: Sequence[ListedHit]) -> str:
    by_document: dict[HitDocument, list[ListedHit]] = {}
    for one in listed:
        by_document.setdefault(document_key(one.hit), []).append(one)
    return "".join(_document_html(group) for group in by_document.values())


def _document_html(group: Sequence[ListedHit]) -> str:
    """Returns a document's hits below its title; many of them are folded."""
    first = group[0]
    facts = " · ".join(part for part in (first.hit.address, first.kind, first.date) if part)
    shown = OF_ONE_DOCUMENT if len(group) > OF_ONE_DOCUMENT + 1 else len(group)
    rest = group[shown:]
    more_line = gettext("{passages} from this document", passages=counted(len(rest), "more passage"))
    more = f'<details class="pw-more"><summary>{plain(more_line)}</summary>{_list_html(rest)}</details>' if rest else ""
    return (
        f'<article class="pw-document-hits" data-testid="document-hits"><h2 class="pw-title" dir="auto">'
        f'{plain(heading(first.hit))}</h2><div class="pw-place" data-testid="place">{plain(facts)}</div>'
        f"{_list_html(islice(group, shown))}{more}</article>"
    )


def _list_html(group: Iterable[ListedHit]) -> str:
    return f'<ol class="pw-hits">{"".join(hit_html(one) for one in group)}</ol>'


def hit_html(listed: ListedHit) -> str:
    """Returns a hit as an item of a list: rank, headings and page as a link, its relevance, and its snippet."""
    hit = listed.hit
    snippet = snippet_of(hit, listed.highlights)
    rest = " …" if snippet.after and not snippet.columns else ""
    body = rendered_html(snippet.text + rest, Highlights(snippet.words), listed.media_type, snippet.columns)
    where = " › ".join(breadcrumb(hit)) or hit.place or heading(hit)
    place = hit.place if hit.place and hit.place != where else ""
    notes = {
        "hidden": gettext("Hidden text: {line}", line=line) if (line := hidden_line(hit)) else "",
        "injection": gettext("Possible injection: {line}", line=line) if (line := injection_line(hit)) else "",
        "ocr": ocr_line(hit),
        "also-in": also_in_line(hit.also_in),
    }
    said = "".join(
        f'<div class="pw-note" data-testid="{name}">{plain(note)}</div>' for name, note in notes.items() if note
    )
    kind = "pw-rows" if snippet.columns else "pw-prose pw-cut" if snippet.before or snippet.after else "pw-prose"
    return (
        f'<li class="pw-hit" data-testid="hit" data-hit="{hit.rank}"><div class="pw-head">'
        f'<span class="pw-rank">{hit.rank}</span>'
        f'<a class="pw-open" href="{plain(listed.href)}" dir="auto">{plain(where)}</a>'
        f'<span class="pw-page-number">{plain(place)}</span>{_relevance_html(hit)}'
        f'<button type="button" class="pw-why" data-why="{hit.rank}" '
        f'aria-label="{plain(gettext("Why this: passage {rank}", rank=hit.rank))}">'
        f"{plain(gettext('Why this'))}</button></div>"
        f'<div class="pw-snippet {kind}" data-testid="text" dir="auto">{body}</div>{said}</li>'
    )


def _relevance_html(hit: Hit) -> str:
    """Returns a bar as long as the hit's relevance."""
    if hit.relevance is None:
        return ""
    label = plain(relevance_label(hit))
    weak = "" if is_relevant(hit) else " pw-weak"
    return (
        f'<span class="pw-bar{weak}" data-testid="relevance" role="img" aria-label="{label}" title="{label}">'
        f'<i style="width:{100 * hit.relevance:.0f}%"></i></span>'
    )
