"""Dify's external knowledge: what it sends, and what it makes of the answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval.config import Settings
from passagework.ui.service.access_tokens import TokenFile
from passagework.ui.service.application import application
from passagework.ui.service.served_collections import ServedCollections
from passagework.ui.service.serving_state import Service
from tests.support.fakes import FakeTokenEncoder
from tests.support.service_client import ServiceClient

SETTINGS = Settings(workers=1, offline=True)
RECORDS = [
    {"_id": "r1", "title": "Owls", "text": "owls hoot at night", "year": 2020, "team": "green*", "day": "2026-01-02"},
    {"_id": "r2", "text": "dogs bark at the mail carrier", "year": 2021, "team": "red", "day": "2026-03-04"},
    {"_id": "r3", "title": "Cats", "text": "cats sleep by the stove", "year": 2022},
]


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """Three records, one without a title, one without a team."""
    base = tmp_path_factory.mktemp("dify")
    (base / "r.jsonl").write_text("".join(json.dumps(record) + "\n" for record in RECORDS))
    ingest([base / "r.jsonl"], base / "c", encoder=FakeTokenEncoder(), settings=SETTINGS)
    with Collection.open(base / "c", encoder=FakeTokenEncoder(), settings=SETTINGS) as opened:
        yield opened


@pytest.fixture
def client(collection: Collection) -> ServiceClient:
    """Whoever asks a service that is open to all."""
    return ServiceClient(application(Service(ServedCollections({"animals": collection}))))


def asked(query: str = "the", **more: Any) -> dict[str, Any]:
    """What Dify sends."""
    setting = {"top_k": 4, "score_threshold": 0.0}
    return {"knowledge_id": "animals", "query": query, "retrieval_setting": setting, **more}


def test_records(client: ServiceClient, collection: Collection) -> None:
    """Texts with relevance, title or path, and metadata that is never null."""
    records = client.post("/dify/retrieval", asked("owls hoot")).json()["records"]
    hits = collection.search("owls hoot", k=4)
    assert [(one["content"], one["score"]) for one in records] == [(hit.text, hit.relevance) for hit in hits]
    assert {one["title"] for one in records} == {"Owls", "r.jsonl", "Cats"}
    assert records[0]["metadata"] == {
        "year": 2020,
        "team": "green*",
        "day": "2026-01-02",
        "path": "r.jsonl",
        "document": "r1",
        "pages": [],
        "start": hits[0].start,
        "end": hits[0].end,
    }
    few = asked("owls hoot", retrieval_setting={"top_k": 1, "score_threshold": None})
    assert len(client.post("/dify/retrieval", few).json()["records"]) == 1
    none = asked("owls hoot", retrieval_setting={"top_k": 3, "score_threshold": 1.0})
    assert client.post("/dify/retrieval", none).json() == {"records": []}


@pytest.mark.parametrize(
    ("name", "operator", "value", "expected"),
    [
        ("team", "contains", "ee", {"r1"}),
        ("team", "contains", "n*", {"r1"}),
        ("team", "contains", "r*d", set()),
        ("team", "not contains", "ee", {"r2", "r3"}),
        ("team", "start with", "re", {"r2"}),
        ("team", "end with", "d", {"r2"}),
        ("team", "is", "red", {"r2"}),
        ("team", "is not", "red", {"r1", "r3"}),
        ("team", "in", ["red", "blue"], {"r2"}),
        ("team", "in", "red, blue", {"r2"}),
        ("team", "not in", "red, blue", {"r1", "r3"}),
        ("team", "empty", None, {"r3"}),
        ("team", "not empty", None, {"r1", "r2"}),
        ("year", "=", "2021", {"r2"}),
        ("year", "≠", 2021, {"r1", "r3"}),
        ("year", ">", "2020.5", {"r2", "r3"}),
        ("year", "<", 2021, {"r1"}),
        ("year", "≥", "2021", {"r2", "r3"}),
        ("year", "≤", 2021, {"r1", "r2"}),
        ("day", "before", "2026-02-01", {"r1"}),
        ("day", "after", "2026-02-01", {"r2"}),
        (["team", "title"], "is", "red", {"r2"}),
    ],
)
def test_conditions(client: ServiceClient, name: Any, operator: str, value: Any, expected: set[str]) -> None:
    """Every operator of Dify's; a value of a pattern's characters is no pattern."""
    condition = {"name": name, "comparison_operator": operator, "value": value}
    body = asked(metadata_condition={"logical_operator": "and", "conditions": [condition]})
    answer = client.post("/dify/retrieval", body)
    assert answer.status_code == 200, answer.text
    assert {one["metadata"]["document"] for one in answer.json()["records"]} == expected


def test_several_conditions(client: ServiceClient) -> None:
    """One of them, or all."""
    conditions = [
        {"name": "team", "comparison_operator": "is", "value": "red"},
        {"name": "year", "comparison_operator": ">", "value": 2021},
    ]
    for operator, expected in (("or", {"r2", "r3"}), ("and", set())):
        body = asked(metadata_condition={"logical_operator": operator, "conditions": conditions})
        records = client.post("/dify/retrieval", body).json()["records"]
        assert {one["metadata"]["document"] for one in records} == expected
    without = asked("owls", metadata_condition={"logical_operator": "and", "conditions": []})
    assert len(client.post("/dify/retrieval", without).json()["records"]) == 3


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, 422),
        ({"knowledge_id": "none", "query": "a"}, 404, 2001),
        (
            asked(metadata_condition={"conditions": [{"name": "team", "comparison_operator": "like", "value": 1}]}),
            422,
            422,
        ),
        (
            asked(metadata_condition={"conditions": [{"name": "$or", "comparison_operator": "is", "value": []}]}),
            422,
            422,
        ),
    ],
    ids=str,
)
def test_mistakes(client: ServiceClient, body: dict[str, Any], status: int, code: int) -> None:
    """They are told as Dify reads them."""
    answer = client.post("/dify/retrieval", body)
    assert (answer.status_code, answer.json()["error_code"]) == (status, code)
    assert answer.json()["error_msg"]


def test_a_bad_key_is_forbidden(collection: Collection, tmp_path: Path) -> None:
    """Dify takes a knowledge base for a good one at 401; with a good key its empty body is no such answer."""
    tokens = TokenFile(tmp_path / "t.json")
    key = tokens.add("dify", visible={"team": "red"})
    app = application(Service(ServedCollections({"animals": collection}), tokens=tokens))
    bad, good = (ServiceClient(app, {"authorization": f"Bearer {one}"}) for one in ("wrong", key))
    assert bad.post("/dify/retrieval", {}).status_code == 403
    assert good.post("/dify/retrieval", {}).status_code not in (403, 404, 502)
    records = good.post("/dify/retrieval", asked("owls hoot dogs")).json()["records"]
    assert [one["metadata"]["document"] for one in records] == ["r2"]
