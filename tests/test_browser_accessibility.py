"""Every page in its states by axe-core: names for screen readers, contrast, order of headings, sizes of targets."""

from __future__ import annotations

import pytest

from tests.support.accessibility import axe_source, violations
from tests.support.browser_sessions import Page

pytestmark = [pytest.mark.browser, pytest.mark.flaky(reruns=1)]  # a browser draws in its own time

STATES = {
    "": "holds",
    "?query=a+trip&path=policies%2F*": "preview",
    "?query=capital+of+france": "less-relevant",
    "?query=zxqv&stage=lexical": "stAlert",
    "ask": "goes-where",
    "ask?query=who+approves+travel": "sources",
    "read": "stSelectbox",
    "read?document=gone.md": "stAlert",
    "read?document=policies%2Ftravel.md&start=0&end=50&for=travel+approval": "outline",
    "read?document=grid.pdf&start=14&end=60": "box",
    "context?query=travel&max_tokens=300": "citations",
    "judge": "stTextArea",
    "judge?view=Blind&query=travel": "blind",
    "judge?view=Side+by+side&query=travel": "side",
    "library": "documents",
    "evaluate": "stAlert",
    "evaluate?view=Compare+two+runs": "stAlert",
}
"""Each page in a state, with an element that is there when it is whole."""


def test_no_page_breaks_a_rule(page: Page) -> None:
    """At 1280 pixels and at 400; a picture without a name shows that the rules are held against the page."""
    axe = axe_source()
    found: dict[str, list[str]] = {}
    for path, element in STATES.items():
        page.resize(1280, "light")
        page.open(path, f'[data-testid="{element}"]')
        for width in (1280, 400):
            page.resize(width, "light")
            found[f"{path} at {width}"] = violations(page, axe)
    assert {state: broken for state, broken in found.items() if broken} == {}
    page.browser.execute_script("document.querySelector('main, [data-testid=stMain]').append(new Image(9, 9))")
    assert [broken.partition(":")[0] for broken in violations(page, axe)] == ["image-alt"]


def test_what_opens_in_the_dark_breaks_none(page: Page) -> None:
    """Options lie outside the application's own element, and have its colours all the same; so has the upload."""
    axe = axe_source()
    page.resize(400, "dark")
    page.open("?query=a+trip", '[data-testid="hit"]')
    click = "[...document.querySelectorAll(arguments[0])].find(one => one.textContent.includes(arguments[1])).click()"
    page.browser.execute_script(click, "button", "Options")
    page.until(lambda: page.find('[data-testid="stSliderThumbValue"]'), "the options")
    page.until(lambda: violations(page, axe) == [], "options without a violation, once they have come up")
    page.open("library", '[data-testid="documents"]')
    page.browser.execute_script(click, "summary", "Add documents")
    page.until(lambda: page.find('[data-testid="stFileUploaderDropzone"]'), "the upload")
    page.until(lambda: violations(page, axe) == [], "an upload without a violation")


def test_no_dialog_breaks_one(page: Page) -> None:
    """Why a passage is there; what is known of a document."""
    axe = axe_source()
    page.open("?query=a+trip")
    page.until(lambda: page.texts("preview"), "the list to listen")
    page.browser.execute_script("document.querySelector('.pw-why').click()")
    page.until(lambda: page.texts("neighbour") or "no other passages" in page.shown(), "the dialog")
    assert violations(page, axe) == []
    page.open("library", '[data-testid="documents"]')
    page.press_until(".pw-grid .pw-action", lambda: page.texts("passage-of"), "the document")
    assert violations(page, axe) == []
