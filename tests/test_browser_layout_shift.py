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
setTimeout(() => done(sum), 500)
"""
PAGES = {
    "": "holds",
    "?query=who+approves+a+trip": "hit",
    "ask?query=who+approves+travel": "sources",
}
"""Pages with an element that is there when they are whole."""


@pytest.mark.parametrize("path", PAGES)
def test_nothing_moves_while_a_page_arrives(page: Page, path: str) -> None:
    """At 1440 pixels, where the preview comes beside the hits, and at 400; what is put above the rest is counted."""
    for width in (1440, 400):
        page.browser.get("about:blank")
        page.resize(width, "light")
        page.open(path, f'[data-testid="{PAGES[path]}"]')
        if width == 1440 and PAGES[path] == "hit":
            page.until(lambda: page.texts("preview"), "the preview")
        page.until(lambda: not page.find('[data-testid="stSkeleton"]'), "all of the page")
        assert page.browser.execute_async_script(SHIFT) < MOST
    page.browser.execute_script(
        "const one = document.createElement('div'); one.style.height = '300px'; document.querySelector("
        "'[data-testid=stMainBlockContainer]').prepend(one)"
    )
    page.until(lambda: page.browser.execute_async_script(SHIFT) > MOST, "the shift")
