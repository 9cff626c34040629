"""Tells what personal data a scan found, and where; never the data themselves."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from passagework.ingest.personal_data.findings import LocatedPersonalData, PersonalData, preview_of
from passagework.ingest.report import Problem
from passagework.retrieval.types import Json


@dataclass(slots=True)
class ScanReport:
    """Holds what was found in how many `documents`, in order; `failed` could not be read, `skipped` holds no text.

    `names` tells whether names of people, places and organisations were looked for.
    """

    documents: int = 0
    findings: list[LocatedPersonalData] = field(default_factory=list)
    failed: list[Problem] = field(default_factory=list)
    skipped: list[Problem] = field(default_factory=list)
    names: bool = False
    seconds: float = 0.0

    @property
    def counts(self) -> dict[str, int]:
        """Returns how many findings there are of each kind, most first."""
        return dict(Counter(finding.kind for finding in self.findings).most_common())

    def take(self, path: str, document: str, text: str, findings: list[PersonalData]) -> None:
        """Counts a document, and notes what was found in its text."""
        self.documents += 1
        self.findings += [
            LocatedPersonalData(
                found.kind,
                path,
                document,
                found.start,
                found.end,
                found.confidence,
                preview_of(text[found.start : found.end]),
            )
            for found in findings
        ]

    def to_json(self) -> dict[str, Json]:
        """Returns the scan JSON."""
        return {
            "documents": self.documents,
            "findings": [finding.to_json() for finding in self.findings],
            "counts": dict(self.counts),
            "names": self.names,
            "failed": [problem.to_json() for problem in self.failed],
            "skipped": [problem.to_json() for problem in self.skipped],
            "seconds": round(self.seconds, 3),
        }
