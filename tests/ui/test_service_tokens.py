"""Tokens: what their file keeps, what a caller may have with one, and that nothing else leaks by any parameter."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval import ConfigError, FilterError, PassageworkError
from passagework.retrieval.config import Settings
from passagework.ui.cli import app as command
from passagework.ui.commands.output import run
from passagework.ui.service.access_tokens import Right, TokenFile
from passagework.ui.service.application import application
from passagework.ui.service.served_collections import ServedCollections
from passagework.ui.service.serving_state import Service
from tests.support.fakes import FakeTokenEncoder
from tests.support.service_client import ServiceClient

SETTINGS = Settings(workers=1, offline=True)
SHARED = "All visitors sign the book at the gate before they walk to the dome."
RECORDS = [
    {"_id": "g1", "title": "Gate", "text": SHARED, "team": "green"},
    {"_id": "g2", "title": "Pump", "text": "The ZPU drives the dome at night.", "team": "green"},
    {"_id": "s1", "title": "Moonvault", "text": SHARED, "team": "red", "clearance": "krypton"},
    {"_id": "s2", "text": "The Zephyr Pump Unit (ZPU) burns zephyrium.", "team": "red", "clearance": "krypton"},
]
SECRETS = ("zephyr", "moonvault", "krypton", "clearance", "secretplan", "s1", "s2")


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """Two records for each team, one text in both, and a plan of nobody's."""
    base = tmp_path_factory.mktemp("tokens")
    (base / "docs").mkdir()
    (base / "docs" / "r.jsonl").write_text("".join(json.dumps(record) + "\n" for record in RECORDS))
    (base / "docs" / "secretplan.md").write_text("# Moonvault\n\nZephyrium lies below the dome.\n")
    ingest([base / "docs"], base / "c", encoder=FakeTokenEncoder(), settings=SETTINGS)
    with Collection.open(base / "c", encoder=FakeTokenEncoder(), settings=SETTINGS) as opened:
        yield opened


@pytest.fixture
def tokens(tmp_path: Path) -> TokenFile:
    """A file of tokens that isn't there yet."""
    return TokenFile(tmp_path / "tokens.json")


@pytest.fixture
def service(collection: Collection, tokens: TokenFile) -> Service:
    """A service with the collection under two names."""
    return Service(ServedCollections({"guide": collection, "other": collection}), tokens=tokens)


def caller(service: Service, token: str) -> ServiceClient:
    """Whoever has a token."""
    return ServiceClient(application(service), {"authorization": f"Bearer {token}"})


@pytest.fixture
def green(service: Service, tokens: TokenFile) -> ServiceClient:
    """A caller who may see one team's documents in one collection."""
    return caller(service, tokens.add("green", collections=["guide"], visible={"team": "green"}))


