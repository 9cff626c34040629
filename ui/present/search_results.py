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
from passagework.retrieval.text import counted, one_line, visible
from passagework.ui.present.highlighting import Highlights
from passagework.ui.present.lines import indented
from passagework.ui.present.snippets import breadcrumb
from passagework.ui.present.terminal_snippets import snippet_lines, title_style

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
    return f"{unseen:,} of {counted(hit.end - hit.start, 'character')} can't be seen in the document ({reasons})"


def injection_line(hit: Hit) -> str:
    """Says how much of the passage seems to instruct a language model, and by which sign; "" where nothing does."""
    if not hit.injection:
        return ""
    size = sum(span.end - span.start for span in hit.injection)
    signs = ", ".join(sorted({span.sign.value for span in hit.injection}))
    return f"{size:,} of {counted(hit.end - hit.start, 'character')} seem to instruct a language model (by {signs})"


def ocr_line(hit: Hit) -> str:
    """Says that the passage, or a part of it, was read by OCR, and how surely; "" where it was not."""
    return "" if hit.ocr is None else f"read by OCR, {int(100 * hit.ocr.confidence)}% sure"


def relevance_label(hit: Hit) -> str:
    """Returns `relevance 0.84`; "" where it was not estimated."""
    return "" if hit.relevance is None else f"relevance {hit.relevance:.2f}"


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
    more = f" and {len(also_in) - 1:,} more" if len(also_in) > 1 else ""
    return f"also in {also_in[0]}{more}"


def plan_line(hits: Hits) -> str:
    """Says in one line how the hits were found."""
    plan = hits.plan
    parts = [plan.used.value]
    if plan.requested is not plan.used:
        parts[0] += f" (not {plan.requested.value}: {plan.reason})"
    if plan.fusion is not None:
        parts.append(f"{plan.fusion.value} fusion")
    parts.append(f"{plan.candidates} candidates a retriever")
    if plan.index is not None:
        parts.append(f"{plan.index} index")
    if plan.filter is not None:
        matching = plan.filter.matching
        counts = "" if matching is None else f" ({counted(matching, 'passage')})"
        parts.append(f"filter {plan.filter.strategy}{counts}")
    if plan.diversity:
        parts.append(f"diversity {plan.diversity:g}")
    if plan.judged_queries:
        parts.append(f"relevance corrected by {plan.judged_queries:,} judged queries")
    if plan.languages:
        parts.append(f"words in {', '.join(plan.languages)}")
    return ", ".join(parts)


def understood_line(plan: Plan) -> str:
    """Says in one line what of the query was more than words; "" where nothing was."""
    read = plan.understood
    if read is None:
        return ""
    corrected = [f"{one_line(reading.typed)} as {one_line(reading.read)}" for reading in read.corrected]
    expanded = [f"{one_line(reading.typed)} also as {one_line(reading.read)}" for reading in read.expanded]
    kinds = {
        "holding": [f'"{one_line(phrase)}"' for phrase in read.phrases],
        "without": [f'"{one_line(phrase)}"' for phrase in read.excluded],
        "where": [one_line(str(field)) for field in read.fields],
        "reading": [*corrected, *expanded],
    }
    return "; ".join(f"{kind} {', '.join(shown)}" for kind, shown in kinds.items() if shown)


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
    stages = ", ".join(f"{name} {ms:.1f}" for name, ms in hits.timings_ms.items() if name != "total" and ms >= 0.05)
    return f"{hits.timings_ms.get('total', 0.0):.0f} ms ({stages})"


def warnings_of(plan: Plan) -> list[str]:
    """Returns what a person should know before trusting what was found."""
    out = []
    if cut := plan.query_cut:
        out.append(f"the query was cut: {cut.tokens:,} tokens, of which the encoder read {cut.used:,}")
    if plan.rerank_query_cut:
        out.append("the query was cut for the reranker")
    if plan.unknown_tokens:
        unknown = counted(plan.unknown_tokens, "token")
        out.append(f"the encoder knows nothing of {unknown} of the query: words alone can find what they stand for")
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
        notes.append(f"nothing in this collection answers that: {passages} were found, none relevant enough")
    if left_out:
        notes.append(f"text that can't be seen in the documents was left out of {counted(left_out, 'citation')}")
    if injected := sum(bool(citation.injection) for citation in context.citations):
        notes.append(f"{counted(injected, 'citation')} with what seems to instruct a language model")
    query = f"; query {understood}" if understood else ""
    return [*notes, f"{context.tokens:,} of {context.max_tokens:,} tokens, {citations}{query}"]
