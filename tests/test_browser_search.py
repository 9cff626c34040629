"""The search page as a person uses it: a real Chromium, a real server, the real encoder."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest import ingest
from tests.browser_sessions import CONTRAST, RIGHT_EDGES, Page, chromium, served
from tests.pdf_files import typed

HOSTILE = """---
title: <img src=x onerror="window.pwned = 1"> **Gulls**
---
The keeper counts gulls at noon. <script>window.pwned = 2</script> <img src="http://example.invalid/x.png"
onerror="window.pwned = 3"> [link](javascript:alert(1)) ![picture](http://example.invalid/y.png)
"""


def _folder(folder: Path) -> Path:
    (folder / "policies").mkdir(parents=True)
    (folder / "policies" / "travel.md").write_text(
        "# Travel\n\n## Approval\n\nA trip abroad is approved by the head of department.\n", encoding="utf-8"
    )
    (folder / "grid.pdf").write_bytes(typed([["Cover sheet."], ["The battery carries the grid for nine hours."]]))
    (folder / "gulls.md").write_text(HOSTILE, encoding="utf-8")
    (folder / "long.txt").write_text(f"A trip to {'Llanfair' * 12} was never approved.\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the page over four documents; the server ends with the process that was asked to."""
    base = tmp_path_factory.mktemp("page")
    assert ingest([_folder(base / "docs")], base / "c").added == 4
    with served(base / "c", base / "log") as found:
        yield found


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Chromium without a window, and without a past."""
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def page(browser: Any, address: str) -> Page:
    """The page, just opened, in a window of 1280 by 1000."""
    browser.set_window_size(1280, 1000)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    opened = Page(browser, address)
    opened.open()
    return opened


def test_a_query_gives_ranked_passages(page: Page) -> None:
    """Each with its place, its text and its score at every stage; above them the plan."""
    page.search("How long does the battery carry the grid?")
    page.until(lambda: [hit[0] for hit in page.texts("hit")] == ["1", "2", "3", "4"], "four hits in order")
    assert "grid.pdf · pp. 1-2" in page.texts("place")[0]
    assert "carries the grid for nine hours." in page.texts("text")[0]
    stages = [stage.split(" · ")[0] for stage in page.texts("stage")[:4]]
    assert stages == ["dense #1", "lexical #1", "hybrid #1", "rerank #1"]
    [plan] = page.texts("plan")
    assert plan.startswith("4 hits · rerank, convex fusion, 200 candidates a retr")
    assert " ms (" in plan
    page.type("Query", "who approves a trip abroad")
    page.until(lambda: "head of department" in "".join(page.texts("text")[:1]), "the other query's hits")
    assert page.texts("place")[0] == "policies/travel.md · Approval"


def test_a_path_filters(page: Page) -> None:
    """Only paths that match; the plan tells how many passages did. What matches nothing is said, and no error."""
    page.search("nine hours")
    page.type("Path", "policies/*")
    page.until(lambda: [text[:18] for text in page.texts("place")] == ["policies/travel.md"], "the one hit")
    assert "(1 passage)" in page.texts("plan")[0]
    page.type("Path", "[")
    page.until(lambda: not page.texts("hit"), "no hits")
    page.until(lambda: "No passage found" in page.shown(), "the reason")
    assert page.find('[data-testid="stException"]') == []


def test_a_hostile_document_is_text(page: Page) -> None:
    """Its scripts don't run, its pictures aren't fetched, its markup is shown as it was written."""
    page.search("who counts the gulls at noon?")
    assert "<img src=x onerror=" in page.texts("hit")[0]
    assert "**Gulls**" in page.texts("hit")[0]
    text = page.texts("text")[0]
    assert "<script>window.pwned = 2</script>" in text
    assert "[link](javascript:alert(1))" in text
    time.sleep(0.5)  # what would run late
    assert page.browser.execute_script("return window.pwned === undefined")
    assert page.find('[data-testid="hit"] :is(img, script, a, iframe)') == []


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_is_readable(page: Page, scheme: str) -> None:
    """In light and in dark as the system asks: contrast of 4.5 or more (WCAG 2.2, 1.4.3)."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    page.open()
    page.search("battery")
    found = page.browser.execute_script(CONTRAST)
    assert {"pw-hit", "pw-rank", "pw-place", "pw-text", "pw-stage", "pw-plan"} <= {name for name, _, _ in found}
    assert [(name, ratio) for name, ratio, _ in found if ratio < 4.5] == []
    assert all((luminance < 0.5) == (scheme == "dark") for _, _, luminance in found)


def test_a_telephone_has_room_for_it(page: Page) -> None:
    """At 400 pixels nothing is wider than the window, not even a word of 96 letters."""
    size = {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        page.open()
        page.search("Llanfair was never approved")
        assert "LlanfairLlanfair" in page.texts("text")[0]
        assert max(page.browser.execute_script(RIGHT_EDGES)) <= 400
    finally:
        page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
