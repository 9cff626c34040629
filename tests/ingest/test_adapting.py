"""`train adapt`, by a tiny encoder: what is measured, what stays as it was, what a kill can't lose."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason='pip install "passagework[torch]"')

from passagework.ingest import adapt, ingest
from passagework.ingest.workflows import adapting
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.config import DEFAULT_ENCODER
from passagework.retrieval.errors import ConfigError, EvaluationError, TrainingError
from passagework.retrieval.training import ENCODER_OPTIONS, working_folder
from passagework.ui.cli import app
from passagework.ui.commands.output import run
from tests.retrieval.test_collection_pairs import page
from tests.support.tiny_encoders import tiny_encoder

pytestmark = pytest.mark.slow

QUICK = replace(ENCODER_OPTIONS, window=64, batch=16, limit=32, evaluate_every=2, learning_rate=1e-3, masked_steps=2)
THINGS = [
    f"{colour} {thing}" for colour in ("red", "blue", "green", "grey", "dun") for thing in ("pump", "dome", "oil")
]


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eighteen pages in vectors of the default encoder, with judgments of two of them, beside a tiny encoder."""
    folder = tmp_path_factory.mktemp("pages")
    for number, thing in enumerate(THINGS):
        (folder / f"{number:02}.md").write_text(page(thing, number))
    ingest([folder], folder / "collection", passage_tokens=100, overlap=0)
    tiny_encoder(folder / "base")
    lines = [{"query": f"who repairs the {THINGS[n]}", "document": f"{n:02}.md", "grade": 1} for n in (3, 8)]
    (folder / "collection" / "judgments.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder / "collection"


@pytest.fixture
def general(tmp_path: Path) -> Path:
    """A benchmark of two texts."""
    folder = tmp_path / "general"
    (folder / "qrels").mkdir(parents=True)
    texts = [{"_id": "a", "title": "", "text": "river stone"}, {"_id": "b", "title": "", "text": "paper budget"}]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(one) + "\n" for one in texts))
    (folder / "queries.jsonl").write_text(json.dumps({"_id": "q", "text": "which river"}) + "\n")
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq\ta\t1\n")
    return folder


def test_before_and_after_are_measured_and_the_collection_stays(
    collection: Path, general: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A kill while it is measured costs no training; two judgments recommend nothing; options that differ are told."""
    measured, base = adapting.evaluated, str(collection.parent / "base" / "model")

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(adapting, "evaluated", killed)
    with pytest.raises(KeyboardInterrupt):
        adapt(collection, tmp_path / "made", base=base, general=[general], options=QUICK)
    assert not (tmp_path / "made").exists()
    weights = working_folder(tmp_path / "made") / "model" / "model.safetensors"
    trained = weights.read_bytes()
    monkeypatch.setattr(adapting, "evaluated", measured)
    with pytest.raises(TrainingError, match="other options"):
        adapt(collection, tmp_path / "made", base=base, options=replace(QUICK, frozen=1))
    arguments = [
        "--base",
        base,
        "--collection",
        collection,
        "--out",
        tmp_path / "made",
        "--general",
        general,
        "--window",
        "64",
    ]
    changed = [
        "--batch",
        "16",
        "--limit",
        "32",
        "--evaluate-every",
        "2",
        "--learning-rate",
        "1e-3",
        "--masked-steps",
        "2",
        "--json",
    ]
    assert run(app, ["train", "adapt", *map(str, arguments), *changed]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (tmp_path / "made" / "model.safetensors").read_bytes() == trained
    assert [(one["name"], one["queries"], one["own"]) for one in told["sets"]] == [
        ("judgments", 2, True),
        ("general", 1, False),
    ]
    assert set(told["sets"][0]["stages"]) == {"dense", "hybrid", "rerank"}
    assert told["recommended"] is False
    assert any("it lost on judgments, dense" in line for line in told["objections"])
    assert json.loads((tmp_path / "made" / "adaptation.json").read_text())["objections"] == told["objections"]
    assert not (working_folder(tmp_path / "made") / "collection").exists()
    with Collection.open(collection) as opened:
        assert opened.status().encoder.model == DEFAULT_ENCODER


def test_what_cannot_be_adapted_is_refused_in_one_line(collection: Path, tmp_path: Path) -> None:
    """A folder in use, sets that aren't there, more frozen layers than there are, and no collection at all."""
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "file").touch()
    with pytest.raises(ConfigError, match="is there, and not empty"):
        adapt(collection, tmp_path / "used", options=QUICK)
    with pytest.raises(EvaluationError, match="does not exist"):
        adapt(collection, tmp_path / "made", general=[tmp_path / "nowhere"], options=QUICK)
    with pytest.raises(EvaluationError, match="can't be read"):
        adapt(collection, tmp_path / "made", judgments=tmp_path / "nowhere", options=QUICK)
    assert not working_folder(tmp_path / "made").exists()
    with pytest.raises(TrainingError, match=r"frozen is 2: .* has 2 layers"):
        adapt(
            collection,
            tmp_path / "deep",
            base=str(collection.parent / "base" / "model"),
            options=replace(QUICK, frozen=2),
        )
    assert run(app, ["train", "adapt", "--out", str(tmp_path / "made")]) == 2
