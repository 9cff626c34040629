"""LangChain's retriever, embeddings and reranker over a collection."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from passagework import Collection
from passagework.retrieval import ConfigError, StoreError
from passagework.retrieval.config import Settings
from tests.support.collection_checks import FakeReranker
from tests.support.fakes import FakeTokenEncoder
from tests.support.framework_collections import GUIDE, PromptedEncoder, make_collection

pytest.importorskip("langchain_core", reason='pip install "passagework[langchain]"')

from langchain_core.documents import Document

from passagework.integrations.langchain import (
    PassageworkEmbeddings,
    PassageworkRerank,
    PassageworkRetriever,
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the collection."""
    return make_collection(tmp_path_factory.mktemp("langchain"))


@pytest.fixture
def collection(path: Path) -> Iterator[Collection]:
    """The collection, open."""
    with Collection.open(path, encoder=FakeTokenEncoder(), settings=Settings(offline=True)) as opened:
        yield opened


class TestRetriever:
    """What it finds is what a search finds, and nothing that its filter keeps out."""

    def test_a_document(self, collection: Collection) -> None:
        """Its id names the passage, its content is the passage, its metadata is that of the hit, and all of it JSON."""
        (found,) = PassageworkRetriever(collection=collection, k=1).invoke("who approves trips")
        hit = collection.search("who approves trips", k=1)[0]
        start = GUIDE.index("## Approval")
        assert found.id == f"policies/travel.md#{start}-{hit.end}"
        assert found.page_content == "## Approval\n\nThe head approves trips."
        assert found.metadata == {
            "relevance": hit.relevance,
            "score": hit.score,
            "title": "Travel",
            "path": "policies/travel.md",
            "document": hit.document,
            "pages": [],
            "headings": ["Approval"],
            "start": start,
            "end": hit.end,
            "metadata": dict(hit.metadata),
        }
        assert json.loads(json.dumps(found.metadata)) == found.metadata
        assert 0 <= found.metadata["relevance"] <= 1

    def test_the_documents_are_the_hits_in_their_order(self, collection: Collection) -> None:
        """At every stage, and with `k` of the constructor or of the call."""
        for stage in ("dense", "lexical", "hybrid", "rerank"):
            retriever = PassageworkRetriever(collection=collection, stage=stage, k=4)
            expected = [hit.text for hit in collection.search("pears at night", k=4, stage=stage)]
            assert [found.page_content for found in retriever.invoke("pears at night")] == expected
            assert [found.page_content for found in retriever.invoke("pears at night", k=2)] == expected[:2]

    def test_ids_are_unique_in_the_collection(self, collection: Collection) -> None:
        """Also where two folders hold files of the same path, and where a file has many records."""
        found = PassageworkRetriever(collection=collection, k=100, stage="dense").invoke("ripen")
        assert len(found) == collection.status().passages
        assert len({one.id for one in found}) == len(found)
        assert {one.id for one in found if one.metadata["path"] == "r.jsonl"} == {
            "r.jsonl#r1#0-18",
            "r.jsonl#r2#0-18",
            "r.jsonl#r3#0-18",
        }
        assert len([one for one in found if one.metadata["path"] == "a.md"]) == 2

    def test_pages_and_metadata_of_the_document(self, collection: Collection) -> None:
        """A PDF's pages, and a record's fields under `metadata`."""
        retriever = PassageworkRetriever(collection=collection, k=1)
        assert retriever.invoke("apples")[0].metadata["pages"] == [1]
        fields = retriever.invoke("owls hoot")[0].metadata["metadata"]
        assert (fields["year"], fields["land"], fields["tags"]) == (2020, "Peru", ["bird", "big"])

    def test_a_calls_filter_only_narrows_the_constructors(self, collection: Collection) -> None:
        """Whatever a query's filter asks for, the retriever's own still holds."""
        retriever = PassageworkRetriever(collection=collection, where={"year": {"$lte": 2021}}, k=10)
        assert {one.metadata["document"] for one in retriever.invoke("night")} == {"r1", "r2"}
        only = retriever.invoke("night", where={"year": {"$gte": 2021}})
        assert [one.metadata["document"] for one in only] == ["r2"]
        assert retriever.invoke("night", where={"year": 2022}) == []
        either = retriever.invoke("night", where={"$or": [{"year": 2022}, {"land": "Peru"}]})
        assert [one.metadata["document"] for one in either] == ["r1"]

    def test_the_other_fields(self, collection: Collection) -> None:
        """The least relevance and the most passages of a document are those of a search."""
        each = PassageworkRetriever(collection=collection, per_document=1, k=20, stage="dense").invoke("travel")
        assert len(each) == collection.status().documents
        likely = PassageworkRetriever(collection=collection, min_relevance=0.5, k=20).invoke("the head approves trips")
        assert [one.page_content for one in likely] == [
            hit.text for hit in collection.search("the head approves trips", k=20, min_relevance=0.5)
        ]
        assert len(likely) < collection.status().passages

    def test_asked_without_blocking_the_loop(self, collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
        """`ainvoke` searches in a thread of its own, with `k` and `where` as given."""
        threads: list[threading.Thread] = []
        search = collection.search

        def watched(query: str, **options: Any) -> Any:
            threads.append(threading.current_thread())
            return search(query, **options)

        monkeypatch.setattr(collection, "search", watched)
        retriever = PassageworkRetriever(collection=collection)
        found = asyncio.run(retriever.ainvoke("night", k=1, where={"year": 2021}))
        assert [one.metadata["document"] for one in found] == ["r2"]
        assert len(threads) == 1
        assert threads[0] is not threading.main_thread()

    def test_what_is_wrong_is_said(self, collection: Collection, tmp_path: Path) -> None:
        """No collection, a misspelt field, no hits asked for."""
        with pytest.raises(StoreError, match="no collection at"):
            PassageworkRetriever(collection=tmp_path / "none")
        with pytest.raises(ValueError, match="min_relevence"):
            PassageworkRetriever(collection=collection, min_relevence=0.5)
        with pytest.raises(ConfigError, match="k is 0"):
            PassageworkRetriever(collection=collection).invoke("night", k=0)

    def test_a_folder_is_opened(self, path: Path) -> None:
        """And can be closed by who asked for it."""
        retriever = PassageworkRetriever(collection=path, stage="lexical", k=1)
        assert retriever.invoke("owls")[0].metadata["title"] == "Owls"
        retriever.collection.close()


class TestEmbeddings:
    """Vectors as the encoder makes them."""

    def test_passages_and_queries_have_their_own_prompts(self) -> None:
        """Documents go through `encode_passages`, the query through `encode_queries`."""
        encoder = PromptedEncoder()
        embeddings = PassageworkEmbeddings(encoder)
        assert embeddings.embed_documents(["a b", "c"]) == encoder.encode_passages(["a b", "c"]).tolist()
        assert embeddings.embed_query("a b") == encoder.encode_queries(["a b"])[0].tolist()
        assert embeddings.embed_query("a b") != embeddings.embed_documents(["a b"])[0]
        assert embeddings.embed_documents([]) == []
        assert np.linalg.norm(embeddings.embed_query("a b")) == pytest.approx(1)
        assert asyncio.run(embeddings.aembed_query("a b")) == embeddings.embed_query("a b")

    def test_a_cut_is_told(self, caplog: pytest.LogCaptureFixture) -> None:
        """A text over the window is counted in a warning; one of just its length is not."""
        embeddings = PassageworkEmbeddings(FakeTokenEncoder(window=10))
        with caplog.at_level(logging.WARNING):
            embeddings.embed_documents(["word " * 8])
        assert caplog.messages == []
        embeddings.embed_documents(["word " * 9, "short"])
        assert caplog.messages == ["1 of 2 texts are longer than 8 tokens, and were cut to that"]


class TestRerank:
    """Documents of any retriever, put in order."""

    def test_best_first_with_scores(self) -> None:
        """By words in common; equal ones keep their order; what was given is not changed."""
        given = [Document(page_content=text) for text in ("apples fall", "pears fall", "owls hoot", "pears ripen")]
        found = PassageworkRerank(reranker=FakeReranker()).compress_documents(given, "pears ripen")
        assert [one.page_content for one in found] == ["pears ripen", "pears fall", "apples fall", "owls hoot"]
        scores = [one.metadata["rerank_score"] for one in found]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)
        assert all(one.metadata == {} for one in given)

    def test_late_interaction_of_an_encoder(self) -> None:
        """The default needs no reranker's weights; `top_n` keeps the first."""
        rerank = PassageworkRerank(encoder=FakeTokenEncoder(), top_n=1)
        given = [Document(page_content="owls hoot", id="1"), Document(page_content="cats hunt mice", id="2")]
        (best,) = asyncio.run(rerank.acompress_documents(given, "cats hunt"))
        assert best.id == "2"
        assert best.metadata["rerank_score"] == pytest.approx(1, abs=1e-3)
        assert rerank.compress_documents([], "cats") == []

    def test_title_and_headings_are_read(self, collection: Collection) -> None:
        """A passage is read as the second stage of a search reads it: below its title and headings."""
        reranker = FakeReranker()
        found = PassageworkRetriever(collection=collection, k=1).invoke("who approves trips")
        PassageworkRerank(reranker=reranker).compress_documents(found, "trips")
        assert reranker.read == ["Travel > Approval\n## Approval\n\nThe head approves trips."]

    def test_what_is_wrong_is_said(self) -> None:
        """None at all were asked for."""
        with pytest.raises(ConfigError, match="give a whole number of at least 1"):
            PassageworkRerank(reranker=FakeReranker(), top_n=0).compress_documents([], "a")
