"""Defines `passagework verify`: is what an answer says in the collection?"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from passagework.retrieval.errors import ConfigError
from passagework.ui.commands import options as opt, search_options as find
from passagework.ui.commands.output import parse_where, print_result
from passagework.ui.commands.searching import open_collection

if TYPE_CHECKING:
    from passagework import Citation

AnswerOption = Annotated[
    str, typer.Option("--answer", help="What is to be verified; - reads it from stdin.", metavar="TEXT|-")
]
CitationsOption = Annotated[
    Path | None,
    typer.Option(
        "--citations",
        help="What `context --json` printed: its citations are the evidence, and the answer's [n] are checked "
        "(default: the collection is searched for each claim).",
        metavar="FILE",
    ),
]
EvidenceOption = Annotated[
    int, typer.Option("-k", help="Passages that a claim is compared with, without --citations.", metavar="N")
]
NliOption = Annotated[
    str | None,
    typer.Option(
        "--nli",
        help="NLI cross-encoder that tells, folder or hub name (default: tokens of the default encoder).",
        metavar="M",
    ),
]


def verify(
    answer: AnswerOption,
    collection: opt.CollectionOption,
    citations: CitationsOption = None,
    k: EvidenceOption = 5,
    where: find.WhereOption = None,
    nli: NliOption = None,
    encoder: opt.MovedEncoderOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Tell of each claim of an answer whether the collection supports or contradicts it, and by which words."""
    from passagework.ui.present.verification_lines import show_verification

    parsed = parse_where(where)
    cited = None if citations is None else _citations(citations)
    text = sys.stdin.read() if answer == "-" else answer
    with open_collection(collection, encoder=encoder) as opened:
        verification = opened.verify(text, cited, k=k, where=parsed, nli=nli)
    print_result(verification.to_json(), as_json, lambda console: show_verification(console, verification))


def _citations(file: Path) -> Sequence[Citation]:
    """Returns the citations in a file that `context --json` wrote; raises ConfigError where it holds none."""
    from passagework.retrieval.citations import Citation
    from passagework.retrieval.json_text import parse_json

    try:
        return [Citation.from_json(one) for one in parse_json(file.read_text(encoding="utf-8"))["citations"]]
    except OSError as error:
        raise ConfigError(f"{file} can't be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ConfigError(f"{file} holds no citations: give what `context --json` printed") from error
