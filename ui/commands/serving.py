"""Defines `passagework serve`: the service over HTTP."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from passagework.ui.commands import options as opt, search_options as find
from passagework.ui.commands.output import INTERRUPTED, print_message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from passagework.ui.service.access_tokens import TokenFile
    from passagework.ui.service.served_collections import ServedCollections

ServedOption = Annotated[
    list[str],
    typer.Option("--collection", help="Collection to serve, and its name; repeatable.", metavar="[NAME=]DIR"),
]
SourceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--source", help="Folder that callers may bring a collection up to date with; repeatable.", metavar="NAME=DIR"
    ),
]
AllowedHostOption = Annotated[
    list[str] | None,
    typer.Option("--allowed-host", help="Another name that callers reach this machine by; repeatable.", metavar="NAME"),
]
TokensOption = Annotated[
    Path | None,
    typer.Option("--tokens", help="File of tokens, one of which every request must send.", metavar="FILE"),
]
NoAuthOption = Annotated[
    bool, typer.Option("--no-auth", help="Serve whoever reaches the address, though it isn't this machine's alone.")
]
TimeoutOption = Annotated[
    float, typer.Option("--timeout", help="Seconds that a request may take.", metavar="S", min=0.1, max=3600)
]
QuietOption = Annotated[bool, typer.Option("--no-access-log", help="Write no line for each request.")]


def serve(
    collection: ServedOption,
    source: SourceOption = None,
    host: opt.HostOption = "127.0.0.1",
    port: opt.PortOption = 8600,
    allowed_host: AllowedHostOption = None,
    tokens: TokensOption = None,
    no_auth: NoAuthOption = False,
    reranker: find.RerankerOption = None,
    timeout: TimeoutOption = 30.0,
    no_access_log: QuietOption = False,
) -> None:
    """Serve collections over HTTP from one process that keeps its models loaded."""
    from passagework.retrieval.collection.collection_names import named_folders
    from passagework.retrieval.extras import require

    require("serve")
    from passagework.ui.service.listening import is_any_address, listen, listening_socket

    folders = named_folders(collection)
    sources = _named_sources(source or (), folders)
    known = _known_tokens(host, tokens, no_auth=no_auth)
    with listening_socket(host, port) as listening, ThreadPoolExecutor(1) as beside:
        opening = beside.submit(_open, folders, reranker)
        # what follows is imported while the models are loaded
        from passagework.ui.service.application import application
        from passagework.ui.service.serving_state import Service
        from passagework.ui.service.worker_threads import WorkerThreads
        from passagework.ui.service.writing_jobs import Writers

        collections = opening.result()
        hosts = [*(allowed_host or ()), *(() if is_any_address(host) else (host,))]
        threads, writers = WorkerThreads(seconds=timeout), Writers(seconds=timeout)
        service = Service(collections, threads, tokens=known, writers=writers, sources=sources)
        app = application(service, hosts=hosts)
        address = f"[{host}]" if ":" in host else host
        print_message(f"serving {', '.join(collections.names)} at http://{address}:{port}")
        if listen(app, listening, access_log=not no_access_log, stopping=writers.stop):
            raise typer.Exit(INTERRUPTED)


def _open(folders: Mapping[str, Path], reranker: str | None) -> ServedCollections:
    from passagework.ui.service.served_collections import ServedCollections

    return ServedCollections.open(folders, reranker=reranker)


def _named_sources(given: Sequence[str], collections: Mapping[str, Path]) -> dict[str, list[Path]]:
    """Returns the folders of each collection; raises ConfigError for what names none, or no folder that is there."""
    from passagework.retrieval.errors import ConfigError

    sources: dict[str, list[Path]] = {}
    for text in given:
        name, equals, folder = text.partition("=")
        if not equals or name not in collections:
            raise ConfigError(f"--source {text}: give NAME=DIR, the name being of {', '.join(collections)}")
        if not Path(folder).exists():
            raise ConfigError(f"--source {text}: {folder} does not exist")
        sources.setdefault(name, []).append(Path(folder))
    return sources


def _known_tokens(host: str, tokens: Path | None, *, no_auth: bool) -> TokenFile | None:
    """Returns the tokens that a service asks for; raises ConfigError where nobody said that it shall ask for none."""
    from passagework.retrieval.errors import ConfigError
    from passagework.ui.service.access_tokens import TokenFile
    from passagework.ui.service.listening import is_loopback

    if tokens is not None and no_auth:
        raise ConfigError("--tokens and --no-auth can't both be: give one of them")
    if tokens is None:
        if not is_loopback(host) and not no_auth:
            raise ConfigError(f"{host} is reached by other machines: give --tokens, or --no-auth to serve whoever asks")
        return None
    known = TokenFile(tokens)
    known.all()  # a file that can't be read is told now
    return known


def mcp(collection: ServedOption, reranker: find.RerankerOption = None) -> None:
    """Serve collections to one program by MCP, over stdin and stdout."""
    from passagework.retrieval.collection.collection_names import named_folders
    from passagework.retrieval.extras import require

    require("serve")
    from passagework.ui.service.access_tokens import EVERYTHING
    from passagework.ui.service.mcp_tools import mcp_server
    from passagework.ui.service.served_collections import ServedCollections
    from passagework.ui.service.serving_state import Caller, Service

    service = Service(ServedCollections.open(named_folders(collection), reranker=reranker))
    try:
        mcp_server(lambda _: Caller(service, EVERYTHING)).run("stdio")
    finally:
        service.close()
