"""Records which of two settings a person found better for a query without knowing which was which, a JSON line each.

{"query": "who approves travel?", "a": {"stage": "dense"}, "b": {"stage": "rerank"}, "better": "b"}
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from passagework.retrieval.errors import EvaluationError
from passagework.retrieval.evaluation.judgments import append_lines
from passagework.retrieval.folder import PREFERENCES, PREFERENCES_LOCK
from passagework.retrieval.hits import Hits
from passagework.ui.present.wording import gettext

CHOICES = ("a", "b", "neither")


@dataclass(frozen=True, slots=True)
class Preference:
    """A vote: `better` is a, b or neither; `a` and `b` are settings of a search by name."""

    query: str
    a: Mapping[str, Any]
    b: Mapping[str, Any]
    better: str


def add_preference(collection: Path, preference: Preference) -> None:
    """Writes it behind what is there; raises EvaluationError where it can't be written."""
    path = collection / PREFERENCES
    try:
        append_lines(
            path, json.dumps(asdict(preference), ensure_ascii=True) + "\n", lock=path.with_name(PREFERENCES_LOCK)
        )
    except OSError as error:
        raise EvaluationError(f"preferences can't be written to {path}: {error.strerror or error}") from error


def preferences_of(collection: Path) -> list[Preference]:
    """Returns all preferences in order; raises EvaluationError where the file is damaged."""
    path = collection / PREFERENCES
    if not path.exists():
        return []
    try:
        return [Preference(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
    except (ValueError, TypeError, OSError) as error:
        raise EvaluationError(f"{path} holds something else than preferences: {error}") from error


def tally(preferences: Sequence[Preference], a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, int]:
    """Counts how often a, b and neither was better, whichever way round, by the last vote on each query."""
    last: dict[str, str] = {}
    turned = {"a": "b", "b": "a"}
    for preference in preferences:
        if (preference.a, preference.b) == (a, b):
            last[preference.query] = preference.better
        elif (preference.a, preference.b) == (b, a):
            last[preference.query] = turned.get(preference.better, preference.better)
    counts = Counter(last.values())
    return {choice: counts[choice] for choice in CHOICES}


def a_is_left(query: str, salt: str) -> bool:
    """Tells whether A stands on the left: always the same for a query, and nobody can tell beforehand."""
    return hashlib.blake2b(f"{salt}\0{query}".encode(errors="replace")).digest()[0] % 2 == 0


def places_in_other(hits: Hits, other: Hits) -> list[str]:
    """Returns of each hit how far up or down it stands against the other list, or that it is not there."""
    ranks = {hit.id: hit.rank for hit in other}
    notes = []
    for hit in hits:
        other_rank = ranks.get(hit.id)
        if other_rank is None:
            notes.append(gettext("only here"))
        elif other_rank == hit.rank:
            notes.append(gettext("same rank"))
        else:
            notes.append(f"{'▲' if other_rank > hit.rank else '▼'}{abs(other_rank - hit.rank)}")
    return notes
