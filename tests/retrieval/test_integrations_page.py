"""The chatbots of docs/integrations.md, run as they stand there: each is short, and answers from what it cites."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from passagework import Collection, ingest
from passagework.retrieval.extras import missing_modules
from tests.support.framework_collections import GUIDE

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "integrations.md").read_text(encoding="utf-8")
CHATBOTS: dict[str, str] = dict(re.findall(r"(?ms)^## (\w+)\n(?:(?!^## ).)*?^```python\n(.*?)^```$", PAGE))
EXTRAS = {"LangChain": "langchain", "LlamaIndex": "llamaindex", "Haystack": "haystack"}


def parrot(framework: str) -> Any:
    """A chat model of the framework that repeats what it is given."""
    if framework == "LangChain":
        from langchain_core.language_models import ParrotFakeChatModel

        return ParrotFakeChatModel()
    if framework == "LlamaIndex":
        from llama_index.core.llms import MockLLM

        return MockLLM()
    from haystack.components.generators.chat import MockChatGenerator

    return MockChatGenerator()


def test_every_framework_has_a_chatbot_of_at_most_thirty_lines() -> None:
    """Which is all that one needs."""
    assert CHATBOTS.keys() == EXTRAS.keys()
    assert {name: length for name, code in CHATBOTS.items() if (length := len(code.splitlines())) > 30} == {}


@pytest.fixture
def _closed_in_the_end(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The chatbots leave the collection that they open to the end of their process; here it is closed for them."""
    with ExitStack() as collections:
        opens = Collection.open
        monkeypatch.setattr(Collection, "open", lambda path: collections.enter_context(opens(path)))
        yield
    gc.collect()  # LlamaIndex's memory of a chat is not closed by it, which is told below and no later


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:<aiosqlite:ResourceWarning")
@pytest.mark.usefixtures("_closed_in_the_end")
@pytest.mark.parametrize("framework", EXTRAS)
def test_a_chatbot(
    framework: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It gives the model the passages that answer, and says where they are from; to a foreign question, none."""
    if missing_modules(EXTRAS[framework]):
        pytest.skip(f'pip install "passagework[{EXTRAS[framework]}]"')
    monkeypatch.setenv("PASSAGEWORK_OFFLINE", "1")
    monkeypatch.chdir(tmp_path)
    Path("travel.md").write_text(GUIDE)
    ingest("travel.md", "handbook", passage_tokens=20, overlap=0)

    def asked(question: str) -> str:
        """What the chatbot prints, asked one question."""
        questions = iter([question, ""])
        monkeypatch.setattr("builtins.input", lambda _: next(questions))
        capsys.readouterr()
        exec(compile(CHATBOTS[framework], framework, "exec"), {"model": parrot(framework)})
        return capsys.readouterr().out

    answer = asked("Who approves a trip?")
    assert "The head approves trips." in answer
    assert "travel.md Approval" in answer
    nothing = asked("What is the capital of France?")
    assert nothing.strip()
    assert "travel.md" not in nothing
