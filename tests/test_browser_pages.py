"""The pages around the search as a person uses them: a real Chromium, a real server, the real encoder."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from selenium.common.exceptions import ElementNotInteractableException

from passagework import Collection
from passagework.ingest.maintenance.removal import delete
from passagework.retrieval.evaluation.judged_places import JudgedPlaces
from passagework.retrieval.evaluation.judgments import read_judgments
from tests.support.browser_sessions import IS_DARK, PALE, Page
from tests.support.browser_site import DOCUMENTS, EVIL_NAME, LONG_WORD

pytestmark = [pytest.mark.browser, pytest.mark.flaky(reruns=1)]  # a browser draws in its own time

DOWN, ENTER = "\ue015", "\ue007"
PAGES = {
    "": "holds",
    "?query=who+walked+the+way+to+Llanfair": "results",
    "read?document=grid.pdf&start=14&end=60": "box",
    "read?document=policies%2Ftravel.md&start=0&end=50&for=travel+approval": "passage",
    "ask?query=who+approves+travel": "sources",
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


def _click(page: Page, text: str, selector: str = "button, a, summary, label") -> None:
    """Clicks what bears this text, as soon as it is there and can be clicked."""
    script = """
        const found = [...document.querySelectorAll(arguments[0])].find(
            one => one.textContent.trim() === arguments[1] && one.offsetParent && !one.disabled)
        if (found) found.click()
        return !!found
    """
    page.until(lambda: page.browser.execute_script(script, selector, text), f"{text!r} to click")


def _open_first(page: Page) -> None:
    """Opens the first hit of the list on the page Read."""
    page.until(lambda: page.find(".pw-open"), "a hit")
    page.browser.execute_script("document.querySelector('.pw-open').click()")


def _keys(page: Page, keys: str) -> None:
    """Types, as soon as what has the focus takes keys: a page that is being drawn gives it to none for a moment."""

    def typed() -> bool:
        try:
            page.browser.switch_to.active_element.send_keys(keys)
        except ElementNotInteractableException:
            return False
        return True

    page.until(typed, f"the focus for {keys!r}")


def _parameters(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.browser.current_url).query)


def test_search_by_keyboard_and_open_a_highlighted_page(page: Page) -> None:
    """`/`, a question, an arrow, Enter: the page of the PDF with the passage's own lines marked; and back again."""
    page.open("?candidates=50")
    page.find("body")[0].send_keys("/")
    page.until(lambda: page.browser.switch_to.active_element.get_attribute("aria-label") == "Query", "the focus")
    _keys(page, f"How long does the battery carry the grid?{ENTER}")
    page.until(lambda: "grid.pdf" in "".join(page.texts("place")[:1]), "the hit")
    page.until(lambda: len(page.find(".pw-open")) == DOCUMENTS, "the links")
    _keys(page, DOWN)
    page.until(
        lambda: page.browser.switch_to.active_element.get_attribute("class") == "pw-open", "the first hit's focus"
    )
    _keys(page, ENTER)
    page.until(lambda: page.find('[data-testid="box"]') or "Page 1 of 3" in page.shown(), "the page")
    page.until(lambda: _parameters(page).get("document") == ["grid.pdf"], "the address")
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
    page.until(lambda: "50 candidates" in "".join(page.texts("plan")), "the plan")
    page.until(lambda: _parameters(page).get("candidates") == ["50"], "the address")


def test_back_leads_to_what_was_seen_before(page: Page) -> None:
    """The browser's own Back, from a hit that was opened and from another page, shows the search with its hits; and the
    document, after the link back to the search; Forward shows what Back left."""

    def searched() -> bool:
        return _parameters(page) == {"query": ["a trip by boat"], "k": ["3"]} and len(page.texts("hit")) == 3

    def opened() -> bool:
        return "/read" in page.browser.current_url and "life jacket" in "".join(page.texts("passage"))

    page.open("?query=a+trip+by+boat&k=3")
    page.until(searched, "the search")
    _open_first(page)
    page.until(opened, "the document")
    page.browser.back()
    page.until(searched, "the search, one step back")
    page.browser.forward()
    page.until(opened, "the document, one step on")
    _click(page, "Back to the search")
    page.until(searched, "the search through the link")
    page.browser.back()
    page.until(opened, "the document again")
    _click(page, "Back to the search")
    page.until(searched, "the search")
    _click(page, "Library")
    page.until(lambda: page.texts("documents"), "the library")
    page.browser.back()
    page.until(searched, "the search, from the library")


