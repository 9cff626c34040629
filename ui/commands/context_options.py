"""Defines the options of `context`: the budget, and how the text is laid out."""

from __future__ import annotations

from typing import Annotated

import typer

MaxTokensOption = Annotated[
    int, typer.Option("--max-tokens", help="Budget, in tokens of the tokenizer, markup included.", metavar="N")
]
TokenizerOption = Annotated[
    str | None,
    typer.Option(
        "--tokenizer",
        help="What counts tokens: folder or hub name of a tokenizer.json, or tiktoken:NAME (default: the encoder's).",
        metavar="M",
    ),
]
FormatOption = Annotated[
    str,
    typer.Option(
        "--format",
        help="How the text is laid out; the last two are content blocks for an API, as JSON.",
        metavar="plain|xml|markdown|json|anthropic|openai",
    ),
]
OrderOption = Annotated[
    str,
    typer.Option("--order", help="The best first, or each document from its beginning.", metavar="rank|document"),
]
ExpandOption = Annotated[
    str | None,
    typer.Option(
        "--expand",
        help="Quote around each passage those beside it, or all of its section, where that fits (default: neither).",
        metavar="neighbours|section",
    ),
]
InjectionOption = Annotated[
    str,
    typer.Option(
        "--injection",
        help="What becomes of instructions to language models that stand in documents.",
        metavar="mark|leave-out|keep",
    ),
]
