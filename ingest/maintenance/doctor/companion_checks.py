"""What people left beside a collection's versions: their judgments, a line each."""

from __future__ import annotations

from passagework.ingest.maintenance.doctor.chart import Chart
from passagework.ingest.maintenance.doctor.diagnosis import Remedy
from passagework.retrieval.folder import JUDGMENTS
from passagework.retrieval.text import counted


def check_judgments(chart: Chart) -> str:
    """Each line is a judgment; one that isn't keeps all the others from being read."""
    path = chart.folder.parent / JUDGMENTS
    if not path.exists():
        return "none"
    from passagework.retrieval.evaluation.judgments import bad_lines

    bad = bad_lines(path)
    for number, reason in bad.items():
        chart.find("judgments", f"{JUDGMENTS}, line {number}: no judgment: {reason}", Remedy.JUDGMENTS)
    return f"{counted(len(bad), 'line')} that {'is' if len(bad) == 1 else 'are'} none" if bad else "each line is one"


def set_judgments_aside(chart: Chart) -> None:
    """Lines that are no judgments go to a file of their own; none is lost."""
    from passagework.retrieval.evaluation.judgments import set_lines_aside

    set_lines_aside(chart.folder.parent / JUDGMENTS)
