"""`train classifier`, `classify`, `ingest --label` and `search --route` at the command line, by the default encoder."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

pytest.importorskip("sklearn", reason='pip install "passagework[labels]"')

from passagework.ui.cli import app
from passagework.ui.commands.output import run

CARDS = ["my card was stolen", "I lost my bank card", "the card is blocked", "where is my new card", "card swallowed"]
RATES = ["what is the exchange rate", "how are rates set", "the rate was wrong", "euro to dollar rate", "today's rate"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier of two labels, trained by the command."""
    base = tmp_path_factory.mktemp("labels")
    rows = [(text, "cards") for text in CARDS] + [(text, "rates") for text in RATES]
    (base / "labels.csv").write_text("text,label\n" + "".join(f'"{text}",{label}\n' for text, label in rows))
    arguments = ["train", "classifier", "--labels", str(base / "labels.csv"), "--output", str(base / "m"), "--json"]
    assert run(app, arguments) == 0
    return base / "m"


def output(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """The exit code, and what was printed."""
    code = run(app, [str(argument) for argument in arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_texts_and_streams(model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """One JSON line a text, whether it is an argument or a line of stdin."""
    code, out, _ = output(capsys, "classify", "somebody took my card", "--model", model, "--json")
    assert code == 0
    assert json.loads(out)["label"] == "cards"
    assert 0.5 < json.loads(out)["probability"] <= 1.0
    monkeypatch.setattr("sys.stdin", io.StringIO("what rate do you use for dollars\n\nmy card is lost\n"))
    _, out, _ = output(capsys, "classify", "-", "--model", model, "--json")
    assert [json.loads(line).get("nearest", json.loads(line)["label"]) for line in out.splitlines()] == [
        "rates",
        "other",
        "cards",
    ]


def test_evaluate(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Figures on labelled texts, with what was taken for what."""
    (tmp_path / "t.jsonl").write_text('{"text": "lost card", "label": "cards"}\n{"text": "card", "label": "rates"}\n')
    _, out, _ = output(capsys, "classify", "--model", model, "--evaluate", tmp_path / "t.jsonl", "--json")
    assert json.loads(out)["accuracy"] == 0.5
    assert json.loads(out)["confusion"] == [{"label": "rates", "predicted": "cards", "texts": 1}]


def test_ingest_and_route(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Documents get their label as metadata; a query's route is in the plan, and in a line."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text("If your bank card was stolen or lost, block the card at once.")
    (tmp_path / "docs" / "b.txt").write_text("The exchange rate is set every morning; rates differ by currency.")
    _, out, _ = output(capsys, "ingest", tmp_path / "docs", "--collection", tmp_path / "c", "--label", model, "--json")
    assert json.loads(out)["labels"]["labelled"] == 2
    _, out, _ = output(capsys, "documents", "--collection", tmp_path / "c", "--json")
    documents = json.loads(out)["documents"]
    assert [set(row["metadata"]) for row in documents] == [{"label", "label_probability", "label_model"}] * 2
    query = ("search", "my card was stolen", "--collection", tmp_path / "c", "--route", model)
    _, out, _ = output(capsys, *query, "--json")
    found = json.loads(out)
    assert found["plan"]["route"]["where"] == {"label": "cards"}
    assert len(found["hits"]) == 2
    _, out, _ = output(capsys, *query)
    assert """route cards (""" in out
    assert """--where '{"label": "cards"}' searches that alone""" in out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("train", "classifier", "--output", "x"), 2, "a classifier learns from --labels"),
        (("train", "reranker", "--out", "x"), 2, "a reranker learns from --pairs"),
        (("classify", "", "--model", "MODEL"), 2, "there is no text to classify"),
        (("classify", "text", "--model", "nothing"), 1, "nothing holds no classifier: no classifier.json"),
    ],
)
def test_refused(
    model: Path,
    arguments: tuple[str, ...],
    code: int,
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is missing is one line."""
    monkeypatch.chdir(tmp_path)
    arguments = tuple(str(model) if argument == "MODEL" else argument for argument in arguments)
    found, out, told = output(capsys, *arguments)
    assert (found, out, told.count("\n")) == (code, "", 1)
    assert message in told


def test_a_language_that_the_encoder_does_not_know_is_said(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each text has its line of JSON all the same, and stderr one line on how many."""
    code, out, told = output(capsys, "classify", "моя карта украдена", "my card was stolen", "--model", model, "--json")
    assert (code, out.count("\n"), told.count("\n")) == (0, 2, 1)
    assert "knows little of the language of 1 of 2 texts" in told
