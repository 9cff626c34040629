"""Draws the search page: a query in, ranked passages out, each with its place, its scores and its neighbours."""

from __future__ import annotations

import hashlib
from urllib.parse import urlencode

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from passagework import Collection
from passagework.retrieval import Hit, Hits, PassageworkError, Stage
from passagework.retrieval.collection.status import Status
from passagework.retrieval.evaluation.judgments import Judgment
from passagework.retrieval.lexical.bm25 import matching_spans
from passagework.retrieval.text import counted
from passagework.ui.present import LESS_RELEVANT, last_relevant, relevance_line, searched_text, warnings_of
from passagework.ui.web import session
from passagework.ui.web.bump_chart import bump_chart
from passagework.ui.web.collection_cache import current_facets, status_of
from passagework.ui.web.facets import Facets
from passagework.ui.web.highlighting import Highlights, highlights_of
from passagework.ui.web.judging import GRADES, grade_of, judge, judgments_of
from passagework.ui.web.links import document_names, place_parameters
from passagework.ui.web.page_html import hit_html, markdown_text, note_html, plain, plan_html
from passagework.ui.web.search_settings import SearchSettings, sidebar


def status_lines(status: Status) -> list[str]:
    """Returns lines on which collection is open, what is in it, and how well the index is known to find it."""
    recall = status.index.recall_at_10
    proof = "" if recall is None else f", recall@10 {recall:.3f}"
    documents, passages = counted(status.documents, "document"), counted(status.passages, "passage")
    return [f"Collection {status.collection}", f"{documents}, {passages}", f"{status.index.kind} index{proof}"]


def show_results(collection: Collection, query: str, settings: SearchSettings) -> None:
    """Draws the hits in steps: those of the first stage, the reranked ones in their place, then the best sentences.

    To find those in ten passages takes as long as to rerank. Nobody waits for it: they come one by one, and another
    query ends it at the next.
    """
    with st.spinner("Searching"):
        hits, highlights, cards = _show_stages(collection, query, settings)
    encoder = None if hits.plan.used is Stage.LEXICAL else collection.encoder
    for at, (hit, card) in enumerate(zip(hits, cards, strict=True)):
        [highlights[at]] = highlights_of(
            searched_text(hits), [hit.text], encoder, hits.plan.languages
        )  # a card drawn anew finds it
        card.html(hit_html(hit, highlights[at]))


def _show_stages(
    collection: Collection, query: str, settings: SearchSettings
) -> tuple[Hits, list[Highlights], list[DeltaGenerator]]:
    """Draws the hits with their matching words; returns them, and where each stands on the page."""
    place = st.empty()
    if settings.stage in (None, Stage.RERANK):
        first = settings.search(collection, query, Stage.HYBRID)
        if first:
            with place.container():
                _show_first_stage(first)
    hits = settings.search(collection, query)
    highlights = _words(hits)
    with place.container():
        cards = _show_hits(collection, hits, highlights, filtered=settings.where is not None)
    return hits, highlights, cards


def _words(hits: Hits) -> list[Highlights]:
    spans = matching_spans(searched_text(hits), [hit.text for hit in hits], hits.plan.languages)
    return [Highlights(tuple(words)) for words in spans]


def _show_first_stage(hits: Hits) -> None:
    st.html(note_html(f"{counted(len(hits), 'hit')} of the first stage. Reranking…"))
    for hit, highlights in zip(hits, _words(hits), strict=True):
        with st.container(border=True):
            st.html(hit_html(hit, highlights, first_stage=True))


