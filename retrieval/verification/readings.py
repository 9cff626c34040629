"""How a piece of evidence is read: its running text as it stands, and each row of a table in it as a statement."""

from __future__ import annotations

from dataclasses import dataclass

from passagework.retrieval.citations import Citation
from passagework.retrieval.verification.evidence import Evidence
from passagework.retrieval.verification.table_rows import TableRow, table_rows, without_rows


@dataclass(frozen=True, slots=True)
class Reading:
    """Is a text that may support a claim: `row` is None where it is the evidence's own, without its tables."""

    evidence: Evidence
    text: str
    row: TableRow | None = None

    def place(self, start: int, end: int) -> tuple[int, int] | None:
        """Returns where `[start, end)` of the text stands in the evidence; None where it is of a heading."""
        return (start, end) if self.row is None else self.row.place(start, end)

    def cited(self, start: int, end: int) -> Citation:
        """Returns the citation of what says so: `[start, end)` of a text, or the row."""
        return self.evidence.part(start, end) if self.row is None else self.evidence.part(self.row.start, self.row.end)


def readings_of(evidence: Evidence) -> list[Reading]:
    """Returns the readings of a piece of evidence; its running text first, where it has any."""
    rows = table_rows(evidence.text, evidence.citation.headings)
    running = without_rows(evidence.text) if rows else evidence.text
    plain = [Reading(evidence, running)] if running.strip() or not rows else []
    return [*plain, *(Reading(evidence, row.text, row) for row in rows if row.text)]
