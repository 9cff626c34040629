"""Defines `passagework serve`: the service over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from passagework.ui.commands import options as opt, search_options as find
from passagework.ui.commands.garbage import look_as_usual
from passagework.ui.commands.output import INTERRUPTED, print_message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def _take_from_file(context: typer.Context, path: Path | None) -> Path | None:
    """Has the options that a file gives stand in for those that are not on the command line."""
    if path is not None:
        from passagework.ui.service.serve_file import options_of

        context.default_map = options_of(path)
    return path


ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help="File that gives options (TOML); one that stands on the command line takes the place of the file's.",
        metavar="FILE",
        is_eager=True,
        callback=_take_from_file,
    ),
]
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
WorkersOption = Annotated[
    int,
    typer.Option("--workers", help="Processes that answer, each with models of its own.", metavar="N", min=1, max=64),
]
AccessLogOption = Annotated[
    bool, typer.Option("--access-log/--no-access-log", help="Write a line for each request, or none.")
]


def serve(
    context: typer.Context,
    collection: ServedOption,
    config: ConfigOption = None,
    source: SourceOption = None,
    host: opt.HostOption = "127.0.0.1",
    port: opt.PortOption = 8600,
    allowed_host: AllowedHostOption = None,
    tokens: TokensOption = None,
    no_auth: NoAuthOption = False,
    reranker: find.RerankerOption = None,
    timeout: TimeoutOption = 30.0,
    workers: WorkersOption = 1,
    access_log: AccessLogOption = True,
) -> None:
    """Serve collections over HTTP from one process that keeps its models loaded, or from several."""
    from passagework.retrieval.collection.collection_names import named_folders
    from passagework.retrieval.extras import require

    require("serve")
    from passagework.ui.service.listening import is_any_address, listening_socket
    from passagework.ui.service.serving_process import ServeOptions, serve_until_stopped

    folders = named_folders(collection)
    if config is not None and _is_of_file(context, "source"):
        source = [one for one in source or () if one.partition("=")[0] in folders]
    _check_tokens(host, tokens, no_auth=no_auth)
    options = ServeOptions(
        folders,
        _named_sources(source or (), folders),
        reranker=reranker,
        tokens=tokens,
        hosts=(*(allowed_host or ()), *(() if is_any_address(host) else (host,))),
        timeout=timeout,
        access_log=access_log,
        workers=workers,
    )
    address = f"[{host}]" if ":" in host else host
    told = f"serving {', '.join(sorted(folders))} at http://{address}:{port}"
    with listening_socket(host, port) as listening:
        if workers == 1:
            interrupted = serve_until_stopped(options, [listening], started=lambda: _started(told))
        else:
            from passagework.ui.service.worker_processes import serve_by

            look_as_usual()
            by = f"{told} by {workers} workers"
            interrupted = serve_by(workers, options, listening, started=lambda: print_message(by), note=print_message)
    if interrupted:
        raise typer.Exit(INTERRUPTED)


def _started(told: str) -> None:
    look_as_usual()
    print_message(told)


def _is_of_file(context: typer.Context, parameter: str) -> bool:
    """Tells whether a parameter has its value of the file of options."""
    source = context.get_parameter_source(parameter)
    return source is not None and source.name == "DEFAULT_MAP"


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


def _check_tokens(host: str, tokens: Path | None, *, no_auth: bool) -> None:
    """Raises ConfigError where nobody said whether tokens are asked for, PassageworkError for a file that is none."""
    from passagework.retrieval.errors import ConfigError
    from passagework.ui.service.listening import is_loopback

    if tokens is not None and no_auth:
        raise ConfigError("--tokens and --no-auth can't both be: give one of them")
    if tokens is None:
        if not is_loopback(host) and not no_auth:
            raise ConfigError(f"{host} is reached by other machines: give --tokens, or --no-auth to serve whoever asks")
        return
    from passagework.ui.service.access_tokens import TokenFile

    TokenFile(tokens).all()  # a file that can't be read is told now
