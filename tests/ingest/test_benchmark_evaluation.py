"""`evaluate_benchmark` as a program calls it; what the command does with it is tested in test_cli_evaluate.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from passagework import ConfigError, EvaluationError, Progress, Stage, evaluate_benchmark, ingest
from tests.support.beir_files import QUERIES, RECORDS, write_beir
from tests.support.fakes import FakeEncoder


@pytest.fixture(autouse=True)
def fake_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """No model is read."""
    monkeypatch.setattr("passagework.retrieval.models.bi_encoder.BiEncoder.load", lambda *_, **__: FakeEncoder())


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    """A small benchmark."""
    return write_beir(tmp_path / "animals")


@pytest.fixture
def collection(beir: Path, tmp_path: Path) -> Path:
    """A collection of its corpus, which somebody ingested."""
    ingest(beir / "corpus.jsonl", tmp_path / "ours", encoder=FakeEncoder())
    return tmp_path / "ours"


def test_a_beir_folder(beir: Path, tmp_path: Path) -> None:
    """Figures, a run a stage and a page come of it, progress is told, and nothing is left without `collection`."""
    pages: list[str] = []
    ingested: list[Progress] = []
    searched: list[tuple[int, int]] = []
    found = evaluate_benchmark(
        beir,
        stages=["lexical", Stage.DENSE],
        measures=["RR@10"],
        runs=tmp_path / "runs",
        report=pages.append,
        ingested=ingested.append,
        searched=lambda done, total: searched.append((done, total)),
    )
    assert (found.dataset, found.documents, found.measures) == ("animals", len(RECORDS), ("RR@10",))
    assert list(found.stages) == [Stage.DENSE, Stage.LEXICAL]
    assert found.stages[Stage.LEXICAL].per_query["RR@10"] == {"q1": 1.0, "q2": 0.0, "q3": 1.0, "q4": 0.0}
    assert sorted(one.name for one in (tmp_path / "runs").iterdir()) == ["dense.trec", "lexical.trec"]
    assert len(pages) == 1
    assert "animals" in pages[0]
    assert ingested[-1].documents == len(RECORDS)
    assert searched[-1] == (len(QUERIES) - 1, len(QUERIES) - 1)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["animals", "runs"]


def test_topics_and_judgments_of_a_collection(collection: Path, tmp_path: Path) -> None:
    """TREC files and one's own judgments are measured on the collection named, which stays as it is."""
    (tmp_path / "topics.tsv").write_text("7\towls hoot\n")
    (tmp_path / "qrels.txt").write_text("7 0 d1 1\n")
    lines = [{"query": "who hoots", "document": "d1"}, {"query": "who is gone", "document": "d9"}]
    (tmp_path / "mine.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    topics = evaluate_benchmark(
        tmp_path / "topics.tsv", collection=collection, qrels=tmp_path / "qrels.txt", stages=["lexical"]
    )
    assert topics.stages[Stage.LEXICAL].means["AP"] == 1.0
    ours = evaluate_benchmark(str(tmp_path / "mine.jsonl"), collection=str(collection), stages=["lexical"])
    assert ours.notes == ("drifted: q2: document 'd9' is not in the collection",)
    assert ours.stages[Stage.LEXICAL].means["nDCG@10"] == 1.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limit_queries": 0}, "limit_queries is 0: give at least 1"),
        ({"fusion": "sum"}, "fusion is 'sum': give one of convex, rrf"),
        ({"stages": ["deep"]}, "'deep' is not a valid Stage: give some of dense, lexical, hybrid, rerank"),
        ({"qrels": "qrels.txt"}, "qrels go with a file of TREC topics"),
        ({"collection": "{beir}/new"}, "which is only read: name another place"),
        ({"runs": "{beir}"}, "which is only read: name another place"),
    ],
)
def test_arguments_that_make_no_sense(beir: Path, options: dict[str, Any], message: str) -> None:
    """Each is refused in the words of the function, and before anything is made."""
    asked: dict[str, Any] = {
        name: one.format(beir=beir) if isinstance(one, str) else one for name, one in options.items()
    }
    with pytest.raises(ConfigError, match=message):
        evaluate_benchmark(beir, **asked)
    assert sorted(one.name for one in beir.parent.iterdir()) == ["animals"]


def test_judgments_need_their_collection_as_it_is(collection: Path, tmp_path: Path) -> None:
    """A missing collection, chunking for one that stands, and a file that isn't there are told."""
    (tmp_path / "mine.jsonl").write_text('{"query": "who hoots", "document": "d1"}\n')
    with pytest.raises(ConfigError, match="name the collection that was judged"):
        evaluate_benchmark(tmp_path / "mine.jsonl")
    with pytest.raises(ConfigError, match="is evaluated as it is"):
        evaluate_benchmark(tmp_path / "mine.jsonl", collection=collection, whole=True)
    with pytest.raises(EvaluationError, match="does not exist"):
        evaluate_benchmark(tmp_path / "none", collection=collection)
