"""The encoder's other jobs where there is nothing to do, or nothing to learn from: one clear line, and nothing made."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from passagework import create
from passagework.retrieval.extras import missing_modules
from passagework.ui.cli import app
from passagework.ui.commands.output import run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection `c` without documents, beside files of nothing, of one label, and of pairs of none."""
    base = tmp_path_factory.mktemp("heads")
    create(base / "c")
    (base / "d").mkdir()
    (base / "empty.txt").write_text("")
    (base / "empty.csv").write_text("text,label\n")
    (base / "one.csv").write_text("text,label\n" + "".join(f"text number {n},same\n" for n in range(9)))
    return base


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    code = run(app, arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("similar x --collection c", 1, "no document is named 'x'"),
        ("paraphrases empty.txt", 2, "empty.txt: no line has any text"),
        ("verify --answer= --collection c", 2, "the answer is empty"),
        ("train classifier --labels empty.csv --output made", 1, "empty.csv: there is no labelled text in it"),
        ("train classifier --labels one.csv --output made", 1, "all 9 examples have one label"),
        ("train classifier --labels team --collection c --output made", 1, "no document has one value of the field"),
        ("train adapt --collection c --out made", 1, "the collection gives 0 pairs of itself"),
        ("train encoder --pairs empty.txt --out made", 1, "empty.txt"),
    ],
)
def test_nothing_to_learn_from(
    folder: Path,
    arguments: str,
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is said before anything is made."""
    extra = {"classifier": "labels", "adapt": "train", "encoder": "train"}.get(arguments.split()[1])
    if extra is not None and missing_modules(extra):
        pytest.skip(f'pip install "passagework[{extra}]"')
    monkeypatch.chdir(folder)
    found, out, err = told(capsys, *arguments.split(" "))
    assert (found, out, err.count("\n")) == (code, "", 1)
    assert said in err
    assert not Path("made").exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("duplicates --collection c", {"compared": 0, "clusters": []}),
        ("duplicates --collection c --of documents", {"compared": 0, "clusters": []}),
        ("scan d", {"documents": 0, "findings": []}),
        ("scan --collection c", {"documents": 0, "findings": []}),
    ],
)
def test_nothing_is_found_in_nothing(
    folder: Path,
    arguments: str,
    expected: dict[str, object],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Which is an answer, and no mistake."""
    if arguments.startswith("scan") and missing_modules("pii"):
        pytest.skip('pip install "passagework[pii]"')
    monkeypatch.chdir(folder)
    code, out, _ = told(capsys, *arguments.split(), "--json")
    assert code == 0
    assert expected.items() <= json.loads(out).items()


def test_a_claim_without_a_document_is_not_found(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is neither supported nor contradicted."""
    code, out, _ = told(capsys, "verify", "--answer", "Owls hoot.", "--collection", str(folder / "c"), "--json")
    found = json.loads(out)
    assert (code, found["score"], [claim["verdict"] for claim in found["claims"]]) == (0, 0.0, ["not_found"])


def test_a_stream_of_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """One line says so."""
    if missing_modules("labels"):
        pytest.skip('pip install "passagework[labels]"')
    labelled = "text,label\n" + "".join(f"owls hoot {n},birds\nbees dance {n},insects\n" for n in range(5))
    (folder / "two.csv").write_text(labelled)
    model = folder / "two"
    assert told(capsys, "train", "classifier", "--labels", str(folder / "two.csv"), "--output", str(model))[0] == 0
    with (folder / "empty.txt").open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        code, out, err = told(capsys, "classify", "-", "--model", str(model), "--json")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "there is no text to classify" in err
