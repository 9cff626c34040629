"""What was found of personal data: its kind, where it stands, and how sure that is; never the value itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from passagework.retrieval.types import Json

CERTAIN_ENOUGH = 0.5
"""The least confidence of what is reported: a number of the right check digit alone is often no such number."""

BESIDE, BEHIND = 60, 20
"""Characters before a value, and behind it, in which a word may say what it is."""

PREVIEW = 24
"""Characters of a preview at most."""

SHOWN_FROM = 8
"""Characters of a value of which the last two are shown; a shorter one is hidden whole."""

_CHARACTER = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class PersonalData:
    """Tells that `[start, end)` of a text, in code points, is personal data of a kind, with a confidence of 0 to 1."""

    kind: str
    start: int
    end: int
    confidence: float


@dataclass(frozen=True, slots=True)
class LocatedPersonalData:
    """Tells of a finding in which document it is; `preview` is its value with letters and digits covered.

    `document` is a record's `_id`, else the absolute URI, as hits have it; `start` and `end` are code points of the
    text as it is stored.
    """

    kind: str
    path: str
    document: str
    start: int
    end: int
    confidence: float
    preview: str

    def to_json(self) -> dict[str, Json]:
        """Returns what the scan JSON has of it."""
        return {
            "kind": self.kind,
            "path": self.path,
            "document": self.document,
            "start": self.start,
            "end": self.end,
            "confidence": round(self.confidence, 3),
            "preview": self.preview,
        }


def preview_of(value: str) -> str:
    """Returns a value with its letters and digits covered, but for the last two of a long one: `••••-••••-••11`."""
    shown = 2 if len(value) >= SHOWN_FROM else 0
    covered = _CHARACTER.sub("•", value[: len(value) - shown]) + value[len(value) - shown :]
    one_line = " ".join(covered.split())
    return one_line if len(one_line) <= PREVIEW else one_line[: PREVIEW - 1] + "…"


def is_named(text: str, start: int, end: int, words: re.Pattern[str]) -> bool:
    """Tells whether a word that says what `[start, end)` is stands shortly before it, or right behind it."""
    return bool(words.search(text, max(0, start - BESIDE), start) or words.search(text, end, end + BEHIND))


def without_overlaps(findings: Iterable[PersonalData]) -> list[PersonalData]:
    """Returns findings in order, of those that overlap the surest, then the longest, then the first."""
    kept: list[PersonalData] = []
    for finding in sorted(findings, key=lambda found: (-found.confidence, found.start - found.end, found.start)):
        if all(finding.end <= other.start or other.end <= finding.start for other in kept):
            kept.append(finding)
    return sorted(kept, key=lambda found: found.start)
