"""What docs/quick-starts.md promises, as the programs that it is about ask for it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from passagework import Collection, Settings, ingest
from passagework.ui.cli import app as commands
from passagework.ui.commands.output import run
from passagework.ui.service.access_tokens import TokenFile
from passagework.ui.service.application import application
from passagework.ui.service.served_collections import ServedCollections
from passagework.ui.service.serving_state import Service
from tests.support.fakes import FakeTokenEncoder
from tests.support.service_client import ServiceClient

PAGE = Path(__file__).parents[2] / "docs" / "quick-starts.md"
TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""What OpenAI's API takes for the name of a function."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceClient]:
    """A program that has a token to search and read."""
    base = tmp_path_factory.mktemp("quick")
    (base / "owls.md").write_text("# Owls\n\nOwls hoot at night in the old tower.\n")
    (base / "bees.md").write_text("# Bees\n\nBees dance to tell where flowers are.\n")
    settings = Settings(workers=1, offline=True)
    ingest([base / "owls.md", base / "bees.md"], base / "c", encoder=FakeTokenEncoder(), settings=settings)
    tokens = TokenFile(base / "t.json")
    headers = {"authorization": f"Bearer {tokens.add('program')}"}
    with Collection.open(base / "c", encoder=FakeTokenEncoder(), settings=settings) as opened:
        service = Service(ServedCollections({"handbook": opened}), tokens=tokens)
        yield ServiceClient(application(service), headers)


def tools_of(description: dict[str, Any]) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """The tools that Open WebUI makes of a description: path, method and parameters, a body's beside the path's."""
    tools = {}
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            if not operation.get("operationId"):
                continue
            properties = {one["name"]: one["schema"] for one in operation.get("parameters", [])}
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
            properties |= description["components"]["schemas"].get(name, {}).get("properties", {})
            tools[operation["operationId"]] = path, method, properties
    return tools


def test_open_webui_uses_the_description_as_tools(client: ServiceClient) -> None:
    """Every route is a function that a model can call by a name of its own; a search is carried out."""
    description = client.get("/openapi.json").json()
    names = Counter(one["operationId"] for methods in description["paths"].values() for one in methods.values())
    assert [name for name, count in names.items() if count > 1 or TOOL_NAME.fullmatch(name) is None] == []
    path, method, properties = tools_of(description)["search"]
    assert (method, {"name", "query", "k"} <= properties.keys()) == ("post", True)
    answer = client.post(path.replace("{name}", "handbook"), {"query": "owls hoot", "k": 1}).json()
    assert answer["hits"][0]["text"].endswith("Owls hoot at night in the old tower.")


def test_open_webui_reranks_and_embeds(client: ServiceClient) -> None:
    """It asks for as many as it gave, and puts the scores back into its own order."""
    texts = ["Bees dance.", "Owls hoot at night."]
    asked = {"model": "", "query": "owls hoot", "documents": texts, "top_n": len(texts)}
    (model,) = client.get("/v1/models").json()["data"]
    answer = client.post("/v1/rerank", {**asked, "model": model["id"]}).json()
    scores = [one["relevance_score"] for one in sorted(answer["results"], key=lambda one: one["index"])]
    assert 0 <= scores[0] < scores[1] <= 1
    vectors = client.post("/v1/embeddings", {"model": model["id"], "input": texts}).json()["data"]
    assert [one["embedding"] for one in vectors] == FakeTokenEncoder().encode_passages(texts).tolist()


def test_n8n_and_dify(client: ServiceClient) -> None:
    """The bodies that the page shows are answered with what it says."""
    bodies = [json.loads(found) for found in re.findall(r"```json\n(\{.*?\})\n```", PAGE.read_text(), re.DOTALL)]
    search, retrieval = (next(body for body in bodies if key in body) for key in ("min_relevance", "knowledge_id"))
    hits = client.post("/collections/handbook/search", {**search, "query": "owls hoot", "min_relevance": 0.0}).json()
    assert hits["hits"][0]["path"] == "owls.md"
    records = client.post("/dify/retrieval", {**retrieval, "query": "owls hoot"}).json()["records"]
    assert records[0]["content"].endswith("Owls hoot at night in the old tower.")


def test_the_entry_of_claude_desktop(capsys: pytest.CaptureFixture[str]) -> None:
    """The page shows what the command prints, but for where the command is."""
    (shown,) = (
        found for found in re.findall(r"```json\n(.*?)\n```", PAGE.read_text(), re.DOTALL) if "mcpServers" in found
    )
    assert (
        run(commands, ["mcp", "install", "--program", "claude-desktop", "--collection", "/home/me/handbook", "--json"])
        == 0
    )
    printed = json.loads(json.loads(capsys.readouterr().out)["entry"])["mcpServers"]
    expected = json.loads(shown)["mcpServers"]
    assert printed["handbook"]["args"] == expected["handbook"]["args"]
    assert expected["handbook"].keys() == printed["handbook"].keys()
