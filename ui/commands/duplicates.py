"""Defines `passagework duplicates`, `similar` and `paraphrases`: what says the same as something else."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from passagework.ui.commands import options as opt, search_options as find
from passagework.ui.commands.output import parse_where, print_message, print_result
from passagework.ui.commands.searching import open_collection

ThresholdOption = Annotated[
    float | None,
    typer.Option(
        "--threshold",
        help="Least cosine of two duplicates (default: by what is usual among these texts, which the answer explains).",
        metavar="T",
    ),
]
OfOption = Annotated[str, typer.Option("--of", help="What is compared.", metavar="passages|documents")]
DocumentArgument = Annotated[str, typer.Argument(help="A document by its id, URI or path.", metavar="DOCUMENT")]
NearestOption = Annotated[int, typer.Option("-k", help="Documents to return.", metavar="N")]
LinesArgument = Annotated[Path, typer.Argument(help="Text in UTF-8, a sentence a line; - is stdin.", metavar="FILE")]


def duplicates(
    collection: opt.CollectionOption,
    of: OfOption = "passages",
    threshold: ThresholdOption = None,
    where: find.WhereOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Find passages or documents that say the same: exact, near and semantic duplicates, in clusters."""
    from passagework.ui.present.duplicate_lines import show_duplicates

    parsed = parse_where(where)
    with open_collection(collection) as opened:
        found = opened.duplicates(of=of, threshold=threshold, where=parsed)
    print_result({"of": of, **found.to_json()}, as_json, lambda console: show_duplicates(console, found, of))


def similar(
    document: DocumentArgument,
    collection: opt.CollectionOption,
    k: NearestOption = 10,
    where: find.WhereOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Find the documents most like one."""
    from passagework.ui.present.duplicate_lines import show_similar

    parsed = parse_where(where)
    with open_collection(collection) as opened:
        rows = opened.similar(document, k=k, where=parsed)
    out = {"document": document, "similar": [row.to_json() for row in rows]}
    print_result(out, as_json, lambda console: show_similar(console, rows))


def paraphrases(
    file: LinesArgument,
    threshold: ThresholdOption = None,
    encoder: opt.EncoderOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Find lines of a text that say the same, and the nearest pairs of them."""
    from passagework import BiEncoder
    from passagework.retrieval.duplicates.paraphrases import paraphrases as find_paraphrases, read_lines
    from passagework.ui.present.duplicate_lines import show_duplicates

    lines = sys.stdin.read().split("\n") if str(file) == "-" else read_lines(file)
    found = find_paraphrases(lines, BiEncoder.load(encoder), threshold=threshold, name=str(file))
    print_result(found.to_json(), as_json, lambda console: show_duplicates(console, found, "lines"))
    if not as_json and not found.clusters:
        print_message("note: a lower --threshold finds lines that have less in common")
