"""The service's own routes, its errors, and what stands before them."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from passagework import Collection
from passagework.ingest import WatchState, WatchStatus, ingest
from passagework.ingest.watching.watch_status import watch_file
from passagework.retrieval import ConfigError
from passagework.retrieval.collection.collection_names import named_folders
from passagework.retrieval.config import Settings
from passagework.ui.present import documents_to_json
from passagework.ui.service.application import application
from passagework.ui.service.served_collections import ServedCollections
from passagework.ui.service.serving_state import Service
from passagework.ui.service.worker_threads import WorkerThreads
from tests.support.fakes import FakeEncoder
from tests.support.service_client import ServiceClient

GUIDE = (
    "# Travel\n\nWho travels asks first.\n\n## Approval\n\nThe head approves trips.\n\n## Money\n\nKeep every receipt."
)
SETTINGS = Settings(workers=1, offline=True)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A guide of three sections in a folder, and two records."""
    base = tmp_path_factory.mktemp("served")
    (base / "docs" / "policies").mkdir(parents=True)
    (base / "docs" / "policies" / "travel.md").write_text(GUIDE)
    records = [{"_id": "r1", "text": "owls hoot", "year": 2020}, {"_id": "r2", "text": "dogs bark", "year": 2021}]
    (base / "docs" / "r.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    ingest([base / "docs"], base / "c", encoder=FakeEncoder(), passage_tokens=10, overlap=0, settings=SETTINGS)
    return base / "c"


@pytest.fixture
def collection(path: Path) -> Iterator[Collection]:
    """That collection, open."""
    with Collection.open(path, encoder=FakeEncoder(), settings=SETTINGS) as opened:
        yield opened


@pytest.fixture
def client(collection: Collection) -> ServiceClient:
    """A caller of a service with two names for the collection."""
    served = ServedCollections({"guide": collection, "again": collection})
    return ServiceClient(application(Service(served, WorkerThreads(seconds=5))))


def without_times(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without its milliseconds."""
    return {name: value for name, value in answer.items() if name != "timings_ms"}


class TestAnswers:
    """Each answer is the JSON that Python gives."""

    def test_a_search(self, client: ServiceClient, collection: Collection) -> None:
        """With every parameter, by the names of `Collection.search`."""
        asked: dict[str, Any] = {
            "query": "who approves trips",
            "k": 2,
            "stage": "hybrid",
            "candidates": 50,
            "fusion": "rrf",
            "where": {"path": {"$glob": "policies/*"}},
            "per_document": 1,
            "min_score": 0.0,
            "rerank_depth": 5,
            "relevance": True,
            "min_relevance": 0.0,
            "copies": "keep",
            "diversity": 0.1,
            "syntax": "plain",
        }
        answer = client.post("/collections/guide/search", asked)
        assert answer.status_code == 200
        assert without_times(answer.json()) == without_times(collection.search(**asked).to_json())
        assert answer.json()["hits"][0]["text"].endswith("The head approves trips.")
        plain = client.post("/collections/guide/search", {"query": "owls"})
        assert without_times(plain.json()) == without_times(collection.search("owls").to_json())

    def test_a_context(self, client: ServiceClient, collection: Collection) -> None:
        """With every parameter but a tokenizer, by the names of `Collection.context`."""
        asked: dict[str, Any] = {
            "query": "who approves trips",
            "max_tokens": 60,
            "k": 3,
            "stage": "hybrid",
            "where": {"title": "Travel"},
            "per_document": 2,
            "min_score": 0.0,
            "min_relevance": 0.0,
            "diversity": 0.1,
            "format": "xml",
            "order": "document",
            "expand": "section",
            "syntax": "plain",
        }
        answer = client.post("/collections/guide/context", asked)
        assert answer.json() == collection.context(**asked).to_json()
        assert "The head approves trips." in answer.json()["text"]

    def test_status_and_documents(self, client: ServiceClient, collection: Collection) -> None:
        """Of a collection, and of all that there are; documents also by a filter."""
        assert client.get("/collections").json() == {"collections": [{"name": "again"}, {"name": "guide"}]}
        assert client.get("/collections/guide").json() == {**collection.status().to_json(), "watch": None}
        assert client.get("/collections/guide/documents").json() == documents_to_json(collection.documents(), [])
        some = client.get("/collections/guide/documents", params={"where": '{"year": 2020}'}).json()
        assert [row["document"] for row in some["documents"]] == ["r1"]

    @pytest.mark.parametrize("name", ["policies/travel.md", "URI"])
    def test_a_document(self, client: ServiceClient, collection: Collection, name: str) -> None:
        """Its text and its headings, by path or URI, escaped or not."""
        (row,) = collection.documents(where={"path": "policies/travel.md"})
        name = row.uri if name == "URI" else name
        for spelled in (name, name.replace("/", "%2F")):
            part = client.get(f"/collections/guide/documents/{spelled}/text", params={"start": 2, "end": 8}).json()
            assert (part["text"], part["start"], part["end"]) == ("Travel", 2, 8)
            assert (part["document"], part["characters"], part["hidden"]) == (row.uri, row.length, [])
            whole = client.get(f"/collections/guide/documents/{spelled}/text").json()
            assert whole["text"] == GUIDE
            outline = client.get(f"/collections/guide/documents/{spelled}/outline").json()
            assert [(one["level"], one["title"]) for one in outline["headings"]] == [
                (1, "Travel"),
                (2, "Approval"),
                (2, "Money"),
            ]
            places = [whole["text"][one["start"] : one["end"]].strip() for one in outline["headings"]]
            assert places == ["# Travel", "## Approval", "## Money"]

    def test_health_names_nothing(self, client: ServiceClient) -> None:
        """Whoever asks, by whatever name of this machine."""
        for path in ("/healthz", "/readyz"):
            answer = client.get(path, headers={"host": "10.0.0.7"})
            assert answer.status_code == 200
            assert "guide" not in answer.text

    def test_watches_are_counted_and_told(self, client: ServiceClient) -> None:
        """Readiness counts them; the status of a collection says what its own does."""
        none = {"running": 0, "failing": 0, "stopped": 0}
        assert client.get("/readyz").json() == {"status": "ready", "watches": none}
        status = client.get("/collections/guide").json()
        assert status["watch"] is None
        with watch_file(Path(status["collection"])) as file:
            said = WatchStatus(WatchState.WATCHING, 77, ("/docs",), "2026-11-30T10:00:00+00:00", problem="no room")
            file.write(said)
            assert client.get("/readyz").json()["watches"] == {"running": 1, "failing": 1, "stopped": 0}
            assert client.get("/collections/guide").json()["watch"] == said.to_json()
        assert client.get("/readyz").json()["watches"] == {"running": 0, "failing": 0, "stopped": 1}

    def test_metrics_count_requests_by_route(self, client: ServiceClient) -> None:
        """With their status, and no query; paths that there are none of are one route."""
        client.post("/collections/guide/search", {"query": "secretword"})
        client.post("/collections/guide/search", {"query": ""})
        client.get("/nowhere/secretpath")
        text = client.get("/metrics").text
        route = 'method="POST",route="/collections/{name}/search"'
        assert f'passagework_requests_total{{{route},status="200"}} 1.0' in text
        assert f'passagework_requests_total{{{route},status="422"}} 1.0' in text
        assert 'passagework_requests_total{method="GET",route="none",status="404"} 1.0' in text
        assert 'passagework_request_seconds_count{route="/collections/{name}/search"} 2.0' in text
        assert "passagework_collections 2.0" in text
        assert "secret" not in text

    def test_nothing_is_loaded_from_elsewhere(self, client: ServiceClient) -> None:
        """The description is JSON; the page that would bring scripts from a CDN isn't there."""
        assert "<script" not in client.get("/docs").text
        assert client.get("/redoc").status_code == 404
        described = client.get("/openapi.json").json()
        body = described["components"]["schemas"]["SearchBody"]
        assert body["properties"]["copies"]["enum"] == ["collapse", "keep"]
        assert body["additionalProperties"] is False


class TestProblems:
    """A request that gets no answer gets one line, as RFC 9457 has it."""

    @pytest.mark.parametrize(
        ("body", "status", "detail"),
        [
            ({"query": "a", "top_k": 3}, 422, "there is no parameter 'top_k'"),
            ({"k": 3}, 422, "query is missing"),
            ({"query": 3}, 422, "query: Input should be a valid string"),
            ({"query": "a", "k": "3"}, 422, "k: Input should be a valid integer"),
            ({"query": "a", "k": True}, 422, "k: Input should be a valid integer"),
            ({"query": "a", "k": 0}, 422, "k: Input should be greater than or equal to 1"),
            ({"query": " "}, 422, "the query is empty"),
            ({"query": "a", "stage": "best"}, 422, "stage is 'best'"),
            ({"query": "a", "where": {"yeer": 2020}}, 422, "no document has a field 'yeer': did you mean 'year'?"),
            ({"query": "a", "min_relevance": 2}, 422, "min_relevance is 2"),
            ([], 422, "the body: Input should be"),
        ],
    )
    def test_a_bad_search(self, client: ServiceClient, body: object, status: int, detail: str) -> None:
        """What was wrong, by the name of the parameter."""
        answer = client.post("/collections/guide/search", body)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["detail"].startswith(detail)
        assert (problem["status"], problem["type"], "\n" in problem["detail"]) == (status, "about:blank", False)

    def test_a_parameter_of_an_address_that_there_is_none_of(self, client: ServiceClient) -> None:
        """It is refused as one of a body is, in the shape that callers of the path read."""
        answer = client.get("/collections/guide/documents", params={"were": "{}"})
        assert (answer.status_code, answer.json()["detail"]) == (422, "there is no parameter 'were'")
        answer = client.get("/v1/files", params={"order": "asc"})
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, "order")
        answer = client.ask("DELETE", "/collections/guide/documents/a.md/text", params={"start": "0"})
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET")

    @pytest.mark.parametrize(
        ("content", "detail"),
        [
            ('{"query": "a", "query": "b"}', "the body is no JSON: 'query' comes twice"),
            ("{", "the body is no JSON: "),
            ('{"query": ' + "[" * 100_000, "the body is no JSON: "),
        ],
    )
    def test_what_is_no_json(self, client: ServiceClient, content: str, detail: str) -> None:
        """A key that comes twice is a mistake, not the last one's word."""
        headers = {"content-type": "application/json"}
        answer = client.ask("POST", "/collections/guide/search", content=content, headers=headers)
        assert answer.status_code == 400
        assert answer.json()["detail"].startswith(detail)

    @pytest.mark.parametrize(
        ("address", "status", "detail"),
        [
            ("/collections/other", 404, "there is no such collection"),
            ("/collections/guide/documents/none.md/text", 404, "no document is named 'none.md'"),
            ("/collections/guide/documents/r.jsonl/text", 409, "2 documents are named 'r.jsonl': give a URI"),
            ("/collections/guide/documents/r1/text?start=-1", 422, "start: Input should be greater than"),
            ("/collections/guide/documents?where=[]", 422, "where is not an object"),
            ("/collections/guide/documents?where={", 422, "where is not JSON"),
            ("/nowhere", 404, "Not Found"),
            ("/collections/guide/search", 405, "Method Not Allowed"),
        ],
    )
    def test_a_bad_address(self, client: ServiceClient, address: str, status: int, detail: str) -> None:
        """Of a collection or a document that isn't there, and of parameters that make no sense."""
        answer = client.get(address)
        assert answer.status_code == status
        assert answer.json()["detail"].startswith(detail)

    def test_a_large_body(self, client: ServiceClient) -> None:
        """It is read no further than the limit, whether or not it says how long it is."""
        large = b'{"query": "' + b"a" * (1 << 20) + b'"}'
        said = client.ask("POST", "/collections/guide/search", content=large)
        assert (said.status_code, said.json()["detail"]) == (413, "the body has more than 1,048,576 bytes")

        async def parts() -> Any:
            for _ in range(20):
                yield b"a" * (1 << 16)

        assert client.ask("POST", "/collections/guide/search", content=parts()).status_code == 413

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({"host": "evil.example"}, 421),
            ({"host": "localhost.evil.example:8600"}, 421),
            ({"host": ""}, 421),
            ({"host": "127.0.0.1:8600"}, 200),
            ({"host": "[::1]:8600"}, 200),
            ({"host": "LOCALHOST"}, 200),
            ({"origin": "https://evil.example"}, 403),
            ({"origin": "null"}, 403),
            ({"origin": "http://localhost:3000"}, 200),
        ],
    )
    def test_a_page_of_another_site(self, client: ServiceClient, headers: dict[str, str], status: int) -> None:
        """It may not ask, by whatever name it reaches this machine."""
        assert client.get("/collections", headers=headers).status_code == status

    def test_a_name_that_is_allowed(self, collection: Collection) -> None:
        """It is asked by that name, and by pages of it."""
        app = application(Service(ServedCollections({"guide": collection})), hosts=["search.example"])
        headers = {"host": "search.example", "origin": "https://search.example"}
        assert ServiceClient(app, headers).get("/collections").status_code == 200

    def test_the_log_has_no_query(self, client: ServiceClient, caplog: pytest.LogCaptureFixture) -> None:
        """It has the route, the collection, the status and the time."""
        with caplog.at_level(logging.INFO, "passagework"):
            client.post("/collections/guide/search", {"query": "secretword"})
            client.get("/collections/guide/documents", params={"where": '{"secretword": 1}'})
            client.get("/collections/guide/documents/secretword/text")
        lines = [record.getMessage() for record in caplog.records]
        assert lines[0].startswith("POST /collections/{name}/search guide 200 ")
        assert lines[2].startswith("GET /collections/{name}/documents/{document:path}/text guide 404 ")
        assert not any("secretword" in line for line in lines)


