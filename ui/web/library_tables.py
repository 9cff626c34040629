"""Draws what the collection holds as a grid, what an ingest noted as tables, and takes documents out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from passagework.ingest.maintenance.removal import delete
from passagework.ingest.report import Problem, UnreadType
from passagework.retrieval import PassageworkError
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.store import DocumentRow, SourceRow, SourceState
from passagework.ui.present.wording import counted, formatted, gettext, message, ngettext
from passagework.ui.web.document_grid import ROWS, GridView, ListedDocument, grid_html
from passagework.ui.web.failure_queue import remove_uploads
from passagework.ui.web.page_html import markdown_text, note_html, table_html

PROBLEMS = 100
"""Problems in a table at once."""

VIEW = "library-view"
"""What the session keeps the order of the grid under."""

FEW = 10
"""Problems that are shown unasked."""

STATES = {
    SourceState.PARTIAL: message("partly read"),
    SourceState.FAILED: message("older version: the file fails now"),
    SourceState.EMPTY: message("older version: the file is empty now"),
}
"""What a person is told of the state of a document's file, where it isn't done."""


def show_problems(title: str, listed: Sequence[Problem], *, expanded: bool = True) -> None:
    """Draws a table of files with what was wrong with each, folded where it is long; nothing where nothing was."""
    if listed:
        with st.expander(f"{title} ({formatted(len(listed))})", expanded=expanded and len(listed) <= FEW):
            rows = [(problem.path, problem.reason) for problem in listed[:PROBLEMS]]
            st.html(table_html("problems", (gettext("File"), gettext("Reason")), rows))


def show_unread(listed: Sequence[UnreadType]) -> None:
    """Draws a table of the types that can't be read: how many files of each there are, and what can be done."""
    if listed:
        with st.expander(
            gettext("Not read, by type ({number})", number=formatted(sum(unread.files for unread in listed))),
            expanded=True,
        ):
            rows = [(unread.type, formatted(unread.files), unread.way_out) for unread in listed[:PROBLEMS]]
            st.html(table_html("unread", (gettext("Type"), gettext("Files"), gettext("What would read them")), rows))


def show_documents(collection: Collection, rows: Sequence[DocumentRow], sources: Sequence[SourceRow]) -> None:
    """Draws a part of the documents as a grid, narrowed and sorted, and a choice of them to delete."""
    states = {source.id: gettext(STATES.get(source.state, source.state.value)) for source in sources}
    listed = [ListedDocument(row, states.get(row.source_id, "")) for row in rows]
    with st.container(key="labelled-narrowing", horizontal=True, vertical_alignment="bottom"):
        find = str(
            st.text_input(gettext("Find a document"), key="find", placeholder=gettext("Part of its path or title"))
            or ""
        )
        types = _narrow(gettext("Type"), "library-types", [str(one.cell("Type")) for one in listed])
        chosen_states = _narrow(gettext("State"), "library-states", [one.state for one in listed])
        kept: GridView = st.session_state.get(VIEW, GridView())
        view = GridView(find, types, chosen_states, kept.sort, kept.descending)
        matching = view.rows(listed)
        last = max(1, -(-len(matching) // ROWS))
        at = min(last, int(st.number_input(gettext("Part"), 1, last, 1, key="part", width=140))) if last > 1 else 1
    shown = matching[(at - 1) * ROWS : at * ROWS]
    documents = counted(len(matching), "document")
    part = gettext("{documents}, part {part} of {parts}", documents=documents, part=at, parts=last)
    st.html(note_html(part if last > 1 else documents))
    with st.container(key="grid"):
        st.html(grid_html(shown, view))
        _show_deleting(collection, [one.row for one in shown])


def sort_by(order: str) -> None:
    """Sorts the grid."""
    st.session_state[VIEW] = st.session_state.get(VIEW, GridView()).sorted_by(order)


def _narrow(label: str, key: str, values: Sequence[str]) -> list[str]:
    """Draws a choice of several values with how many documents have each; nothing where all have the same."""
    counts = Counter(values)
    if len(counts) < 2 and key not in st.session_state:
        return []
    options = sorted(counts, key=lambda value: (-counts[value], value))
    return list(
        st.multiselect(
            label,
            options,
            key=key,
            placeholder=gettext("All"),
            format_func=lambda value: f"{value} ({formatted(counts[value])})",
            select_all=False,
        )
    )


def _show_deleting(collection: Collection, rows: Sequence[DocumentRow]) -> None:
    names = {row.uri: row.address for row in rows}
    chosen = st.multiselect(
        gettext("Choose documents to delete"),
        list(names),
        key="chosen",
        format_func=lambda uri: names.get(uri, uri),
        placeholder=gettext("Choose"),
        filter_mode="contains",
        select_all=False,
        on_change=_reset_confirmation,
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        sure = st.checkbox(
            ngettext("Really delete {count} document", "Really delete {count} documents", len(chosen)),
            key="sure",
            disabled=not chosen,
        )
        st.button(gettext("Delete"), disabled=not (chosen and sure), on_click=_delete, args=(collection, chosen))


def show_outcome() -> None:
    """Draws what the last click took out, or why it didn't."""
    if message := st.session_state.pop("done", None):
        st.toast(markdown_text(message), duration="long")  # seen wherever the page is scrolled to
        st.success(markdown_text(message))
    if message := st.session_state.pop("not done", None):
        st.toast(markdown_text(message), duration="infinite")
        st.error(markdown_text(message))


def _reset_confirmation() -> None:
    """Has another choice be confirmed anew."""
    st.session_state["sure"] = False


def _delete(collection: Collection, uris: Sequence[str]) -> None:
    """Takes documents out; of uploaded files that hold nothing else, the file too."""
    try:
        gone = delete(collection.path, uris=uris)
        remaining = {source.uri for source in collection.sources()}
        remove_uploads(collection, {row.uri.partition("#")[0] for row in gone} - remaining)
        st.session_state["done"] = ngettext("{count} document deleted.", "{count} documents deleted.", len(gone))
    except PassageworkError as error:
        st.session_state["not done"] = str(error)
    st.session_state["chosen"], st.session_state["sure"] = [], False
