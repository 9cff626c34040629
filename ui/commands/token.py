"""Defines `passagework token`: who may ask a service, and for what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from passagework.ui.commands import options as opt
from passagework.ui.commands.output import parse_where, print_message, print_result

if TYPE_CHECKING:
    from rich.console import Console

TokensOption = Annotated[Path, typer.Option("--tokens", help="File that keeps the tokens' hashes.", metavar="FILE")]
NameOption = Annotated[str, typer.Option("--name", help="What the token is called.", metavar="N")]
CollectionsOption = Annotated[
    list[str] | None,
    typer.Option("--collection", help="Name of a served collection; repeatable (default: all).", metavar="C"),
]
RightsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--rights",
        help="What it may do, with commas between; repeatable (default: search,read).",
        metavar="search,read,ingest,admin",
    ),
]
FilterOption = Annotated[
    str | None,
    typer.Option("--filter", help="Documents that it may see, as with --where (default: all).", metavar="JSON"),
]
RateOption = Annotated[
    int | None,
    typer.Option("--rate", help="Requests that it may send a minute (default: any number).", metavar="N", min=1),
]

token = typer.Typer(help="Say who may ask a service.", no_args_is_help=True, rich_markup_mode=None)


@token.command()
def add(
    tokens: TokensOption,
    name: NameOption,
    collection: CollectionsOption = None,
    rights: RightsOption = None,
    visible: FilterOption = None,
    rate: RateOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Make a token and print it, once: the file keeps its hash alone."""
    from passagework.ui.service.access_tokens import TokenFile

    given = ["search,read"] if rights is None else rights
    asked = [right.strip() for some in given for right in some.split(",") if right.strip()]
    parsed = parse_where(visible, named="--filter")
    made = TokenFile(tokens).add(name, collections=collection, rights=asked, visible=parsed, rate=rate)
    print_result({"name": name, "token": made}, as_json, lambda console: console.print(made, soft_wrap=True))
    print_message("keep the token now: it can't be read again")


@token.command(name="list")
def list_tokens(tokens: TokensOption, as_json: opt.JsonOption = False) -> None:
    """List tokens by their names, with what they may do."""
    from passagework.ui.service.access_tokens import TokenFile

    listed = [access.to_json() for access in TokenFile(tokens).all()]
    print_result({"tokens": listed}, as_json, lambda console: _show(console, listed))


@token.command()
def remove(tokens: TokensOption, name: NameOption) -> None:
    """Take a token away; a service that runs knows it no more."""
    from passagework.ui.service.access_tokens import TokenFile

    TokenFile(tokens).remove(name)


def _show(console: Console, tokens: list[dict[str, Any]]) -> None:
    """Prints a line for each token."""
    from rich.text import Text

    from passagework.retrieval.text import counted

    for entry in tokens:
        collections = ", ".join(entry["collections"] or ["all collections"])
        visible = f", where {entry['filter']}" if entry["filter"] is not None else ""
        rate = f", {counted(entry['rate'], 'request')} a minute" if entry["rate"] is not None else ""
        line = f"{entry['name']}  {', '.join(entry['rights'])} of {collections}{visible}{rate}"
        console.print(Text(line), soft_wrap=True)
