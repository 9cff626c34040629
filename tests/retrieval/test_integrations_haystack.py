"""Haystack's components over a collection, alone and in pipelines that are dumped, loaded and run."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from passagework import Collection
from passagework.retrieval import ConfigError, FilterError, StoreError
from passagework.retrieval.config import Settings
from tests.support.collection_checks import FakeReranker
from tests.support.fakes import FakeTokenEncoder
from tests.support.framework_collections import GUIDE, PromptedEncoder, make_collection

pytest.importorskip("haystack", reason='pip install "passagework[haystack]"')

from haystack import Document, Pipeline
from haystack.core.errors import DeserializationError
from haystack.core.serialization import component_from_dict, component_to_dict

from passagework.integrations.haystack import (
    PassageworkDocumentEmbedder,
    PassageworkRanker,
    PassageworkRetriever,
    PassageworkTextEmbedder,
)

ALLOWED = ["passagework.integrations.haystack"]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the collection."""
    return make_collection(tmp_path_factory.mktemp("haystack"))


@pytest.fixture
def collection(path: Path) -> Iterator[Collection]:
    """The collection, open."""
    with Collection.open(path, encoder=FakeTokenEncoder(), settings=Settings(offline=True)) as opened:
        yield opened


def names(found: dict[str, list[Document]]) -> list[str]:
    """The documents that Haystack's documents are from."""
    return [one.meta["document"] for one in found["documents"]]


def is_of(field: str, operator: str, value: Any) -> dict[str, Any]:
    """A filter of Haystack."""
    return {"field": field, "operator": operator, "value": value}


