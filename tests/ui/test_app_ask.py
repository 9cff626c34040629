"""The page Ask without a browser: what is shown without a model, and what becomes of questions with one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("streamlit", reason='pip install "passagework[ui]"')

from streamlit.testing.v1 import AppTest

from passagework.ingest import ingest
from passagework.ui.web.asking_job import AskingJob
from tests.support.app_sessions import fake_models, html_of, open_page
from tests.support.chat_server import ScriptedModel, scripted_model
from tests.support.fakes import FakeEncoder

pytestmark = pytest.mark.usefixtures("empty_cache")

QUESTION = "what do bees dance to tell of?"


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModel]:
    """One server for all tests of this module."""
    with scripted_model() as server:
        yield server


@pytest.fixture
def collection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One document, with markup in its title."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "bees.md").write_text("---\ntitle: '<b>Bees</b> **loud**'\n---\nBees dance to tell of flowers.")
    ingest([docs], tmp_path / "c", encoder=FakeEncoder(window=256))
    fake_models(monkeypatch, None)
    return tmp_path / "c"


def _asked(page: AppTest, question: str) -> AppTest:
    """The page once the question was answered."""
    page.text_input(key="question").set_value(question)
    page.button[0].click().run()
    jobs: list[AskingJob] = page.session_state["conversation"]
    jobs[-1].join(60)
    return page.run()


def test_without_a_model_the_passages_are_shown_and_nothing_is_sent(
    collection: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With how to name one; of a question that nothing answers that is said."""
    monkeypatch.delenv("PASSAGEWORK_LLM", raising=False)
    page = open_page(collection, monkeypatch, "ask")
    assert "nothing is sent anywhere" in html_of(page, "goes-where")[0]
    assert f"passagework ui --collection {collection}" in page.code[0].value
    page.text_input(key="query").set_value(QUESTION).run()
    [sources] = html_of(page, "sources")
    assert "1. &lt;b&gt;Bees&lt;/b&gt; **loud**</a>" in sources
    assert "<p>Bees dance to tell of flowers.</p>" in sources
    page.text_input(key="query").set_value("parliament of Mongolia").run()
    assert "a language model would not be asked" in page.info[0].value


def test_an_answer_says_what_stands_behind_it(
    collection: Path, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To whom it goes, each sentence with its sign, the number as a link, seconds and tokens; the field is empty."""
    monkeypatch.setenv("PASSAGEWORK_LLM", model.llm())
    model.will({"text": "- Bees dance to tell of *flowers* [1].\n- They never sleep [1, 9]."})
    page = _asked(open_page(collection, monkeypatch, "ask", query=QUESTION), QUESTION)
    assert f"goes to small at 127.0.0.1:{model.port}, on this machine" in html_of(page, "goes-where")[0]
    [answer] = html_of(page, "exchange")
    first, second = answer.split("<li>")[1:3]
    assert '<span class="pw-claim pw-supported" data-claim="1" data-shows="source-1-1">Bees dance to tell of' in first
    assert '<em>flowers</em> [<a class="pw-number-mark" data-testid="number" data-opens="1-1"' in first
    assert 'aria-label="Supported: sentence 1" title="supported">✓</button>' in first
    assert 'aria-label="Not found: sentence 2" title="not found">?</button>' in second
    assert second.count("<a ") == 1  # nine names no passage
    assert "2 sentences checked: 1 supported, 1 not found" in answer
    assert "Cites a number that stands for no passage" in answer
    assert "tokens read" in html_of(page, "cost")[0]
    assert page.text_input(key="question").value == ""


def test_what_arrives_from_another_page_is_not_sent_unasked(
    collection: Path, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands in the field."""
    monkeypatch.setenv("PASSAGEWORK_LLM", model.llm())
    model.will()
    page = open_page(collection, monkeypatch, query=QUESTION).switch_page("pages/ask.py").run()
    assert page.text_input(key="question").value == QUESTION
    assert model.seen() == []


def test_a_failure_is_told_and_can_be_tried_again(
    collection: Path, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written until then stays; no model is asked where nothing is relevant; a false address is refused."""
    monkeypatch.setenv("PASSAGEWORK_LLM", model.llm("?retries=0"))
    model.will({"text": "Bees dance a lot", "stop_after": 2})
    page = _asked(open_page(collection, monkeypatch, "ask"), QUESTION)
    assert "stopped half way" in page.error[0].value.replace("\\", "")
    assert "Bees dance" in html_of(page, "answer")[0]
    model.will({"text": "Bees dance [1]."})
    [again] = [button for button in page.button if button.label == "Ask again"]
    again.click().run()
    page.session_state["conversation"][-1].join(60)
    assert html_of(page.run(), "exchange")
    assert len(html_of(page, "question")) == 1
    monkeypatch.setenv("PASSAGEWORK_LLM", "small")
    assert "names no model at an address" in page.run().error[0].value.replace("\\", "")


def test_where_nothing_answers_no_model_is_asked(
    collection: Path, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said, with what it took."""
    monkeypatch.setenv("PASSAGEWORK_LLM", model.llm())
    model.will()
    page = _asked(open_page(collection, monkeypatch, "ask"), "parliament of Mongolia")
    assert page.info[0].value == "Nothing in this collection answers that, so the model was not asked."
    assert html_of(page, "cost")
    assert model.seen() == []
