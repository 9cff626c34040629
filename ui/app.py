"""Runs the application in the browser: seven pages over one collection."""

from __future__ import annotations

import streamlit as st

from passagework.ui.web import session
from passagework.ui.web.browser_history import HISTORY
from passagework.ui.web.keyboard import KEYS
from passagework.ui.web.page_style import FIRST_STYLE, STYLE

# File and title of each, in order. Without icons: the browser would fetch them from another host.
PAGES = (
    (session.SEARCH, "Search"),
    (session.ASK, "Ask"),
    (session.READ, "Read"),
    (session.CONTEXT, "Context"),
    (session.JUDGE, "Judge"),
    (session.LIBRARY, "Library"),
    (session.EVALUATE, "Evaluate"),
)


def main() -> None:
    """Draws the page that was asked for."""
    st.set_page_config(page_title="passagework", layout="wide")
    with st.container(key="unseen"):
        st.html(FIRST_STYLE + STYLE)
        st.html(KEYS + HISTORY, unsafe_allow_javascript=True)
    pages = [st.Page(file, title=title) for file, title in PAGES]
    page = st.navigation(pages, position="top")
    session.note_page(page.url_path)
    page.run()


if __name__ == "__main__":
    main()
