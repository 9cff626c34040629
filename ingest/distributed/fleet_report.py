"""Reports a job on many machines as an ingest on one reports itself: the scan's part, and that of each unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from passagework.ingest.left_out import ignored_lines, note_unread
from passagework.ingest.report import Problem, Report
from passagework.ingest.scan import Scan
from passagework.retrieval.types import Json

COUNTS = ("added", "unchanged", "passages", "encoded", "cut", "token_vectors")
LISTS = ("failed", "skipped", "notes")


def fleet_report(scanned: Scan, manifests: Iterable[Mapping[str, Json]]) -> Report:
    """Returns what became of all files; what several units note in the same words is told once."""
    report = Report()
    note_unread(report, scanned)
    report.ignored = ignored_lines(scanned.ignored, {})
    for manifest in manifests:
        told: Any = manifest["report"]
        for name in COUNTS:
            setattr(report, name, getattr(report, name) + told[name])
        for name in LISTS:
            getattr(report, name).extend(Problem(**problem) for problem in told[name])
        if "pii" in told:
            report.pii = (report.pii or Counter[str]()) + Counter[str](told["pii"])
    report.notes = list(dict.fromkeys(report.notes))
    return report
