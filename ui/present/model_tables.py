"""Prints what is known of models: one table of encoders, one of rerankers."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from passagework.retrieval.models.facts import ModelKind
from passagework.retrieval.models.local_models import KnownModel

COLUMNS = ("here", "million", "dim", "window", "languages", "licence")


def show_models(console: Console, models: Sequence[KnownModel]) -> None:
    """Prints a line a model, never wrapped; what is not known stays empty."""
    for kind in (ModelKind.ENCODER, ModelKind.RERANKER):
        rows = [(kind.value, *COLUMNS), *(_cells(model) for model in models if model.facts.kind is kind)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for number, row in enumerate(rows):
            line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            console.print(Text(line, style="" if number else "bold"), soft_wrap=True)
        console.print()


def _cells(model: KnownModel) -> tuple[str, ...]:
    """Returns the columns of a model; `refused` is one that wants code of its own folder run."""
    facts = model.facts
    here = "default" if model.default else "yes" if model.folder is not None else ""
    return (
        facts.name,
        "refused" if facts.remote_code else here,
        f"{facts.parameters:g}",
        "" if facts.dimension is None else str(facts.dimension),
        "any" if facts.window is None else str(facts.window),
        facts.languages,
        facts.licence or "",
    )
