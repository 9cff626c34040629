"""Defines what a doctor says: what was looked at, what was found, and what could be made again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from passagework.retrieval.types import Json

FINDINGS = 20
"""The most findings of one check; the rest are counted."""


class Remedy(str, Enum):
    """Names what is derived from the rest of a collection and can be made again, in the order in which it is done."""

    CURRENT = "took up the newest whole version"
    INDEXES = "made the database's own indexes again"
    PASSAGES = "set passages right from their documents' text"
    FIELDS = "set filter fields right from the documents' metadata"
    TEXT_INDEX = "made the text index again from the passages"
    VECTORS = "encoded passages again"
    TOKENS = "made token vectors again"
    ORPHANS = "took out vectors that no passage uses"
    GENERATION = "saved a new index"
    JUDGMENTS = "set aside what is no judgment, in judgments.jsonl.damaged"
    LEFTOVERS = "took away what an interrupted load left in the engine"
    SEAL = "sealed the database as it is"


@dataclass(frozen=True, slots=True)
class Finding:
    """Tells one thing that is wrong, in a line; `remedy` is None where nothing else in the collection can mend it."""

    check: str
    text: str
    remedy: Remedy | None = None

    def to_json(self) -> dict[str, Json]:
        """Returns what the doctor JSON has under `findings` of it."""
        return {"check": self.check, "finding": self.text, "derivable": self.remedy is not None}


@dataclass(frozen=True, slots=True)
class Check:
    """Tells of one thing that was looked at: `state` is ok, found or skipped; `detail` says how much, or why not."""

    name: str
    state: str
    detail: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Describes a collection as it was found; `bad` holds ids and hashes for the remedies, by what they are of."""

    collection: str
    version: str
    counts: Mapping[str, int]
    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]
    bad: Mapping[str, tuple[int | bytes, ...]] = field(default_factory=dict)

    @property
    def well(self) -> bool:
        """Tells whether nothing was found."""
        return not self.findings

    @property
    def remedies(self) -> list[Remedy]:
        """Returns what can be done, in the order in which it must be."""
        needed = {finding.remedy for finding in self.findings}
        return [remedy for remedy in Remedy if remedy in needed]

    def to_json(self) -> dict[str, Json]:
        """Returns what `passagework doctor --json` prints."""
        return {
            "collection": self.collection,
            "version": self.version,
            "well": self.well,
            "counts": dict(self.counts),
            "checks": {check.name: {"state": check.state, "detail": check.detail} for check in self.checks},
            "findings": [finding.to_json() for finding in self.findings],
        }


@dataclass(frozen=True, slots=True)
class Repair:
    """Tells what a repair found, what it did, and how the collection is now."""

    before: Diagnosis
    done: tuple[str, ...]
    failed: tuple[str, ...]
    after: Diagnosis

    def to_json(self) -> dict[str, Json]:
        """Returns what `passagework doctor --repair --json` prints: the state now, what was done, what was found."""
        return {
            **self.after.to_json(),
            "done": list(self.done),
            "failed": list(self.failed),
            "before": [finding.to_json() for finding in self.before.findings],
        }
