"""Renders an answer with what stands behind it: numbered citations, the support of each sentence, and the passages.

What a model wrote and what documents say goes through `plain` or `rendered_html`, without exception.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from passagework.ingest.loaders.formats import Format
from passagework.retrieval import Answer, Citation
from passagework.retrieval.verification.claims import MARK
from passagework.retrieval.verification.verification import ClaimVerdict, Verdict
from passagework.ui.present.answer_lines import cost_line
from passagework.ui.present.highlighting import Highlights
from passagework.ui.present.verification_lines import FAULTS, difference
from passagework.ui.present.wording import formatted, gettext, message, ngettext
from passagework.ui.web.page_html import note_html
from passagework.ui.web.rendered_text import Markup, plain, rendered_html, said_parts

SIGNS = {Verdict.SUPPORTED: "✓", Verdict.CONTRADICTED: "≠", Verdict.NOT_FOUND: "?"}
DISAGREES = "!"
"""Stands behind the sign of a claim that another passage disagrees with."""
NAMES = {
    Verdict.SUPPORTED: message("supported"),
    Verdict.CONTRADICTED: message("contradicted"),
    Verdict.NOT_FOUND: message("not found"),
}
_DIGITS = re.compile("[0-9]+")


def written_html(text: str) -> str:
    """Returns what a model has written so far."""
    return f'<div class="pw-answer" data-testid="answer" dir="auto">{_rendered(text, ())}</div>'


def answer_html(answer: Answer, exchange: int, hrefs: Mapping[int, str], media_types: Mapping[str, str]) -> str:
    """Returns an answer, and what it took, beside the passages that it was made from.

    `exchange` tells it from others on the page; `hrefs` are where each citation opens, by its number, and `media_types`
    those of documents by their URIs.
    """
    text = answer.answer or ""
    markup = [*_claims(text, answer.claims, exchange), *_numbers(text, answer, exchange, hrefs)]
    sources = sources_html(answer.citations, answer.claims, exchange, hrefs, media_types)
    return (
        f'<div class="pw-exchange" data-testid="exchange" data-exchange="{exchange}">'
        f'<div><div class="pw-answer" data-testid="answer" dir="auto">{_rendered(text, markup)}</div>'
        f"{_support_html(answer)}{cost_html(answer)}</div>{sources}</div>"
    )


def cost_html(answer: Answer) -> str:
    """Returns the model, the seconds, the tokens and the price of an answer."""
    return f'<div data-testid="cost">{note_html(cost_line(answer))}</div>'


def sources_html(
    citations: Sequence[Citation],
    claims: Sequence[ClaimVerdict],
    exchange: int,
    hrefs: Mapping[int, str],
    media_types: Mapping[str, str],
) -> str:
    """Returns the passages that a model read, or would read, with the words marked by which claims were told."""
    items = "".join(
        f'<li class="pw-source" data-testid="source" id="{_source_id(exchange, one.number)}">'
        f'<a class="pw-source-open" data-opens="{exchange}-{one.number}" href="{plain(hrefs.get(one.number, ""))}" '
        f'dir="auto">{one.number}. {plain(one.title or one.address)}</a>'
        f'<div class="pw-place">{plain(" · ".join(part for part in (one.address, one.place) if part))}</div>'
        f'<div class="pw-source-text pw-document" tabindex="0" dir="auto">'
        f"{_passage_html(one, claims, media_types.get(one.uri, ''))}</div></li>"
        for one in citations
    )
    label = gettext("Passages for question {number}", number=exchange)
    listed = f'<ol class="pw-hits" data-testid="sources">{items}</ol>'
    return f'<aside class="pw-sources" aria-label="{plain(label)}">{listed}</aside>'


def counts_line(claims: Sequence[ClaimVerdict]) -> str:
    """Returns `3 sentences checked: 2 supported, 1 not found`; a sentence may be a clause of one."""
    told = {verdict: sum(claim.verdict is verdict for claim in claims) for verdict in Verdict}
    listed = ", ".join(f"{formatted(count)} {gettext(NAMES[verdict])}" for verdict, count in told.items() if count)
    if not claims:
        return ""
    line = ngettext(
        "{count} sentence checked: {verdicts}", "{count} sentences checked: {verdicts}", len(claims), verdicts=listed
    )
    disagreed = sum(claim.disagreeing is not None for claim in claims)
    return line if not disagreed else f"{line}. {_disagreed_line(disagreed)}"


def _disagreed_line(count: int) -> str:
    return ngettext(
        "{count} supported sentence has a passage that disagrees",
        "{count} supported sentences have a passage that disagrees",
        count,
    )


def _rendered(text: str, markup: Sequence[Markup]) -> str:
    return rendered_html(text, Highlights(), Format.MARKDOWN.value, markup=markup)


def _claims(text: str, claims: Sequence[ClaimVerdict], exchange: int) -> list[Markup]:
    """Returns each claim with the sign of its verdict behind it, and what a reader of the screen hears of it."""
    found = []
    for number, claim in enumerate(claims, start=1):
        parts = list(said_parts(text, claim.start, claim.end))
        source = "" if claim.citation is None else f' data-shows="{_source_id(exchange, claim.citation.number)}"'
        kind = f"pw-{claim.verdict.value.replace('_', '-')}"
        sign = _sign_html(claim, number, f'class="pw-verdict {kind}" data-claim="{number}"{source}')
        for start, end in parts:
            after = f"</span>{sign}" if (start, end) == parts[-1] else "</span>"
            found.append(Markup(start, end, f'<span class="pw-claim {kind}" data-claim="{number}"{source}>', after))
    return found


def _sign_html(claim: ClaimVerdict, number: int, attributes: str) -> str:
    verdict = gettext(NAMES[claim.verdict])
    name = gettext("{verdict}: sentence {number}", verdict=verdict.capitalize(), number=number)
    shown, title = SIGNS[claim.verdict], verdict
    if claim.disagreeing is not None:
        disagrees = gettext("Another passage disagrees")
        shown, title, name = f"{shown}{DISAGREES}", f"{title}. {disagrees}", f"{name}. {disagrees}"
    return (
        f'<button type="button" {attributes} data-testid="verdict" '
        f'aria-label="{plain(name)}" title="{plain(title)}">{shown}</button>'
    )


def _numbers(text: str, answer: Answer, exchange: int, hrefs: Mapping[int, str]) -> list[Markup]:
    """Returns a link for each number that names a passage; one that names none stays text."""
    titles = {citation.number: citation.title or citation.address for citation in answer.citations}
    found = []
    for match in (digits for mark in MARK.finditer(text) for digits in _DIGITS.finditer(text, *mark.span())):
        number = int(match[0])
        if number in titles:
            link = (
                f'<a class="pw-number-mark" data-testid="number" data-opens="{exchange}-{number}" '
                f'data-shows="{_source_id(exchange, number)}" href="{plain(hrefs.get(number, ""))}" '
                f'aria-label="{plain(gettext("Passage {number}: {title}", number=number, title=titles[number]))}">'
            )
            found.append(Markup(*match.span(), link, "</a>"))
    return found


def _support_html(answer: Answer) -> str:
    """Returns, folded, each sentence with its verdict, the words that say so, and what differs."""
    if not answer.claims:
        return ""
    items = "".join(_claim_html(claim) for claim in answer.claims)
    return (
        f'<details class="pw-how"><summary data-testid="counts">{plain(counts_line(answer.claims))}</summary>'
        f'<ol class="pw-support" data-testid="support">{items}</ol></details>'
    )


def _claim_html(claim: ClaimVerdict) -> str:
    lines = [f"<strong>{plain(gettext(NAMES[claim.verdict]).capitalize())}</strong> {plain(claim.text)}"]
    if claim.citation is not None:
        lines.append(f'<q dir="auto">{plain(claim.citation.text)}</q> [{claim.citation.number}]')
    if claim.disagreeing is not None:
        said, other = plain(gettext("Another passage disagrees")), claim.disagreeing
        lines.append(f'{said}: <q dir="auto" data-testid="disagreeing">{plain(other.text)}</q> [{other.number}]')
    lines += [plain(difference(compared)) for compared in claim.comparisons if compared.agrees is False]
    if claim.fault is not None:
        lines.append(plain(gettext(FAULTS[claim.fault]).capitalize()))
    return f"<li>{'<br>'.join(lines)}</li>"


def _passage_html(citation: Citation, claims: Sequence[ClaimVerdict], media_type: str) -> str:
    """Returns a passage with the words marked that claims were told by, as far as its text is the document's own."""
    markup = []
    if len(citation.text) == citation.end - citation.start:
        told = [(n, one) for n, claim in enumerate(claims, start=1) for one in (claim.citation, claim.disagreeing)]
        for number, evidence in told:
            if evidence is not None and evidence.number == citation.number:
                start, end = (at - citation.start for at in (evidence.start, evidence.end))
                begin = f'<mark class="pw-evidence" data-claim="{number}">'
                markup += [Markup(*part, begin, "</mark>") for part in said_parts(citation.text, start, end)]
    return rendered_html(citation.text, Highlights(), media_type, markup=markup)


def _source_id(exchange: int, number: int) -> str:
    return f"source-{exchange}-{number}"
