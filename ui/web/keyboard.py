"""Defines the keys: `/` goes to the query, arrows from hit to hit, Enter opens; no document's text is in the script."""

from __future__ import annotations

KEYS = """<script>
if (!window.passageworkKeys) {
    window.passageworkKeys = true
    const links = () => [...document.querySelectorAll(".pw-hit .pw-open")].filter(one => one.offsetParent)
    const query = () => document.querySelector('input[aria-label="Query"]')
    const focusQuery = tries => {
        const at = document.activeElement
        if (query() && (!at || at === document.body)) query().focus()
        else if (tries && !query()) setTimeout(focusQuery, 100, tries - 1)
    }
    const dropZones = '[data-testid="stFileUploaderDropzone"][role="presentation"]'  // has a name: it is a group
    new MutationObserver(() => document.querySelectorAll(dropZones).forEach(one => one.setAttribute("role", "group")))
        .observe(document.body, { childList: true, subtree: true })
    if (!new URLSearchParams(location.search).get("query")) focusQuery(100)
    document.addEventListener("keydown", event => {
        if (event.ctrlKey || event.altKey || event.metaKey) return
        const at = document.activeElement
        const typing = at && (at.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(at.tagName))
        if (event.key === "/" && !typing && query()) {
            event.preventDefault()
            query().focus()
            query().select()
            return
        }
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
        const all = links(), here = all.indexOf(at)
        if (!step || !all.length || (here < 0 && at !== query() && at !== document.body)) return
        event.preventDefault()
        const next = here + step
        if (here >= 0 && next < 0) {
            query().focus()
            return
        }
        const link = all[here < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(next, all.length - 1)]
        link.focus({ preventScroll: true })
        const hit = link.closest(".pw-hit")
        hit.scrollIntoView({ block: "nearest" })
    })
}
</script>"""
"""Enter needs no code: the focus is on the hit's own link. Where nothing was asked yet, one can type at once."""

TO_PASSAGE = """<script>
(async () => {
    for (let tries = 0; tries < 50; tries++) {
        const passage = document.querySelector('[data-testid="passage"], [data-testid="box"]')
        if (passage && passage.offsetHeight) {
            passage.scrollIntoView({ block: "center" })
            return
        }
        await new Promise(done => setTimeout(done, 100))
    }
})() // PLACE
</script>"""
"""Brings the passage into view, as soon as it is there; the place makes it run for each."""
