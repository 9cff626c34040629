"""Prints hits and contexts for a person at a terminal."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.text import Text

from passagework.retrieval.also_in import AlsoIn
from passagework.retrieval.citations import Context
from passagework.retrieval.config import RELEVANT
from passagework.retrieval.hits import Hit, Hits, is_relevant
from passagework.retrieval.merged_hits import MergedHits
from passagework.retrieval.plan import Plan, ProposedRoute
from passagework.retrieval.text import one_line, visible
from passagework.retrieval.understood import Reading
from passagework.ui.present.highlighting import Highlights
from passagework.ui.present.lines import indented
from passagework.ui.present.snippets import breadcrumb
from passagework.ui.present.terminal_snippets import snippet_lines, title_style
from passagework.ui.present.wording import counted, formatted, gettext, message, ngettext

LESS_RELEVANT = f"From here on nothing seems to answer the query: the relevance is below {RELEVANT}."


def heading(hit: Hit) -> str:
    """Returns what a hit goes by: its document's title, else a record's `_id`, else its path."""
    return hit.title or (hit.document if hit.document != hit.uri else hit.address)


def place(hit: Hit) -> str:
    """Returns where a hit stands: path and record, pages, and the headings above it, less names of columns."""
    parts = [hit.address, hit.place, " > ".join(breadcrumb(hit))]
    return "  ".join(one_line(part) for part in parts if part)


def stage_scores(hit: Hit) -> str:
    """Returns `dense #2 0.713`, and so on, for every stage the hit passed; the reranker's score as 0..1 in brackets."""
    shown = []
    for stage, score in hit.stages.items():
        probability = "" if score.probability is None else f" ({score.probability:.2f})"
        shown.append(f"{stage.value} #{score.rank} {score.score:.3f}{probability}")
    return "  ".join(shown)


def hidden_line(hit: Hit) -> str:
    """Says how much of the passage a reader of the document doesn't see there, and why.

    "" where all of it is.
    """
    if not hit.hidden:
        return ""
    unseen = len({at for span in hit.hidden for at in range(span.start, span.end)})
    reasons = ", ".join(dict.fromkeys(span.reason.value for span in hit.hidden))
    characters = counted(hit.end - hit.start, "character")
    return gettext(
        "{number} of {characters} can't be seen in the document ({reasons})",
        number=formatted(unseen),
        characters=characters,
        reasons=reasons,
    )


def injection_line(hit: Hit) -> str:
    """Says how much of the passage seems to instruct a language model, and by which sign; "" where nothing does."""
    if not hit.injection:
        return ""
    size = sum(span.end - span.start for span in hit.injection)
    signs = ", ".join(sorted({span.sign.value for span in hit.injection}))
    characters = counted(hit.end - hit.start, "character")
    return gettext(
        "{number} of {characters} seem to instruct a language model (by {signs})",
        number=formatted(size),
        characters=characters,
        signs=signs,
    )


def ocr_line(hit: Hit) -> str:
    """Says that the passage, or a part of it, was read by OCR, and how surely; "" where it was not."""
    return "" if hit.ocr is None else gettext("read by OCR, {percent}% sure", percent=int(100 * hit.ocr.confidence))


def relevance_label(hit: Hit) -> str:
    """Returns `relevance 0.84`; "" where it was not estimated."""
    return "" if hit.relevance is None else gettext("relevance {value}", value=formatted(hit.relevance, 2))


def relevance_line(hits: Hits) -> str:
    """Says that nothing that was found seems to answer the query; "" where something does, or nothing was found."""
    if hits.plan.less_relevant and not hits:
        return f"no passage is as relevant as asked for, {counted(hits.plan.less_relevant, 'passage')} are less so"
    if not hits or hits.relevant or hits[0].relevance is None:
        return ""
    return f"nothing in this collection seems to answer that: every hit has a relevance below {RELEVANT}"


def last_relevant(hits: Hits) -> int:
    """Returns behind how many hits none is relevant any more; their number where that ends with the last."""
    ranks = [hit.rank for hit in hits if is_relevant(hit) or hit.relevance is None]
    return max(ranks, default=0)


