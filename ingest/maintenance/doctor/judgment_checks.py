"""Checks the judgments that people left beside a collection's versions, a line each."""

from __future__ import annotations

from passagework.ingest.maintenance.doctor.check_context import CheckContext
from passagework.ingest.maintenance.doctor.diagnosis import Remedy
from passagework.retrieval.folder import JUDGMENTS
from passagework.retrieval.text import counted


def check_judgments(context: CheckContext) -> str:
    """Checks that each line is a judgment; one that isn't keeps all the others from being read."""
    path = context.folder.parent / JUDGMENTS
    if not path.exists():
        return "none"
    from passagework.retrieval.evaluation.judgments import bad_lines

    bad = bad_lines(path)
    for number, reason in bad.items():
        context.find("judgments", f"{JUDGMENTS}, line {number}: no judgment: {reason}", Remedy.JUDGMENTS)
    return f"{counted(len(bad), 'line')} that {'is' if len(bad) == 1 else 'are'} none" if bad else "each line is one"


def set_judgments_aside(context: CheckContext) -> None:
    """Moves lines that are no judgments to a file of their own, so that none is lost."""
    from passagework.retrieval.evaluation.judgments import set_lines_aside

    set_lines_aside(context.folder.parent / JUDGMENTS)
