"""The search page as a person uses it: a real Chromium, a real server, the real encoder."""

from __future__ import annotations

import json

import pytest

from tests.support.browser_sessions import Page
from tests.support.browser_site import DOCUMENTS

pytestmark = pytest.mark.browser


def test_a_query_gives_ranked_passages(page: Page) -> None:
    """Each with its place, its text and its score at every stage; above them the plan."""
    page.open()
    page.search("How long does the battery carry the grid?")
    page.until(lambda: [hit[0] for hit in page.texts("hit")] == list("123456"), "six hits in order")
    assert DOCUMENTS == 6
    assert "grid.pdf · pp. 1-3" in page.texts("place")[0]
    assert "grid for nine hours." in page.texts("text")[0]
    stages = [stage.split(" · ")[0] for stage in page.texts("stage")[:4]]
    assert stages == ["dense #1", "lexical #1", "hybrid #1", "rerank #1"]
    [plan] = page.texts("plan")
    assert plan.startswith("6 hits · rerank, convex fusion, 200 candidates a retr")
    assert " ms (" in plan
    page.type("Query", "who approves a trip abroad")
    page.until(lambda: "head of department" in "".join(page.texts("text")[:1]), "the other query's hits")
    assert page.texts("place")[0] == "policies/travel.md · Approval"


def test_a_path_filters(page: Page) -> None:
    """Only paths that match; the plan tells how many passages did. What matches nothing is said, and no error."""
    page.open("?query=nine+hours")
    page.until(lambda: page.texts("hit"), "hits")
    page.type("Path", "policies/t*")
    page.until(lambda: [text[:18] for text in page.texts("place")] == ["policies/travel.md"], "the one hit")
    assert "(1 passage)" in page.texts("plan")[0]
    page.type("Path", "[")
    page.until(lambda: not page.texts("hit"), "no hits")
    page.until(lambda: "No passage found" in page.shown(), "the reason")
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