class TestRetriever:
    """What it finds is what a search finds, and nothing that its filter keeps out."""

    def test_a_document(self, collection: Collection) -> None:
        """Its id names the passage, its score is the relevance, its meta the hit's; flattened, nothing is lost."""
        (found,) = PassageworkRetriever(collection, top_k=1).run("who approves trips")["documents"]
        hit = collection.search("who approves trips", k=1)[0]
        start = GUIDE.index("## Approval")
        assert found.id == f"policies/travel.md#{start}-{hit.end}"
        assert (found.content, found.score) == ("## Approval\n\nThe head approves trips.", hit.relevance)
        assert found.meta == {
            "relevance": hit.relevance,
            "title": "Travel",
            "path": "policies/travel.md",
            "document": hit.document,
            "pages": [],
            "headings": ["Approval"],
            "start": start,
            "end": hit.end,
            "metadata": dict(hit.metadata),
        }
        assert Document.from_dict(json.loads(json.dumps(found.to_dict()))) == found

    def test_the_documents_are_the_hits_in_their_order(self, collection: Collection) -> None:
        """At every stage, with `top_k` of the component or of the run."""
        for stage in ("dense", "lexical", "hybrid", "rerank"):
            retriever = PassageworkRetriever(collection, top_k=4, stage=stage)
            expected = [hit.text for hit in collection.search("pears at night", k=4, stage=stage)]
            assert [found.content for found in retriever.run("pears at night")["documents"]] == expected
            assert [found.content for found in retriever.run("pears at night", top_k=2)["documents"]] == expected[:2]

    def test_filters_only_narrow_where(self, collection: Collection) -> None:
        """Whatever a run's filters ask for, also in a pipeline, `where` still holds."""
        retriever = PassageworkRetriever(collection, where={"year": {"$lte": 2021}})
        assert set(names(retriever.run("night"))) == set(names(retriever.run("night", filters={}))) == {"r1", "r2"}
        assert names(retriever.run("night", filters=is_of("meta.year", ">=", 2021))) == ["r2"]
        assert names(retriever.run("night", filters=is_of("meta.year", "==", 2022))) == []
        either = {"operator": "OR", "conditions": [is_of("meta.year", "==", 2022), is_of("meta.land", "==", "Peru")]}
        assert names(retriever.run("night", filters=either)) == ["r1"]
        assert names(retriever.run("night", filters={"operator": "NOT", "conditions": [either]})) == ["r2"]
        assert names(retriever.run("night", filters=is_of("meta.path", "==", "r.jsonl"), top_k=1)) in (["r1"], ["r2"])
        with pytest.raises(FilterError, match="can't ask for 'content'"):
            retriever.run("night", filters=is_of("content", "==", "a"))

    def test_asked_without_blocking_the_loop(self, collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
        """`run_async` takes the same, and searches in a thread of its own."""
        threads: list[threading.Thread] = []
        search = collection.search

        def watched(query: str, **options: Any) -> Any:
            threads.append(threading.current_thread())
            return search(query, **options)

        monkeypatch.setattr(collection, "search", watched)
        retriever = PassageworkRetriever(collection)
        found = asyncio.run(retriever.run_async("night", filters=is_of("meta.year", ">", 2020), top_k=1))
        assert names(found) in (["r2"], ["r3"])
        assert len(threads) == 1
        assert threads[0] is not threading.main_thread()

    def test_nothing_is_opened_before_it_warms_up(self, tmp_path: Path) -> None:
        """What is wrong with options is said at once, what is wrong with the folder then."""
        retriever = PassageworkRetriever(tmp_path / "none")
        with pytest.raises(StoreError, match="no collection at"):
            retriever.warm_up()
        with pytest.raises(ConfigError, match="stage is 'best'"):
            PassageworkRetriever(tmp_path, stage="best")

    def test_to_dict_and_back(self, collection: Collection) -> None:
        """Every option survives; an open collection becomes its folder."""
        retriever = PassageworkRetriever(
            collection, top_k=3, stage="hybrid", where={"year": 2020}, min_relevance=0.1, per_document=2
        )
        dumped = component_to_dict(retriever, "retriever")
        assert dumped == {
            "type": "passagework.integrations.haystack.PassageworkRetriever",
            "init_parameters": {
                "collection": str(collection.path),
                "top_k": 3,
                "stage": "hybrid",
                "where": {"year": 2020},
                "min_relevance": 0.1,
                "per_document": 2,
            },
        }
        assert component_from_dict(PassageworkRetriever, dumped, "retriever").to_dict() == dumped


class TestRanker:
    """Documents of any retriever, put in order."""

    def test_best_first_with_scores(self) -> None:
        """By words in common; equal ones keep their order; what was given is not changed."""
        texts = ("apples fall", "pears fall", "owls hoot", "pears ripen")
        given = [Document(content=text, score=0.3) for text in texts]
        ranker = PassageworkRanker(reranker=FakeReranker())
        found = ranker.run("pears ripen", given)["documents"]
        assert [one.content for one in found] == ["pears ripen", "pears fall", "apples fall", "owls hoot"]
        scores = [one.score or 0 for one in found]
        assert scores == sorted(scores, reverse=True)
        assert [one.score for one in given] == [0.3] * 4
        assert ranker.run("pears ripen", given, top_k=1)["documents"] == found[:1]
        assert asyncio.run(ranker.run_async("pears ripen", given, top_k=2))["documents"] == found[:2]
        with pytest.raises(ConfigError, match="give a whole number of at least 1"):
            ranker.run("pears", given, top_k=0)

    def test_late_interaction_of_an_encoder(self) -> None:
        """The default needs no reranker's weights; title and headings in meta are read."""
        given = [Document(content="owls hoot"), Document(content="see below", meta={"title": "Cats hunt"})]
        (best,) = PassageworkRanker(encoder=FakeTokenEncoder(), top_k=1).run("cats hunt", given)["documents"]
        assert best.content == "see below"


class TestEmbedders:
    """Vectors as the encoder makes them."""

    def test_passages_and_queries_have_their_own_prompts(self) -> None:
        """Documents go through `encode_passages`, the query through `encode_queries`; asynchronously too."""
        encoder = PromptedEncoder()
        passage, query = encoder.encode_passages(["a b"])[0].tolist(), encoder.encode_queries(["a b"])[0].tolist()
        given = [Document(content="a b", meta={"n": 1})]
        (embedded,) = PassageworkDocumentEmbedder(encoder).run(given)["documents"]
        assert (embedded.embedding, embedded.meta) == (passage, {"n": 1})
        assert given[0].embedding is None
        assert PassageworkTextEmbedder(encoder).run("a b")["embedding"] == query != passage
        assert asyncio.run(PassageworkTextEmbedder(encoder).run_async("a b"))["embedding"] == query
        assert asyncio.run(PassageworkDocumentEmbedder(encoder).run_async(given))["documents"] == [embedded]

    @pytest.mark.parametrize("kind", [PassageworkTextEmbedder, PassageworkDocumentEmbedder])
    def test_to_dict_and_back(self, kind: Any) -> None:
        """By name; an object can't be dumped."""
        dumped = component_to_dict(kind("folder/model"), "embedder")
        assert dumped["init_parameters"] == {"encoder": "folder/model"}
        assert component_from_dict(kind, dumped, "embedder").encoder == "folder/model"
        with pytest.raises(ConfigError, match="FakeTokenEncoder as an object can't be dumped"):
            kind(FakeTokenEncoder()).to_dict()


@pytest.mark.slow
def test_pipelines_are_dumped_loaded_and_run(tmp_path: Path) -> None:
    """All four components, with the default models: the loaded pipelines answer as those that were dumped."""
    from passagework import ingest

    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "travel.md").write_text(GUIDE)
    ingest(tmp_path / "docs", tmp_path / "c", passage_tokens=20, overlap=0)
    asking = Pipeline()
    asking.add_component("retriever", PassageworkRetriever(str(tmp_path / "c"), where={"path": "travel.md"}))
    asking.add_component("ranker", PassageworkRanker(top_k=2))
    asking.connect("retriever.documents", "ranker.documents")
    question = {"retriever": {"query": "who approves trips?"}, "ranker": {"query": "who approves trips?"}}
    with pytest.raises(DeserializationError, match="allowlist"):
        Pipeline.loads(asking.dumps())
    loaded = Pipeline.loads(asking.dumps(), allowed_modules=ALLOWED)
    answers = loaded.run(question)["ranker"]["documents"]
    assert answers == asking.run(question)["ranker"]["documents"]
    assert answers[0].meta["headings"] == ["Approval"]
    assert asyncio.run(loaded.run_async(question))["ranker"]["documents"] == answers

    embedding = Pipeline()
    embedding.add_component("text", PassageworkTextEmbedder())
    embedding.add_component("documents", PassageworkDocumentEmbedder())
    again = Pipeline.loads(embedding.dumps(), allowed_modules=ALLOWED)
    made = again.run({"text": {"text": "trips"}, "documents": {"documents": [Document(content="trips")]}})
    assert made["text"]["embedding"] == pytest.approx(made["documents"]["documents"][0].embedding, abs=1e-3)
    for pipeline in (asking, loaded):
        pipeline.get_component("retriever")._search.collection.close()
