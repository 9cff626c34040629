"""OpenAI's, Jina's and Cohere's shapes, asked by their own clients."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import numpy as np
import openai
import pytest
from fastapi import FastAPI

from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval.config import Settings
from passagework.ui.service.access_tokens import TokenFile
from passagework.ui.service.application import application
from passagework.ui.service.openai_shapes import document_of, file_id
from passagework.ui.service.served_collections import ServedCollections
from passagework.ui.service.serving_state import Service
from tests.support.collection_checks import FakeReranker
from tests.support.fakes import FakeTokenEncoder
from tests.support.service_client import ServiceClient

SETTINGS = Settings(workers=1, offline=True)
RECORDS = [
    {"_id": "r1", "title": "Owls", "text": "owls hoot at night", "year": 2020, "team": "green", "path": "own"},
    {"_id": "r2", "title": "Dogs", "text": "dogs bark at the mail carrier", "year": 2021, "team": "red"},
    {"_id": "r3", "title": "Cats", "text": "cats sleep by the stove", "year": 2022, "team": "green", "long": "x" * 600},
]

Answer = TypeVar("Answer")


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """Three records."""
    base = tmp_path_factory.mktemp("openai")
    (base / "r.jsonl").write_text("".join(json.dumps(record) + "\n" for record in RECORDS))
    ingest([base / "r.jsonl"], base / "c", encoder=FakeTokenEncoder(), settings=SETTINGS)
    with Collection.open(base / "c", encoder=FakeTokenEncoder(), settings=SETTINGS) as opened:
        yield opened


@pytest.fixture
def app(collection: Collection) -> FastAPI:
    """A service of two collections, open to all."""
    return application(Service(ServedCollections({"animals": collection, "zoo": collection})))


def asked(app: FastAPI, call: Callable[[openai.AsyncOpenAI], Awaitable[Answer]], key: str = "none") -> Answer:
    """What OpenAI's own client makes of the answer to a call."""

    async def ask() -> Answer:
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
        async with openai.AsyncOpenAI(
            api_key=key,
            base_url="http://localhost/v1",
            max_retries=0,
            http_client=httpx2.AsyncClient(transport=transport),
        ) as client:
            return await call(client)

    return asyncio.run(ask())


def found(app: FastAPI, query: Any = "owls hoot", key: str = "none", **options: Any) -> list[Any]:
    """The results of a search."""

    async def search(client: openai.AsyncOpenAI) -> list[Any]:
        page = await client.vector_stores.search("animals", query=query, **options)
        return list(page.data)

    return asked(app, search, key)


