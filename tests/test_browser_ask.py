"""The page that answers questions, as a person uses it: a real Chromium and server, and a model that a script plays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.accessibility import axe_source, violations
from tests.support.browser_sessions import Page, served
from tests.support.browser_site import make_site
from tests.support.chat_server import ScriptedModel, scripted_model

pytestmark = [pytest.mark.browser, pytest.mark.flaky(reruns=1)]  # a browser draws in its own time

QUESTION = "Who approves a trip abroad?"
ANSWER = "A trip abroad is approved by the head of department [1]. Inns <img src=x onerror=window.pwned=1> cost 9 [7]."
PRESS = "[...document.querySelectorAll('button')].find(one => one.textContent === arguments[0]).click()"


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModel]:
    """What answers."""
    with scripted_model() as server:
        yield server


@pytest.fixture(scope="module")
def asked_site(browser: Any, model: ScriptedModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server whose environment names the model."""
    del browser  # without one there is nothing to serve
    base: Path = tmp_path_factory.mktemp("asked")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PASSAGEWORK_LLM", model.llm("?price=1"))
        with served(make_site(base), base / "log") as address:
            yield address


@pytest.fixture
def ask(asked_site: str, browser: Any) -> Iterator[Page]:
    """The page, before anything is asked."""
    page = Page(browser, asked_site)
    page.resize(1440, "light")
    page.open("ask", 'input[aria-label="Question"]')
    yield page
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def _ask(page: Page, question: str, exchanges: int) -> None:
    page.type("Question", question)
    page.until(lambda: len(page.texts("exchange")) == exchanges, "the answer")


def _show_first(page: Page) -> None:
    """Gives the first sentence's sign the focus, as soon as the page listens."""

    def shows() -> bool:
        page.browser.execute_script("const at = document.querySelector('.pw-verdict'); at.blur(); at.focus()")
        return _shown(page) == ["source-1-1"]

    page.until(shows, "the passage")


def _shown(page: Page) -> list[str]:
    return list(
        page.browser.execute_script("return [...document.querySelectorAll('.pw-source.pw-shown')].map(one => one.id)")
    )


def test_a_sentence_shows_its_support_and_its_passage(ask: Page, model: ScriptedModel) -> None:
    """Pointed at, or by the keyboard; Escape hides it; the number opens the passage, and Back leads to the answer."""
    assert "Context" in ask.shown()  # a page that is opened first has the others beside it
    assert "app\n" not in ask.shown()
    model.will({"text": ANSWER})
    _ask(ask, QUESTION, 1)
    verdicts = ask.find(".pw-verdict")
    assert [one.get_attribute("aria-label") for one in verdicts] == ["Supported: sentence 1", "Not found: sentence 2"]
    assert _shown(ask) == []
    _show_first(ask)
    words = "return [...document.querySelectorAll('.pw-evidence.pw-shown')].map(one => one.textContent).join('')"
    assert ask.browser.execute_script(words) == "A trip abroad is approved by the head of department."
    ask.find("body")[0].send_keys("\ue00c")
    ask.until(lambda: _shown(ask) == [], "nothing shown")
    assert [one.text for one in ask.find(".pw-number-mark")] == ["1"]
    assert ask.browser.execute_script("return window.pwned === undefined && !document.querySelector('.pw-answer img')")
    ask.browser.execute_script("document.querySelector('.pw-number-mark').click()")
    ask.until(lambda: "head of department" in "".join(ask.texts("passage")), "the page Read")
    ask.browser.back()
    ask.until(lambda: ask.texts("question") == [QUESTION] and ask.texts("exchange"), "the conversation")


def test_a_follow_up_keeps_the_conversation(ask: Page, model: ScriptedModel) -> None:
    """The newest on top, with what was searched for it, and what both took; a new conversation is empty."""
    usage = {"prompt_tokens": 1000, "completion_tokens": 500}
    model.will({"text": ANSWER, "usage": usage})
    _ask(ask, QUESTION, 1)
    model.will({"text": "Who approves a trip by boat?", "usage": usage}, {"text": "Boats need a life jacket [1]."})
    _ask(ask, "And by boat?", 2)
    assert ask.texts("question") == ["And by boat?", QUESTION]
    assert ask.texts("searched") == ["Searched for: Who approves a trip by boat?"]
    assert "1,000 tokens read, 500 written, cost 0.001500" in ask.texts("cost")[1]
    rewriting, answering = model.seen()
    assert QUESTION in rewriting["messages"][1]["content"]
    assert [message["role"] for message in answering["messages"]] == ["system", "user", "assistant", "user"]
    ask.browser.execute_script(PRESS, "New conversation")
    ask.until(lambda: ask.texts("question") == [], "nothing asked")


def test_what_is_written_can_be_stopped(ask: Page, model: ScriptedModel) -> None:
    """It is seen as it comes; what was written stays, unchecked, and it can be asked again."""
    model.will({"text": " ".join(f"word{number}" for number in range(200)), "pause": 0.1})
    ask.type("Question", QUESTION)
    ask.until(lambda: "word3" in "".join(ask.texts("answer")), "the first words")
    ask.browser.execute_script(PRESS, "Stop")
    ask.until(lambda: "Stopped." in ask.shown(), "the stop")
    assert "word3" in ask.first("answer")
    assert "word199" not in ask.shown()
    assert ask.texts("verdict") == []
    model.will({"text": ANSWER})
    ask.until(lambda: "Ask again" in ask.shown(), "the button")
    ask.browser.execute_script(PRESS, "Ask again")
    ask.until(lambda: len(ask.texts("verdict")) == 2, "the answer")
    assert ask.texts("question") == [QUESTION]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_answer_can_be_read(ask: Page, model: ScriptedModel, scheme: str) -> None:
    """No rule of axe-core is broken, and nothing is wider than the window, with a passage shown and without."""
    axe = axe_source()
    model.will({"text": ANSWER})
    ask.resize(1280, scheme)
    _ask(ask, QUESTION, 1)
    for width in (1280, 400):
        ask.resize(width, scheme)
        ask.until(lambda: ask.fits(width), f"{width} pixels")  # noqa: B023 - called at once
        assert violations(ask, axe) == []
        _show_first(ask)
        assert violations(ask, axe) == []
