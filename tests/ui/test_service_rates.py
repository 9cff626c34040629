"""What a token may send a minute: counted in one process or several, and told in every shape that callers read."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
from hypothesis import given, strategies as st

from passagework import Collection, Settings, create
from passagework.retrieval.errors import ConfigError, PassageworkError
from passagework.ui.cli import app as command
from passagework.ui.commands.output import run
from passagework.ui.service.access_tokens import TokenFile
from passagework.ui.service.application import application
from passagework.ui.service.request_rates import MINUTE, RequestRates
from passagework.ui.service.served_collections import ServedCollections
from passagework.ui.service.serving_state import Service
from tests.support.fakes import FakeTokenEncoder
from tests.support.service_client import ServiceClient
from tests.ui.test_service_openai_files import asked


class Clock:
    """Tells the time that it was set to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The time now."""
        return self.now


@pytest.fixture(params=["one process", "several"])
def rates(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[RequestRates, Clock]:
    """Both ways of counting, and the clock that they go by."""
    clock = Clock()
    return RequestRates(None if request.param == "one process" else tmp_path, clock=clock), clock


def test_a_minute_s_requests_at_once_and_then_by_and_by(rates: tuple[RequestRates, Clock]) -> None:
    """What is refused takes nothing; each token has its own."""
    counts, clock = rates
    assert [counts.take("a", 4) for _ in range(4)] == [0, 0, 0, 0]
    assert counts.take("a", 4) == pytest.approx(15)
    assert counts.take("b", 4) == 0
    clock.now += 14
    assert counts.take("a", 4) == pytest.approx(1)
    clock.now += 1
    assert counts.take("a", 4) == 0
    assert counts.take("a", 4) == pytest.approx(15)
    clock.now += MINUTE
    assert [counts.take("a", 4) for _ in range(4)] == [0, 0, 0, 0]


@given(st.integers(1, 20), st.lists(st.floats(0, 90), max_size=60))
def test_never_more_than_was_allowed(rate: int, pauses: list[float]) -> None:
    """Of any stretch of time: a full minute's requests, and its share; whoever waits as told is let through."""
    clock = Clock()
    counts, allowed = RequestRates(clock=clock), []
    for pause in pauses:
        clock.now += pause
        wait = counts.take("a", rate)
        if wait:
            clock.now += wait
            assert counts.take("a", rate) == 0
        allowed.append(clock.now)
    for first in range(len(allowed)):
        for last in range(first, len(allowed)):
            span = allowed[last] - allowed[first]
            assert last - first + 1 <= rate + rate * span / MINUTE + 1e-3


def _take(folder: Path, times: int) -> int:
    counts = RequestRates(folder)
    return sum(counts.take("a", 50) == 0 for _ in range(times))


@pytest.mark.slow
def test_processes_count_together(tmp_path: Path) -> None:
    """Three that ask at once have one token's rate between them; a minute's share comes on top while they ask."""
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        taken = sum(pool.starmap(_take, [(tmp_path, 40)] * 3))
    assert 50 <= taken <= 52


@pytest.fixture
def tokens(tmp_path: Path) -> TokenFile:
    """A file of tokens that isn't there yet."""
    return TokenFile(tmp_path / "tokens.json")


@pytest.fixture
def service(tmp_path: Path, tokens: TokenFile) -> Iterator[Service]:
    """A service of an empty collection."""
    create(tmp_path / "c", encoder=FakeTokenEncoder())
    opened = Collection.open(tmp_path / "c", encoder=FakeTokenEncoder(), settings=Settings(workers=1))
    made = Service(ServedCollections({"c": opened}), tokens=tokens)
    yield made
    made.close()


def test_a_token_that_asks_too_often(service: Service, tokens: TokenFile) -> None:
    """The answer says why and when to come again; health, and other tokens, have their answers."""
    token, other = tokens.add("a", rate=2), tokens.add("b")
    client = ServiceClient(application(service), {"authorization": f"Bearer {token}"})
    assert [client.get("/collections").status_code for _ in range(3)] == [200, 200, 429]
    answer = client.post("/collections/c/search", {"query": "x"})
    assert (answer.status_code, answer.headers["content-type"]) == (429, "application/problem+json")
    assert 1 <= int(answer.headers["retry-after"]) <= 30
    wait = answer.headers["retry-after"]
    assert answer.json() == {
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "detail": f"the token may send 2 requests a minute: try again in {wait} s",
    }
    assert client.get("/healthz").status_code == 200
    assert client.get("/collections", headers={"authorization": f"Bearer {other}"}).status_code == 200


def test_openai_s_client_reads_it(service: Service, tokens: TokenFile) -> None:
    """As its own error, with the line and the header by which it tries again."""
    token = tokens.add("a", rate=1)
    asked(application(service), lambda client: client.models.list(), token)
    with pytest.raises(openai.RateLimitError, match="1 request a minute") as told:
        asked(application(service), lambda client: client.models.list(), token)
    assert int(told.value.response.headers["retry-after"]) >= 1
    assert told.value.type == "rate_limit_error"


def test_the_file_keeps_the_rate(tokens: TokenFile, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file of before has none; what is no number of requests is refused, and lets nobody in."""
    at = ["--tokens", str(tmp_path / "tokens.json")]
    assert run(command, ["token", "add", *at, "--name", "a", "--rate", "30"]) == 0
    token = capsys.readouterr().out.strip()
    access = tokens.access(token)
    assert access is not None
    assert access.rate == 30
    assert run(command, ["token", "list", *at]) == 0
    assert capsys.readouterr().out.strip() == "a  search, read of all collections, 30 requests a minute"
    assert run(command, ["token", "add", *at, "--name", "b", "--rate", "0"]) == 2
    with pytest.raises(ConfigError, match="rate is 0"):
        tokens.add("b", rate=0)
    content = json.loads((tmp_path / "tokens.json").read_text())
    for rate, readable in (("many", False), (True, False), (None, True)):
        content["tokens"][0]["rate"] = rate
        (tmp_path / "tokens.json").write_text(json.dumps(content))
        if readable:
            assert tokens.all()[0].rate is None
        else:
            with pytest.raises(PassageworkError, match="is no file of tokens"):
                tokens.all()
    del content["tokens"][0]["rate"]
    (tmp_path / "tokens.json").write_text(json.dumps(content))
    assert tokens.access(token) is not None
