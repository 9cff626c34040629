"""Shows the passage that a number or a sentence of an answer stands for, and tells the server which one is opened.

What is pointed at or has the focus stays shown until another is, or Escape is pressed. The answer itself is HTML that
Streamlit sanitises; this component has no content, and its script is always the same.
"""

from __future__ import annotations

import streamlit as st

SCRIPT = """
export default function ({ setTriggerValue }) {
    const hide = () => document.querySelectorAll(".pw-source.pw-shown, .pw-evidence.pw-shown, .pw-claim.pw-shown")
        .forEach(one => one.classList.remove("pw-shown"))
    const show = event => {
        const at = event.target.closest && event.target.closest("[data-shows]")
        const source = at && document.getElementById(at.dataset.shows)
        if (!source) return
        hide()
        source.classList.add("pw-shown")
        const claim = at.closest("[data-claim]")
        const number = claim && claim.dataset.claim
        const words = number ? [...source.querySelectorAll(`.pw-evidence[data-claim="${number}"]`)] : []
        words.forEach(one => one.classList.add("pw-shown"))
        if (number) at.closest(".pw-exchange").querySelectorAll(`.pw-claim[data-claim="${number}"]`)
            .forEach(one => one.classList.add("pw-shown"))
        const list = source.closest(".pw-sources"), box = source.querySelector(".pw-source-text")
        list.scrollTop += source.getBoundingClientRect().top - list.getBoundingClientRect().top
        if (words.length) box.scrollTop += words[0].getBoundingClientRect().top - box.getBoundingClientRect().top - 24
    }
    const clicked = event => {
        const link = event.target.closest && event.target.closest("a[data-opens]")
        if (!link) {
            if (event.target.closest(".pw-source")) return
            event.target.closest("[data-shows]") ? show(event) : hide()
            return
        }
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return
        event.preventDefault()
        setTriggerValue("open", link.dataset.opens)
    }
    const pressed = event => { if (event.key === "Escape") hide() }
    const listened = { mouseover: show, focusin: show, click: clicked, keydown: pressed }
    Object.entries(listened).forEach(([name, done]) => document.addEventListener(name, done))
    return () => Object.entries(listened).forEach(([name, done]) => document.removeEventListener(name, done))
}
"""

KEY = "sources"


def opened_source() -> tuple[int, int] | None:
    """Listens to the answers of the page; returns the exchange and the number of a passage that is to be opened.

    It is returned until `forget_opened`: the drawing that learns of it may be cut off by the next one.
    """
    component = st.components.v2.component("passagework_source_events", js=SCRIPT)
    component(key=KEY, height=1, on_open_change=_keep_until_done)
    exchange, _, number = str(st.session_state.get(f"{KEY}-open") or "").partition("-")
    return (int(exchange), int(number)) if exchange.isdecimal() and number.isdecimal() else None


def forget_opened() -> None:
    """Forgets what was to be opened: it is on the page now."""
    st.session_state.pop(f"{KEY}-open", None)


def _keep_until_done() -> None:
    st.session_state[f"{KEY}-open"] = st.session_state[KEY].get("open")
