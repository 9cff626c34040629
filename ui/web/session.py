"""Shares among the pages the collection, opened once for all sessions, and how errors are told."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import streamlit as st

from passagework import Collection
from passagework.retrieval import PassageworkError, StoreError
from passagework.retrieval.config import default_collection
from passagework.ui.web.ingest_job import IngestJobs
from passagework.ui.web.page_html import markdown_text
from passagework.ui.web.search_settings import URL

SEARCH, ASK, READ, JUDGE = "pages/search.py", "pages/ask.py", "pages/read.py", "pages/judge.py"
LIBRARY, CONTEXT, EVALUATE = "pages/library.py", "pages/context.py", "pages/evaluate.py"
"""The pages, by their files beside `app.py`."""

PAGE, PAGE_CHANGED, LAST_QUERY = "at", "arrived", "asked"
"""What a session keeps from page to page: the page, whether it was another one before, and what was asked last."""


@st.cache_resource(show_spinner="Opening the collection")
def open_collection(path: str) -> Collection:
    """Opens one collection, and one model in memory, for every session."""
    return Collection.open(path)


@st.cache_resource
def jobs_of(path: str) -> IngestJobs:  # noqa: ARG001 - the key
    """Returns the ingests of one collection, for every session."""
    return IngestJobs()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--collection", default=default_collection() or "collection")
    return parser.parse_known_args(sys.argv[1:])[0]


def collection_path() -> Path:
    """Returns the folder named on the command line, `streamlit run app.py -- --collection DIR`, or the default one."""
    return Path(_arguments().collection)


def host() -> str:
    """Returns the address that the server listens at; without one it listens at all."""
    return str(st.get_option("server.address") or "0.0.0.0")  # noqa: S104 - told, not chosen


def current_collection() -> Collection:
    """Returns the collection of this server; raises PassageworkError where it can't be opened."""
    return open_collection(str(collection_path()))


def note_page(page: str) -> None:
    """Notes which page is drawn, and whether it was another one before; called before it draws."""
    st.session_state[PAGE_CHANGED] = st.session_state.get(PAGE) not in (None, page)
    st.session_state[PAGE] = page


def query_field(placeholder: str) -> str:
    """Draws the field for a page's query and returns it: at first that of the address, else the last one."""
    if st.session_state.get(PAGE_CHANGED) and "query" not in st.query_params:
        st.session_state["query"] = last_query = st.session_state.get(LAST_QUERY, "")
        if last_query:
            st.query_params["query"] = last_query
    query = str(
        st.text_input(
            "Query", key="query", placeholder=placeholder, bind=URL, type="search", label_visibility="collapsed"
        )
        or ""
    )
    st.session_state[LAST_QUERY] = query
    return query


def show_empty() -> None:
    """Says that there is nothing yet, and where to change that."""
    st.info("This collection is empty. Add documents first.")
    st.page_link(LIBRARY, label="Go to the library")


def show_error(error: PassageworkError) -> None:
    """Says what is wrong and what to do; a collection that can't be read is opened anew the next time."""
    st.error(markdown_text(str(error)))
    if isinstance(error, StoreError):
        open_collection.clear()
        st.button("Try again", help="Once the collection is there")
