"""Defines `passagework doctor`: look a collection over, and mend what can be made again."""

from __future__ import annotations

import typer

from passagework.ui.commands import options as opt
from passagework.ui.commands.output import FAILED, print_result


def doctor(
    collection: opt.CollectionOption,
    repair: opt.RepairOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Check a collection: database, text, vectors and index against each other; exits 1 with a line a finding."""
    from passagework.ingest.maintenance.doctor import examine, repair as mend
    from passagework.ui.present.diagnosis_lines import show_diagnosis, show_repair

    if repair:
        repaired = mend(collection)
        print_result(repaired.to_json(), as_json, lambda console: show_repair(console, repaired))
        well = repaired.after.well
    else:
        diagnosis = examine(collection)
        print_result(diagnosis.to_json(), as_json, lambda console: show_diagnosis(console, diagnosis))
        well = diagnosis.well
    if not well:
        raise typer.Exit(FAILED)
