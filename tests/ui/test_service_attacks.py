"""A service under attack: a token asks every route for what it may not see, and whatever is sent, nothing breaks."""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from passagework import Collection, Judgment, Settings, add_judgments, ingest
from passagework.ui.service.access_tokens import TokenFile
from passagework.ui.service.application import application
from passagework.ui.service.openai_shapes import file_id
from passagework.ui.service.served_collections import ServedCollections
from passagework.ui.service.serving_state import Service
from tests.support.fakes import FakeTokenEncoder
from tests.support.service_client import ServiceClient

SHARED = "All visitors sign the book at the gate before they walk to the dome."
RECORDS = [
    {"_id": "g1", "title": "Gate", "text": SHARED, "team": "green"},
    {"_id": "g2", "title": "Pump", "text": "The pump drives the dome at night.", "team": "green"},
    {"_id": "s1", "title": "Moonvault", "text": f"{SHARED} ", "team": "red", "clearance": "krypton"},
    {"_id": "s2", "text": "The Zephyr Pump Unit burns zephyrium.", "team": "red", "clearance": "krypton"},
]
SECRETS = ("zephyr", "moonvault", "krypton", "clearance", "secretplan", "s1", "s2", "other")
HIDDEN_QUERIES = ("zephyrium", '"zephyr pump unit"', "clearance:krypton", "path:secretplan*", "-gate moonvault")
UPLOADED = "file-0123456789abcdef01234567"
"""A file that somebody uploaded, and that is in no collection yet."""
HIDDEN_FILTERS: list[Any] = [
    {"team": "red"},
    {"$or": [{"team": "red"}, {"team": "green"}]},
    {"$not": {"team": "green"}},
    {"path": {"$glob": "*"}},
]


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """Two records for each team, one text in both, a plan of nobody's, and a judgment of it."""
    base = tmp_path_factory.mktemp("attacked")
    (base / "docs").mkdir()
    (base / "docs" / "r.jsonl").write_text("".join(json.dumps(record) + "\n" for record in RECORDS))
    (base / "docs" / "secretplan.md").write_text("# Moonvault\n\nZephyrium lies below the dome.\n")
    settings = Settings(workers=1, offline=True)
    ingest([base / "docs"], base / "c", encoder=FakeTokenEncoder(), settings=settings)
    add_judgments(base / "c", [Judgment("zephyr", "s1")])
    (base / "c" / "uploads" / UPLOADED).mkdir(parents=True)
    (base / "c" / "uploads" / UPLOADED / "secretplan.md").write_text("Zephyrium, and a moonvault.")
    with Collection.open(base / "c", encoder=FakeTokenEncoder(), settings=settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def service(collection: Collection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The collection under two names, the second of which is nobody's business."""
    tokens = TokenFile(tmp_path_factory.mktemp("tokens") / "t.json")
    folders = {"guide": [collection.path.parent / "docs"]}
    made = Service(ServedCollections({"guide": collection, "other": collection}), tokens=tokens, sources=folders)
    yield made
    made.writers.close()


@pytest.fixture(scope="module")
def green(service: Service) -> ServiceClient:
    """A caller who may see one team's documents in one collection, with every right but the metrics'."""
    assert service.tokens is not None
    rights = ("search", "read", "ingest")
    token = service.tokens.add("green", collections=["guide"], rights=rights, visible={"team": "green"})
    return ServiceClient(application(service), {"authorization": f"Bearer {token}"})


def attempts(collection: Collection) -> dict[tuple[str, str], list[tuple[str, dict[str, Any]]]]:
    """What is tried of each route, by its method and path: an address, and what is sent with it."""
    uris = [row.uri for row in collection.documents() if "secretplan" in row.uri or row.uri.endswith(("s1", "s2"))]
    names = ["s1", "s2", "secretplan.md", "r.jsonl#_s1", *uris]
    paths = [quote(name, safe="") for name in names]
    files = [UPLOADED, *(file_id(name, uri) for name in ("guide", "other") for uri in uris)]
    searches: list[dict[str, Any]] = [
        *({"query": query} for query in HIDDEN_QUERIES),
        *({"query": "dome", "where": where, "k": 100} for where in HIDDEN_FILTERS),
        *({"query": "visitors sign the book", "copies": copies, "k": 100} for copies in ("collapse", "keep")),
        *({"query": "dome", "stage": stage, "k": 100} for stage in ("dense", "lexical", "hybrid", "rerank")),
    ]
    contexts = [
        {key: value for key, value in one.items() if key not in ("copies", "k")} | {"min_relevance": 0.0}
        for one in searches
    ]
    contexts += [{"query": "dome", "expand": "section", "min_relevance": 0.0}]
    of_store = [
        {"query": list(HIDDEN_QUERIES), "max_num_results": 50},
        {"query": "dome", "filters": {"type": "eq", "key": "team", "value": "red"}},
        {"query": "dome", "filters": {"type": "ne", "key": "team", "value": "green"}},
    ]
    dify = [
        {"knowledge_id": name, "query": query, "retrieval_setting": {"top_k": 50}}
        for name in ("guide", "other")
        for query in HIDDEN_QUERIES
    ]
    both = ("guide", "other")

    def posts(path: str, bodies: Sequence[Any]) -> list[tuple[str, dict[str, Any]]]:
        return [(path.replace("{name}", name), {"json": body}) for name in both for body in bodies]

    def of_documents(behind: str) -> list[tuple[str, dict[str, Any]]]:
        return [(f"/collections/{name}/documents/{path}{behind}", {}) for name in both for path in paths]

    def of_stores(behind: str) -> list[tuple[str, dict[str, Any]]]:
        return [(f"/v1/vector_stores/{name}/files/{file}{behind}", {}) for name in both for file in files]

    def of_batches(behind: str) -> list[tuple[str, dict[str, Any]]]:
        return [(f"/v1/vector_stores/{name}/file_batches/vsfb_0{behind}", {}) for name in both]

    upload: list[tuple[str, dict[str, Any]]] = [
        (f"/collections/{name}/files/secretplan.md", {"content": b"x"}) for name in both
    ]
    nothing: list[tuple[str, dict[str, Any]]] = []
    return {
        ("get", "/healthz"): [("/healthz", {})],
        ("get", "/readyz"): [("/readyz", {})],
        ("get", "/metrics"): [("/metrics", {})],
        ("get", "/collections"): [("/collections", {})],
        ("get", "/collections/{name}"): [(f"/collections/{name}", {}) for name in both],
        ("post", "/collections/{name}/search"): posts("/collections/{name}/search", searches),
        ("post", "/collections/{name}/context"): posts("/collections/{name}/context", contexts),
        ("post", "/search"): [
            ("/search", {"json": {**body, "collections": list(names)}})
            for body in searches
            for names in (["guide"], both)
        ],
        ("post", "/context"): [
            ("/context", {"json": {**body, "collections": list(names)}})
            for body in contexts
            for names in (["guide"], both)
        ],
        ("get", "/collections/{name}/documents"): [
            (f"/collections/{name}/documents{where}", {})
            for name in both
            for where in ("", *(f"?where={quote(json.dumps(one))}" for one in HIDDEN_FILTERS))
        ],
        ("get", "/collections/{name}/documents/{document}/text"): of_documents("/text"),
        ("get", "/collections/{name}/documents/{document}/outline"): of_documents("/outline"),
        ("get", "/collections/{name}/documents/{document}/pages/{number}/picture"): of_documents("/pages/1/picture"),
        ("get", "/collections/{name}/judgments"): [(f"/collections/{name}/judgments", {}) for name in both],
        ("post", "/collections/{name}/judgments"): posts(
            "/collections/{name}/judgments", [{"judgments": [{"query": "x", "document": name}]} for name in names]
        ),
        ("put", "/collections/{name}/files/{filename}"): upload,
        ("post", "/collections/{name}/files"): [
            (f"/collections/{name}/files", {"files": [("file", ("secretplan.md", b"x"))]}) for name in both
        ],
        ("post", "/collections/{name}/ingest"): posts("/collections/{name}/ingest", [{}, {"delete_missing": True}]),
        ("get", "/collections/{name}/jobs/{job}"): [(f"/collections/{name}/jobs/job-0", {}) for name in both],
        ("get", "/collections/{name}/jobs/{job}/events"): [
            (f"/collections/{name}/jobs/job-0/events", {}) for name in both
        ],
        ("delete", "/collections/{name}/documents/{document}"): of_documents(""),
        ("post", "/collections/{name}/delete"): posts(
            "/collections/{name}/delete",
            [{"documents": ["*"], "dry_run": True}, *({"where": where, "dry_run": True} for where in HIDDEN_FILTERS)],
        ),
        ("get", "/v1/vector_stores"): [("/v1/vector_stores", {}), ("/v1/vector_stores?after=other", {})],
        ("get", "/v1/vector_stores/{name}"): [(f"/v1/vector_stores/{name}", {}) for name in both],
        ("post", "/v1/vector_stores/{name}/search"): posts("/v1/vector_stores/{name}/search", of_store),
        ("get", "/v1/vector_stores/{name}/files"): [
            (f"/v1/vector_stores/{name}/files{asked}", {}) for name in both for asked in ("", "?filter=failed")
        ],
        ("post", "/v1/vector_stores/{name}/files"): posts(
            "/v1/vector_stores/{name}/files", [{"file_id": file} for file in files]
        ),
        ("get", "/v1/vector_stores/{name}/files/{identifier}"): of_stores(""),
        ("get", "/v1/vector_stores/{name}/files/{identifier}/content"): of_stores("/content"),
        ("delete", "/v1/vector_stores/{name}/files/{identifier}"): of_stores(""),
        ("post", "/v1/vector_stores/{name}/file_batches"): posts(
            "/v1/vector_stores/{name}/file_batches",
            [{"file_ids": files}, *({"files": [{"file_id": file}]} for file in files)],
        ),
        ("get", "/v1/vector_stores/{name}/file_batches/{batch}"): of_batches(""),
        ("post", "/v1/vector_stores/{name}/file_batches/{batch}/cancel"): of_batches("/cancel"),
        ("get", "/v1/vector_stores/{name}/file_batches/{batch}/files"): of_batches("/files"),
        ("post", "/v1/files"): [
            ("/v1/files", {"files": [("file", ("secretplan.md", b"x"))], "data": {"purpose": "assistants"}})
        ],
        ("delete", "/v1/files/{identifier}"): [(f"/v1/files/{file}", {}) for file in files],
        ("get", "/v1/files"): [("/v1/files", {}), *((f"/v1/files?after={file}", {}) for file in files)],
        ("get", "/v1/files/{identifier}"): [(f"/v1/files/{file}", {}) for file in files],
        ("get", "/v1/files/{identifier}/content"): [(f"/v1/files/{file}/content", {}) for file in files],
        ("get", "/v1/models"): [("/v1/models", {})],
        ("get", "/v1/models/{identifier}"): nothing,
        ("post", "/v1/embeddings"): [("/v1/embeddings", {"json": {"input": "dome", "model": "fake"}})],
        ("post", "/v1/rerank"): [("/v1/rerank", {"json": {"query": "dome", "documents": ["a"]}})],
        ("post", "/v2/rerank"): [("/v2/rerank", {"json": {"query": "dome", "documents": ["a"], "model": "fake"}})],
        ("post", "/dify/retrieval"): [("/dify/retrieval", {"json": body}) for body in dify],
    }


def routes(service: Service) -> set[tuple[str, str]]:
    """Every route of the application that its description has, by method and path."""
    paths = application(service).openapi()["paths"]
    return {(method, path) for path, methods in paths.items() for method in methods}


def test_every_route_is_attacked(service: Service, collection: Collection) -> None:
    """A route that is new fails this test until the table says what is tried of it."""
    assert routes(service) <= set(attempts(collection)), "say in `attempts` how a caller would try to see others'"


def test_no_route_gives_what_a_token_may_not_see(
    green: ServiceClient, service: Service, collection: Collection
) -> None:
    """Neither text nor name, field, count or number of another's document, nor that there is another collection.

    What the caller sent itself is no leak: an answer may say it again.
    """
    tried = 0
    leaks = []
    for (method, path), requests in attempts(collection).items():
        if (method, path) not in routes(service):
            continue
        for address, options in requests:
            answer = green.ask(method.upper(), address, **options)
            sent = f"{address} {options}".lower()
            told = answer.text.lower().replace(sent, "")
            leaks += [
                (method, address, secret, answer.status_code)
                for secret in SECRETS
                if secret in told and secret not in sent
            ]
            if '"red"' in told and "red" not in sent:
                leaks.append((method, address, "red", answer.status_code))
            if "/other" in address or method == "delete":
                assert answer.status_code in (401, 403, 404), (method, address)
            tried += 1
    assert leaks == []
    assert tried > 200
    assert len(collection.documents()) == 5


def test_counts_are_those_of_what_is_seen(green: ServiceClient) -> None:
    """Two documents, wherever they are counted."""
    assert len(green.get("/collections/guide/documents").json()["documents"]) == 2
    assert green.get("/collections/guide").json()["documents"] == 2
    assert green.get("/v1/vector_stores/guide").json()["file_counts"]["total"] == 2
    assert len(green.get("/v1/files").json()["data"]) == 2


@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": "Bearer x"}, {"authorization": "Basic x"}, {"authorization": "Bearer "}],
    ids=["none", "unknown", "another scheme", "empty"],
)
def test_without_a_token_nothing_is_told(service: Service, collection: Collection, headers: dict[str, str]) -> None:
    """Every route but those for health says that a token is missing, before it looks at anything else."""
    stranger = ServiceClient(application(service), headers)
    for (method, path), requests in attempts(collection).items():
        if path in ("/healthz", "/readyz") or not requests:
            continue
        address, options = requests[0]
        expected = 403 if path.startswith("/dify") else 401
        assert stranger.ask(method.upper(), address, **options).status_code == expected, (method, address)
    assert stranger.get("/openapi.json").status_code == 401
    assert stranger.post("/mcp", {}).status_code == 401


MALFORMED = int(os.environ.get("PASSAGEWORK_MALFORMED", "400"))
"""Requests that are sent; `make conformance` sends 10,000."""

SCRAPS: list[Any] = [
    *(None, True, 0, -1, 1e308, 2**70, "", "\x00", "\ud800", "a" * 5000, [], {}, [[]], {"$where": 1}, {"": {}}),
    *("record", "guide", "hybrid", {"$in": []}, {"$not": {"$not": {}}}, ["guide"] * 65, [None], {"type": "and"}),
]


def malformed(chance: random.Random, paths: list[tuple[str, str]], names: list[str]) -> dict[str, Any]:
    """A request of a route that is wrong in some way."""
    method, path = chance.choice(paths)
    for part in ("{name}", "{document}", "{identifier}", "{filename}", "{job}", "{number}"):
        path = path.replace(part, quote(chance.choice(["guide", "x", "%00", "..", "é" * 40, "1", "r.jsonl#_g1"])))
    body: Any = {chance.choice(names): chance.choice(SCRAPS) for _ in range(chance.randrange(4))}
    raw = json.dumps(body).encode()
    damage = chance.randrange(6)
    if damage == 0:
        raw = raw[: chance.randrange(len(raw) + 1)]
    elif damage == 1:
        raw = bytes(chance.randrange(256) for _ in range(chance.randrange(60)))
    elif damage == 2:
        raw = b"[" * chance.choice([10, 100_000])
    elif damage == 3:
        raw = b'{"query": "a", "query": "b"}'
    kinds = ["application/json", "text/plain", "multipart/form-data", "multipart/form-data; boundary=x", ""]
    headers = {"content-type": chance.choice(kinds)}
    if chance.random() < 0.1:
        headers["content-length"] = chance.choice(["0", "999999999999", "-1", "x"])
    if chance.random() < 0.1:
        path += f"?{chance.choice(['where=', 'start=x', 'k=1', 'limit=-1', 'after=%FF', 'where=[[[', 'section=-1'])}"
    return {"method": method.upper(), "url": path, "content": raw, "headers": headers}


def test_malformed_requests(service: Service, collection: Collection) -> None:
    """Each has an answer that says what is wrong, and none is an unexpected error; the next caller is answered."""
    app = application(Service(service.collections))
    described = app.openapi()
    writing = ("/ingest", "/files", "/files/{filename}")
    paths = [
        (method, path)
        for path, methods in described["paths"].items()
        for method in methods
        if not (path.startswith("/collections/") and path.endswith(writing))
    ]
    schemas = described["components"]["schemas"].values()
    names = sorted({name for schema in schemas for name in schema.get("properties", {})})
    chance = random.Random(19)

    async def send() -> list[tuple[str, str, int]]:
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
        wrong = []
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            for _ in range(MALFORMED):
                request = malformed(chance, paths, names)
                answer = await client.request(**request)
                if answer.status_code >= 500:
                    wrong.append((request["method"], request["url"], answer.status_code))
            sound = await client.post("/collections/guide/search", json={"query": "gate", "stage": "hybrid"})
            assert sound.status_code == 200
        return wrong

    assert asyncio.run(send()) == []
    assert len(collection.documents()) == 5
