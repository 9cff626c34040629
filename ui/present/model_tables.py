"""Prints what is known of models: one table of encoders, one of rerankers."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from passagework.retrieval.models.facts import ModelFacts, ModelKind
from passagework.retrieval.models.local_models import KnownModel

REMOTE_CODE = "refused"
"""What stands for a model that wants code of its own folder run."""


def show_models(console: Console, models: Sequence[KnownModel]) -> None:
    """Prints a row a model; what is not known stays empty."""
    for kind in (ModelKind.ENCODER, ModelKind.RERANKER):
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in (kind.value, "here", "million", "dim", "window", "languages", "licence"):
            table.add_column(column, no_wrap=True)
        for model in models:
            if model.facts.kind is kind:
                table.add_row(*map(Text, _cells(model)))
        console.print(table)


def _cells(model: KnownModel) -> Sequence[str]:
    facts = model.facts
    here = "default" if model.default else "yes" if model.folder is not None else ""
    return (
        facts.name,
        REMOTE_CODE if facts.remote_code else here,
        f"{facts.parameters:g}",
        "" if facts.dimension is None else str(facts.dimension),
        window_of(facts),
        facts.languages,
        facts.licence or "",
    )


def window_of(facts: ModelFacts) -> str:
    """Returns a model's window in tokens, for a person."""
    return "any" if facts.window is None else str(facts.window)