class TestVectorStores:
    """Collections, searched and listed."""

    def test_a_search(self, app: FastAPI, collection: Collection) -> None:
        """The score is the relevance; attributes tell the place, and metadata by the names that filters have."""
        results = found(app, max_num_results=2)
        hits = collection.search("owls hoot", k=2, min_relevance=0.0)
        assert [result.score for result in results] == [hit.relevance for hit in hits]
        first = results[0]
        assert (first.filename, first.content[0].text, first.content[0].type) == ("r.jsonl", hits[0].text, "text")
        assert first.file_id == file_id("animals", hits[0].uri)
        assert first.attributes == {
            "path": "r.jsonl",
            "title": "Owls",
            "start": hits[0].start,
            "end": hits[0].end,
            "year": 2020,
            "team": "green",
            "metadata.path": "own",
        }

    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            ({"type": "eq", "key": "team", "value": "red"}, ["r2"]),
            ({"type": "ne", "key": "team", "value": "red"}, ["r1", "r3"]),
            ({"type": "gt", "key": "year", "value": 2020}, ["r2", "r3"]),
            ({"type": "gte", "key": "year", "value": 2021}, ["r2", "r3"]),
            ({"type": "lt", "key": "year", "value": 2021}, ["r1"]),
            ({"type": "lte", "key": "year", "value": 2021}, ["r1", "r2"]),
            ({"type": "in", "key": "year", "value": [2020, 2022]}, ["r1", "r3"]),
            ({"type": "nin", "key": "year", "value": [2020, 2022]}, ["r2"]),
            ({"type": "eq", "key": "metadata.path", "value": "own"}, ["r1"]),
            (
                {
                    "type": "or",
                    "filters": [
                        {"type": "eq", "key": "year", "value": 2021},
                        {
                            "type": "and",
                            "filters": [
                                {"type": "eq", "key": "team", "value": "green"},
                                {"type": "gt", "key": "year", "value": 2020},
                            ],
                        },
                    ],
                },
                ["r2", "r3"],
            ),
        ],
        ids=str,
    )
    def test_filters(self, app: FastAPI, filters: Any, expected: list[str]) -> None:
        """Each comparison and nesting is a filter of ours."""
        uris = {document_of(result.file_id)[1] for result in found(app, "at the", filters=filters)}
        assert sorted(uri[-2:] for uri in uris) == expected

    def test_thresholds_and_rankers(self, app: FastAPI) -> None:
        """Results below the threshold are left out; without a ranker nothing is reranked."""
        scores = [result.score for result in found(app)]
        assert len(scores) == 3
        best = max(scores)
        kept = found(app, ranking_options={"score_threshold": best, "ranker": "none"})
        assert all(result.score >= best for result in kept)
        assert len(kept) < 3

    def test_several_queries(self, app: FastAPI) -> None:
        """Each passage once, by its best relevance, the most relevant first."""
        results = found(app, ["owls hoot", "cats sleep"], max_num_results=2)
        assert {result.content[0].text for result in results} == {"owls hoot at night", "cats sleep by the stove"}
        assert results[0].score >= results[1].score

    def test_stores_and_files(self, app: FastAPI, collection: Collection) -> None:
        """They are listed page by page, retrieved, and read."""

        async def stores(client: openai.AsyncOpenAI) -> list[Any]:
            return [store async for store in client.vector_stores.list(limit=1)]

        listed = asked(app, stores)
        assert [store.id for store in listed] == ["animals", "zoo"]
        assert listed[0].file_counts.completed == 3
        store = asked(app, lambda client: client.vector_stores.retrieve("zoo"))
        assert (store.name, store.status, store.created_at > 1_700_000_000) == ("zoo", "completed", True)

        async def files(client: openai.AsyncOpenAI) -> list[Any]:
            return [one async for one in client.files.list(limit=2)]

        rows = collection.documents()
        all_files = asked(app, files)
        assert [one.id for one in all_files] == [file_id(name, row.uri) for name in ("animals", "zoo") for row in rows]
        one = asked(app, lambda client: client.files.retrieve(all_files[0].id))
        assert (one.filename, one.bytes) == (rows[0].address, rows[0].length)
        content = asked(app, lambda client: client.files.content(all_files[0].id))
        assert content.text == collection.document(rows[0].id).text

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"extra_body": {"top_k": 3}}, "there is no parameter 'top_k'"),
            ({"max_num_results": 51}, "max_num_results: Input should be less than or equal to 50"),
            ({"rewrite_query": True}, "rewrite_query: "),
            ({"filters": {"type": "like", "key": "a", "value": "b"}}, "filters: give a type (eq, ne"),
            ({"filters": {"type": "eq", "key": "a", "value": 1, "more": 1}}, "filters: give a type"),
            ({"filters": {"type": "eq", "key": "$or", "value": []}}, "filters: '$or' is no attribute"),
            ({"filters": {"type": "eq", "key": "yeer", "value": 1}}, "no document has a field 'yeer'"),
            ({"filters": {"type": "in", "key": "year", "value": 2020}}, "'year': $in takes a list of values"),
            ({"query": []}, "query: give 1 to 16 texts"),
            ({"query": ""}, "the query is empty"),
        ],
        ids=str,
    )
    def test_mistakes(self, app: FastAPI, options: dict[str, Any], said: str) -> None:
        """The client raises what it raises at OpenAI, and its message says what was wrong."""
        with pytest.raises(openai.BadRequestError) as error:
            found(app, **options)
        assert isinstance(error.value.body, dict)
        assert error.value.body["message"].startswith(said)
        assert error.value.body["type"] == "invalid_request_error"

    def test_what_is_not_there(self, app: FastAPI) -> None:
        """A store, a file, and what is no file's id."""
        for identifier in (file_id("animals", "file:///none"), file_id("none", "x"), "file-!!", "x", "file-"):
            with pytest.raises(openai.NotFoundError):
                asked(app, lambda client, one=identifier: client.files.retrieve(one))  # type: ignore[misc]
        with pytest.raises(openai.NotFoundError):
            asked(app, lambda client: client.vector_stores.retrieve("none"))

    def test_tokens(self, collection: Collection, tmp_path: Path) -> None:
        """A token's filter and collections hold here, too; a wrong one raises what it does at OpenAI."""
        tokens = TokenFile(tmp_path / "t.json")
        key = tokens.add("green", collections=["animals"], visible={"team": "green"})
        served = ServedCollections({"animals": collection, "zoo": collection})
        app = application(Service(served, tokens=tokens))
        with pytest.raises(openai.AuthenticationError):
            found(app, key="wrong")
        for filters in (
            None,
            {"type": "ne", "key": "team", "value": "green"},
            {"type": "eq", "key": "team", "value": "red"},
        ):
            options = {} if filters is None else {"filters": filters}
            texts = {result.content[0].text for result in found(app, ["dogs bark", "cats"], key, **options)}
            assert texts <= {"owls hoot at night", "cats sleep by the stove"}

        async def files(client: openai.AsyncOpenAI) -> list[Any]:
            return [one async for one in client.files.list()]

        assert len(asked(app, files, key)) == 2
        (hidden,) = [row for row in collection.documents() if row.name == "r2"]
        for name in ("animals", "zoo"):
            with pytest.raises(openai.NotFoundError):
                asked(app, lambda client, one=name: client.files.content(file_id(one, hidden.uri)), key)  # type: ignore[misc]
        store = asked(app, lambda client: client.vector_stores.retrieve("animals"), key)
        assert (store.file_counts.total, store.usage_bytes) == (2, 0)


