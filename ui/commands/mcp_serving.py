"""Defines `passagework mcp`: collections for the programs of language models, and the entries that these know it by."""

from __future__ import annotations

import os
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from passagework.ui.commands import options as opt, search_options as find
from passagework.ui.commands.output import print_message, print_result

ServedOption = Annotated[
    list[str] | None,
    typer.Option("--collection", help="Collection to serve, and its name; repeatable.", metavar="[NAME=]DIR"),
]
UrlOption = Annotated[
    str | None,
    typer.Option(
        "--url",
        help="A service that runs answers, in place of collections that are opened; PASSAGEWORK_TOKEN is its token.",
        metavar="URL",
    ),
]

TOKEN = "PASSAGEWORK_TOKEN"  # noqa: S105 - its name
"""The variable of the environment that holds a token: an argument could be read by others on the machine."""


class McpProgram(str, Enum):
    """Names the programs whose entries are known."""

    CLAUDE_DESKTOP = "claude-desktop"
    CLAUDE_CODE = "claude-code"
    CURSOR = "cursor"
    VSCODE = "vscode"
    CODEX = "codex"


ProgramOption = Annotated[
    McpProgram,
    typer.Option(
        "--program",
        help="The program that the entry is for.",
        metavar="|".join(program.value for program in McpProgram),
        show_default=False,
    ),
]

mcp = typer.Typer(
    help="Serve collections to one program by MCP, over stdin and stdout.",
    invoke_without_command=True,
    rich_markup_mode=None,
)


@mcp.callback()
def serve_program(
    context: typer.Context,
    collection: ServedOption = None,
    url: UrlOption = None,
    reranker: find.RerankerOption = None,
) -> None:
    """Serve collections to one program by MCP, over stdin and stdout; `install` prints what the program is told."""
    if context.invoked_subcommand is not None:
        return
    from passagework.retrieval.extras import require

    require("serve")
    _check(collection, url)
    if url is not None:
        import asyncio

        from passagework.ui.service.mcp_relay import relay

        asyncio.run(relay(url, os.environ.get(TOKEN)))
    else:
        _serve_opened(collection or [], reranker)


def _serve_opened(collections: list[str], reranker: str | None) -> None:
    from passagework.retrieval.collection.collection_names import named_folders
    from passagework.ui.service.access_tokens import EVERYTHING
    from passagework.ui.service.mcp_tools import mcp_server
    from passagework.ui.service.served_collections import ServedCollections
    from passagework.ui.service.serving_state import Caller, Service

    service = Service(ServedCollections.open(named_folders(collections), reranker=reranker))
    try:
        mcp_server(lambda _: Caller(service, EVERYTHING)).run("stdio")
    finally:
        service.close()


@mcp.command()
def install(
    program: ProgramOption, collection: ServedOption = None, url: UrlOption = None, as_json: opt.JsonOption = False
) -> None:
    """Print the entry with which a program uses collections, and the file that it goes into; nothing is written."""
    from passagework.retrieval.collection.collection_names import named_folders
    from passagework.retrieval.folder import CURRENT
    from passagework.ui.present.mcp_entries import mcp_entry

    _check(collection, url)
    arguments = ["mcp"]
    name = "passagework"
    if url is not None:
        arguments += ["--url", url]
    else:
        folders = named_folders(collection or [])
        name = next(iter(folders)) if len(folders) == 1 else name
        for named, folder in folders.items():
            if not (folder / CURRENT).exists():
                print_message(f"there is no collection at {folder} yet: `passagework ingest` makes it")
            arguments += ["--collection", f"{named}={folder.resolve()}"]
    entry = mcp_entry(program.value, name, _command(), arguments, token=TOKEN if url is not None else None)
    print_result(entry.to_json(), as_json, lambda console: console.print(entry.text(), soft_wrap=True, markup=False))


def _check(collection: list[str] | None, url: str | None) -> None:
    from passagework.retrieval.errors import ConfigError

    if bool(collection) == (url is not None):
        raise ConfigError("give --collection, or the --url of a service that runs")


def _command() -> str:
    """Returns the command by its whole path: a program with windows knows nothing of a shell's PATH."""
    beside = Path(sys.executable).with_name("passagework.exe" if os.name == "nt" else "passagework")
    return str(beside) if beside.exists() else "passagework"