class TestFile:
    """What is kept, and for whom."""

    def test_a_token_is_kept_as_its_hash(self, tokens: TokenFile, tmp_path: Path) -> None:
        """It has 256 random bits, and nobody but the owner reads the file."""
        token = tokens.add("a", collections=["guide"], rights=["search"], visible={"team": "green"})
        path = tmp_path / "tokens.json"
        assert len(token) == 3 + 43
        assert token.startswith("pw_")
        assert token not in path.read_text()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        access = TokenFile(path).access(token)
        assert access is not None
        assert (access.name, access.rights, access.collections) == (
            "a",
            frozenset({Right.SEARCH}),
            frozenset({"guide"}),
        )
        assert access.visible == {"team": "green"}
        assert tokens.access(token + "x") is None

    def test_what_changes_holds_at_once(self, tokens: TokenFile, tmp_path: Path) -> None:
        """A token that another process takes away is known no more; the others stay."""
        first, second = tokens.add("a"), tokens.add("b")
        assert tokens.access(first) is not None
        TokenFile(tmp_path / "tokens.json").remove("a")
        assert tokens.access(first) is None
        assert [access.name for access in tokens.all()] == ["b"]
        assert tokens.access(second) is not None

    def test_mistakes(self, tokens: TokenFile) -> None:
        """A name that is taken or unknown, a right that there is none of, and filters that make no sense."""
        tokens.add("a")
        mistakes: list[Any] = [
            {"name": "a"},
            {"name": " "},
            {"name": "b\nc"},
            {"name": "\x1b[31mb"},
            {"name": "b", "rights": ["all"]},
            {"name": "b", "rights": []},
        ]
        for options in mistakes:
            with pytest.raises(ConfigError):
                tokens.add(**options)
        filters: list[Any] = [{"pages": 1}, {"$x": []}, {"team": {"$gt": None}}]
        for visible in filters:
            with pytest.raises(FilterError):
                tokens.add("b", visible=visible)
        with pytest.raises(ConfigError, match="there is no token named 'b'"):
            tokens.remove("b")

    @pytest.mark.parametrize(
        "content", ["", "{}", '{"tokens": [{}]}', '{"tokens": [{"sha256": "x", "name": "x", "collections": null}]}']
    )
    def test_a_file_that_can_t_be_read_lets_nobody_in(
        self, service: Service, tokens: TokenFile, tmp_path: Path, content: str
    ) -> None:
        """Not even a token that it had, and it says so at the start."""
        client = caller(service, tokens.add("a"))
        assert client.get("/collections").status_code == 200
        (tmp_path / "tokens.json").write_text(content)
        assert client.get("/collections").status_code == 500
        with pytest.raises(PassageworkError, match="is no file of tokens"):
            tokens.all()
        (tmp_path / "tokens.json").unlink()
        assert client.get("/collections").status_code == 500

    @pytest.mark.parametrize("given", [["search,ingest"], ["search", "ingest"], ["search, ", "ingest,search"]])
    def test_rights_may_be_named_together_or_one_by_one(
        self, given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Every --rights counts, as every --collection does; none is dropped for the last."""
        named = [word for some in given for word in ("--rights", some)]
        assert (
            run(command, ["token", "add", "--tokens", str(tmp_path / "t.json"), "--name", "n", *named, "--json"]) == 0
        )
        access = TokenFile(tmp_path / "t.json").access(json.loads(capsys.readouterr().out)["token"])
        assert access is not None
        assert access.rights == {"search", "ingest"}

    def test_commands(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A token is made, listed without itself, and taken away."""
        at = ["--tokens", str(tmp_path / "t.json")]
        added = ["token", "add", *at, "--name", "n", "--collection", "guide", "--rights", "search", "--json"]
        assert run(command, [*added, "--filter", '{"team": "green"}']) == 0
        token = json.loads(capsys.readouterr().out)["token"]
        assert TokenFile(tmp_path / "t.json").access(token) is not None
        assert run(command, ["token", "list", *at, "--json"]) == 0
        (listed,) = json.loads(capsys.readouterr().out)["tokens"]
        assert {**listed, "created": ""} == {
            "name": "n",
            "collections": ["guide"],
            "rights": ["search"],
            "filter": {"team": "green"},
            "rate": None,
            "created": "",
        }
        assert run(command, ["token", "remove", *at, "--name", "n"]) == 0
        assert TokenFile(tmp_path / "t.json").all() == []
        assert run(command, ["token", "add", *at, "--name", "n", "--filter", '{"pages": 1}']) == 2
        assert "whole documents" in capsys.readouterr().err


class TestRights:
    """What a request needs."""

    @pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer x", "Basic x", "Bearer pw_"])
    def test_without_a_token_nothing_is_told(self, service: Service, tokens: TokenFile, authorization: str) -> None:
        """Neither what there is, nor what is wrong with the request; health alone is open."""
        tokens.add("a")
        client = ServiceClient(application(service), {"authorization": authorization})
        for method, path in (("GET", "/collections"), ("POST", "/collections/guide/search"), ("GET", "/openapi.json")):
            answer = client.ask(method, path, content=b"{")
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
        assert client.get("/healthz").status_code == 200

    @pytest.mark.parametrize(
        ("method", "path", "right"),
        [
            ("POST", "/collections/guide/search", "search"),
            ("POST", "/collections/guide/context", "search"),
            ("GET", "/collections/guide/documents", "read"),
            ("GET", "/collections/guide/documents/g1/text", "read"),
            ("GET", "/collections/guide/documents/g1/outline", "read"),
            ("GET", "/metrics", "admin"),
        ],
    )
    def test_rights(self, service: Service, tokens: TokenFile, method: str, path: str, right: str) -> None:
        """Each route needs one; without it the answer is 403."""
        body = {"query": "dome"} if method == "POST" else None
        for held in Right:
            answer = caller(service, tokens.add(held, rights=[held])).ask(method, path, json=body)
            assert answer.status_code == (200 if held.value == right else 403)

    def test_collections_of_others(self, green: ServiceClient) -> None:
        """They are not listed, and there is no difference between one of others and none."""
        assert green.get("/collections").json() == {"collections": [{"name": "guide"}]}
        answers = [green.post(f"/collections/{name}/search", {"query": "dome"}) for name in ("other", "none")]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].json() == answers[1].json()


WHERES: list[Any] = [
    None,
    {},
    {"team": "red"},
    {"$or": [{"team": "red"}, {"team": "green"}, {}]},
    {"$not": {"team": "green"}},
    {"$not": {"$and": [{"team": "green"}, {"team": "red"}]}},
    {"team": {"$ne": "green"}},
    {"team": {"$not": {"$eq": "green"}}},
    {"metadata.team": {"$exists": False}},
    {"document": {"$in": ["s1", "s2", "g1"]}},
    {"path": {"$glob": "*"}},
    {"clearance": None},
    {"clearance": {"$exists": True}},
]
WAYS: list[dict[str, Any]] = [
    {"stage": "dense", "copies": "keep", "k": 100},
    {"stage": "lexical", "per_document": 1, "syntax": "plain"},
    {"stage": "hybrid", "diversity": 1.0, "fusion": "rrf", "candidates": 5000},
    {"stage": "rerank", "rerank_depth": 100, "min_relevance": 0.0},
]
QUERIES = ["dome", SHARED, "team:red dome", "clearance:krypton", "document:s1", "what is the ZPU", "zephyrum", "-gate"]