def test_what_was_asked_goes_along_to_other_pages(page: Page) -> None:
    """Context begins with the query of the page before, and so does Search, by way of a page that asks nothing too."""
    page.open("?query=travel+approval")
    page.until(lambda: page.texts("hit"), "hits")
    for name, whole in (("Context", "budget"), ("Search", "hit"), ("Library", "documents"), ("Search", "hit")):
        _click(page, name)
        shown = f'[data-testid="{whole}"]'
        page.until(partial(page.find, shown), name)
        if name != "Library":
            typed = partial(page.browser.execute_script, "return document.querySelector('[aria-label=Query]')?.value")
            page.until(lambda typed=typed: typed() == "travel approval", "the query")  # type: ignore[misc]
            page.until(lambda: _parameters(page).get("query") == ["travel approval"], "the address")


def test_filter_by_a_facet_and_share_the_address(page: Page) -> None:
    """A folder chosen from the list narrows the hits; the address alone shows the same to somebody else."""
    page.open("?query=a+trip&stage=hybrid&k=7")
    page.until(lambda: len(page.texts("hit")) == DOCUMENTS, "all hits")
    page.press("Folder")
    folders = '[data-testid="stMultiSelect"] input[aria-label*="Folder"]'
    page.until(lambda: page.find(folders), "the folders")
    page.find(folders)[0].click()
    _click(page, "policies (2)", '[role="option"]')
    page.until(lambda: len(page.texts("hit")) == 2, "two hits")
    assert all(place.startswith("policies/") for place in page.texts("place"))
    page.until(lambda: {"folder", "k", "query", "stage"} <= _parameters(page).keys(), "the address")
    page.until(lambda: _parameters(page)["folder"] == ["policies"], "the folder")
    shared = page.browser.current_url
    page.browser.delete_all_cookies()
    page.browser.get("about:blank")
    page.browser.get(shared)
    page.until(lambda: len(page.texts("hit")) == 2, "the same two hits")
    assert all(place.startswith("policies/") for place in page.texts("place"))
    assert page.first("plan").startswith("2 hits · hybrid, ")
    values = "return [...document.querySelectorAll('input[aria-label=\"Query\"]')].map(one => one.value)"
    page.until(lambda: page.browser.execute_script(values) == ["a trip"], "the query")


def test_judge_and_export(page: Page, site: tuple[str, Path], tmp_path: Path) -> None:
    """A grade given to a hit comes out of the browser as a file that `evaluate` takes for this collection."""
    behaviour = {"behavior": "allow", "downloadPath": str(tmp_path)}
    page.browser.execute_cdp_cmd("Browser.setDownloadBehavior", behaviour)
    page.open("?query=who+approves+a+trip+abroad")
    page.until(lambda: "travel.md" in "".join(page.texts("place")[:1]), "the hit")
    page.until(lambda: page.texts("preview"), "the list to listen")
    _click(page, "Why this", ".pw-why")
    _click(page, "relevant")
    page.until(lambda: "Saved as a judgment: relevant." in page.shown(), "the judgment")
    page.find('[role="dialog"] button[aria-label="Close"]')[0].click()
    _click(page, "Judge")
    page.until(lambda: "who approves a trip abroad" in "".join(page.texts("judgments")), "the list")
    _click(page, "Judgments (JSONL)")
    file = tmp_path / "judgments.jsonl"
    page.until(file.exists, "the download")
    with Collection.open(site[1]) as opened:
        judged = JudgedPlaces(opened, read_judgments(file), name="exported")
        assert (judged.drifted, dict(judged.queries)) == ([], {"q1": "who approves a trip abroad"})
        assert list(judged.qrels["q1"].values()) == [2]


