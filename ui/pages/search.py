"""Draws the search page: a query in, passages out, grouped by document, with the one looked at beside them."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import streamlit as st

from passagework.ingest.loaders.formats import format_name
from passagework.retrieval import Hits, PassageworkError
from passagework.retrieval.lexical.bm25 import matching_spans
from passagework.retrieval.store import DocumentRow
from passagework.ui.present import searched_text, warnings_of
from passagework.ui.present.dates import date_of
from passagework.ui.present.highlighting import Highlights
from passagework.ui.present.wording import gettext
from passagework.ui.web import session
from passagework.ui.web.collection_cache import status_of
from passagework.ui.web.facets import Facets
from passagework.ui.web.found import best_sentences, facets_found, facets_of_all, found, marks_known
from passagework.ui.web.hit_details import show_details
from passagework.ui.web.hit_events import forget_clicks, hit_events
from passagework.ui.web.hit_list import ListedHit, hit_list_html, how_html
from passagework.ui.web.landing import show_landing
from passagework.ui.web.links import place_parameters
from passagework.ui.web.page_html import markdown_text
from passagework.ui.web.preview import show_preview
from passagework.ui.web.rendered_text import plain
from passagework.ui.web.search_settings import SearchSettings, search_settings
from passagework.ui.web.searched import HitDocument, Searched, document_key


@st.fragment
def show_results(searched: Searched, query: str, settings: SearchSettings, dates: tuple[str, ...]) -> None:
    """Draws the hits with their matching words at once, then around their best sentences, and the preview beside them.

    It is drawn anew by itself where a hit is looked at; the hits are those of before.
    """
    try:
        hits = found(searched, query, settings)
        for warning in warnings_of(hits.plan):
            st.warning(markdown_text(warning))
        if not hits:
            show_nothing(hits, filtered=settings.where is not None)
            return
        _show_hits(searched, hits, dates)
    except PassageworkError as error:  # a fragment is drawn anew by itself
        session.show_error(error)


def show_nothing(hits: Hits, *, filtered: bool) -> None:
    """Says that there is no hit, and what to try."""
    if filtered:
        st.info(gettext("No passages found with these filters. Remove one, or try other words."))
    else:
        st.info(gettext("No passages found. Try other words."))
    st.html(how_html(hits))


def _show_hits(searched: Searched, hits: Hits, dates: tuple[str, ...]) -> None:
    names, rows = searched.names(hits), searched.rows(hits)
    search = urlencode([(key, value) for key in st.query_params for value in st.query_params.get_all(key)])
    chosen = st.query_params.get("collection", "").replace(session.ALL, "")
    opens = {hit.rank: place_parameters(names[document_key(hit)], hit, hits.query, search, chosen) for hit in hits}
    with st.container(key="results"):
        left, right = st.columns([6, 5], gap="medium")
    with left, st.container(key="hits"):
        known = marks_known(hits)
        marks = known or _matching_words(hits)
        # not into an empty place: it would be seen empty for a moment where the list is drawn anew
        place = st.html(hit_list_html(hits, _listed(hits, marks, rows, opens, dates)))
        st.html(how_html(hits))
        events = hit_events(key := f"hits-{hits.query}")
    if not known:
        place.html(hit_list_html(hits, _listed(hits, best_sentences(searched.first, hits), rows, opens, dates)))
    if events.open in opens:
        forget_clicks(key)
        st.switch_page(session.READ, query_params=dict(opens[events.open]))
    shown = next((hit for hit in hits if hit.rank == events.selected), hits[0])
    if events.wide and (row := rows.get(document_key(shown))):
        with right:
            show_preview(searched.of(shown), hits, shown, row, opens[shown.rank])
    if why := next((hit for hit in hits if hit.rank == events.why), None):
        show_details(searched.of(why), hits, why, names[document_key(why)])
    forget_clicks(key)  # last: a drawing that is cut off leaves them to the next


def _matching_words(hits: Hits) -> list[Highlights]:
    words = matching_spans(searched_text(hits), [hit.text for hit in hits], hits.plan.languages)
    return [Highlights(tuple(spans)) for spans in words]


def _listed(
    hits: Hits,
    highlights: list[Highlights],
    rows: Mapping[HitDocument, DocumentRow],
    opens: Mapping[int, Mapping[str, str]],
    dates: tuple[str, ...],
) -> list[ListedHit]:
    types = {key: row.media_type for key, row in rows.items()}
    return [
        ListedHit(
            hit,
            f"read?{urlencode(opens[hit.rank])}",
            marks,
            types.get(document_key(hit), ""),
            gettext(format_name(types[document_key(hit)])) if document_key(hit) in types else "",
            date_of(hit.metadata, dates),
        )
        for hit, marks in zip(hits, highlights, strict=True)
    ]


def _collection_names() -> str:
    """Returns what the page is called before anything is asked; the problem with it is told further down."""
    try:
        return session.collection_name()
    except PassageworkError:
        return gettext("Search")


def main() -> None:
    """Draws the page once."""
    searched, facets, counts, problem = None, Facets(), Facets(), None
    heading = st.empty()
    query = session.query_field(gettext("Ask something your documents can answer"))
    asked = bool(query.strip())
    if asked:
        with st.container(key="unseen-heading"):
            st.html(f'<h1 class="pw-unseen">{plain(gettext("Search"))}</h1>')
    else:
        heading.html(f'<h1 class="pw-name" dir="auto">{plain(_collection_names())}</h1>')
    try:
        searched = session.searched_collections()
        facets = facets_of_all(searched)
        syntax = str(st.session_state.get("syntax", "full"))
        counts = facets_found(searched, query, syntax) if asked and searched.documents else facets
    except PassageworkError as error:
        problem = error
    try:
        settings = search_settings(
            facets, counts, asked=asked
        )  # drawn whatever happens, or what was typed would be lost
        if problem is not None:
            raise problem
        assert searched is not None  # else there would be a problem
        if not searched.documents:
            session.show_empty()
        elif asked:
            show_results(searched, query, settings, tuple(facets.dates))
        else:
            for name, collection in searched.by_name.items():
                show_landing(collection, status_of(collection), facets_of_all(Searched.one(collection)).types, name)
    except PassageworkError as error:
        session.show_error(error)


if __name__ == "__main__":
    main()
