"""The tools by MCP, used by its own client: in process, over HTTP with tokens, and over stdin and stdout."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import mcp
import pytest
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval.config import Settings
from passagework.ui.service.access_tokens import EVERYTHING, TokenFile
from passagework.ui.service.application import application
from passagework.ui.service.mcp_tools import INSTRUCTIONS, mcp_server
from passagework.ui.service.openai_shapes import file_id
from passagework.ui.service.served_collections import ServedCollections
from passagework.ui.service.serving_state import Caller, Service
from tests.support.fakes import FakeTokenEncoder

GUIDE = "# Travel\n\nWho travels asks first.\n\n## Approval\n\nThe head of the observatory approves trips abroad.\n"
BIRDS = "# Birds\n\nOwls hoot at night in the old tower.\n"

Answer = TypeVar("Answer")


@pytest.fixture(scope="module")
def collections(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Collection]]:
    """A guide, and a page on birds, in a collection each."""
    base = tmp_path_factory.mktemp("mcp")
    opened = {}
    for name, text in (("guide", GUIDE), ("birds", BIRDS)):
        (base / f"{name}.md").write_text(text)
        ingest([base / f"{name}.md"], base / name, encoder=FakeTokenEncoder(), settings=Settings(workers=1))
        opened[name] = Collection.open(base / name, encoder=FakeTokenEncoder())
    yield opened
    for collection in opened.values():
        collection.close()


def used(
    collections: dict[str, Collection], call: Callable[[mcp.Client], Awaitable[Answer]], *, mode: str = "auto"
) -> Answer:
    """What a client makes of a server in this process."""

    async def use() -> Answer:
        service = Service(ServedCollections(collections))
        server = mcp_server(lambda _: Caller(service, EVERYTHING))
        async with mcp.Client(server, mode=mode) as client:
            return await call(client)

    return asyncio.run(use())


def told(collections: dict[str, Collection], tool: str, **arguments: Any) -> Any:
    """The result of a tool."""
    return used(collections, lambda client: client.call_tool(tool, arguments))


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_what_is_listed(collections: dict[str, Collection], mode: str) -> None:
    """Five tools that read alone, of known arguments; what every session pays for is short."""
    listed = used(collections, lambda client: client.list_tools(), mode=mode)
    assert [tool.name for tool in listed.tools] == ["search", "fetch", "context", "outline", "documents"]
    for tool in listed.tools:
        assert tool.annotations is not None
        assert (tool.annotations.read_only_hint, tool.annotations.open_world_hint) == (True, False)
        assert tool.input_schema["additionalProperties"] is False
        assert (tool.output_schema is not None) == (tool.name in ("search", "fetch"))
    assert len(INSTRUCTIONS.encode()) < 1500


def test_search_and_fetch(collections: dict[str, Collection]) -> None:
    """As connectors expect: id, title and url, then the text, both structured and as JSON text."""
    found = told(collections, "search", query="who approves trips abroad")
    assert not found.is_error
    assert json.loads(found.content[0].text) == found.structured_content
    (hit,) = collections["guide"].search("who approves trips abroad", k=1)
    first = found.structured_content["results"][0]
    assert first == {
        "id": file_id("guide", hit.uri),
        "title": "Travel",
        "url": hit.uri,
        "text": hit.text,
        "start": hit.start,
        "end": hit.end,
        "relevance": hit.relevance,
    }
    document = collections["guide"].document(hit)
    fetched = told(collections, "fetch", id=first["id"]).structured_content
    assert (fetched["text"], fetched["title"], fetched["url"]) == (document.text, "Travel", hit.uri)
    assert fetched["metadata"]["characters"] == len(document.text)
    part = told(collections, "fetch", id=first["id"], start=2, end=8).structured_content
    assert (part["text"], part["metadata"]["start"], part["metadata"]["end"]) == ("Travel", 2, 8)


def test_context_outline_and_documents(collections: dict[str, Collection]) -> None:
    """Each is a text, and no structure beside it."""
    query = "who approves trips abroad"
    context = told(collections, "context", query=query, collection="guide")
    assert context.content[0].text == collections["guide"].context(query).text
    assert context.structured_content is None
    (row,) = collections["guide"].documents()
    outline = told(collections, "outline", id=file_id("guide", row.uri)).content[0].text
    assert outline == f"Travel ({GUIDE.index('# Travel')})\n  Approval ({GUIDE.index('## Approval')})"
    listed = told(collections, "documents").content[0].text
    assert listed.splitlines()[1] == f"guide: guide.md 'Travel' {file_id('guide', row.uri)}"
    assert told(collections, "documents", path="b*").content[0].text.startswith("birds: birds.md")
    assert told(collections, "documents", path="x*").content[0].text == "There are no documents."
    every = told(collections, "context", query=query).content[0].text
    assert every.startswith("[1] Travel — guide: guide.md\n")
    nothing = told(collections, "context", query="zzzz", collection="birds")
    assert nothing.content[0].text == "Nothing in the documents answers this."


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("search", {"query": "owls", "top_k": 3}, "top_k"),
        ("search", {"query": ""}, "the query is empty"),
        ("search", {"query": "owls", "k": 51}, "k"),
        ("search", {"query": "owls", "collection": "none"}, "there is no such collection"),
        ("fetch", {"id": "file-x"}, "there is no such file"),
        ("fetch", {"id": file_id("guide", "file:///none")}, "there is no such document"),
    ],
    ids=str,
)
def test_mistakes(collections: dict[str, Collection], tool: str, arguments: dict[str, Any], said: str) -> None:
    """A model is told what was wrong, in a line that it can act on."""
    answer = told(collections, tool, **arguments)
    assert answer.is_error
    assert said in answer.content[0].text


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_over_http_a_token_holds(collections: dict[str, Collection], tmp_path: Path, mode: str) -> None:
    """Mounted in the service, behind its guard: each request has what its token may have."""
    tokens = TokenFile(tmp_path / "t.json")
    keys = {
        "all": tokens.add("all"),
        "birds": tokens.add("birds", collections=["birds"]),
        "nothing": tokens.add("nothing", visible={"team": "green"}),
        "reader": tokens.add("reader", rights=["read"]),
    }

    async def use() -> dict[str, Any]:
        opened = {name: Collection.open(one.path, encoder=FakeTokenEncoder()) for name, one in collections.items()}
        app = application(Service(ServedCollections(opened), tokens=tokens))
        answers: dict[str, Any] = {}
        async with app.router.lifespan_context(app):
            for name, key in keys.items():
                headers = {"authorization": f"Bearer {key}"}
                transport = httpx2.ASGITransport(app=app)
                async with httpx2.AsyncClient(transport=transport, headers=headers) as http:
                    over = streamable_http_client("http://localhost/mcp", http_client=http)
                    async with mcp.Client(over, mode=mode) as client:
                        answers[name] = await client.call_tool("search", {"query": "owls hoot at night"})
            async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app)) as http:
                answers["none"] = await http.post("http://localhost/mcp", json={})
                answers["rebound"] = await http.post("http://evil.example/mcp", json={})
        return answers

    answers = asyncio.run(use())
    for name in ("all", "birds"):
        assert answers[name].structured_content["results"][0]["text"].endswith("in the old tower.")
    assert answers["nothing"].structured_content == {"results": []}
    assert answers["reader"].is_error
    assert "the token has not the right 'search'" in answers["reader"].content[0].text
    assert (answers["none"].status_code, answers["rebound"].status_code) == (401, 421)


@pytest.mark.slow
def test_over_stdin_and_stdout(tmp_path: Path) -> None:
    """`passagework mcp` serves one program; nothing but the protocol is on stdout."""
    (tmp_path / "birds.md").write_text(BIRDS)
    ingest([tmp_path / "birds.md"], tmp_path / "birds")
    arguments = ["-m", "passagework.ui.cli", "mcp", "--collection", str(tmp_path / "birds")]

    async def use() -> Any:
        async with mcp.Client(StdioServerParameters(command=sys.executable, args=arguments)) as client:
            return await client.call_tool("search", {"query": "which birds hoot at night"})

    found = asyncio.run(use())
    assert found.structured_content["results"][0]["text"].endswith("Owls hoot at night in the old tower.")
