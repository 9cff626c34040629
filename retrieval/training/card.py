"""The model card and the record that stand beside trained weights: what they were made of, and how well they did."""

from __future__ import annotations

import json
from pathlib import Path

from passagework.retrieval.models.weights import ResolvedModel, digest_weights
from passagework.retrieval.text import counted
from passagework.retrieval.training.training_options import TrainingOptions
from passagework.retrieval.training.training_run import TrainingRun

RECORD = "training.json"

CARD = """---
library_name: sentence-transformers
base_model: {base}
tags: [{kind}]
---
# {named} trained by passagework

| | |
|---|---|
| base | {base}, weights {base_digest} |
| weights | {digest} (sha256) |
| learned from | {pairs}: {kinds} |
| steps | {steps}, the best at {best_step}; {device} |
| nDCG@10 of {held_out} held out | {first} before, {best} after |

{command}The licence of these weights follows from those of the base and of the pairs: state it before you share them.

Options and the course of the training are in `{record}`.
"""


def write_card(
    folder: Path,
    kind: str,
    base: ResolvedModel,
    options: TrainingOptions,
    run: TrainingRun,
    *,
    command: str,
    device: str,
) -> None:
    """Writes README.md and RECORD in the folder of the weights."""
    digest = digest_weights(folder)
    record = {
        "kind": kind,
        "base": {"name": base.name, "weights": base.weights},
        "weights": digest,
        "options": options.to_json(),
        "course": run.to_json(),
        "device": device,
        "command": command,
    }
    (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    measures = dict(run.measures)
    text = CARD.format(
        kind=kind,
        named=kind.capitalize(),
        base=base.name,
        base_digest=base.weights[:12],
        digest=digest,
        pairs=counted(run.pairs, "pair"),
        kinds=", ".join(f"{count:,} {name}" for name, count in run.kinds.items()),
        steps=f"{run.steps:,}",
        best_step=f"{run.best_step:,}",
        device=device,
        held_out=run.held_out,
        first=f"{measures.get(0, float('nan')):.4f}",
        best=f"{measures.get(run.best_step, float('nan')):.4f}",
        command=f"Made by `{command}`.\n\n" if command else "",
        record=RECORD,
    )
    (folder / "README.md").write_text(text, encoding="utf-8")