def also_in_line(also_in: tuple[AlsoIn, ...]) -> str:
    """Says where else a text stands, `also in a.pdf p. 3 and 4 more`; "" where nowhere."""
    if not also_in:
        return ""
    if len(also_in) == 1:
        return gettext("also in {place}", place=also_in[0])
    return ngettext(
        "also in {place} and {count} more", "also in {place} and {count} more", len(also_in) - 1, place=also_in[0]
    )


def plan_line(hits: Hits) -> str:
    """Says in one line how the hits were found."""
    plan = hits.plan
    parts = [plan.used.value]
    if plan.requested is not plan.used:
        parts[0] += gettext(" (not {requested}: {reason})", requested=plan.requested.value, reason=plan.reason)
    if plan.fusion is not None:
        parts.append(gettext("{name} fusion", name=plan.fusion.value))
    parts.append(gettext("{number} candidates per retriever", number=formatted(plan.candidates)))
    if plan.index is not None:
        parts.append(gettext("{kind} index", kind=plan.index))
    if plan.filter is not None:
        matching = plan.filter.matching
        counts = "" if matching is None else f" ({counted(matching, 'passage')})"
        parts.append(gettext("filter {strategy}{counts}", strategy=plan.filter.strategy, counts=counts))
    if plan.diversity:
        parts.append(gettext("diversity {value}", value=f"{plan.diversity:g}"))
    if plan.judged_queries:
        judged = formatted(plan.judged_queries)
        parts.append(gettext("relevance corrected by {number} judged queries", number=judged))
    if plan.languages:
        parts.append(gettext("words in {languages}", languages=", ".join(plan.languages)))
    return ", ".join(parts)


def understood_line(plan: Plan) -> str:
    """Says in one line what of the query was more than words; "" where nothing was."""
    read = plan.understood
    if read is None:
        return ""
    corrected = [_reading(message("{typed} as {read}"), one) for one in read.corrected]
    expanded = [_reading(message("{typed} also as {read}"), one) for one in read.expanded]
    kinds = {
        message("holding {words}"): [f'"{one_line(phrase)}"' for phrase in read.phrases],
        message("without {words}"): [f'"{one_line(phrase)}"' for phrase in read.excluded],
        message("where {words}"): [one_line(str(field)) for field in read.fields],
        message("reading {words}"): [*corrected, *expanded],
    }
    return "; ".join(gettext(kind, words=", ".join(shown)) for kind, shown in kinds.items() if shown)


def _reading(said: str, reading: Reading) -> str:
    return gettext(said, typed=one_line(reading.typed), read=one_line(reading.read))


def route_line(route: ProposedRoute) -> str:
    """Says in one line what a classifier takes the query for, and how to search what has that label alone."""
    said = one_line(f"{route.label} ({route.probability:.2f})")
    if route.where is None:
        return said
    return f"{said}; --where {one_line(shlex.quote(json.dumps(dict(route.where))))} searches that alone"


def searched_text(hits: Hits) -> str:
    """Returns what was searched for, the words of which are found in the hits."""
    understood = hits.plan.understood
    return (understood.text if understood else "") or hits.query


def timing_line(hits: Hits) -> str:
    """Says how many milliseconds the search took, in all and by stage."""
    stages = ", ".join(
        f"{name} {formatted(ms, 1)}" for name, ms in hits.timings_ms.items() if name != "total" and ms >= 0.05
    )
    return f"{formatted(hits.timings_ms.get('total', 0.0))} ms ({stages})"


def warnings_of(plan: Plan) -> list[str]:
    """Returns what a person should know before trusting what was found."""
    out = []
    if cut := plan.query_cut:
        tokens, used = counted(cut.tokens, "token"), formatted(cut.used)
        out.append(gettext("the query was cut: {tokens}, of which the encoder read {used}", tokens=tokens, used=used))
    if plan.rerank_query_cut:
        out.append(gettext("the query was cut for the reranker"))
    if plan.unknown_tokens:
        unknown = counted(plan.unknown_tokens, "token")
        out.append(
            gettext("the encoder doesn't know {tokens} of the query: only their words can find them", tokens=unknown)
        )
    return [*out, *plan.hints]


