"""Shares among the pages the collection, opened once for all sessions, and how errors are told."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

import passagework
from passagework.retrieval import Collections, PassageworkError, StoreError
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.collection.collection_names import named_folders
from passagework.retrieval.config import default_collection
from passagework.ui.present.wording import gettext
from passagework.ui.web.ingest_job import IngestJobs
from passagework.ui.web.page_html import markdown_text
from passagework.ui.web.search_settings import URL
from passagework.ui.web.searched import Searched

SEARCH, ASK, READ, JUDGE = "pages/search.py", "pages/ask.py", "pages/read.py", "pages/judge.py"
LIBRARY, CONTEXT, EVALUATE = "pages/library.py", "pages/context.py", "pages/evaluate.py"
"""The pages, by their files beside `app.py`."""

PAGE, PAGE_CHANGED, LAST_QUERY, LAST_COLLECTION = "at", "arrived", "asked", "looked at"
"""What a session keeps from page to page: the page, whether it was another one before, what was asked, and of which."""

NAMED = 3
"""The most collections whose names make a heading together: those of more are chips below it alone."""

ALL = "*"
"""Stands for all collections: none can go by that name."""


@st.cache_resource(show_spinner="…")
def open_collection(path: str) -> Collection:
    """Opens one collection, and one model in memory, for every session."""
    return passagework.Collection.open(path)


@st.cache_resource
def jobs_of(path: str) -> IngestJobs:  # noqa: ARG001 - the key
    """Returns the ingests of one collection, for every session."""
    return IngestJobs()


@st.cache_resource(show_spinner="…")
def open_collections(folders: tuple[tuple[str, str], ...]) -> Collections:
    """Opens several collections for every session; those of one encoder share it."""
    return Collections.open(dict(folders))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--collection", action="append")
    return parser.parse_known_args(sys.argv[1:])[0]


def collection_folders() -> dict[str, Path]:
    """Returns by name the folders named on the command line, `streamlit run app.py -- --collection DIR`; or a default.

    Raises ConfigError where two of several go by one name.
    """
    given = _arguments().collection or [str(default_collection() or "collection")]
    return named_folders(given) if len(given) > 1 else {Path(given[0]).resolve().name: Path(given[0])}


def host() -> str:
    """Returns the address that the server listens at; without one it listens at all."""
    return str(st.get_option("server.address") or "0.0.0.0")  # noqa: S104 - told, not chosen


def chosen_collection(*, drawn: bool = True) -> Collection:
    """Returns the collection that is looked at; where there are several, draws the choice, unless the address made it.

    Raises PassageworkError where it can't be opened.
    """
    folders = collection_folders()
    if len(folders) == 1:
        return open_collection(str(next(iter(folders.values()))))
    named = str(st.query_params.get("collection") or st.session_state.get(LAST_COLLECTION) or "")
    name = _choice(list(folders)) if drawn else named if named in folders else next(iter(folders))
    return _opened(folders)[name]


def searched_collections() -> Searched:
    """Returns what a search goes through: where there are several collections, draws the choice of one or all.

    Raises PassageworkError where one can't be opened.
    """
    folders = collection_folders()
    if len(folders) == 1:
        return Searched.one(open_collection(str(next(iter(folders.values())))))
    name = _choice([ALL, *folders])
    opened = _opened(folders)
    return Searched.several(opened) if name == ALL else Searched({"": opened[name]}, opened[name])


def collection_name() -> str:
    """Returns what the page calls its collection, or its collections: their names where these make a heading."""
    names = list(collection_folders())
    return ", ".join(names) if len(names) <= NAMED else gettext("All collections")


def _opened(folders: Mapping[str, Path]) -> Collections:
    return open_collections(tuple((name, str(folder)) for name, folder in folders.items()))


def _choice(names: Sequence[str]) -> str:
    """Draws the names; at first chosen is the one of the address, else the one of the page before.

    The address is written here: a bound widget would keep links of this page from leading to another collection.
    """
    key = "collections" if ALL in names else "collection"  # each with values of its own
    if key not in st.session_state:
        st.session_state[key] = st.query_params.get("collection") or st.session_state.get(LAST_COLLECTION)
    if st.session_state[key] not in names:
        st.session_state[key] = names[0]
    st.segmented_control(
        gettext("Collection"),
        names,
        key=key,
        format_func=lambda name: gettext("All collections") if name == ALL else name,
        label_visibility="collapsed",
        required=True,
    )
    name = str(st.session_state[key] or names[0])
    st.session_state[LAST_COLLECTION] = name
    if name != names[0]:
        st.query_params["collection"] = name
    elif "collection" in st.query_params:
        del st.query_params["collection"]
    return name


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
            gettext("Query"),
            key="query",
            placeholder=placeholder,
            bind=URL,
            type="search",
            label_visibility="collapsed",
        )
        or ""
    )
    st.session_state[LAST_QUERY] = query
    return query


def show_empty() -> None:
    """Says that there is nothing yet, and where to change that."""
    st.info(gettext("This collection is empty. Add documents first."))
    st.page_link(LIBRARY, label=gettext("Go to the library"))


def show_error(error: PassageworkError) -> None:
    """Says what is wrong and what to do; a collection that can't be read is opened anew the next time."""
    st.error(markdown_text(str(error)))
    if isinstance(error, StoreError):
        open_collection.clear()
        open_collections.clear()
        st.button(gettext("Try again"), help=gettext("Once the collection is there"))
