"""The protocol of what tells whether a passage supports a claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PassageSupport:
    """Tells how far a passage supports and contradicts a claim, each from 0 to 1, by its characters `[start, end)`."""

    supported: float
    contradicted: float
    start: int
    end: int


class SupportEngine(Protocol):
    """Tells how far passages support a claim; it is safe to share among threads."""

    @property
    def name(self) -> str:
        """Returns what tells it: the model, and how it is used."""

    @property
    def threshold(self) -> float:
        """Returns the least `supported` of a claim that counts as supported."""

    def judge(self, claim: str, passages: Sequence[str]) -> list[PassageSupport]:
        """Returns how far each passage supports the claim, in their order; no part of a passage goes unread."""
