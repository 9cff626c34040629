"""One query as a card: what was relevant, where each stage had it, and what was found instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from passagework.retrieval.evaluation.report.answers import QueryAnswer
from passagework.retrieval.hits import Hit
from passagework.retrieval.types import Stage

MOST_RELEVANT = 12
"""Relevant things listed of one query."""


@dataclass(frozen=True, slots=True)
class RelevantThing:
    """Something relevant: its rank at each stage, in the order of `Card.values`; None where it is not among 100."""

    name: str
    title: str
    grade: int
    ranks: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class ShownHit:
    """A passage of the last stage, and what was judged of it: `relevant`, `judged` (not relevant), `unjudged`."""

    hit: Hit
    grade: int | None
    mark: str


@dataclass(frozen=True, slots=True)
class Card:
    """A query: values by stage, what the last one lost, what was wanted (and how many `more`), what was found."""

    query: str
    text: str
    values: Mapping[str, float]
    lost: float
    wanted: tuple[RelevantThing, ...]
    more: int
    found: tuple[ShownHit, ...]


def card(answer: QueryAnswer, text: str, values: Mapping[str, float], lost: float, stages: Sequence[Stage]) -> Card:
    """Makes a card; what is wanted stands in order of grade, then of the last stage's rank, then of name."""
    of_last: Mapping[str, int] = answer.ranks.get(stages[-1], {}) if stages else {}
    unranked = len(of_last) + 1_000_000  # behind every rank
    ordered = sorted(answer.relevant, key=lambda thing: (-answer.relevant[thing], of_last.get(thing, unranked), thing))
    wanted = tuple(
        RelevantThing(
            name=thing,
            title=answer.titles.get(thing, ""),
            grade=answer.relevant[thing],
            ranks=tuple(answer.ranks.get(stage, {}).get(thing) for stage in stages),
        )
        for thing in ordered[:MOST_RELEVANT]
    )
    found = tuple(ShownHit(hit, grade, _mark(grade)) for hit, grade in zip(answer.hits, answer.grades, strict=True))
    return Card(answer.query, text, values, lost, wanted, len(ordered) - len(wanted), found)


def _mark(grade: int | None) -> str:
    if grade is None:
        return "unjudged"
    return "relevant" if grade > 0 else "judged"
