"""Draws what the collection holds and what failed, as tables to choose from, and takes it out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import streamlit as st

from passagework import Collection
from passagework.ingest.maintenance.removal import delete, delete_sources
from passagework.ingest.report import Problem, UnreadType
from passagework.retrieval import PassageworkError
from passagework.retrieval.store import DocumentRow, SourceRow, SourceState
from passagework.retrieval.text import counted
from passagework.ui.sources.uploads import remove_upload
from passagework.ui.web import session
from passagework.ui.web.document_view import file_of
from passagework.ui.web.page_html import markdown_text, note_html, table_html

ROWS = 100
"""Documents and problems in a table at once."""

FEW = 10
"""Problems that are shown unasked."""

STATES = {
    SourceState.PARTIAL: "file read in part",
    SourceState.FAILED: "earlier version: the file has failed since",
    SourceState.EMPTY: "earlier version: the file is empty now",
}
"""What a person is told of the state of a document's file, where it isn't done."""


def show_problems(title: str, listed: Sequence[Problem]) -> None:
    """Draws a table of files with what was wrong with each, and nothing where nothing was."""
    if listed:
        with st.expander(f"{title} ({len(listed):,})", expanded=len(listed) <= FEW):
            rows = [(problem.path, problem.reason) for problem in listed[:ROWS]]
            st.html(table_html("problems", ("File", "Reason"), rows))


def show_unread(listed: Sequence[UnreadType]) -> None:
    """Draws a table of the types that can't be read: how many files of each there are, and what can be done."""
    if listed:
        with st.expander(f"Not read, by type ({sum(unread.files for unread in listed):,})", expanded=True):
            rows = [(unread.type, f"{unread.files:,}", unread.way_out) for unread in listed[:ROWS]]
            st.html(table_html("unread", ("Type", "Files", "What would read them"), rows))


def show_failures(collection: Collection, failed: Sequence[SourceRow]) -> None:
    """Draws the files that could not be read, with the reasons, and a choice of them to be removed from the list."""
    if not failed:
        return
    with st.expander(f"Failed files ({len(failed):,})", expanded=len(failed) <= FEW):
        rows = [(source.path, source.reason or "") for source in failed[:ROWS]]
        st.html(table_html("failed", ("File", "Reason"), rows))
        names = {source.uri: source.path for source in failed[:ROWS]}
        chosen = st.multiselect(
            "Choose failed files", list(names), key="failures", format_func=lambda uri: names.get(uri, uri)
        )
        help_text = "An uploaded file is deleted. Any other stays where it is and is tried again with its folder."
        st.button(
            "Remove from the list",
            disabled=not chosen,
            help=help_text,
            on_click=_forget_failed,
            args=(collection, chosen),
        )


def show_documents(collection: Collection, rows: Sequence[DocumentRow], sources: Sequence[SourceRow]) -> None:
    """Draws every document with its state, narrowed by path or title, and a choice of them to read or delete."""
    states = {source.id: STATES.get(source.state, source.state.value) for source in sources}
    needle = str(st.text_input("Find a document", key="find", placeholder="Part of its path or title") or "").casefold()
    matching = [row for row in rows if needle in f"{row.address}\n{row.title}".casefold()]
    last = max(1, -(-len(matching) // ROWS))
    at = int(st.number_input("Part", 1, last, 1, key="part", width=140)) if last > 1 else 1
    shown = matching[(at - 1) * ROWS : at * ROWS]
    st.html(note_html(f"{counted(len(matching), 'document')}{f', part {at} of {last}' if last > 1 else ''}"))
    columns = ("Document", "Title", "State", "Pages", "Passages", "Cut")
    cells = [_cells(row, states.get(row.source_id, "")) for row in shown]
    st.html(table_html("documents", columns, cells))
    names = {row.uri: row.address for row in shown}
    chosen = st.multiselect(
        "Choose documents",
        list(names),
        key="chosen",
        format_func=lambda uri: names.get(uri, uri),
        filter_mode="contains",
        select_all=False,
        on_change=_reset_confirmation,
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(chosen) == 1:
            st.page_link(session.READ, label="Open", query_params={"document": chosen[0]})
        sure = st.checkbox(f"Really delete {counted(len(chosen), 'document')}", key="sure", disabled=not chosen)
        st.button("Delete", disabled=not (chosen and sure), on_click=_delete, args=(collection, chosen))


def _cells(row: DocumentRow, state: str) -> tuple[str | int, ...]:
    """Returns a document's cells without the noughts: most have no pages, and hardly any passage is cut."""
    return row.address, row.title, state, row.pages or "", row.passages, row.cut or ""


def show_outcome() -> None:
    """Draws what the last click took out, or why it didn't."""
    if message := st.session_state.pop("deleted", None):
        st.toast(markdown_text(message), duration="long")  # seen wherever the page is scrolled to
        st.success(markdown_text(message))
    if message := st.session_state.pop("not deleted", None):
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
        _remove_uploads(collection, {row.uri.partition("#")[0] for row in gone} - remaining)
        st.session_state["deleted"] = f"{counted(len(gone), 'document')} deleted."
    except PassageworkError as error:
        st.session_state["not deleted"] = str(error)
    st.session_state["chosen"], st.session_state["sure"] = [], False


def _forget_failed(collection: Collection, uris: Sequence[str]) -> None:
    """Takes files that failed off the list, with what is left of an earlier state of them."""
    try:
        delete_sources(collection.path, uris)
        _remove_uploads(collection, uris)
        st.session_state["deleted"] = f"{counted(len(uris), 'file')} removed from the list."
    except PassageworkError as error:
        st.session_state["not deleted"] = str(error)
    st.session_state["failures"] = []


def _remove_uploads(collection: Collection, uris: Iterable[str]) -> None:
    """Deletes those of the files that were uploaded, and no other."""
    for uri in uris:
        remove_upload(collection.path, file_of(uri))
