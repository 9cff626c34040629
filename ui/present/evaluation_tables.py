"""Prints the figures of an evaluation, a comparison and a training as tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from passagework.retrieval.text import counted, visible

if TYPE_CHECKING:  # what measures and trains is not loaded to show a search
    from passagework.retrieval.evaluation import Comparison, Evaluation
    from passagework.retrieval.training import TrainingRun

CHANGED = 10
"""Queries of a comparison on screen; --json has all that changed."""


def show_evaluation(console: Console, evaluation: Evaluation, *, held: int = 0) -> None:
    """Prints a row for each stage, what was left out and why, and how many thresholds of a gate `held`."""
    counts = f"{counted(evaluation.documents, 'document')}, {counted(len(evaluation.queries), 'query')}"
    console.print(Text(f"{visible(evaluation.dataset)}: {counts}"))
    first = next(iter(evaluation.stages.values()), None)
    table = _table("stage", *(first.means if first else ()), "p50 ms", "p95 ms")
    for stage, figures in evaluation.stages.items():
        means = [f"{value:.4f}" for value in figures.means.values()]
        table.add_row(stage.value, *means, f"{figures.ms_p50:.1f}", f"{figures.ms_p95:.1f}")
    console.print(table)
    for stage, reason in evaluation.skipped.items():
        console.print(Text(f"{stage.value}: skipped, {reason}", style="yellow"))
    for note in evaluation.notes:
        console.print(Text(f"note: {visible(note)}", style="yellow"))
    if held:
        console.print(Text(f"gate: {counted(held, 'threshold')} held", style="green"))


def show_comparison(console: Console, comparison: Comparison) -> None:
    """Prints a row for each measure, then the queries that changed most."""
    a, b = (visible(name) for name in comparison.names)
    console.print(Text(f"{visible(comparison.dataset)}: {b} against {a}, {counted(len(comparison.queries), 'query')}"))
    table = _table("measure", a, b, "difference", "p", "wins", "losses", "ties")
    for row in comparison.measures:
        values = f"{row.a:.4f}", f"{row.b:.4f}", f"{row.difference:+.4f}", f"{row.p:.4f}"
        table.add_row(row.measure, *values, str(row.wins), str(row.losses), str(row.ties))
    console.print(table)
    for note in comparison.notes:
        console.print(Text(f"note: {visible(note)}", style="yellow"))
    changed = [query for query in comparison.queries if query.a != query.b]
    if changed:
        console.print(Text(f"changed most ({comparison.measures[0].measure}):", style="dim"))
    for query in changed[:CHANGED]:
        line = f"{query.b - query.a:+.4f}  {visible(query.query)}: {' '.join(visible(query.text).split())}"
        console.print(Text(line), overflow="ellipsis", no_wrap=True)


def _table(first: str, *numbers: str) -> Table:
    """Returns a table with columns of numbers behind the first; long names go on in the next line."""
    table = Table(box=None, pad_edge=False)
    table.add_column(first, overflow="fold")
    for name in numbers:
        table.add_column(Text(name.replace("_", "_\n")), justify="right", overflow="fold", min_width=7)
    return table


def show_training(console: Console, kind: str, out: Path, run: TrainingRun) -> None:
    """Prints where the model is, what it learned from, and how its measure went."""
    kinds = ", ".join(f"{count:,} {visible(name)}" for name, count in run.kinds.items())
    console.print(Text(f"{kind} in {visible(str(out))}, from {counted(run.pairs, 'pair')} ({kinds})"))
    table = Table(box=None, pad_edge=False)
    for name in ("step", f"nDCG@10 of {run.held_out} held out"):
        table.add_column(name, justify="right")
    for step, value in run.measures:
        best = step == run.best_step
        table.add_row(f"{step:,}", f"{value:.4f}", style="bold" if best else "")
    console.print(table)