def _show_hits(
    collection: Collection, hits: Hits, highlights: list[Highlights], *, filtered: bool
) -> list[DeltaGenerator]:
    """Draws the plan, the chart and the hits, or what to try where there is none; returns where each hit stands."""
    for warning in [*warnings_of(hits.plan), *filter(None, [relevance_line(hits)])]:
        st.warning(markdown_text(warning))
    st.html(plan_html(hits))
    if not hits:
        advice = " with these filters. Loosen them, or try" if filtered else ". Try"
        st.info(f"No passage found{advice} other words or another stage.")
        return []
    if chart := bump_chart(hits):
        with st.expander("How the ranks came about"):
            st.html(chart)
    names = document_names(collection, hits)
    try:
        judgments = judgments_of(collection.path)
    except PassageworkError as error:
        st.warning(markdown_text(str(error)))
        judgments = []
    cards = []
    ends = last_relevant(hits)
    for hit in hits:
        if hit.rank == ends + 1 and ends:
            st.html(f'<div data-testid="less-relevant">{note_html(LESS_RELEVANT)}</div>')
        cards.append(show_hit(collection, hits.query, hit, highlights, names[hit.uri], judgments))
    return cards


@st.fragment
def show_hit(
    collection: Collection, query: str, hit: Hit, highlights: list[Highlights], name: str, judgments: list[Judgment]
) -> DeltaGenerator:
    """Draws a hit with what can be done to it, anew by itself after a click; returns where its text stands."""
    unique = f"{hit.id}-{hashlib.blake2b(query.encode(errors='replace'), digest_size=6).hexdigest()}"
    with st.container(border=True, key=f"hit-{hit.rank}"):
        shown = st.empty()
        shown.html(hit_html(hit, highlights[hit.rank - 1]))
        with st.container(horizontal=True, vertical_alignment="center"):
            search = urlencode([(key, value) for key in st.query_params for value in st.query_params.get_all(key)])
            parameters = place_parameters(name, hit, query, search)
            st.page_link(session.READ, label="Open", query_params=dict(parameters))
            grade = st.segmented_control(
                f"Grade of hit {hit.rank}",
                list(GRADES),
                default=grade_of(judgments, query, name, hit),
                key=f"grade-{unique}",
                label_visibility="collapsed",
                on_change=_record_grade,
                args=(collection, query, name, hit, f"grade-{unique}"),
            )
            beside = st.toggle("Neighbours", key=f"beside-{unique}")
        if problem := st.session_state.pop(f"problem-grade-{unique}", None):
            st.error(markdown_text(problem))
        elif grade:
            st.html(note_html(f"Kept as a judgment: {grade}."))
        if beside:
            try:
                show_neighbours(collection, hit)
            except PassageworkError as error:  # a card is drawn anew by itself
                session.show_error(error)
    return shown


def show_neighbours(collection: Collection, hit: Hit) -> None:
    """Draws the passages before and after a hit in its document."""
    rows = collection.neighbours(hit)
    for row in rows:
        if row.id != hit.id:
            side = (
                "before"
                if row.ordinal < next(other_row.ordinal for other_row in rows if other_row.id == hit.id)
                else "after"
            )
            text = f'<div class="pw-text pw-beside" data-testid="neighbour" dir="auto">{plain(row.text)}</div>'
            st.html(f'<div class="pw-place">{side}</div>{text}')
    if len(rows) < 2:
        st.html(note_html("No passage stands beside it."))


def _record_grade(collection: Collection, query: str, name: str, hit: Hit, key: str) -> None:
    grade = st.session_state[key]
    try:
        judge(collection.path, query, name, hit, None if grade is None else GRADES[grade])
    except PassageworkError as error:
        st.session_state[f"problem-{key}"] = str(error)


def main() -> None:
    """Draws the page once."""
    st.title("passagework")
    collection, status, facets, problem = None, None, Facets(), None
    try:
        collection = session.current_collection()
        status, facets = status_of(collection), current_facets(collection)
    except PassageworkError as error:
        problem = error
    query = session.query_field("Ask something that your documents answer")
    try:
        settings = sidebar(facets)  # drawn whatever happens below, or what was typed would be lost
        if problem is not None:
            raise problem
        assert collection is not None  # else there would be a problem
        assert status is not None
        for line in status_lines(status):
            st.sidebar.html(note_html(line))
        if not status.documents:
            session.show_empty()
        elif not query.strip():
            st.html(
                note_html("Type a question or a few words. The key / comes back to this field, arrows go to the hits.")
            )
        else:
            show_results(collection, query, settings)
    except PassageworkError as error:
        session.show_error(error)


if __name__ == "__main__":
    main()
