"""mteb measures a collection as this project does: the same ranking, the same figures, nothing lost unseen."""

from __future__ import annotations

import json
import logging
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from passagework import Collection
from passagework.ingest import ingest
from passagework.ingest.report import Report
from passagework.retrieval import ConfigError, EvaluationError, Stage
from passagework.retrieval.evaluation import evaluate, load_beir
from passagework.retrieval.evaluation.mteb_corpus import original_id, stored_id
from passagework.retrieval.evaluation.mteb_model import PassageworkSearch
from passagework.retrieval.models.encoder import Encoder
from tests.support.collection_checks import FakeReranker
from tests.support.fakes import FakeEncoder

pytestmark = pytest.mark.slow

pytest.importorskip("mteb", reason='mteb is not installed: pip install "passagework[mteb]"')

if TYPE_CHECKING:
    from mteb.abstasks.retrieval import AbsTaskRetrieval

Record = Mapping[str, "str | None"]

CORPUS: list[Record] = [
    {"id": "bees", "title": "The hive", "text": "Forty thousand bees live in the hive behind the library."},
    {"id": "honey", "title": "Honey", "text": "Honey is sold at the library desk on Fridays, a jar a reader."},
    {"id": "travel", "title": "Travel policy", "text": "Travel is approved by the head of the department."},
    {"id": "refunds", "title": "Refunds", "text": "Receipts of travel are handed in within thirty days."},
    {"id": "budget", "title": "Budget", "text": "The department votes on its budget in spring."},
    {"id": "river", "title": "", "text": "The river floods the lower meadow when snow melts in spring."},
    {"id": "meadow", "title": "Meadow", "text": "Bees find clover in the meadow by the river."},
    {"id": "printer", "title": "Printer", "text": "Paper for the printer is behind the desk of the library."},
    {"id": "keys", "title": "Keys", "text": "A lost key is reported to the desk, and the lock is changed."},
    {"id": "parking", "title": "Parking", "text": "Readers park behind the meadow, never on it."},
    {"id": "snow", "title": "Snow days", "text": "When snow closes the road the library stays shut."},
    {"id": "wifi", "title": "Network", "text": "The password of the network is printed on every receipt."},
]
QUERIES = {
    "q1": "how many bees live in the hive",
    "q2": "who approves travel of the department",
    "q3": "meadow by the river in spring",
    "q4": "paper at the library desk",
    "q5": "snow on the road",
}
QRELS = {
    "q1": {"bees": 2, "meadow": 1},
    "q2": {"travel": 2, "refunds": 1, "budget": 1},
    "q3": {"river": 1, "meadow": 1, "parking": 1},
    "q4": {"printer": 1, "wifi": 1},
    "q5": {"snow": 1, "parking": 1},
}


def make_task(
    corpus: Sequence[Record] = CORPUS,
    queries: Mapping[str, str] = QUERIES,
    qrels: Mapping[str, Mapping[str, int]] = QRELS,
    *,
    top_ranked: Mapping[str, Sequence[str]] | None = None,
) -> AbsTaskRetrieval:
    """A task of mteb made of these texts, with nothing to download."""
    from datasets import Dataset
    from mteb.abstasks.retrieval import AbsTaskRetrieval
    from mteb.abstasks.task_metadata import TaskMetadata

    class Library(AbsTaskRetrieval):  # type: ignore[misc]  # mteb is not followed by mypy
        metadata = TaskMetadata(
            name="Library",
            description="A library's own notes.",
            type="Retrieval" if top_ranked is None else "Reranking",
            dataset={"path": "none", "revision": "none"},
            category="t2t",
            eval_splits=["test"],
            eval_langs=["eng-Latn"],
            main_score="ndcg_at_10",
        )

        def load_data(self, **kwargs: Any) -> None:
            self.dataset = {
                "default": {
                    "test": {
                        "corpus": Dataset.from_list([dict(one) for one in corpus]),
                        "queries": Dataset.from_list([{"id": one, "text": text} for one, text in queries.items()]),
                        "relevant_docs": {query: dict(grades) for query, grades in qrels.items()},
                        "top_ranked": top_ranked,
                    }
                }
            }
            self.data_loaded = True

    return Library()