def show_hits(console: Console, hits: Hits, highlights: Sequence[Highlights] = ()) -> None:
    """Prints each hit with its place, its snippet and its scores, then the plan.

    `highlights` are those of each hit, from which its snippet is cut; without them it is the beginning.
    """
    parts = hits.parts if isinstance(hits, MergedHits) else {"": hits}
    warnings = dict.fromkeys(warning for part in parts.values() for warning in warnings_of(part.plan))
    for warning in [*warnings, *filter(None, [relevance_line(hits)])]:
        console.print(Text(f"note: {warning}", style="yellow"))
    if not hits:
        console.print("no passage found")
    margin = Text("    ")
    ends = last_relevant(hits)
    for at, hit in enumerate(hits):
        if hit.rank == ends + 1 and ends:
            indented(console, LESS_RELEVANT, "yellow", column=margin)
            console.print()
        title = "  ".join(filter(None, (one_line(heading(hit)), f"{hit.score:.3f}", relevance_label(hit))))
        indented(console, title, title_style(hit), column=Text(f"{hit.rank:>2}  ", "bold"))
        indented(console, place(hit), "dim", column=margin)
        if warning := hidden_line(hit):
            indented(console, f"hidden text: {warning}", "yellow", column=margin)
        if warning := injection_line(hit):
            indented(console, f"injection: {warning}", "yellow", column=margin)
        if read := ocr_line(hit):
            indented(console, read, "dim", column=margin)
        for line in snippet_lines(hit, highlights[at] if highlights else Highlights()):
            indented(console, line, "", column=margin)
        if elsewhere := also_in_line(hit.also_in):
            indented(console, one_line(elsewhere), "dim", column=margin)
        indented(console, stage_scores(hit), "green", column=margin)
        console.print()
    _show_plan(console, hits, parts)


def _show_plan(console: Console, hits: Hits, parts: Mapping[str, Hits]) -> None:
    """Prints how the hits were found, in each collection where there are several."""
    if understood := understood_line(hits.plan):
        indented(console, understood, "dim", column=Text("query ", "dim"))
    if hits.plan.route is not None:
        indented(console, route_line(hits.plan.route), "dim", column=Text("route ", "dim"))
    for name, part in parts.items():
        of_one = f"{name}: " if name else ""
        indented(console, of_one + plan_line(part), "dim", column=Text("plan  ", "dim"))
        indented(console, of_one + timing_line(part), "dim", column=Text("time  ", "dim"))


def show_context(console: Console, context: Context) -> None:
    """Prints the text alone, its lines and spaces as they are: it may go into a file or a pipe."""
    if context.text:
        console.print(Text(visible(context.text)), soft_wrap=True)


def context_notes(context: Context) -> list[str]:
    """Returns notes on how much of the budget was used, and on what to know before trusting the text."""
    citations = counted(len(context.citations), "citation")
    left_out = sum(bool(citation.hidden) for citation in context.citations)
    understood = understood_line(context.plan)
    notes = warnings_of(context.plan)
    if context.plan.less_relevant and not context.citations:
        passages = counted(context.plan.less_relevant, "passage")
        found = gettext(
            "nothing in this collection answers that: {passages} found, none relevant enough", passages=passages
        )
        notes.append(found)
    if left_out:
        hidden = counted(left_out, "citation")
        notes.append(gettext("text that can't be seen in the documents was left out of {citations}", citations=hidden))
    if injected := sum(bool(citation.injection) for citation in context.citations):
        instructed = counted(injected, "citation")
        notes.append(gettext("{citations} with text that seems to instruct a language model", citations=instructed))
    used = gettext(
        "{tokens} of {budget} tokens, {citations}",
        tokens=formatted(context.tokens),
        budget=formatted(context.max_tokens),
        citations=citations,
    )
    query = gettext("query {understood}", understood=understood) if understood else ""
    return [*notes, "; ".join(filter(None, (used, query)))]
