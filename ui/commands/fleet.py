"""Defines `passagework fleet`: a collection loaded into an engine, verified there, and fetched back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from passagework.ui.commands import options as opt
from passagework.ui.commands.output import print_message, print_result

if TYPE_CHECKING:
    from rich.console import Console

    from passagework.ingest.fleet import Loaded, Verified
    from passagework.ingest.maintenance.exchange import Exchanged

SourceArgument = Annotated[Path, typer.Argument(help="Folder of the collection that lies here.", metavar="SOURCE")]
ServedOption = Annotated[
    Path, typer.Option("--collection", help="Folder of the served collection.", metavar="DIR", show_default=False)
]
EngineOption = Annotated[str, typer.Option("--engine", help="What serves it.", metavar="qdrant|qdrant-edge|postgres")]
AddressOption = Annotated[
    str | None,
    typer.Option("--address", help="URL of the server; of qdrant-edge, the number of shards (4).", metavar="URL"),
]
NameOption = Annotated[
    str | None, typer.Option("--name", help="Its name in the engine (default: that of SOURCE).", metavar="NAME")
]
QueriesOption = Annotated[
    Path | None,
    typer.Option(
        "--queries", help="File of queries, one a line (default: 200 beginnings of passages).", metavar="FILE"
    ),
]
NewFolderOption = Annotated[
    Path, typer.Option("--out", help="Folder of the new collection.", metavar="DIR", show_default=False)
]

fleet = typer.Typer(
    help="Have an engine serve a collection, beyond one machine.", no_args_is_help=True, rich_markup_mode=None
)


@fleet.command()
def load(
    source: SourceArgument,
    collection: ServedOption,
    engine: EngineOption = "qdrant",
    address: AddressOption = None,
    name: NameOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Load a collection into an engine, or bring the engine up to date with what changed since."""
    from passagework.ingest.fleet import load_collection
    from passagework.ui.commands.progress import counting_bar

    with counting_bar("documents") as bar:
        loaded = load_collection(source, collection, engine=engine, address=address, name=name, progress=bar)
    print_result(loaded.to_json(), as_json, lambda console: _show_loaded(console, loaded))


@fleet.command()
def verify(
    source: SourceArgument,
    collection: ServedOption,
    queries: QueriesOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Compare an engine's answers with the collection's; only if they are the same, the engine's are used."""
    from passagework.ingest.fleet import verify_collection
    from passagework.retrieval.errors import ConfigError
    from passagework.ui.commands.progress import counting_bar

    asked = None
    if queries is not None:
        try:
            asked = [line for line in queries.read_text(encoding="utf-8").splitlines() if line.strip()]
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{queries} can't be read: name a file of queries, one a line") from error
    with counting_bar("searches") as bar:
        verified = verify_collection(source, collection, queries=asked, progress=bar)
    print_result(verified.to_json(), as_json, lambda console: _show_verified(console, verified))
    if verified.problems:
        for problem in verified.problems:
            print_message(f"wrong: {problem}")
        raise typer.Exit(1)


@fleet.command()
def fetch(collection: ServedOption, out: NewFolderOption, as_json: opt.JsonOption = False) -> None:
    """Make a new collection that lies here of what an engine serves; nothing is encoded again."""
    from passagework.ingest.fleet import fetch_collection

    fetched = fetch_collection(collection, out)
    print_result(fetched.to_json(), as_json, lambda console: _show_fetched(console, fetched))


def _show_loaded(console: Console, loaded: Loaded) -> None:
    from passagework.retrieval.text import counted

    console.print(f"{counted(loaded.put, 'document')} put, {loaded.ended} ended, of {loaded.documents:,} in all")
    if loaded.weighed_anew:
        console.print("all were weighed anew: passages have become longer or shorter")


def _show_verified(console: Console, verified: Verified) -> None:
    short = sum(verified.short.values())
    console.print(
        f"recall@10 {verified.recall:.4f}, {short} short answers, {verified.identical:.2%} of top tens the same"
    )


def _show_fetched(console: Console, fetched: Exchanged) -> None:
    from passagework.retrieval.text import counted, one_line

    console.print(one_line(f"{counted(fetched.documents, 'document')} fetched into {fetched.out}", limit=1_000))