def write_beir(folder: Path, corpus: Sequence[Record] = CORPUS) -> Path:
    """The same data as a BEIR folder."""
    (folder / "qrels").mkdir(parents=True)
    lines = [json.dumps({"_id": one["id"], "title": one["title"], "text": one["text"]}) for one in corpus]
    (folder / "corpus.jsonl").write_text("\n".join(lines))
    (folder / "queries.jsonl").write_text(
        "\n".join(json.dumps({"_id": one, "text": text}) for one, text in QUERIES.items())
    )
    rows = [f"{query}\t{one}\t{grade}" for query, grades in QRELS.items() for one, grade in grades.items()]
    (folder / "qrels" / "test.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *rows]))
    return folder


def run_mteb(model: PassageworkSearch, task: AbsTaskRetrieval) -> dict[str, float]:
    """mteb's figures for a task of one split."""
    import mteb

    result = mteb.evaluate(model, task, cache=None, show_progress_bar=False, co2_tracker=False)
    return dict(result.task_results[0].scores["test"][0])


Index = Callable[..., dict[str, dict[str, float]]]


@pytest.fixture
def index_and_search() -> Iterator[Index]:
    """What mteb calls, in its order, without its evaluation."""
    from datasets import Dataset

    opened: list[PassageworkSearch] = []

    def call(
        model: PassageworkSearch,
        corpus: Sequence[Record],
        queries: Sequence[Mapping[str, Any]],
        *,
        top_k: int = 1000,
        top_ranked: Mapping[str, Sequence[str]] | None = None,
    ) -> dict[str, dict[str, float]]:
        opened.append(model)
        place: dict[str, Any] = {
            "task_metadata": SimpleNamespace(name="Library"),
            "hf_split": "test",
            "hf_subset": "default",
            "encode_kwargs": {},
            "num_proc": None,
        }
        model.index(Dataset.from_list([dict(one) for one in corpus]), **place)
        asked = Dataset.from_list([dict(one) for one in queries])
        return model.search(asked, top_k=top_k, top_ranked=top_ranked, **place)

    yield call
    for model in opened:
        model.close()


@pytest.mark.parametrize("stage", list(Stage))
def test_mteb_and_evaluate_give_the_same_figures(tmp_path: Path, stage: Stage) -> None:
    """At every stage, nDCG@10 of `mteb.evaluate` is that of this project's `evaluate` on the same data."""
    encoder, reranker = FakeEncoder(), FakeReranker()
    folder = write_beir(tmp_path / "beir")
    ingest([folder / "corpus.jsonl"], tmp_path / "own", encoder=encoder)
    with Collection.open(tmp_path / "own", encoder=encoder, reranker=reranker) as collection:
        own = evaluate(collection, load_beir(folder), stages=[stage]).stages[stage].means["nDCG@10"]
    with PassageworkSearch(ingest, stage=stage, encoder=encoder, reranker=reranker) as model:
        scores = run_mteb(model, make_task())
    assert 0.3 < own < 1  # figures that could differ
    assert scores["ndcg_at_10"] == pytest.approx(own, abs=1e-4)
    assert scores["main_score"] == scores["ndcg_at_10"]


AS_JUDGED: dict[str, Any] = {"copies": "keep", "syntax": "plain"}
"""How benchmarks search."""


def test_the_top_does_not_depend_on_how_deep_mteb_asks(tmp_path: Path, index_and_search: Index) -> None:
    """mteb asks for 1,000 documents: the first hundred stay those of `evaluate`, whose pool is smaller."""
    words = ("hive", "library", "meadow", "river", "spring", "desk", "snow", "travel", "bees", "paper", "road")
    chosen = random.Random(3)
    extra = [{"id": f"x{n}", "title": "", "text": " ".join(chosen.choices(words, k=2 + n % 9))} for n in range(300)]
    corpus = [*CORPUS, *extra]
    encoder = FakeEncoder()
    model = PassageworkSearch(ingest, folder=tmp_path / "kept", candidates=20, encoder=encoder)
    run = index_and_search(model, corpus, [{"id": "q3", "text": QUERIES["q3"]}])
    (place,) = (tmp_path / "kept").glob("*/collection")
    with Collection.open(place, encoder=encoder) as collection:
        top = collection.search(QUERIES["q3"], k=100, candidates=20, per_document=1, stage="hybrid", **AS_JUDGED)
        deep = collection.search(QUERIES["q3"], k=1000, candidates=20, per_document=1, stage="hybrid", **AS_JUDGED)
    assert list(run["q3"])[:100] == [hit.document for hit in top]
    assert [hit.document for hit in deep][:100] != [hit.document for hit in top]  # it would have depended
    assert run["q3"].keys() == {hit.document for hit in deep}
    assert len(run["q3"]) == 312


@pytest.mark.parametrize("stage", [Stage.DENSE, Stage.LEXICAL, Stage.HYBRID])
def test_search_is_the_collections_search(tmp_path: Path, index_and_search: Index, stage: Stage) -> None:
    """Documents come in the order in which `Collection.search` gives them, with strictly decreasing scores."""
    encoder = FakeEncoder()
    model = PassageworkSearch(ingest, folder=tmp_path, stage=stage, encoder=encoder)
    queries = [{"id": query, "text": text} for query, text in QUERIES.items()]
    run = index_and_search(model, CORPUS, queries, top_k=7)
    (place,) = tmp_path.glob("*/collection")
    with Collection.open(place, encoder=encoder) as collection:
        for query, text in QUERIES.items():
            hits = collection.search(text, k=7, per_document=1, stage=stage)
            assert list(run[query]) == [hit.document for hit in hits]
            scores = list(run[query].values())
            assert scores == pytest.approx([hit.score for hit in hits], abs=1e-5)
            assert all(one > other for one, other in pairwise(scores))


def test_a_document_counts_by_its_best_passage(index_and_search: Index) -> None:
    """A document of many passages comes once; `whole` makes it one passage."""
    long = {"id": "long", "title": "", "text": "Snow falls. " * 200 + "The hive stands there."}
    model = PassageworkSearch(ingest, stage="dense", encoder=FakeEncoder())
    run = index_and_search(model, [*CORPUS, long], [{"id": "q", "text": "snow falls"}])
    assert next(iter(run["q"])) == "long"
    assert len(run["q"]) == 13


def test_reranking_tasks_rank_the_documents_given(index_and_search: Index) -> None:
    """With `top_ranked` only those documents are in the answer, and the reranker reads every one of them."""
    reranker = FakeReranker()
    model = PassageworkSearch(ingest, encoder=FakeEncoder(), reranker=reranker)
    given = {"q1": ["keys", "bees", "wifi"], "q2": []}
    queries = [{"id": query, "text": QUERIES[query]} for query in ("q1", "q2", "q3")]
    run = index_and_search(model, CORPUS, queries, top_ranked=given)
    assert run["q1"].keys() == {"keys", "bees", "wifi"}
    assert next(iter(run["q1"])) == "bees"
    assert len(reranker.read) == 3
    assert run["q2"] == run["q3"] == {}
    scores = run_mteb(model, make_task(top_ranked={query: list(grades) for query, grades in QRELS.items()}))
    assert scores["recall_at_10"] == 1


def test_behind_the_reranked_documents_the_others_follow(index_and_search: Index) -> None:
    """The reranker reads its fifty candidates however many documents are asked for."""
    extra = [{"id": f"x{n}", "title": "", "text": f"Note {n} of the library."} for n in range(60)]
    reranker = FakeReranker()
    model = PassageworkSearch(ingest, encoder=FakeEncoder(), reranker=reranker)
    run = index_and_search(model, [*CORPUS, *extra], [{"id": "q1", "text": QUERIES["q1"]}])
    assert len(reranker.read) == 50
    assert len(run["q1"]) == 72
    assert next(iter(run["q1"])) == "bees"


def test_ids_come_back_as_they_were(index_and_search: Index) -> None:
    """Blank ids, ids with spaces at their ends or a per cent sign, and missing titles: judgments still meet them."""
    ids = ["", " a", "a", "a ", "%61", "a b", "ä\u3000b", "x\ny", "q?#/1"]
    corpus: list[Record] = [{"id": one, "title": None, "text": f"bees {n}"} for n, one in enumerate(ids)]
    model = PassageworkSearch(ingest, encoder=FakeEncoder())
    run = index_and_search(model, corpus, [{"id": "q", "text": "bees"}])
    assert sorted(run["q"]) == sorted(ids)
    assert [original_id(stored_id(one)) for one in ids] == ids
    assert stored_id("a b") == "a b"
    ranked = index_and_search(model, corpus, [{"id": "q", "text": "bees"}], top_ranked={"q": ["", " a"]})
    assert ranked["q"].keys() == {"", " a"}


def test_refused_documents_are_told(index_and_search: Index, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    """Documents without text are counted in a warning, each time; a title alone is a text."""
    corpus: list[Record] = [
        *CORPUS,
        {"id": "none", "title": "", "text": ""},
        {"id": "blank", "title": None, "text": "  "},
        {"id": "title", "title": "Only a title", "text": None},
    ]
    for _ in range(2):
        model = PassageworkSearch(ingest, folder=tmp_path, encoder=FakeEncoder())
        with caplog.at_level(logging.WARNING, logger="passagework.retrieval.evaluation.mteb_model"):
            caplog.clear()
            run = index_and_search(model, corpus, [{"id": "q", "text": "bees"}])
        assert "Library: 2 of 15 documents are not in the collection (line 13: " in caplog.text
        assert len(run["q"]) == 13
    with pytest.raises(EvaluationError, match="1 of 1 documents are not in the collection"):
        index_and_search(PassageworkSearch(ingest, encoder=FakeEncoder()), [corpus[12]], [{"id": "q", "text": "bees"}])


def test_an_ingest_that_lost_documents_is_no_ground_for_figures(index_and_search: Index) -> None:
    """Where more is missing than was refused, there are no figures."""

    def lossy(
        paths: Sequence[str | Path], collection: str | Path, *, encoder: Encoder | str | None, whole: bool | None
    ) -> Report:
        lines = Path(paths[0]).read_text().splitlines()
        Path(paths[0]).write_text("\n".join(lines[:5]))
        return ingest(paths, collection, encoder=encoder, whole=whole)

    with pytest.raises(EvaluationError, match="7 of 12 documents are not in the collection"):
        index_and_search(PassageworkSearch(lossy, encoder=FakeEncoder()), CORPUS, [{"id": "q", "text": "bees"}])


def test_a_kept_folder_is_used_again(tmp_path: Path, index_and_search: Index) -> None:
    """The same corpus is encoded once; another text, another encoder or `whole` has a collection of its own."""
    queries = [{"id": "q", "text": "bees"}]
    encoder = FakeEncoder()
    first = index_and_search(PassageworkSearch(ingest, folder=tmp_path, encoder=encoder), CORPUS, queries)
    encoded = encoder.encoded
    again = FakeEncoder()
    second = index_and_search(PassageworkSearch(ingest, folder=tmp_path, encoder=again), CORPUS, queries)
    assert first == second
    assert (encoded >= 12, again.encoded) == (True, 0)
    assert next(tmp_path.iterdir()).name.startswith("Library-default-test-")
    index_and_search(PassageworkSearch(ingest, folder=tmp_path, encoder=FakeEncoder(seed="b")), CORPUS, queries)
    index_and_search(PassageworkSearch(ingest, folder=tmp_path, encoder=encoder, whole=True), CORPUS, queries)
    index_and_search(PassageworkSearch(ingest, folder=tmp_path, encoder=encoder), CORPUS[1:], queries)
    assert len(list(tmp_path.iterdir())) == 4


def test_a_temporary_folder_goes_with_close(index_and_search: Index) -> None:
    """Nothing stays behind where no folder was named."""
    model = PassageworkSearch(ingest, encoder=FakeEncoder())
    index_and_search(model, CORPUS, [{"id": "q", "text": "bees"}])
    folder = Path(model._temporary.name)
    assert folder.is_dir()
    model.close()
    assert not folder.exists()


def test_queries_that_are_not_plain_text(index_and_search: Index, caplog: pytest.LogCaptureFixture) -> None:
    """A blank query has no documents, instructions are left out with a warning, conversations are refused."""
    model = PassageworkSearch(ingest, encoder=FakeEncoder())
    with caplog.at_level(logging.WARNING, logger="passagework.retrieval.evaluation.mteb_model"):
        run = index_and_search(model, CORPUS, [{"id": "q", "text": " ", "instruction": "Find bees."}])
    assert run == {"q": {}}
    assert "Library: instructions are not read" in caplog.text
    with pytest.raises(EvaluationError, match="query q is no plain text"):
        index_and_search(model, CORPUS, [{"id": "q", "text": ["bees", "where?"]}])
    with pytest.raises(EvaluationError, match="its documents have no text"):
        index_and_search(model, [{"id": "a", "title": "b"}], [])


def test_search_wants_the_corpus_indexed_last(index_and_search: Index) -> None:
    """Another split's queries never meet this split's documents."""
    model = PassageworkSearch(ingest, encoder=FakeEncoder())
    index_and_search(model, CORPUS, [{"id": "q", "text": "bees"}])
    queries = SimpleNamespace(column_names=["id", "text"])
    with pytest.raises(EvaluationError, match="Library default dev was not indexed"):
        model.search(
            queries,
            task_metadata=SimpleNamespace(name="Library"),
            hf_split="dev",
            hf_subset="default",
            top_k=10,
            encode_kwargs={},
        )


def test_mteb_files_results_by_model_and_settings(tmp_path: Path) -> None:
    """Results are written under the encoder's name and weights; runs with other settings never share a file."""
    import mteb
    from mteb.models.models_protocols import CrossEncoderProtocol, EncoderProtocol, SearchProtocol

    cache = mteb.ResultCache(tmp_path)
    encoder = FakeEncoder()
    for stage in ("dense", "hybrid"):
        with PassageworkSearch(ingest, stage=stage, encoder=encoder) as model:
            assert isinstance(model, SearchProtocol)
            assert not isinstance(model, (EncoderProtocol, CrossEncoderProtocol))
            meta = model.mteb_model_meta
            mteb.evaluate(model, make_task(), cache=cache, show_progress_bar=False, co2_tracker=False)
    assert (meta.name, meta.revision) == ("passagework/fake", encoder.fingerprint.weights)
    assert (meta.embed_dim, meta.max_tokens, meta.model_type) == (32, 64, ["hybrid"])
    assert meta.experiment_kwargs == {"stage": "hybrid", "whole": False, "candidates": 200, "fusion": "convex"}
    written = sorted(tmp_path.rglob("Library.json"))
    assert len(written) == 2
    assert all("passagework__fake" in path.parts and encoder.fingerprint.weights in path.parts for path in written)


def test_what_makes_no_sense_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rerank without a reranker, unknown words, and no mteb: said at once, before anything is ingested."""
    with pytest.raises(ConfigError, match="no reranker was named"):
        PassageworkSearch(ingest, stage="rerank", encoder=FakeEncoder())
    with pytest.raises(ConfigError, match="stages are dense, lexical, hybrid, rerank"):
        PassageworkSearch(ingest, stage="best")
    with pytest.raises(ConfigError, match="fusions are convex, rrf"):
        PassageworkSearch(ingest, fusion="sum")
    monkeypatch.setitem(sys.modules, "mteb", None)
    with pytest.raises(ConfigError, match=r'pip install "passagework\[mteb\]"'):
        PassageworkSearch(ingest)
