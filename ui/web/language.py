"""Chooses the language of the pages: the one picked here, now or at an earlier visit, else the browser's own."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from passagework.ui.present.catalogues import ENGLISH, LANGUAGES
from passagework.ui.present.wording import gettext, use_language

KEPT, COOKIE = "language", "passagework-language"
"""What the session and the browser keep the choice under."""

TELL = """<script>
document.documentElement.lang = "LANGUAGE"
document.cookie = "COOKIE=LANGUAGE; path=/; max-age=31536000; SameSite=Lax"
</script>"""
"""Has screen readers speak the language, and the next visit begin with it."""


def page_language() -> str:
    """Returns the language of the session that is being drawn; English where none is."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return ENGLISH
    chosen = st.session_state.get(KEPT)
    if chosen is None:
        asked = st.context.cookies.get(COOKIE), (st.context.locale or "").partition("-")[0].lower()
        st.session_state[KEPT] = chosen = next((one for one in asked if one in LANGUAGES), ENGLISH)
    return str(chosen)


def show_language_choice() -> None:
    """Draws the choice."""
    language = page_language()
    with st.container(key="language-choice"):
        st.selectbox(
            gettext("Language"),
            list(LANGUAGES),
            key=KEPT,
            format_func=lambda one: LANGUAGES[one],
            label_visibility="collapsed",
        )
        st.html(TELL.replace("LANGUAGE", language).replace("COOKIE", COOKIE), unsafe_allow_javascript=True)


use_language(page_language)
