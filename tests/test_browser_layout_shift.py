"""What is on a page stays where it is while the rest arrives: cumulative layout shift, as browsers count it."""

from __future__ import annotations

import pytest

from tests.support.browser_sessions import Page

pytestmark = [pytest.mark.browser, pytest.mark.flaky(reruns=1)]  # a browser draws in its own time

MOST = 0.05
"""Half of what https://web.dev/articles/cls calls good."""

SHIFT = """
const done = arguments[0]
let sum = 0
new PerformanceObserver(list => list.getEntries().forEach(one => { if (!one.hadRecentInput) sum += one.value }))
    .observe({ type: "layout-shift", buffered: true })
setTimeout(() => done(sum), 300)
"""
STATES = {
    "": "holds",
    "?query=who+approves+a+trip": "hit",
    "?query=a+trip&folder=policies": "hit",
    "ask": "goes-where",
    "ask?query=who+approves+travel": "sources",
    "read?document=policies%2Ftravel.md&start=0&end=50&for=travel+approval": "passage",
    "read?document=grid.pdf&start=14&end=60": "box",
    "context?query=travel&max_tokens=300": "budget",
    "judge": "stTextArea",
    "judge?view=Side+by+side&query=travel": "side",
    "library": "documents",
    "evaluate?view=Compare+two+runs": "stAlert",
}
"""Every page, with an element that is there and seen when it is whole."""


def _shift(page: Page, path: str, element: str, width: int) -> float:
    page.browser.get("about:blank")
    page.resize(width, "light")
    page.open(path, awaited := f'[data-testid="{element}"]')
    if width > 400 and element == "hit":
        page.until(lambda: page.texts("preview"), "the preview")
    page.until(lambda: not page.find('[data-testid="stSkeleton"]'), "all of the page")
    page.until(lambda: page.find(awaited)[0].is_displayed(), f"{path} to be seen")
    return float(page.browser.execute_async_script(SHIFT))


def test_nothing_moves_while_a_page_arrives(page: Page) -> None:
    """At 1440 pixels, where the preview comes beside the hits, and at 400; what is put above the rest is counted."""
    shifts = {(path, width): _shift(page, path, STATES[path], width) for path in STATES for width in (1440, 400)}
    assert {state: shift for state, shift in shifts.items() if shift > MOST} == {}
    page.browser.execute_script(
        "const one = document.createElement('div'); one.style.height = '300px'; document.querySelector("
        "'[data-testid=stMainBlockContainer]').prepend(one)"
    )
    page.until(lambda: page.browser.execute_async_script(SHIFT) > MOST, "the shift")