def test_upload_a_file_and_find_it(page: Page, site: tuple[str, Path], tmp_path: Path) -> None:
    """It is ingested while the page watches, lies in the collection's own folder, and answers a search."""
    (tmp_path / "lighthouse.txt").write_text("The lighthouse of Skerryvore is made of granite.\n")
    page.open("library", '[data-testid="documents"]')
    _click(page, "Add documents", "summary, summary *")
    page.until(lambda: page.find('input[type="file"]'), "the field")
    page.find('input[type="file"]')[0].send_keys(str(tmp_path / "lighthouse.txt"))
    page.until(lambda: "lighthouse.txt" in page.shown(), "the file to be sent")
    _click(page, "Add to the collection")
    page.until(lambda: "1 added" in "".join(page.texts("report")), "the ingest")
    page.until(lambda: "lighthouse.txt" in "".join(page.texts("documents")), "the list")
    upload = site[1] / "uploads" / "lighthouse.txt"
    assert upload.is_file()
    page.open("?query=what+is+the+lighthouse+made+of")
    page.until(lambda: page.texts("place")[:1] == ["lighthouse.txt · plain text"], "the hit")
    delete(site[1], uris=[upload.as_uri()])


def test_the_library_is_sorted_and_opens_a_document(page: Page) -> None:
    """By a column's name; a document's name opens its passages, with a link that is seen to be one."""
    page.open("library", '[data-testid="documents"]')
    names = "return [...document.querySelectorAll('.pw-grid .pw-action')].map(one => one.textContent)"
    first = page.browser.execute_script(names)
    assert len(first) == DOCUMENTS
    assert first == sorted(first, key=str.casefold)

    def listed() -> list[str]:
        return list(page.browser.execute_script(names))

    page.press_until('.pw-sort[data-act^="sort:Document"]', lambda: listed() == first[::-1], "the other order")
    page.press_until(".pw-grid tr:last-child .pw-action", lambda: page.texts("passage-of"), "the passages")
    assert page.first("document-facts").startswith("Path<img src=x onerror=window.pwned=1> **loud**.md")
    page.until(lambda: page.find('[role="dialog"] [data-testid="stPageLink-NavLink"] p'), "the link")
    [link] = page.find('[role="dialog"] [data-testid="stPageLink-NavLink"] p')
    assert (link.text, "underline" in link.value_of_css_property("text-decoration")) == ("Open in Read", True)
    assert page.browser.execute_script("return window.pwned === undefined")


def test_what_deletes_stands_in_one_line(page: Page) -> None:
    """Whether one is sure, and the button."""
    page.open("library", '[data-testid="documents"]')
    page.until(lambda: page.find('input[aria-label*="Choose documents"]'), "the choice")
    page.find('input[aria-label*="Choose documents"]')[0].click()
    _click(page, "grid.pdf", '[role="option"]')
    page.until(lambda: "Really delete 1 document" in page.shown(), "the choice to be made")
    script = """
        const last = [...document.querySelectorAll('[data-testid="stMain"] button')].find(
            one => one.textContent.trim() === "Delete")
        const sure = [...document.querySelectorAll('[data-testid="stMain"] [data-testid="stCheckbox"] label')].find(
            one => one.textContent.includes("Really delete"))
        return [sure, last].map(one => one.getBoundingClientRect()).map(one => (one.top + one.bottom) / 2)
    """
    middles = page.browser.execute_script(script)
    assert max(middles) - min(middles) < 4


