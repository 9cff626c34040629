"""Defines `passagework calibrate`: relevance set against one's own judgments, and corrected by them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from passagework.retrieval.errors import ConfigError
from passagework.ui.commands import options as opt, search_options as find
from passagework.ui.commands.output import print_result

if TYPE_CHECKING:
    from rich.console import Console

    from passagework.ingest.workflows.relevance_calibration import Calibrated

JudgmentsArgument = Annotated[
    Path | None,
    typer.Argument(help="File of judgments (.jsonl); default: the collection's own.", metavar="JUDGMENTS"),
]
ForgetOption = Annotated[bool, typer.Option("--forget", help="Take the correction back.")]


def calibrate(
    collection: opt.CollectionOption,
    judgments: JudgmentsArgument = None,
    stage: find.StageOption = None,
    dry_run: opt.DryRunOption = False,
    forget: ForgetOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Correct the relevance of hits by judgments, where that is better on queries it was not fitted on."""
    from passagework.ingest.workflows.relevance_calibration import calibrate as correct, forget_calibration
    from passagework.ui.commands.progress import SuccessiveBars, query_bar

    if forget:
        if judgments is not None or dry_run:
            raise ConfigError("--forget goes with neither judgments nor --dry-run")
        forget_calibration(collection)
        print_result({"forgotten": True}, as_json, lambda console: console.print("Relevance is as it comes."))
        return
    with SuccessiveBars() as bars:
        calibrated = correct(collection, judgments, stage=stage, dry_run=dry_run, progress=bars.callback(query_bar))
    print_result(calibrated.to_json(), as_json, lambda console: _show(console, calibrated, dry_run=dry_run))


def _show(console: Console, calibrated: Calibrated, *, dry_run: bool) -> None:
    before, after = calibrated.as_it_comes, calibrated.corrected
    console.print(f"{calibrated.queries} judged queries: {before.right:.0%} of first hits answer")
    console.print(f"  as it comes  relevance {before.said:.2f}, calibration error {before.calibration_error:.3f}")
    console.print(f"  corrected    relevance {after.said:.2f}, calibration error {after.calibration_error:.3f}")
    for line in calibrated.drifted:
        console.print(f"  left out: {line}", markup=False)
    if not calibrated.helps:
        console.print("The correction is no better than chance on queries it was not fitted on: none is kept.")
    elif dry_run:
        console.print("The correction would help. Nothing was changed.")
    else:
        console.print("Searches of this collection are corrected by it, and their plans say so.")
