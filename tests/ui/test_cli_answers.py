"""`passagework verify` and `ask`: what they print, as JSON and for people, and how they exit."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from passagework import Settings, ingest
from passagework.ui.cli import app
from passagework.ui.commands.output import run
from tests.support.chat_server import ScriptedModel, scripted_model

Capture = pytest.CaptureFixture[str]
TRAVEL = "# Travel\n\nTrips abroad are approved by the head of department within 5 days.\n"


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One note."""
    folder = tmp_path_factory.mktemp("answers")
    (folder / "docs").mkdir()
    (folder / "docs" / "travel.md").write_text(TRAVEL)
    ingest([folder / "docs"], folder / "c", settings=Settings(workers=1, offline=True))
    return str(folder / "c")


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedModel]:
    """One for all tests of this module."""
    with scripted_model() as running:
        yield running


def printed(capture: Capture, *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command."""
    code = run(app, arguments)
    return code, *capture.readouterr()


def as_json(capture: Capture, *arguments: str) -> Any:
    """The one object that a command prints."""
    code, out, err = printed(capture, *arguments, "--json")
    assert (code, err, out.count("\n")) == (0, "", 1)
    return json.loads(out)


def test_verify_reads_an_answer_from_stdin_and_citations_from_a_file(
    collection: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What `context --json` printed is what the answer's numbers name."""
    context = tmp_path / "context.json"
    assert run(app, ["context", "who approves trips?", "--collection", collection, "--json"]) == 0
    context.write_text(capsys.readouterr().out)
    monkeypatch.setattr("sys.stdin", io.StringIO("Trips abroad are approved within 5 days [1]. Meals are free [2]."))
    told = as_json(capsys, "verify", "--answer", "-", "--collection", collection, "--citations", str(context))
    assert [(one["verdict"], one["cited"], one["fault"]) for one in told["claims"]] == [
        ("supported", [1], None),
        ("not_found", [2], "unknown"),
    ]
    citation = told["claims"][0]["citation"]
    assert TRAVEL[citation["start"] : citation["end"]] == citation["text"]
    assert set(told) == {"score", "claims", "engine", "notes"}


def test_verify_shows_what_differs(collection: str, capsys: Capture) -> None:
    """The claim, the sentence of the document, and the two numbers."""
    code, out, _ = printed(
        capsys, "verify", "--answer", "Trips are approved within 7 days.", "--collection", collection
    )
    assert code == 0
    assert out.splitlines()[:4] == [
        "contradicted Trips are approved within 7 days.",
        "             travel.md",
        "             Trips abroad are approved by the head of department within 5 days.",
        "             number: 7 days here, 5 days there",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["--answer", " "], 2, "the answer is empty"),
        (["--answer", "a", "--citations", "nowhere.json"], 2, "nowhere.json can't be read: No such file or directory"),
        (["--answer", "a", "--citations", __file__], 2, "holds no citations: give what `context --json` printed"),
        (["--answer", "a", "--nli", "./nowhere"], 1, "no model folder at ./nowhere"),
        (["--answer", "a", "-k", "0"], 2, "k is 0: give a whole number of at least 1"),
    ],
)
def test_mistakes_are_told_in_a_line(
    collection: str, capsys: Capture, arguments: list[str], code: int, complaint: str
) -> None:
    """Nothing is printed on stdout."""
    found, out, err = printed(capsys, "verify", "--collection", collection, *arguments)
    assert (found, out) == (code, "")
    assert complaint in err
    assert err.count("\n") == 1


def test_ask_streams_the_answer_and_then_what_stands_behind_it(
    collection: str, server: ScriptedModel, capsys: Capture
) -> None:
    """Its sources, the verdicts, tokens and cost; control characters of a model don't reach the terminal."""
    answer = "Trips abroad are approved\x1b[2J by the head of department [1]."
    server.will({"text": answer, "usage": {"prompt_tokens": 1000, "completion_tokens": 500}})
    asked = ("ask", "who approves trips?", "--collection", collection, "--llm", server.llm("?price=1&price_out=4"))
    code, out, err = printed(capsys, *asked)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "Trips abroad are approved [2J by the head of department [1]."
    assert lines[2] == "[1] Travel travel.md"
    assert "1,000 tokens read, 500 written, cost 0.003000" in lines[-1]


def test_ask_takes_several_collections(collection: str, server: ScriptedModel, capsys: Capture, tmp_path: Path) -> None:
    """The model reads the best of all, and each source says the name of its collection."""
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "boats.txt").write_text("Trips by boat are approved by the harbour master.")
    ingest([tmp_path / "more"], tmp_path / "harbour", settings=Settings(workers=1, offline=True))
    capsys.readouterr()
    server.will({"text": "The harbour master approves trips [1]."})
    both = ("--collection", f"staff={collection}", "--collection", str(tmp_path / "harbour"))
    told = as_json(capsys, "ask", "who approves trips?", *both, "--llm", server.llm(), "--no-verify")
    assert {one["collection"] for one in told["citations"]} == {"staff", "harbour"}


def test_ask_says_that_nothing_answers(collection: str, server: ScriptedModel, capsys: Capture) -> None:
    """No model is asked; as JSON the answer is null."""
    server.will()
    asked = ("ask", "What is the capital of Mongolia?", "--collection", collection, "--llm", server.llm())
    assert printed(capsys, *asked)[1].startswith("nothing in this collection answers that; no model was asked\n")
    told = as_json(capsys, *asked)
    assert (told["answer"], told["state"], told["relevant"], told["usage"]) == (None, "nothing_relevant", 0, None)
    assert server.seen() == []


def test_ask_without_a_model_is_a_mistake(collection: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says how to name one; a server that is away is another."""
    monkeypatch.delenv("PASSAGEWORK_LLM", raising=False)
    code, out, err = printed(capsys, "ask", "who?", "--collection", collection)
    assert (code, out) == (2, "")
    assert err == "passagework: no language model is named: give --llm MODEL@https://host/v1, or set PASSAGEWORK_LLM\n"
    asked = ("ask", "who approves trips?", "--collection", collection, "--llm", "m@http://127.0.0.1:9/v1?retries=0")
    code, out, err = printed(capsys, *asked)
    assert (code, out, err.count("\n")) == (1, "", 1)
