"""Defines the options that say how an encoder is used: dimensions and prompts."""

from __future__ import annotations

from typing import Annotated

import typer

DimensionsOption = Annotated[
    int | None,
    typer.Option(
        "--dimensions", help="Keep so many dimensions of each vector, the first ones (default: all).", metavar="N"
    ),
]
QueryPromptOption = Annotated[
    str | None,
    typer.Option(
        "--query-prompt", help="Goes before every query (default: what the model is known to need).", metavar="TEXT"
    ),
]
PassagePromptOption = Annotated[
    str | None,
    typer.Option(
        "--passage-prompt", help="Goes before every passage (default: what the model is known to need).", metavar="TEXT"
    ),
]

# what to make anew: what is left out stays

NewDimensionsOption = Annotated[
    int | None,
    typer.Option(
        "--dimensions",
        help="Keep so many dimensions of each vector, the first ones (default: as it is; with --encoder all).",
        metavar="N",
    ),
]
NewQueryPromptOption = Annotated[
    str | None,
    typer.Option(
        "--query-prompt",
        help="Goes before every query (default: as it is; with --encoder what the model is known to need).",
        metavar="TEXT",
    ),
]
NewPassagePromptOption = Annotated[
    str | None,
    typer.Option(
        "--passage-prompt",
        help="Goes before every passage (default: as it is; with --encoder what the model is known to need).",
        metavar="TEXT",
    ),
]
