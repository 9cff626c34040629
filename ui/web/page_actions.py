"""Tells the server which button or link of the page's own HTML was pressed: what bears `data-act="what:which"`.

The HTML is sanitised by Streamlit; this component has no content, and its script is always the same.
"""

from __future__ import annotations

import streamlit as st

SCRIPT = """
export default function ({ setTriggerValue }) {
    const clicked = event => {
        const at = event.target.closest && event.target.closest("[data-act]")
        if (!at || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return
        event.preventDefault()
        setTriggerValue("act", at.dataset.act)
    }
    document.addEventListener("click", clicked)
    return () => document.removeEventListener("click", clicked)
}
"""


def asked_action(key: str) -> tuple[str, str]:
    """Listens to the page; returns what is to be done, and with which thing, ("", "") where nothing is.

    It is returned until `forget_action`: the drawing that learns of it may be cut off by the next one.
    """
    component = st.components.v2.component("passagework_page_actions", js=SCRIPT)
    component(key=key, height=1, on_act_change=lambda: _keep_until_done(key))
    what, _, which = str(st.session_state.get(f"{key}-act") or "").partition(":")
    return what, which


def forget_action(key: str) -> None:
    """Forgets what was to be done: it is done, or on the page."""
    st.session_state.pop(f"{key}-act", None)


def _keep_until_done(key: str) -> None:
    st.session_state[f"{key}-act"] = st.session_state[key].get("act")
