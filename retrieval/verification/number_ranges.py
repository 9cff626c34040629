"""Reads what numbers a row of a table is about: "2,501 to 7,500", "up to 120", "more than 7,500"."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from passagework.retrieval.verification.compared_facts import Fact, FactKind

_MOST = re.compile(r"(?:up to|at most|no more than|below|under|less than|until|≤|<)\s*$", re.IGNORECASE)
_LEAST = re.compile(r"(?:more than|over|above|at least|from|beyond|≥|>)\s*$", re.IGNORECASE)
_TO = re.compile(r"\s*(?:to|–|-|—|until|and)\s*", re.IGNORECASE)
_NEAR = 14
"""Characters before a number in which such words stand."""


def is_bound(fact: Fact, text: str) -> bool:
    """Tells whether a number of a text is the end of a range, and not a value itself."""
    before = text[max(0, fact.start - _NEAR) : fact.start]
    return bool(_MOST.search(before) or _LEAST.search(before) or _TO.match(text, fact.end))


def range_with(fact: Fact, text: str, said: Sequence[Fact]) -> Fact | None:
    """Returns the first number of the range that holds another text's number, of `said`, the facts of `text`."""
    alike = [one for one in said if one.kind is FactKind.NUMBER and _measure(one) == _measure(fact)]
    return next((one for one, low, high in _ranges(text, alike) if low <= fact.value <= high), None)


def _ranges(text: str, numbers: Sequence[Fact]) -> Iterator[tuple[Fact, float, float]]:
    """Yields each range, closed at both ends, with the number that it begins with, or is told by."""
    for place, one in enumerate(numbers):
        before = text[max(0, one.start - _NEAR) : one.start]
        behind = numbers[place + 1] if place + 1 < len(numbers) else None
        if behind is not None and _TO.fullmatch(text[one.end : behind.start]) and one.value < behind.value:
            yield one, one.value, behind.value
        elif _MOST.search(before):
            yield one, -math.inf, one.value
        elif _LEAST.search(before):
            yield one, one.value, math.inf


def _measure(fact: Fact) -> tuple[str, float] | None:
    return None if fact.unit is None else (fact.unit.measure, fact.unit.factor)
