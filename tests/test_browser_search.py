"""The search page as a person uses it: a real Chromium, a real server, the real encoder."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.browser_sessions import Page
from tests.support.browser_site import DOCUMENTS

pytestmark = [pytest.mark.browser, pytest.mark.flaky(reruns=1)]  # a browser draws in its own time


def test_a_query_gives_ranked_passages(page: Page) -> None:
    """Each with its place and its text; behind a line the plan, behind a button its score at every stage."""
    page.open()
    page.search("How long does the battery carry the grid?")
    page.until(lambda: [hit[0] for hit in page.texts("hit")] == list("123456"), "six hits in order")
    assert DOCUMENTS == 6
    assert page.first("place").startswith("grid.pdf · PDF")
    assert "pp. 1-3" in page.first("hit")
    assert "grid for nine hours." in page.first("text")
    [plan] = page.texts("plan")
    assert plan.startswith("6 hits · rerank, convex fusion, 200 candidates per retr")
    assert " ms (" in plan
    page.until(lambda: page.texts("preview"), "the preview: the page listens to clicks")
    page.browser.execute_script("document.querySelector('[data-why=\"1\"]').click()")
    page.until(lambda: page.texts("stages"), "the dialog")
    assert re.findall("(dense|lexical|hybrid|rerank)1", page.first("stages")) == [
        "dense",
        "lexical",
        "hybrid",
        "rerank",
    ]
    page.find('[role="dialog"] button[aria-label="Close"]')[0].click()
    page.until(lambda: not page.find('[role="dialog"]'), "the dialog to close")
    page.type("Query", "who approves a trip abroad")
    page.until(lambda: "head of department" in "".join(page.texts("text")[:1]), "the other query's hits")
    page.until(lambda: "head of department" in "".join(page.texts("passage")), "the other query's preview")
    assert page.first("place") == "policies/travel.md · Markdown"
    assert "Approval" in page.first("hit")
    page.find('[data-hit="1"] a')[0].click()
    page.until(lambda: "/read?" in page.browser.current_url, "the hit of the other query to be opened")
    page.until(lambda: page.texts("passage"), "its passage")
    assert not page.find('[data-testid="stException"]')


def test_a_path_filters(page: Page) -> None:
    """Only paths that match; the plan tells how many passages did. What matches nothing is said, and no error."""
    page.open("?query=nine+hours")
    page.until(lambda: page.texts("hit"), "hits")
    page.press("More")
    page.type("Path", "policies/t*")
    page.until(lambda: [text[:18] for text in page.texts("place")] == ["policies/travel.md"], "the one hit")
    assert "(1 passage)" in page.first("plan")
    page.type("Path", "[")
    page.until(lambda: not page.texts("hit"), "no hits")
    page.until(lambda: "No passages found" in page.shown(), "the reason")
    assert page.find('[data-testid="stException"]') == []


def test_nothing_leaves_the_machine(page: Page) -> None:
    """The page asks no other host for anything, not even for a font, a picture or to count its visitors."""
    page.browser.get_log("performance")
    page.open()
    page.search("gulls")
    page.until(lambda: page.texts("plan"), "the plan")
    messages = [json.loads(entry["message"])["message"] for entry in page.browser.get_log("performance")]
    asked = {
        message["params"].get("request", message["params"])["url"]
        for message in messages
        if message["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated")
    }
    here = page.address.removeprefix("http")
    assert {f"http{here}/", f"ws{here}/_stcore/stream"} <= asked
    elsewhere = [url for url in asked if not url.startswith((f"http{here}/", f"ws{here}/", "data:", "blob:"))]
    assert elsewhere == []


def test_a_hit_is_seen_beside_the_list(page: Page) -> None:
    """Where the window is wide: the first at once, another by an arrow; at five hundred pixels there is no panel."""
    page.resize(1440, "light")
    page.open("?query=a+trip+by+boat&k=3")
    page.until(lambda: "life jacket" in "".join(page.texts("passage")), "the first hit's text")
    page.find("body")[0].send_keys("\ue015")
    page.browser.switch_to.active_element.send_keys("\ue015")
    page.until(lambda: "life jacket" not in "".join(page.texts("passage")) and page.texts("passage"), "the second's")
    assert "Passage 2" in page.shown()
    page.resize(500, "light")
    page.open("?query=a+trip+by+boat&k=3")
    page.until(lambda: len(page.texts("hit")) == 3, "hits")
    assert page.texts("preview") == []


def test_five_hits_stand_on_a_screen_that_says_where_answers_end(page: Page) -> None:
    """Of 900 pixels; and a question that nothing answers is said to be one."""
    page.resize(1440, "light")
    page.open("?query=a+trip")
    page.until(lambda: len(page.texts("hit")) == DOCUMENTS, "hits")
    whole = "return [...document.querySelectorAll('.pw-hit')].filter(one => one.getBoundingClientRect().bottom <= 900)"
    page.until(lambda: len(page.browser.execute_script(whole)) >= 5, "five hits")
    page.open("?query=capital+of+france")
    page.until(lambda: "Nothing in this collection seems to answer that." in page.shown(), "the notice")
    assert page.texts("hit")
