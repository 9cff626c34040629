"""One search of several collections."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from passagework import Collection, Collections
from passagework.ingest import ingest
from passagework.retrieval.config import RELEVANT, Settings
from passagework.ui.service.access_tokens import TokenFile
from passagework.ui.service.application import application
from passagework.ui.service.served_collections import ServedCollections
from passagework.ui.service.serving_state import Service
from tests.support.fakes import FakeTokenEncoder
from tests.support.service_client import ServiceClient

TEXTS = {
    "birds": ["owls hoot at night", "herons stand in the water", "the eagle owl hunts"],
    "pets": ["dogs bark at the mail carrier", "cats sleep by the stove", "owls at night are no pets"],
}


@pytest.fixture(scope="module")
def collections(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Collection]]:
    """Two collections of three records."""
    base = tmp_path_factory.mktemp("merged")
    opened = {}
    for name, texts in TEXTS.items():
        rows = [{"_id": f"{name}{number}", "text": text, "n": number} for number, text in enumerate(texts)]
        (base / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        ingest([base / f"{name}.jsonl"], base / name, encoder=FakeTokenEncoder(), settings=Settings(workers=1))
        opened[name] = Collection.open(base / name, encoder=FakeTokenEncoder())
    yield opened
    for collection in opened.values():
        collection.close()


@pytest.fixture
def client(collections: dict[str, Collection]) -> ServiceClient:
    """Whoever asks a service that is open to all."""
    return ServiceClient(application(Service(ServedCollections(collections))))


def test_hits_are_in_order_of_relevance(client: ServiceClient, collections: dict[str, Collection]) -> None:
    """Each says its collection, and is otherwise that of the collection's own search."""
    asked: dict[str, Any] = {"query": "owls at night", "k": 4, "stage": "hybrid", "where": {"n": {"$lte": 2}}}
    answer = client.post("/search", {**asked, "collections": ["pets", "birds"]}).json()
    own = {name: collection.search(**asked) for name, collection in collections.items()}
    everything = [(hit.relevance or 0, name, hit) for name in ("pets", "birds") for hit in own[name]]
    best = sorted(everything, key=lambda one: -one[0])[:4]
    found = [(hit["collection"], hit["document"]) for hit in answer["hits"]]
    assert found == [(name, hit.document) for _, name, hit in best]
    assert {name for name, _ in found} == {"pets", "birds"}
    for rank, (hit, (_, _, of_own)) in enumerate(zip(answer["hits"], best, strict=True), start=1):
        assert hit["rank"] == rank
        assert {**hit, "rank": of_own.rank} == {**of_own.to_json(), "collection": hit["collection"]}
    assert answer["plans"] == {name: hits.plan.to_json() for name, hits in own.items()}
    assert answer["relevant"] == sum(hit["relevance"] >= RELEVANT for hit in answer["hits"])


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"collections": []}, 422, "collections: "),
        ({}, 422, "collections is missing"),
        ({"collections": ["birds", "birds"]}, 422, "collections: one is named twice"),
        ({"collections": ["birds", "none"]}, 404, "there is no such collection"),
        ({"collections": ["birds"], "relevance": False}, 422, "relevance: "),
        ({"collections": ["birds"], "where": {"x": 1}}, 422, "no document has a field 'x'"),
    ],
    ids=str,
)
def test_mistakes(client: ServiceClient, body: dict[str, Any], status: int, said: str) -> None:
    """One line, whichever collection it concerns."""
    answer = client.post("/search", {"query": "owls", **body})
    assert (answer.status_code, answer.json()["detail"].startswith(said)) == (status, True), answer.text


def test_a_token_holds_in_each(collections: dict[str, Collection], tmp_path: Path) -> None:
    """Its filter in every collection, and others' collections are none."""
    tokens = TokenFile(tmp_path / "t.json")
    app = application(Service(ServedCollections(collections), tokens=tokens))
    both = ServiceClient(app, {"authorization": f"Bearer {tokens.add('both', visible={'n': 0})}"})
    answer = both.post("/search", {"query": "owl", "collections": ["birds", "pets"], "where": {"n": {"$ne": 5}}})
    assert {hit["document"] for hit in answer.json()["hits"]} == {"birds0", "pets0"}
    one = ServiceClient(app, {"authorization": f"Bearer {tokens.add('one', collections=['pets'])}"})
    assert one.post("/search", {"query": "owl", "collections": ["birds", "pets"]}).status_code == 404


def test_a_context_of_several(client: ServiceClient, collections: dict[str, Collection]) -> None:
    """Says what Python's says, and cites each collection."""
    asked: dict[str, Any] = {"query": "owls at night", "max_tokens": 60, "min_relevance": 0.0}
    answer = client.post("/context", {**asked, "collections": ["pets", "birds"]}).json()
    own = Collections({name: collections[name] for name in ("pets", "birds")}).context(**asked)
    assert (answer["text"], answer["citations"]) == (own.text, own.to_json()["citations"])
    assert {citation["collection"] for citation in answer["citations"]} == {"pets", "birds"}
    assert sorted(answer["plans"]) == ["birds", "pets"]
    assert client.post("/context", {**asked, "collections": ["pets", "no"]}).status_code == 404
