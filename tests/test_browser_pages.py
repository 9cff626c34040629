"""The pages around the search as a person uses them: a real Chromium, a real server, the real encoder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ingest import ingest
from retrieval import Collection
from retrieval.evaluation.judged_places import JudgedPlaces
from retrieval.evaluation.judgments import read_judgments
from tests.browser_sessions import CONTRAST, RIGHT_EDGES, Page, chromium, served
from tests.pdf_files import typed

DOWN, ENTER = "\ue015", "\ue007"
EVIL_NAME = "<img src=x onerror=window.pwned=1> **loud**.md"
EVIL = """---
title: <script>window.pwned = 2</script> [gulls](javascript:alert(1))
---
# <iframe src="javascript:parent.pwned = 3"></iframe> Gulls

The keeper counts the gulls at noon. <svg onload="window.pwned = 4"></svg> ![x](http://example.invalid/x.png)
"""
PAGES = {
    "read?document=grid.pdf&start=14&end=60": "box",
    "read?document=policies%2Ftravel.md&start=0&end=20": "passage",
    "context?query=travel&max_tokens=300": "citations",
    "judge?view=Side+by+side&query=travel": "side",
    "library": "documents",
    "evaluate": "nothing",
}
"""Each page with an element that is there when it is whole."""

BOXES = """
const frame = document.querySelector('[data-testid="page-picture"] img').getBoundingClientRect()
return [...document.querySelectorAll('[data-testid="box"]')].map(one => one.getBoundingClientRect()).map(box => [
    (box.left - frame.left) / frame.width, (box.right - frame.left) / frame.width,
    (box.top - frame.top) / frame.height, box.height / frame.height])
"""
"""Left, right, top and height of each box, as shares of the picture."""


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five documents, one of them hostile from its name to its text."""
    base = tmp_path_factory.mktemp("pages")
    docs = base / "docs"
    (docs / "policies").mkdir(parents=True)
    (docs / "policies" / "travel.md").write_text("# Approval\n\nA trip abroad is approved by the head.\n")
    (docs / "policies" / "boats.md").write_text("A trip by boat needs a life jacket.\n")
    (docs / "trips.txt").write_text("A trip to the lake is pleasant in summer.\n")
    pages = [["Cover sheet."], ["The battery carries the", "grid for nine hours."], ["The end."]]
    (docs / "grid.pdf").write_bytes(typed(pages))
    (docs / EVIL_NAME).write_text(EVIL)
    assert ingest([docs], base / "c").added == 5
    return base / "c"


@pytest.fixture(scope="module")
def address(collection: Path) -> Iterator[str]:
    """The address of the application over them."""
    with served(collection, collection.parent / "log") as found:
        yield found


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Chromium that puts what it downloads where the tests look."""
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Page]:
    """A wide window in light colours, nothing opened yet."""
    browser.set_window_size(1280, 1000)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    yield Page(browser, address)
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def _click(page: Page, text: str, selector: str = "button, a, summary, label") -> None:
    """Clicks what bears this text, as soon as it is there and can be clicked."""
    script = """
        const found = [...document.querySelectorAll(arguments[0])].find(
            one => one.textContent.trim() === arguments[1] && one.offsetParent && !one.disabled)
        if (found) found.click()
        return !!found
    """
    page.until(lambda: page.browser.execute_script(script, selector, text), f"{text!r} to click")


def _keys(page: Page, keys: str) -> None:
    page.browser.switch_to.active_element.send_keys(keys)


def _parameters(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.browser.current_url).query)


def test_search_by_keyboard_and_open_a_highlighted_page(page: Page) -> None:
    """`/`, a question, an arrow, Enter: the page of the PDF with the passage's own lines marked; and back again."""
    page.open("?candidates=50")
    page.find("body")[0].send_keys("/")
    page.until(lambda: page.browser.switch_to.active_element.get_attribute("aria-label") == "Query", "the focus")
    _keys(page, f"How long does the battery carry the grid?{ENTER}")
    page.until(lambda: "grid.pdf" in "".join(page.texts("place")[:1]), "the hit")
    link = '[class*="st-key-hit-"] [data-testid="stPageLink-NavLink"]'
    page.until(lambda: len(page.find(link)) == 5, "the links")
    _keys(page, DOWN)
    page.until(lambda: page.browser.switch_to.active_element.text == "Open", "the first hit to have the focus")
    _keys(page, ENTER)
    page.until(lambda: page.find('[data-testid="box"]') or "Page 1 of 3" in page.shown(), "the page")
    assert _parameters(page)["document"] == ["grid.pdf"]
    page.type("Page", "2")
    page.until(lambda: "Page 2 of 3" in page.shown() and len(page.find('[data-testid="box"]')) == 2, "two lines marked")
    page.until(lambda: page.find('[data-testid="page-picture"] img'), "the picture")
    picture = page.find('[data-testid="page-picture"] img')[0]
    page.until(lambda: page.browser.execute_script("return arguments[0].naturalWidth", picture) > 500, "the picture")
    for left, right, top, height in page.browser.execute_script(BOXES):
        assert 0 < left < right < 0.5
        assert 0 < top < 0.25
        assert 0.005 < height < 0.04
    _click(page, "Next page")
    page.until(lambda: "Page 3 of 3" in page.shown(), "the next page")
    _click(page, "Back to the search")
    page.until(lambda: "grid.pdf" in "".join(page.texts("place")[:1]), "the search again")
    assert (_parameters(page)["candidates"], "50 candidates" in page.texts("plan")[0]) == (["50"], True)


def test_filter_by_a_facet_and_share_the_address(page: Page) -> None:
    """A folder chosen from the list narrows the hits; the address alone shows the same to somebody else."""
    page.open("?query=a+trip&stage=hybrid&k=7")
    page.until(lambda: len(page.texts("hit")) == 5, "all hits")
    folders = '[data-testid="stMultiSelect"] input[aria-label*="Folder"]'
    page.until(lambda: page.find(folders), "the folders")
    page.find(folders)[0].click()
    _click(page, "policies (2)", '[role="option"]')
    page.until(lambda: len(page.texts("hit")) == 2, "two hits")
    assert all(place.startswith("policies/") for place in page.texts("place"))
    page.until(lambda: {"folder", "k", "query", "stage"} <= _parameters(page).keys(), "the address")
    assert _parameters(page)["folder"] == ["policies"]
    shared = page.browser.current_url
    page.browser.delete_all_cookies()
    page.browser.get("about:blank")
    page.browser.get(shared)
    page.until(lambda: len(page.texts("hit")) == 2, "the same two hits")
    assert all(place.startswith("policies/") for place in page.texts("place"))
    assert page.texts("plan")[0].startswith("2 hits · hybrid, ")
    values = "return [...document.querySelectorAll('input[aria-label=\"Query\"]')].map(one => one.value)"
    page.until(lambda: page.browser.execute_script(values) == ["a trip"], "the query")


def test_judge_and_export(page: Page, collection: Path, tmp_path: Path) -> None:
    """A grade given to a hit comes out of the browser as a file that `evaluate` takes for this collection."""
    behaviour = {"behavior": "allow", "downloadPath": str(tmp_path)}
    page.browser.execute_cdp_cmd("Browser.setDownloadBehavior", behaviour)
    page.open("?query=who+approves+a+trip+abroad")
    page.until(lambda: "travel.md" in "".join(page.texts("place")[:1]), "the hit")
    _click(page, "relevant")
    page.until(lambda: "Kept as a judgment: relevant." in page.shown(), "the judgment")
    _click(page, "Judge")
    page.until(lambda: "who approves a trip abroad" in "".join(page.texts("judgments")), "the list")
    _click(page, "Judgments (JSONL)")
    file = tmp_path / "judgments.jsonl"
    page.until(file.exists, "the download")
    with Collection.open(collection) as opened:
        judged = JudgedPlaces(opened, read_judgments(file), name="exported")
        assert (judged.drifted, dict(judged.queries)) == ([], {"q1": "who approves a trip abroad"})
        assert list(judged.qrels["q1"].values()) == [2]


def test_upload_a_file_and_find_it(page: Page, collection: Path, tmp_path: Path) -> None:
    """It is ingested while the page watches, lies in the collection's own folder, and answers a search."""
    (tmp_path / "lighthouse.txt").write_text("The lighthouse of Skerryvore is made of granite.\n")
    page.open("library", '[data-testid="documents"]')
    _click(page, "Put documents in", "summary, summary *")
    page.until(lambda: page.find('input[type="file"]'), "the field")
    page.find('input[type="file"]')[0].send_keys(str(tmp_path / "lighthouse.txt"))
    page.until(lambda: "lighthouse.txt" in page.shown(), "the file to be sent")
    _click(page, "Put into the collection")
    page.until(lambda: "1 added" in "".join(page.texts("report")), "the ingest")
    page.until(lambda: "lighthouse.txt" in "".join(page.texts("documents")), "the list")
    assert (collection / "uploads" / "lighthouse.txt").is_file()
    page.open("?query=what+is+the+lighthouse+made+of")
    page.until(lambda: page.texts("place")[:1] == ["lighthouse.txt"], "the hit")


def test_a_hostile_document_is_text_on_every_page(page: Page) -> None:
    """In hits, the reading page, the context, the comparison and the library: nothing runs, and nothing is fetched."""
    page.open("?query=who+counts+the+gulls+at+noon")
    page.until(lambda: "<script>window.pwned = 2</script>" in "".join(page.texts("hit")[:1]), "the title as text")
    assert EVIL_NAME in page.texts("place")[0]
    _click(page, "Open")
    page.until(lambda: "<svg onload=" in "".join(page.texts("passage")), "the text")
    seen = [page.browser.execute_script("return window.pwned === undefined")]
    for path, element in (
        ("context?query=who+counts+the+gulls", "citations"),
        ("judge?view=Side+by+side&query=gulls", "side"),
        ("library", "documents"),
    ):
        page.open(path, f'[data-testid="{element}"]')
        page.until(lambda element=element: "window.pwned" in "".join(page.texts(element)), path)  # type: ignore[misc]
        inside = f'[data-testid="{element}"] :is(img, script, iframe, svg, a)'
        assert page.find(inside) == []
        seen.append(page.browser.execute_script("return window.pwned === undefined"))
    assert seen == [True] * 4
    asked = "return performance.getEntriesByType('resource').filter(one => one.name.includes('example.invalid')).length"
    assert page.browser.execute_script(asked) == 0


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (400, "dark")])
def test_every_page_can_be_read(page: Page, width: int, scheme: str) -> None:
    """Wide and at 400 pixels, in light and in dark: contrast of 4.5 or more, nothing wider than the window."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    for path, element in PAGES.items():
        awaited = '[data-testid="stAlert"]' if element == "nothing" else f'[data-testid="{element}"]'
        page.open(path, awaited)
        assert page.find('[data-testid="stException"]') == []
        pale = [(name, ratio) for name, ratio, _ in page.browser.execute_script(CONTRAST) if ratio < 4.5]
        assert (path, pale) == (path, [])
        assert (path, max(page.browser.execute_script(RIGHT_EDGES)) <= width) == (path, True)


def test_ten_sessions_at_once(page: Page) -> None:
    """Ten windows ask different things at the same moment: each shows its own answer."""
    asked = {"battery grid": "grid.pdf", "boat jacket": "policies/boats.md", "lake summer": "trips.txt"}
    queries = [list(asked)[number % 3] for number in range(10)]
    first = page.browser.current_window_handle
    page.open()
    for query in queries:
        page.browser.execute_script("window.open(arguments[0])", f"{page.address}/?query={query.replace(' ', '+')}")
    try:
        windows = [one for one in page.browser.window_handles if one != first]
        assert len(windows) == 10
        seen = []
        for window in windows:
            page.browser.switch_to.window(window)
            page.until(lambda: page.texts("place"), "hits")
            query = _parameters(page)["query"][0]
            seen.append(query)
            assert page.texts("place")[0].startswith(asked[query])
        assert sorted(seen) == sorted(queries)
    finally:
        for window in page.browser.window_handles:
            if window != first:
                page.browser.switch_to.window(window)
                page.browser.close()
        page.browser.switch_to.window(first)
