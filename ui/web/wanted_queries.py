"""Keeps the queries that a collection must answer well, a line each, and says which of them are judged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from passagework.retrieval import EvaluationError
from passagework.retrieval.evaluation.judgments import Judgment
from passagework.retrieval.files import write_atomically
from passagework.retrieval.folder import WANTED
from passagework.retrieval.text import collapsed
from passagework.ui.present.wording import formatted, gettext
from passagework.ui.web import session
from passagework.ui.web.page_html import note_html, table_html

ENOUGH = 10
"""Queries from which an interval begins to say something."""


def wanted_queries(collection: Path) -> list[str]:
    """Returns the queries, in order; [] where none were written."""
    try:
        lines = (collection / WANTED).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return []
    return list(dict.fromkeys(query for line in lines if (query := collapsed(line))))


def write_wanted(collection: Path, text: str) -> None:
    """Writes queries, a line each, in place of those before; raises EvaluationError where they can't be written."""
    queries = dict.fromkeys(query for line in text.splitlines() if (query := collapsed(line)))
    path = collection / WANTED
    try:
        write_atomically(path, "".join(f"{query}\n" for query in queries).encode(errors="replace"))
    except OSError as error:
        raise EvaluationError(f"{path} can't be written: {error.strerror or error}") from error


def show_guide(collection: Path, judgments: Sequence[Judgment]) -> None:
    """Draws the way from queries that matter to judgments of them: what is done, and a link to the next."""
    wanted = wanted_queries(collection)
    judged = {judgment.query for judgment in judgments}
    open_queries = [query for query in wanted if query not in judged]
    with st.expander(gettext("1. The queries that matter"), expanded=not wanted):
        with st.form("wanted", border=False):
            text = st.text_area(gettext("One per line"), "\n".join(wanted), key="wanted_text", height=200)
            if st.form_submit_button(gettext("Save these queries")):
                write_wanted(collection, str(text or ""))
                st.rerun()
        st.html(
            note_html(
                gettext("Begin with ten: with fewer than {number}, chance decides what is measured.", number=ENOUGH)
            )
        )
    if not wanted:
        return
    done = len(wanted) - len(open_queries)
    st.progress(
        done / len(wanted),
        gettext("2. Judge them: {done} of {total} are judged", done=formatted(done), total=formatted(len(wanted))),
    )
    if open_queries:
        st.page_link(session.SEARCH, label=gettext("Judge the next one"), query_params={"query": open_queries[0]})
        st.html(table_html("wanted", (gettext("Not judged yet"),), [(query,) for query in open_queries]))
    else:
        st.page_link(session.EVALUATE, label=gettext("3. Measure how well they are answered, and write a gate"))