class TestEmbeddings:
    """Vectors of the collections' encoders."""

    def test_vectors(self, app: FastAPI) -> None:
        """As base64, for which the client asks unless told otherwise, and as numbers; of passages and of queries."""
        encoder = FakeTokenEncoder()
        (model,) = asked(app, lambda client: client.models.list()).data
        assert model.id == encoder.fingerprint.model
        texts = ["owls hoot", "dogs bark"]
        expected = encoder.encode_passages(texts)
        for more in ({}, {"encoding_format": "float"}, {"extra_body": {"input_type": "query"}}):
            answer = asked(
                app,
                lambda client, more=more: client.embeddings.create(model=model.id, input=texts, **more),  # type: ignore[misc]
            )
            rows = np.array([one.embedding for one in answer.data], np.float32)
            assert np.array_equal(rows, expected)
            assert answer.usage.prompt_tokens == 4
        raw = ServiceClient(app).post(
            "/v1/embeddings", {"model": model.id, "input": "owls hoot", "encoding_format": "base64"}
        )
        decoded = np.frombuffer(base64.b64decode(raw.json()["data"][0]["embedding"]), "<f4")
        assert np.array_equal(decoded, expected[0])

    @pytest.mark.parametrize(
        ("options", "status", "said"),
        [
            ({"input": [[1, 2], [3]]}, 400, "check_embedding_ctx_length=False"),
            ({"input": [1, 2]}, 400, "check_embedding_ctx_length=False"),
            ({"input": []}, 400, "1 to 2048 texts"),
            ({"input": ["a", " "]}, 400, "a text is empty"),
            ({"input": "word " * 63}, 400, "text 0 has 63 tokens, and the encoder reads 62"),
            ({"input": "a", "model": "other"}, 404, "there is no model 'other'; there are: fake"),
            ({"input": "a", "dimensions": 8}, 400, "dimensions: fake gives 32, not 8"),
        ],
        ids=str,
    )
    def test_mistakes(self, app: FastAPI, options: dict[str, Any], status: int, said: str) -> None:
        """Nothing is cut, and nothing is taken for something else."""
        answer = ServiceClient(app).post("/v1/embeddings", {"model": "fake", **options})
        assert answer.status_code == status
        assert said in answer.json()["error"]["message"]


