"""Draws duplicates on the page Library: clusters of documents or passages, with what differs marked."""

from __future__ import annotations

import streamlit as st

from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.duplicates.differences import DuplicateKind
from passagework.retrieval.duplicates.duplicate_clusters import DuplicateCluster
from passagework.retrieval.duplicates.duplicate_search import Duplicates, DuplicatesOf
from passagework.ui.present.duplicate_lines import duplicates_line, marked_changes, member_place
from passagework.ui.present.wording import gettext, ngettext
from passagework.ui.web.page_html import markdown_text, note_html
from passagework.ui.web.rendered_text import plain

CLUSTERS = 50
"""Clusters that are drawn."""

CHARACTERS = 600
"""Characters of a member's text that are drawn."""


def show_duplicates(collection: Collection) -> None:
    """Draws a form that looks for duplicates when it is asked to, and what it found."""
    with st.expander(gettext("Duplicates")):
        of = st.radio(
            gettext("Compare"),
            [choice.value for choice in DuplicatesOf],
            key="duplicates_of",
            format_func=gettext,
            horizontal=True,
        )
        if st.button(gettext("Look for duplicates")):
            st.session_state["duplicates"] = (of, collection.duplicates(of=str(of)))
        kept = st.session_state.get("duplicates")
        if kept is not None:
            _show_found(*kept)


def _show_found(of: str, found: Duplicates) -> None:
    st.html(f'<div data-testid="duplicates">{note_html(duplicates_line(found, of))}</div>')
    st.html(note_html(gettext("Threshold: {explanation}", explanation=found.explanation)))
    for number, cluster in enumerate(found.clusters[:CLUSTERS], start=1):
        heading = ngettext(
            "{number}. {kind}, {count} time",
            "{number}. {kind}, {count} times",
            len(cluster.members),
            number=number,
            kind=gettext(cluster.kind.value),
        )
        st.markdown(f"**{markdown_text(heading)}**")
        st.html(_cluster_html(cluster))
    if len(found.clusters) > CLUSTERS:
        st.html(note_html(_more(len(found.clusters) - CLUSTERS)))


def _more(count: int) -> str:
    return ngettext("and {count} more cluster", "and {count} more clusters", count)


def _cluster_html(cluster: DuplicateCluster) -> str:
    own = cluster.representative.text[:CHARACTERS]
    parts = [f"<p>{plain(own)}</p>"]
    for member in cluster.members[:CLUSTERS]:
        parts.append(note_html(member_place(member)))
        if member.kind is DuplicateKind.NEAR:
            parts.append(f"<p>{_changes_html(own, member.text[:CHARACTERS])}</p>")
        elif member.kind is DuplicateKind.SEMANTIC:
            parts.append(f"<p>{plain(member.text[:CHARACTERS])}</p>")
    return f'<div data-testid="duplicate">{"".join(parts)}</div>'


def _changes_html(text: str, other: str) -> str:
    tags = {"": "{}", "-": "<del>{}</del>", "+": "<ins>{}</ins>"}
    return " ".join(tags[mark].format(plain(run)) for mark, run in marked_changes(text, other))
