"""The service does what its description says: schemathesis makes requests of it, and looks at the answers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import uvicorn

from passagework import Collection, Settings, ingest
from passagework.ui.service.application import application
from passagework.ui.service.listening import listening_socket
from passagework.ui.service.served_collections import ServedCollections
from passagework.ui.service.serving_state import Service
from tests.support.fakes import FakeTokenEncoder

pytestmark = pytest.mark.slow

FULL = os.environ.get("PASSAGEWORK_CONFORMANCE") == "1"
"""Whether all phases are run, as `make conformance` does; else a few requests of each route."""

UNCHECKED = {
    # what a query or a filter may say is more than JSON Schema tells: an empty query, a field that no document has
    "positive_data_acceptance",
}
"""Checks that are not made, and why."""

PARAMETERS = """
[parameters]
name = "notes"
"path.document" = "owls.md"
"path.number" = 1
"path.filename" = "bees.md"

[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", 503]
"""
"""What the service of the test has: other names would be answered with 404 for ever. And 503 is an answer: uploads that
come faster than they are read are refused."""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Where a service of one note listens."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "owls.md").write_text("# Owls\n\nOwls hoot at night.\n")
    ingest([tmp_path / "docs"], tmp_path / "c", encoder=FakeTokenEncoder(), settings=Settings(workers=1))
    with (
        Collection.open(tmp_path / "c", encoder=FakeTokenEncoder(), settings=Settings(workers=1)) as opened,
        listening_socket("127.0.0.1", 0) as listening,
    ):
        service = Service(ServedCollections({"notes": opened}), sources={"notes": [tmp_path / "docs"]})
        server = uvicorn.Server(uvicorn.Config(application(service), log_config=None))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.mark.timeout(1800)
def test_answers_are_as_described(address: str, tmp_path: Path) -> None:
    """Every route, with requests that fit its description and such that don't: status, headers, types and schemas."""
    (tmp_path / "schemathesis.toml").write_text(PARAMETERS)
    phases = ["-n", "20"] if FULL else ["-n", "2", "--phases", "examples,fuzzing"]
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(tmp_path / "schemathesis.toml")),
        *("run", f"{address}/openapi.json", "--checks", "all", "--exclude-checks", ",".join(UNCHECKED)),
        *("--generation-deterministic", "--no-color", *phases),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    tested = re.search(r"Tested: (\d+)", done.stdout)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert tested is not None
    assert int(tested[1]) > 30, done.stdout[-3000:]


def test_the_page_says_the_same_and_loads_nothing(address: str) -> None:
    """Every route and parameter is on it; no script, picture or style comes from anywhere."""
    described = httpx2.get(f"{address}/openapi.json").json()
    answer = httpx2.get(f"{address}/docs")
    for path, methods in described["paths"].items():
        for method in methods:
            assert f"<h2>{method.upper()} {path}</h2>" in answer.text
    for name in described["components"]["schemas"]["SearchBody"]["properties"]:
        assert f"<code>{name}</code>" in answer.text
    assert "dense | lexical | hybrid | rerank or null" in answer.text
    assert not re.search(r"<script|<img|<link|https?://|url\(", answer.text)
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
