"""Does what `train adapt` was asked to: an encoder that learns from a collection, and whether to use it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from passagework.retrieval.errors import ConfigError
from passagework.ui.commands.output import print_result

if TYPE_CHECKING:
    from passagework.retrieval.training import TrainingOptions


def train_adapted(
    collection: Path | None,
    out: Path,
    base: str | None,
    judgments: Path | None,
    general: list[Path],
    options: TrainingOptions,
    command: str,
    as_json: bool,
) -> None:
    """Adapts an encoder to a collection, saves it, and prints what it gained and lost."""
    from passagework.ingest import adapt
    from passagework.ui.commands.progress import SuccessiveBars, progress_bar, query_bar, training_bar
    from passagework.ui.present.adaptation_tables import show_adaptation

    if collection is None:
        raise ConfigError("an encoder is adapted to a --collection: name its folder")
    with SuccessiveBars() as bars:
        done = adapt(
            collection,
            out,
            base=base,
            judgments=judgments,
            general=general,
            options=options,
            command=command,
            ingested=bars.callback(progress_bar),
            searched=bars.callback(query_bar),
            watch=bars.callback(training_bar),
        )
    fields = {"kind": "adapt", "out": str(out), "options": options.to_json(), **done.to_json()}
    print_result(fields, as_json, lambda console: show_adaptation(console, collection, out, done))
