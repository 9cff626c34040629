"""Corrects what the browser's Back and Forward lead to: one entry for a page that was opened, not two."""

from __future__ import annotations

HISTORY = """<script>
if (!window.passageworkHistory) {
    window.passageworkHistory = true
    const soon = 2000
    const push = history.pushState.bind(history)
    let queryChanged = -Infinity
    history.pushState = (state, unused, url) => {
        const to = new URL(url ?? location.href, location.href)
        const between = performance.now() - queryChanged < soon && to.search === location.search
        if (to.pathname !== location.pathname && between) {
            queryChanged = -Infinity
            history.replaceState(state, unused, url)
            return
        }
        queryChanged = to.pathname === location.pathname ? performance.now() : -Infinity
        push(state, unused, url)
    }
    addEventListener("popstate", () => { queryChanged = -Infinity })
}
</script>"""
"""Where a link opens another page, Streamlit first gives the old page the new one's query, and then opens the page.
Each is an entry of the history, and Back would lead to the one between: here the page takes its place."""