def leaked(answer: httpx2.Response, *asked: object) -> list[str]:
    """The secrets that an answer tells beyond what was asked."""
    text = answer.text
    for one in asked:
        text = text.replace(json.dumps(one, ensure_ascii=False).strip('"'), "")
    return [
        secret for secret in SECRETS if f'"{secret}' in text.lower() or (len(secret) > 2 and secret in text.lower())
    ]


class TestLeaks:
    """A token's filter holds whatever is asked for beside it."""

    @pytest.mark.parametrize("where", WHERES, ids=str)
    def test_searches_and_contexts(self, green: ServiceClient, where: Any) -> None:
        """By every way of searching, every filter, copies, expansion and format."""
        for number, query in enumerate(QUERIES):
            way = WAYS[number % len(WAYS)]
            answer = green.post("/collections/guide/search", {"query": query, "where": where, **way})
            assert answer.status_code == 200, answer.text
            assert leaked(answer, query, *query.split(":")) == []
            assert {hit["document"] for hit in answer.json()["hits"]} <= {"g1", "g2"}
            body = {"query": query, "where": where, "min_relevance": 0.0, "max_tokens": 4000}
            more = {"expand": ("section", "neighbours")[number % 2], "format": ("json", "anthropic")[number % 2]}
            answer = green.post("/collections/guide/context", {**body, **more})
            assert answer.status_code == 200, answer.text
            assert leaked(answer, query, *query.split(":")) == []

    def test_the_table_would_see_a_leak(self, service: Service, tokens: TokenFile) -> None:
        """Who may see everything gets the secrets by the same requests."""
        everything = caller(service, tokens.add("all"))
        answer = everything.post("/collections/guide/search", {"query": SHARED, "stage": "hybrid"})
        assert {"krypton", "moonvault"} <= set(leaked(answer, SHARED)) or "s1" in leaked(answer, SHARED)
        answer = everything.post("/collections/guide/search", {"query": "what is the ZPU", "stage": "hybrid"})
        assert "zephyr" in leaked(answer, "what is the ZPU")

    @pytest.mark.parametrize(
        "where", [{"clearanse": 1}, {"clearance": "krypton"}, {"$or": [{"nothing": 1}, {}]}], ids=str
    )
    def test_what_is_said_of_a_filter(self, green: ServiceClient, where: Any) -> None:
        """The fields that others' documents have are none, and are not named."""
        answers = [
            green.post("/collections/guide/search", {"query": "dome", "where": where}),
            green.get("/collections/guide/documents", params={"where": json.dumps(where)}),
        ]
        for answer in answers:
            assert answer.status_code == 422
            field = next(iter(where)) if "$or" not in where else "nothing"
            assert answer.json()["detail"].startswith(f"no document has a field '{field}': there are path, document")
            assert answer.json()["detail"].count("clearance") == (field == "clearance")

    @pytest.mark.parametrize("part", ["text", "outline"])
    def test_documents_of_others(self, green: ServiceClient, collection: Collection, part: str) -> None:
        """There are none, by whatever name; the answer is that to a name of nobody."""
        uris = [quote(row.uri, safe="") for row in collection.documents() if row.name in (None, "s1", "s2")]
        for name in (*uris, "s1", "s2", "secretplan.md", "r.jsonl%23s1", "..%2Fr.jsonl", "nobody"):
            answer = green.get(f"/collections/guide/documents/{name}/{part}")
            assert answer.status_code == 404
            assert answer.json()["detail"].startswith("no document is named")
        assert green.get(f"/collections/guide/documents/g1/{part}").status_code == 200

    def test_lists(self, green: ServiceClient) -> None:
        """Documents, the file's path that stands for those that may be seen, and sizes, are of these alone."""
        for where in WHERES[:-1]:
            answer = green.get("/collections/guide/documents", params={"where": json.dumps(where or {})})
            assert {row["document"] for row in answer.json()["documents"]} <= {"g1", "g2"}
            assert leaked(answer) == []
        status = green.get("/collections/guide").json()
        assert (status["documents"], status["passages"], status["fields"]) == (2, 2, ["team"])
        assert status["collection"] == "guide"
        assert "bytes" not in status
        assert green.get("/collections/guide/documents/r.jsonl/text").json()["detail"].startswith("2 documents are")
