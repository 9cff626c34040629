"""Tells the server what is done with the list of hits: which one has the focus, which is opened or asked about.

The list itself is HTML that Streamlit sanitises; this component has no content, and its script is always the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

WIDE = 1100
"""Pixels of a window from which there is room for a preview beside the hits."""

KNOWN = "wide"
"""What the session keeps of the window."""

SCRIPT = """
export default function ({ setStateValue, setTriggerValue, data }) {
    if (window.passageworkHits) window.passageworkHits()  // those of the query before may not have been ended
    const wide = matchMedia(`(min-width: ${data.wide}px)`)
    const tellWidth = () => { if (wide.matches !== data.known) setStateValue("wide", wide.matches) }
    let last = null, told = 0
    const hitOf = node => node.closest && node.closest("[data-hit]")
    const select = hit => {
        document.querySelectorAll(".pw-hit.pw-selected").forEach(one => one.classList.remove("pw-selected"))
        hit.classList.add("pw-selected")
        last = hit.dataset.hit
        clearTimeout(told)
        if (wide.matches) told = setTimeout(() => setStateValue("selected", Number(last)), 120)
    }
    const focused = event => {
        const hit = hitOf(event.target)
        if (hit) select(hit)
    }
    const clicked = event => {
        const hit = hitOf(event.target)
        if (!hit) return
        if (event.target.closest("[data-why]")) {
            clearTimeout(told)  // what is drawn for the hit that has the focus would close the dialog
            setTriggerValue("why", Number(hit.dataset.hit))
        } else if (event.target.closest("a")) {
            if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return
            event.preventDefault()
            clearTimeout(told)  // this page's drawing would take the place of the next one's
            setTriggerValue("open", Number(hit.dataset.hit))
        } else if (!String(getSelection())) select(hit)
    }
    const observer = new MutationObserver(() => {  // hits that were drawn anew keep the mark
        const hit = last && document.querySelector(`.pw-hit[data-hit="${last}"]`)
        if (!hit || hit.classList.contains("pw-selected")) return
        hit.classList.add("pw-selected")
    })
    observer.observe(document.body, { childList: true, subtree: true })
    document.addEventListener("focusin", focused)
    document.addEventListener("click", clicked)
    wide.addEventListener("change", tellWidth)
    tellWidth()
    return window.passageworkHits = () => {
        observer.disconnect()
        clearTimeout(told)
        document.removeEventListener("focusin", focused)
        document.removeEventListener("click", clicked)
        wide.removeEventListener("change", tellWidth)
    }
}
"""


@dataclass(frozen=True, slots=True)
class HitEvents:
    """Says which hits, by rank, were `selected` last, and were just to be opened or explained; and if there is room."""

    selected: int | None = None
    open: int | None = None
    why: int | None = None
    wide: bool = False


def hit_events(key: str) -> HitEvents:
    """Listens to the hits of the page, and returns what came of it."""
    component = st.components.v2.component("passagework_hit_events", js=SCRIPT)
    told = component(
        key=key,
        data={"wide": WIDE, "known": st.session_state.get(KNOWN)},
        height=1,
        on_selected_change=_nothing,
        on_wide_change=lambda: _note_width(key),
        on_open_change=lambda: _keep_until_done(key, "open"),
        on_why_change=lambda: _keep_until_done(key, "why"),
    )
    return HitEvents(
        selected=_rank(told.get("selected")),
        open=_rank(st.session_state.get(f"{key}-open")),
        why=_rank(st.session_state.get(f"{key}-why")),
        wide=st.session_state.get(KNOWN) is True,
    )


def _note_width(key: str) -> None:
    """Keeps for the session what the window is like, so that the next list of hits needn't ask and be drawn again."""
    if told := _told(key):
        st.session_state[KNOWN] = told.get("wide")


def forget_clicks(key: str) -> None:
    """Forgets what was to be opened or explained: it is on the page now."""
    for event in ("open", "why"):
        st.session_state.pop(f"{key}-{event}", None)


def _keep_until_done(key: str, event: str) -> None:
    """Keeps what a click asks for: the drawing that learns of it may be cut off by the next one, which must do it."""
    if told := _told(key):
        st.session_state[f"{key}-{event}"] = told.get(event)


def _told(key: str) -> Mapping[str, object] | None:
    """Returns what the browser told of these hits, and None where those of another query have taken their place."""
    return st.session_state.get(key)


def _nothing() -> None:
    """Is called where the browser told something; the page is drawn anew either way."""


def _rank(value: object) -> int | None:
    """Returns a rank that the browser sent, where it is a number."""
    return int(value) if isinstance(value, int | float) and value >= 1 else None
