"""Keeps what a session found last, so that looking at a hit doesn't search again, and counts what a query finds."""

from __future__ import annotations

import streamlit as st

from passagework.retrieval import Hits, Stage
from passagework.retrieval.collection.collection import Collection
from passagework.ui.present import searched_text
from passagework.ui.present.highlighting import Highlights, highlights_of
from passagework.ui.web.facets import Facets
from passagework.ui.web.search_settings import SearchSettings
from passagework.ui.web.searched import Searched

COUNTED = 100
"""The best passages of a query, over whose documents its facets are counted."""


def found(searched: Searched, query: str, settings: SearchSettings) -> Hits:
    """Returns the hits of a query, those found before where neither it nor a collection has changed."""
    key = (tuple(searched.by_name), searched.key, query, repr(settings))
    kept = st.session_state.get("found")
    if kept is None or kept[0] != key:
        st.session_state["found"] = kept = (key, settings.search(searched.engine, query))
    hits: Hits = kept[1]
    return hits


def marks_known(hits: Hits) -> list[Highlights] | None:
    """Returns what `best_sentences` gave for these hits; None where it has yet to be found."""
    kept = st.session_state.get("marked")
    return kept[1] if kept is not None and kept[0] is hits else None


def best_sentences(collection: Collection, hits: Hits) -> list[Highlights]:
    """Returns each hit's matching words and its best sentence, which takes about as long as the search did."""
    marked = marks_known(hits)
    if marked is None:
        encoder = None if hits.plan.used is Stage.LEXICAL else collection.encoder
        texts = [hit.text for hit in hits]
        marked = highlights_of(searched_text(hits), texts, encoder, hits.plan.languages)
        st.session_state["marked"] = (hits, marked)
    return marked


def facets_found(searched: Searched, query: str, syntax: str) -> Facets:
    """Returns the facets of the documents whose passages answer a query best, whatever is filtered."""
    return _facets_found(searched, searched.key, query, syntax)


@st.cache_data(show_spinner=False, max_entries=64)
def _facets_found(_searched: Searched, key: tuple[str, ...], query: str, syntax: str) -> Facets:  # noqa: ARG001
    return _searched.facets_of_hits(_searched.engine.search(query, k=COUNTED, stage=Stage.HYBRID, syntax=syntax))


def facets_of_all(searched: Searched) -> Facets:
    """Returns the facets by which all documents can be narrowed down."""
    return _facets(searched, searched.key)


@st.cache_resource(show_spinner=False, max_entries=8)  # nobody changes it: as data it would be copied at every click
def _facets(_searched: Searched, key: tuple[str, ...]) -> Facets:  # noqa: ARG001 - the key
    return _searched.facets()
