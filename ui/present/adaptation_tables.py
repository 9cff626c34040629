"""Shows what came of adapting an encoder to a collection."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from passagework.retrieval.text import visible
from passagework.retrieval.training.adaptation import MEASURE, Adaptation
from passagework.ui.present.evaluation_tables import show_training


def show_adaptation(console: Console, collection: Path, out: Path, adaptation: Adaptation) -> None:
    """Prints how the training went, what each set gained or lost, and whether the collection should take it."""
    show_training(console, "encoder", out, adaptation.run)
    if adaptation.sets:
        table = Table(box=None, pad_edge=False)
        for name in ("set", "queries", "stage", f"{MEASURE} before", "after", "p"):
            table.add_column(name, justify="left" if name in ("set", "stage") else "right")
        for one in adaptation.sets:
            for stage, change in one.stages.items():
                figures = (f"{change.a:.4f}", f"{change.b:.4f}", f"{change.p:.2g}")
                table.add_row(visible(one.name), f"{one.queries:,}", stage.value, *figures)
        console.print(table)
    if adaptation.recommended:
        console.print(Text(f"recommended: passagework rebuild --collection {collection} --encoder {out}"))
    for objection in adaptation.objections:
        console.print(Text(f"not recommended: {visible(objection)}"))
