"""LlamaIndex's retriever, embeddings and reranker over a collection."""

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
from passagework.retrieval.config import DEFAULT_ENCODER, Settings
from tests.support.collection_checks import FakeReranker
from tests.support.fakes import FakeTokenEncoder
from tests.support.framework_collections import GUIDE, PromptedEncoder, make_collection

pytest.importorskip("llama_index.core", reason='pip install "passagework[llamaindex]"')

from llama_index.core.schema import MetadataMode, NodeWithScore, QueryBundle, TextNode
from llama_index.core.vector_stores import MetadataFilter, MetadataFilters

from passagework.integrations.llamaindex import (
    PassageworkEmbedding,
    PassageworkRerank,
    PassageworkRetriever,
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the collection."""
    return make_collection(tmp_path_factory.mktemp("llamaindex"))


@pytest.fixture
def collection(path: Path) -> Iterator[Collection]:
    """The collection, open."""
    with Collection.open(path, encoder=FakeTokenEncoder(), settings=Settings(offline=True)) as opened:
        yield opened


def documents(found: list[NodeWithScore]) -> list[str]:
    """The documents that nodes are from."""
    return [one.node.metadata["document"] for one in found]


class TestRetriever:
    """What it finds is what a search finds, and nothing that its filter keeps out."""

    def test_a_node(self, collection: Collection) -> None:
        """Its id names the passage, its offsets are the document's, its source is the document, its score relevance."""
        (found,) = PassageworkRetriever(collection, k=1).retrieve("who approves trips")
        hit, node = collection.search("who approves trips", k=1)[0], found.node
        start = GUIDE.index("## Approval")
        assert isinstance(node, TextNode)
        assert node.node_id == f"policies/travel.md#{start}-{hit.end}"
        assert (node.text, found.score) == ("## Approval\n\nThe head approves trips.", hit.relevance)
        assert (node.start_char_idx, node.end_char_idx) == (start, hit.end)
        assert node.ref_doc_id == hit.document
        assert node.source_node is not None
        assert node.source_node.metadata == {"title": "Travel", "path": "policies/travel.md"}
        assert node.metadata["headings"] == ["Approval"]
        assert json.loads(json.dumps(node.metadata)) == node.metadata

    def test_models_read_no_bookkeeping(self, collection: Collection) -> None:
        """A language model sees where the passage stands; an encoder, what the collection's encoder saw."""
        node = PassageworkRetriever(collection, k=1).retrieve("owls hoot")[0].node
        assert node.get_metadata_str(MetadataMode.LLM) == "title: Owls\npath: r.jsonl\npages: []\nheadings: []"
        assert node.get_metadata_str(MetadataMode.EMBED) == "title: Owls\nheadings: []"

    def test_the_nodes_are_the_hits_in_their_order(self, collection: Collection) -> None:
        """At every stage, with ids of their own: LlamaIndex drops a node whose id was there."""
        for stage in ("dense", "lexical", "hybrid", "rerank"):
            expected = [hit.text for hit in collection.search("pears at night", k=20, stage=stage)]
            found = PassageworkRetriever(collection, k=20, stage=stage).retrieve(QueryBundle("pears at night"))
            assert [one.text for one in found] == expected
        every = PassageworkRetriever(collection, k=100, stage="dense").retrieve("ripen")
        assert len(every) == collection.status().passages

    def test_filters_only_narrow_where(self, collection: Collection) -> None:
        """They may be set between queries; `where` holds whatever they are."""
        retriever = PassageworkRetriever(collection, where={"year": {"$lte": 2021}}, k=10)
        assert set(documents(retriever.retrieve("night"))) == {"r1", "r2"}
        retriever.filters = MetadataFilters(filters=[MetadataFilter(key="year", value=2021, operator=">=")])
        assert documents(retriever.retrieve("night")) == ["r2"]
        retriever.filters = MetadataFilters(
            filters=[
                MetadataFilter(key="year", value=2022),
                MetadataFilter(key="tags", value="bird", operator="contains"),
            ],
            condition="or",
        )
        assert documents(retriever.retrieve("night")) == ["r1"]
        retriever.filters = MetadataFilters(filters=[MetadataFilter(key="yaer", value=1)])
        with pytest.raises(FilterError, match="did you mean 'year'"):
            retriever.retrieve("night")

    def test_the_other_options(self, collection: Collection, tmp_path: Path) -> None:
        """They are those of a search; where there is no collection, it says so."""
        each = PassageworkRetriever(collection, per_document=1, k=20, stage="dense").retrieve("travel")
        assert len(each) == collection.status().documents
        likely = PassageworkRetriever(collection, min_relevance=0.5, k=20).retrieve("the head approves trips")
        assert 0 < len(likely) < collection.status().passages
        assert all(one.score is not None and one.score >= 0.5 for one in likely)
        with pytest.raises(StoreError, match="no collection at"):
            PassageworkRetriever(tmp_path / "none")

    def test_asked_without_blocking_the_loop(self, collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
        """`aretrieve` searches in a thread of its own."""
        threads: list[threading.Thread] = []
        search = collection.search

        def watched(query: str, **options: Any) -> Any:
            threads.append(threading.current_thread())
            return search(query, **options)

        monkeypatch.setattr(collection, "search", watched)
        found = asyncio.run(PassageworkRetriever(collection, where={"year": 2021}).aretrieve("night"))
        assert documents(found) == ["r2"]
        assert len(threads) == 1
        assert threads[0] is not threading.main_thread()


class TestEmbedding:
    """Vectors as the encoder makes them."""

    def test_passages_and_queries_have_their_own_prompts(self) -> None:
        """Texts go through `encode_passages`, the query through `encode_queries`; asynchronously too."""
        encoder = PromptedEncoder()
        embedding = PassageworkEmbedding(encoder, embed_batch_size=2)
        passages = encoder.encode_passages(["a b", "c", "d"]).tolist()
        query = encoder.encode_queries(["a b"])[0].tolist()
        assert embedding.get_text_embedding_batch(["a b", "c", "d"]) == passages
        assert embedding.get_text_embedding("a b") == passages[0]
        assert embedding.get_query_embedding("a b") == query != passages[0]
        assert asyncio.run(embedding.aget_query_embedding("a b")) == query
        assert asyncio.run(embedding.aget_text_embedding_batch(["a b", "c", "d"])) == passages
        assert embedding.model_name == "fake"


class TestRerank:
    """Nodes of any retriever, put in order."""

    def test_best_first_with_scores(self) -> None:
        """By words in common; equal ones keep their order."""
        texts = ("apples fall", "pears fall", "owls hoot", "pears ripen")
        given = [NodeWithScore(node=TextNode(text=text), score=0.3) for text in texts]
        found = PassageworkRerank(reranker=FakeReranker()).postprocess_nodes(given, query_str="pears ripen")
        assert [one.text for one in found] == ["pears ripen", "pears fall", "apples fall", "owls hoot"]
        scores = [one.score or 0 for one in found]
        assert scores == sorted(scores, reverse=True)
        assert [one.score for one in given] == [0.3] * 4

    def test_late_interaction_of_an_encoder(self, collection: Collection) -> None:
        """The default needs no reranker's weights; title and headings are read; `top_n` keeps the first."""
        found = PassageworkRetriever(collection, k=20, stage="dense").retrieve("cats")
        rerank = PassageworkRerank(encoder=FakeTokenEncoder(), top_n=2)
        best = asyncio.run(rerank.apostprocess_nodes(found, query_str="approval of trips"))
        assert len(best) == 2
        assert best[0].node.metadata["headings"] == ["Approval"]
        reranker = FakeReranker()
        PassageworkRerank(reranker=reranker).postprocess_nodes(best[:1], query_str="trips")
        assert reranker.read == ["Travel > Approval\n## Approval\n\nThe head approves trips."]

    def test_what_is_wrong_is_said(self) -> None:
        """No query, or none at all were asked for."""
        with pytest.raises(ConfigError, match="give query_bundle or query_str"):
            PassageworkRerank(reranker=FakeReranker()).postprocess_nodes([])
        with pytest.raises(ConfigError, match="give a whole number of at least 1"):
            PassageworkRerank(reranker=FakeReranker(), top_n=0).postprocess_nodes([], query_str="a")


def test_components_are_dumped_and_loaded() -> None:
    """As JSON, with the models that they were made with, by name; what is loaded does as what was dumped."""
    named = DEFAULT_ENCODER
    embedding = PassageworkEmbedding(named, embed_batch_size=3)
    loaded = PassageworkEmbedding.from_json(embedding.to_json())
    assert (loaded.encoder, loaded.model_name, loaded.embed_batch_size) == (named, named, 3)
    assert loaded.get_query_embedding("owls") == embedding.get_query_embedding("owls")
    rerank = PassageworkRerank(encoder=named, top_n=2)
    again = PassageworkRerank.from_json(rerank.to_json())
    assert (again.encoder, again.reranker, again.top_n) == (named, None, 2)
    nodes = [NodeWithScore(node=TextNode(text=text)) for text in ("Owls hoot.", "Bees dance.", "An owl is heard.")]
    before, after = (one.postprocess_nodes(nodes, query_str="what do owls do") for one in (rerank, again))
    assert [(node.text, node.score) for node in before] == [(node.text, node.score) for node in after]
    assert len(after) == 2


def test_a_dump_names_models_given_as_objects() -> None:
    """An encoder by its fingerprint, a reranker by its name; nothing where the default is meant."""
    assert PassageworkEmbedding(PromptedEncoder()).to_dict()["encoder"] == "fake"
    dumped = PassageworkRerank(reranker=FakeReranker(), encoder=FakeTokenEncoder()).to_dict()
    assert (dumped["reranker"], dumped["encoder"]) == (FakeReranker().name, "fake")