class TestRerank:
    """Documents that callers bring along."""

    DOCUMENTS = ("the mail comes late", "owls hoot at night", "an owl")

    @pytest.mark.parametrize("path", ["/v1/rerank", "/v2/rerank"])
    def test_scores(self, app: FastAPI, path: str) -> None:
        """The best first, from 0 to 1, by index; documents only where they are asked for, texts or objects."""
        body: dict[str, Any] = {"model": "fake", "query": "owls hoot", "documents": list(self.DOCUMENTS)}
        results = ServiceClient(app).post(path, body).json()["results"]
        assert results[0]["index"] == 1
        assert sorted(one["index"] for one in results) == [0, 1, 2]
        scores = [one["relevance_score"] for one in results]
        assert scores == sorted(scores, reverse=True)
        assert 0 <= scores[-1] < scores[0] <= 1
        assert all(set(one) == {"index", "relevance_score"} for one in results)
        body |= {"documents": [{"text": text} for text in self.DOCUMENTS], "return_documents": True, "top_n": 1}
        (best,) = ServiceClient(app).post(path, body).json()["results"]
        assert best == {"index": 1, "relevance_score": scores[0], "document": {"text": "owls hoot at night"}}

    def test_a_document_may_be_cut(self, app: FastAPI) -> None:
        """To so many tokens, where that is asked for."""
        body = {"query": "night", "documents": ["owls hoot at night", "owls hoot"], "max_tokens_per_doc": 2}
        results = ServiceClient(app).post("/v1/rerank", body).json()["results"]
        assert results[0]["relevance_score"] == results[1]["relevance_score"]

    def test_another_reranker(self, collection: Collection) -> None:
        """It is the one that the service was given, by whose name it may be asked for."""
        app = application(Service(ServedCollections({"animals": collection}, FakeReranker())))
        body = {"model": "fake-reranker", "query": "an owl", "documents": list(self.DOCUMENTS)}
        results = ServiceClient(app).post("/v2/rerank", body).json()["results"]
        assert results[0] == {"index": 2, "relevance_score": pytest.approx(1 / (1 + np.exp(-1.98)), abs=1e-5)}

    @pytest.mark.parametrize(
        ("body", "status", "said"),
        [
            ({"query": "a", "documents": []}, 400, "documents: "),
            ({"query": "", "documents": ["a"]}, 400, "query: "),
            ({"query": "a", "documents": [{"body": "b"}]}, 400, "documents: give texts, or objects"),
            ({"query": "a", "documents": ["b"], "top_k": 1}, 400, "there is no parameter 'top_k'"),
            ({"query": "a", "documents": ["b"], "top_n": 0}, 400, "top_n: "),
            ({"query": "a", "documents": ["b"], "model": "x"}, 404, "there is no model 'x'"),
        ],
        ids=str,
    )
    def test_mistakes(self, app: FastAPI, body: dict[str, Any], status: int, said: str) -> None:
        """One line says what was wrong, in the places where clients look for it."""
        answer = ServiceClient(app).post("/v2/rerank", body)
        assert answer.status_code == status
        assert answer.json()["message"].startswith(said)
        assert answer.json()["error"]["message"] == answer.json()["message"]

    def test_coheres_client(self, app: FastAPI) -> None:
        """It reads the answer, and raises its own errors."""
        cohere = pytest.importorskip("cohere", reason="cohere isn't installed")
        httpx = pytest.importorskip("httpx", reason="cohere's client needs httpx")

        async def ask(model: str) -> Any:
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport) as http:
                client = cohere.AsyncClientV2("key", base_url="http://localhost", httpx_client=http)
                return await client.rerank(model=model, query="owls hoot", documents=list(self.DOCUMENTS), top_n=2)

        answer = asyncio.run(ask("fake"))
        assert answer.results[0].index == 1
        assert len(answer.results) == 2
        with pytest.raises(cohere.NotFoundError):
            asyncio.run(ask("other"))
