"""Measures the pages with several sessions at once: from a query typed to its hits on the page, in a real Chromium.

    python -m benchmarks.page_sessions build/demo queries.txt --sessions 10 --rounds 4

Queries are a line each. In every round all sessions, a tab each, are sent another query within a moment, and the hits
of each must be those that a session alone gets.
"""

from __future__ import annotations

import argparse
import tempfile
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import machine
from tests.support.browser_sessions import Page, chromium, served

TYPE = """
const field = document.querySelector('input[aria-label="Query"]')
document.querySelectorAll('[data-testid="results"]').forEach(one => { one.dataset.old = true })
const begun = performance.now()
window.taken = null
const observer = new MutationObserver(() => {
    if (!document.querySelector('[data-testid="results"]:not([data-old]) [data-testid="hit"]')) return
    window.taken = performance.now() - begun
    observer.disconnect()
})
observer.observe(document.body, { childList: true, subtree: true })
Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(field, arguments[0])
field.dispatchEvent(new Event("input", { bubbles: true }))
field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", code: "Enter", keyCode: 13, bubbles: true }))
"""
"""Types a query as React hears it, presses Enter, and notes when hits that weren't there before are."""

WHOLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'
SHOWN = "return [...document.querySelectorAll('.pw-open')].map(one => one.textContent)"


def measured(page: Page, queries: list[str], sessions: int, rounds: int) -> tuple[list[float], list[float], int]:
    """Returns milliseconds of a session alone and of all at once, and how many showed other hits than alone."""
    page.open(f"?query={queries[0]}")
    page.until(lambda: page.texts("hit"), "the first hits")
    alone, expected = [], {}
    for query in islice(cycle(queries), sessions * rounds):
        alone.append(_typed(page, query))
        expected[query] = page.browser.execute_script(SHOWN)
    for _ in range(sessions - 1):
        page.browser.switch_to.new_window("tab")
        page.open("?query=begin")
        page.until(lambda: page.texts("results") or page.texts("stAlert"), "the session")
        page.until(lambda: page.find(WHOLE), "the session to be whole")  # or what it still draws is taken for an answer
    tabs = page.browser.window_handles
    turn, together, wrong = cycle(queries), [], 0
    for _ in range(rounds):
        asked = dict(zip(tabs, turn, strict=False))
        for tab, query in asked.items():
            page.browser.switch_to.window(tab)
            page.browser.execute_script(TYPE, query)
        for tab, query in asked.items():
            page.browser.switch_to.window(tab)
            together.append(_taken(page))
            page.until(lambda: page.find(WHOLE), "the page to be whole")
            wrong += page.browser.execute_script(SHOWN) != expected[query]
    return alone, together, wrong


def _typed(page: Page, query: str) -> float:
    page.browser.execute_script(TYPE, query)
    return _taken(page)


def _taken(page: Page) -> float:
    page.until(lambda: page.browser.execute_script("return window.taken") is not None, "hits")
    return float(page.browser.execute_script("return window.taken"))


def _line(name: str, taken: list[float]) -> str:
    middle, late, most = (float(np.percentile(taken, share)) for share in (50, 95, 100))
    return f"{name}: p50 {middle:.0f} ms, p95 {late:.0f} ms, most {most:.0f} ms, of {len(taken)} queries"


def main() -> None:
    """Prints the times of one session, then of all of them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("collection", type=Path)
    parser.add_argument("queries", type=Path)
    parser.add_argument("--sessions", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=4)
    arguments = parser.parse_args()
    queries = arguments.queries.read_text(encoding="utf-8").split("\n")
    queries = [query.strip() for query in queries if query.strip()]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with served(arguments.collection, folder / "log") as address, chromium(folder / "profile") as browser:
            page: Any = Page(browser, address)
            page.resize(1440, "light")
            alone, together, wrong = measured(page, queries, arguments.sessions, arguments.rounds)
    about = machine()
    print(f"{about['processor']}, {about['cores']} cores")
    print(_line("one session", alone))
    print(_line(f"{arguments.sessions} sessions at once", together))
    print(f"other hits than alone: {wrong}")


if __name__ == "__main__":
    main()