class TestThreads:
    """So many searches at once, and none for ever."""

    def test_a_search_that_takes_too_long(self, collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
        """What runs is a timeout, what waits behind it or doesn't even may wait is told to come again."""
        free = threading.Event()
        monkeypatch.setattr(Collection, "status", lambda self: free.wait(20))
        threads = WorkerThreads(at_once=1, lending=0, waiting=1, seconds=0.1)
        client = ServiceClient(application(Service(ServedCollections({"guide": collection}), threads)))
        try:
            runs = client.get("/collections/guide")
            assert (runs.status_code, runs.json()["detail"]) == (504, "no answer within 0.1 s")
            waits = client.get("/collections/guide")
            assert (waits.status_code, waits.json()["detail"]) == (503, "no thread came free within 0.1 s: try again")
            assert waits.headers["retry-after"] == "1"
            threads_waiting = [threads._pool.submit(free.wait, 20)]
            threads._under_way += len(threads_waiting)
            refused = client.get("/collections/guide")
            assert (refused.status_code, refused.json()["detail"]) == (503, "too many requests wait: try again")
        finally:
            free.set()
            threads.close()

    def test_an_unexpected_error_tells_nothing(self, collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is a problem of status 500; what happened is in the log."""

        def fail(self: Collection) -> None:
            raise ValueError("secret")

        monkeypatch.setattr(Collection, "status", fail)
        answer = ServiceClient(application(Service(ServedCollections({"guide": collection})))).get("/collections/guide")
        assert answer.status_code == 500
        assert answer.json()["detail"] == "unexpected error: the service's log says what happened"


class TestNames:
    """What collections are called."""

    def test_a_folder_goes_by_its_own_name(self) -> None:
        """Unless it is given one."""
        assert named_folders(["/srv/handbook", "law=/srv/x=y"]) == {
            "handbook": Path("/srv/handbook"),
            "law": Path("/srv/x=y"),
        }

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            (["a b"], "'a b' can't name a collection in an address: give NAME=a b"),
            (["/x/a", "/y/a"], "two collections are named 'a'"),
            (["/"], "'' can't name a collection"),
        ],
    )
    def test_a_name_that_is_none(self, given: list[str], said: str) -> None:
        """It can't stand in an address, or there is another."""
        with pytest.raises(ConfigError, match=said):
            named_folders(given)
