"""The context page without a browser: what an application gets, and that the program shown gets the same."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import pytest

pytest.importorskip("streamlit", reason='pip install "passagework[ui]"')

from streamlit.testing.v1 import AppTest

from passagework import Collection
from passagework.ingest import ingest
from tests.support.app_sessions import fake_models, html_of, open_page
from tests.support.fakes import FakeEncoder

pytestmark = pytest.mark.usefixtures("empty_cache")


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The context page over two documents, one of them with markup in its title."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "bees.md").write_text("---\ntitle: '<b>Bees</b> **loud**'\n---\nBees dance to tell of flowers.")
    (docs / "wasps.txt").write_text("Wasps build paper nests.")
    ingest([docs], tmp_path / "c", encoder=FakeEncoder(window=256))
    fake_models(monkeypatch, None)
    return open_page(tmp_path / "c", monkeypatch, "context")


def test_context_citations_json_and_the_program(page: AppTest, tmp_path: Path) -> None:
    """The same text in all of them, within the budget; the program of four lines prints it when it is run."""
    assert any("Type a question to see" in str(one.proto.body) for one in page.get("html"))
    page.number_input(key="max_tokens").set_value(300)
    page.selectbox(key="stage").set_value("hybrid")
    page.text_input(key="query").set_value("who tells 'of \"flowers\\ and nests?").run()
    assert not page.exception
    text, as_json, program = (one.value for one in page.code)
    assert text.startswith("[1] wasps — wasps.txt\nWasps build paper nests.\n\n[2] <b>Bees</b> **loud** — bees.md\n")
    told = json.loads(as_json)
    assert (told["text"], told["max_tokens"], len(told["citations"])) == (text, 300, 2)
    assert f"{told['tokens']} of 300 tokens, 2 citations" in html_of(page, "budget")[0]
    assert "<td>[2]</td><td>&lt;b&gt;Bees&lt;/b&gt; **loud**</td><td>bees.md</td>" in html_of(page, "citations")[0]
    assert len(program.splitlines()) == 4
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(program, "shown", "exec"), {})
    assert printed.getvalue() == f"{text}\n"


def test_nothing_found(page: AppTest) -> None:
    """What finds nothing is said to, and has no text."""
    page.selectbox(key="stage").set_value("lexical")
    page.text_input(key="query").set_value("nothing-like-this").run()
    assert [one.value for one in page.info] == ["No passages found. Try other words."]
    assert page.code[0].value.startswith("{")


def test_the_path_of_the_collection_is_quoted(tmp_path: Path) -> None:
    """Whatever it holds, the program opens it."""
    from passagework.ui.pages.context import ContextSettings, python_lines

    program = python_lines({"": 'it\'s "here"\\n'}, "q", ContextSettings())
    assert "Collection.open('it\\'s \"here\"\\\\n')" in program
    assert "collection.context('q', max_tokens=2000)" in program
    assert Collection.__name__ in program


def test_format_order_and_expansion(page: AppTest) -> None:
    """As on the command line: the text is laid out so, and the program says so."""
    page.text_input(key="query").set_value("flowers and nests").run()
    plain = page.code[0].value
    page.selectbox(key="format").set_value("xml")
    page.selectbox(key="order").set_value("document")
    page.selectbox(key="expand").set_value("section").run()
    text, _, program = (one.value for one in page.code)
    assert plain.startswith("[1] ")
    assert text.startswith("<")
    assert "max_tokens=2000, format='xml', order='document', expand='section')" in program
    page.selectbox(key="expand").set_value("nothing").run()
    assert "expand" not in page.code[2].value
