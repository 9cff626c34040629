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
from passagework.ui.cli import app
from passagework.ui.commands.output import run
from passagework.ui.service.access_tokens import EVERYTHING, TokenFile
from passagework.ui.service.application import application
from passagework.ui.service.mcp_relay import relaying_server
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
        ("fetch", {"id": file_id("guide", "file:///none")}, "there is no such file"),
    ],
    ids=str,
)
def test_mistakes(collections: dict[str, Collection], tool: str, arguments: dict[str, Any], said: str) -> None:
    """A model is told what was wrong, in a line that it can act on."""
    answer = told(collections, tool, **arguments)
    assert answer.is_error
    assert said in answer.content[0].text


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_documents_are_resources(collections: dict[str, Collection], mode: str) -> None:
    """Each is read whole by the id that the tools give; there is no list of them, which might have no end."""
    (row,) = collections["guide"].documents()
    identifier = file_id("guide", row.uri)

    async def read(client: mcp.Client) -> tuple[Any, Any]:
        templates = await client.list_resource_templates()
        contents = (await client.read_resource(f"passagework://documents/{identifier}")).contents
        with pytest.raises(mcp.MCPError, match="there is no such file"):
            await client.read_resource("passagework://documents/file-x")
        return templates.resource_templates, contents

    (template,), (content,) = used(collections, read, mode=mode)
    assert (template.uri_template, template.mime_type) == ("passagework://documents/{id}", "text/plain")
    assert content.text == collections["guide"].document(row.id).text


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_relay_hands_on_what_is_asked(collections: dict[str, Collection], mode: str) -> None:
    """What a program gets of `mcp --url` is what the service answers: tools, results, mistakes, resources."""
    (row,) = collections["birds"].documents()
    address = f"passagework://documents/{file_id('birds', row.uri)}"

    async def use() -> list[Any]:
        service = mcp_server(lambda _: Caller(Service(ServedCollections(collections)), EVERYTHING))
        answers = []
        async with mcp.Client(service) as direct, mcp.Client(relaying_server(direct), mode=mode) as relayed:
            for client in (direct, relayed):
                found = await client.call_tool("search", {"query": "owls hoot at night"})
                mistake = await client.call_tool("search", {"query": ""})
                asked = [await client.list_tools(), found, mistake, await client.read_resource(address)]
                answers.append([client.instructions, *(answer.model_dump() for answer in asked)])
        return answers

    direct, relayed = asyncio.run(use())
    assert relayed == direct
    assert [direct[2]["is_error"], direct[3]["is_error"]] == [False, True]


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
        service = application(Service(ServedCollections(opened), tokens=tokens))
        answers: dict[str, Any] = {}
        async with service.router.lifespan_context(service):
            for name, key in keys.items():
                headers = {"authorization": f"Bearer {key}"}
                transport = httpx2.ASGITransport(app=service)
                async with httpx2.AsyncClient(transport=transport, headers=headers) as http:
                    over = streamable_http_client("http://localhost/mcp", http_client=http)
                    async with mcp.Client(over, mode=mode) as client:
                        answers[name] = await client.call_tool("search", {"query": "owls hoot at night"})
            async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=service)) as http:
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


@pytest.mark.parametrize(
    ("program", "begins", "holds"),
    [
        ("claude-desktop", '{\n  "mcpServers": {\n    "birds": {', '"--collection",\n        "birds='),
        ("vscode", '{\n  "servers": {\n    "birds": {\n      "type": "stdio"', '"args": ['),
        ("claude-code", "claude mcp add birds -- ", " mcp --collection birds="),
        ("codex", '[mcp_servers."birds"]\ncommand = ', 'args = ["mcp", "--collection", "birds='),
    ],
)
def test_entries(program: str, begins: str, holds: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each program gets its own form, with whole paths: it starts the command in a folder of its own."""
    given = ["mcp", "install", "--program", program, "--collection", f"birds={tmp_path}", "--json"]
    assert run(app, given) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["entry"].startswith(begins)
    assert f"{holds}{tmp_path}" in printed["entry"] or (program == "vscode" and holds in printed["entry"])
    if program in ("claude-desktop", "vscode"):
        (server,) = next(iter(json.loads(printed["entry"]).values())).values()
        assert server["args"] == ["mcp", "--collection", f"birds={tmp_path}"]
        assert Path(server["command"]).name.startswith("passagework")


def test_an_entry_of_a_service_has_its_token_in_the_environment(capsys: pytest.CaptureFixture[str]) -> None:
    """Not among the arguments, which others on the machine can read."""
    url = "http://127.0.0.1:8600/mcp"
    assert run(app, ["mcp", "install", "--program", "cursor", "--url", url, "--json"]) == 0
    server = json.loads(json.loads(capsys.readouterr().out)["entry"])["mcpServers"]["passagework"]
    assert (server["args"], server["env"]) == (["mcp", "--url", url], {"PASSAGEWORK_TOKEN": "pw_..."})


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["mcp"], 2, "give --collection, or the --url of a service that runs"),
        (["mcp", "--url", "http://x/mcp", "--collection", "c"], 2, "give --collection, or the --url"),
        (["mcp", "--url", "localhost:8600"], 2, "localhost:8600 is no address of a service"),
        (["mcp", "--url", "http://127.0.0.1:9/mcp"], 1, "no service answers at http://127.0.0.1:9/mcp: "),
        (["mcp", "install", "--program", "emacs", "--collection", "c"], 2, "'emacs' is not one of"),
    ],
)
def test_mistakes_on_the_command_line(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says what is wrong."""
    assert run(app, arguments) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
