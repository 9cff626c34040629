"""Runs the application in the browser: seven pages over one collection."""

from __future__ import annotations

import streamlit as st

from passagework.ui.present.wording import gettext, message
from passagework.ui.web import session
from passagework.ui.web.browser_history import HISTORY
from passagework.ui.web.keyboard import KEYS
from passagework.ui.web.language import show_language_choice
from passagework.ui.web.page_style import FIRST_STYLE, STYLE

# File and title of each, in order. Without icons: the browser would fetch them from another host.
PAGES = (
    (session.SEARCH, message("Search")),
    (session.ASK, message("Ask")),
    (session.READ, message("Read")),
    (session.CONTEXT, message("Context")),
    (session.JUDGE, message("Judge")),
    (session.LIBRARY, message("Library")),
    (session.EVALUATE, message("Evaluate")),
)


def main() -> None:
    """Draws the page that was asked for."""
    st.set_page_config(page_title="passagework", layout="wide")
    with st.container(key="unseen"):
        st.html(FIRST_STYLE + STYLE)
        st.html(KEYS + HISTORY, unsafe_allow_javascript=True)
    pages = [st.Page(file, title=gettext(title)) for file, title in PAGES]
    page = st.navigation(pages, position="top")
    session.note_page(page.url_path)
    show_language_choice()
    page.run()


if __name__ == "__main__":
    main()