def test_a_hostile_document_is_text_on_every_page(page: Page) -> None:
    """In hits, the reading page, the context, the comparison and the library: nothing runs, and nothing is fetched."""
    page.open("?query=who+counts+the+gulls+at+noon")
    first = '[data-testid="document-hits"]'
    page.until(lambda: "<script>window.pwned = 2</script>" in "".join(page.texts("document-hits")[:1]), "the title")
    assert "**Gulls** [gulls](javascript:alert(1))" in page.first("document-hits")
    page.until(lambda: "The keeper counts" in page.texts("text")[0], "the text")
    assert '<svg onload="window.pwned = 4"></svg> ![x](http://example.invalid/x.png)' in page.first("text")
    assert EVIL_NAME in page.first("place")
    assert page.find(f"{first} :is(img, script, iframe, svg, a:not(.pw-open))") == []
    assert all(one.get_attribute("href").startswith(f"{page.address}/read?") for one in page.find(".pw-open"))
    page.until(lambda: "window.pwned = 5" in "".join(page.texts("passage")), "the preview")
    assert page.find('[data-testid="passage"] :is(img, script, iframe, svg, a)') == []
    _open_first(page)
    page.until(lambda: "/read" in page.browser.current_url, "the page Read")
    page.until(lambda: "<svg onload=" in "".join(page.texts("passage")), "the text")
    seen = [page.browser.execute_script("return window.pwned === undefined")]
    for path, element in (
        ("ask?query=who+counts+the+gulls", "sources"),
        ("context?query=who+counts+the+gulls", "citations"),
        ("judge?view=Side+by+side&query=gulls", "side"),
        ("library", "documents"),
    ):
        page.open(path, f'[data-testid="{element}"]')
        page.until(lambda element=element: "window.pwned" in "".join(page.texts(element)), path)  # type: ignore[misc]
        inside = f'[data-testid="{element}"] :is(img, script, iframe, svg, a:not(.pw-source-open, .pw-action))'
        assert page.find(inside) == []
        seen.append(page.browser.execute_script("return window.pwned === undefined"))
    assert seen == [True] * 5
    asked = "return performance.getEntriesByType('resource').filter(one => one.name.includes('example.invalid')).length"
    assert page.browser.execute_script(asked) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_can_be_read(page: Page, scheme: str) -> None:
    """In light and in dark, as the system asks: every text has the contrast of WCAG 2.2; at 1280 pixels and at 400
    nothing is wider than the window, no word of 96 letters and no column of a table."""
    for path, element in PAGES.items():
        page.resize(1280, scheme)
        page.open(path, '[data-testid="stAlert"]' if element == "nothing" else f'[data-testid="{element}"]')
        if path.startswith("?query"):
            page.until(lambda: LONG_WORD in "".join(page.texts("text")), "the long word")
        assert page.find('[data-testid="stException"]') == []
        page.until(lambda: page.browser.execute_script(IS_DARK) == (scheme == "dark"), scheme)
        for width in (1280, 400):
            page.resize(width, scheme)
            page.until(lambda: page.fits(width), f"{path} to fit {width} pixels")  # noqa: B023 - called at once
            texts, pale = page.browser.execute_script(PALE)
            assert (path, width, pale) == (path, width, [])
            assert texts > 5


def test_ten_sessions_at_once(page: Page) -> None:
    """Ten windows ask different things at the same moment: each shows its own answer."""
    asked = {"battery grid": "grid.pdf", "boat jacket": "policies/boats.md", "lake summer": "trips.txt"}
    queries = [list(asked)[number % 3] for number in range(10)]
    first = page.browser.current_window_handle
    page.open()
    for query in queries:
        page.browser.execute_script("window.open(arguments[0])", f"{page.address}/?query={query.replace(' ', '+')}&k=3")
    try:
        windows = [one for one in page.browser.window_handles if one != first]
        assert len(windows) == 10
        seen = []
        for window in windows:
            page.browser.switch_to.window(window)
            page.until(lambda: page.texts("place"), "hits")
            query = _parameters(page)["query"][0]
            seen.append(query)
            assert page.first("place").startswith(asked[query])
        assert sorted(seen) == sorted(queries)
    finally:
        for window in page.browser.window_handles:
            if window != first:
                page.browser.switch_to.window(window)
                page.browser.close()
        page.browser.switch_to.window(first)
