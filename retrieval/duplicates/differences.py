"""What differs between two texts, word by word, and of which kind of duplicates they are for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum

from passagework.retrieval.text import collapsed
from passagework.retrieval.types import Json

NEAR = 0.8
"""Share of two texts' words that stand in both, in the same order, from which on one is the other with changes.

The edit similarity by which Lee et al. 2022 (Deduplicating training data makes language models better) call texts
near duplicates, counted in words.
"""

LONGEST = 2000
"""Words of two texts in all up to which their order counts: to align longer ones takes seconds."""

LONGEST_ALIGNED = 100_000
"""Characters of two texts in all up to which they are aligned."""

_WORD = re.compile(r"\w+(?:[.,:/'’-]\w+)*|[^\w\s]")


class DuplicateKind(str, Enum):
    """Names what two duplicates have in common: the text, most of its words, or what it says."""

    EXACT = "exact"
    """The same characters, but for white space."""
    NEAR = "near"
    """Four of five words, in the same order."""
    SEMANTIC = "semantic"
    """The meaning, as far as the encoder knows: a paraphrase, or the same statement of something else."""


@dataclass(frozen=True, slots=True)
class WordDifference:
    """Tells that where one text has the words `was`, the other has `now`; one of them may be empty."""

    was: str
    now: str

    def to_json(self) -> dict[str, Json]:
        """Returns what the JSON has of it."""
        return {"was": self.was, "now": self.now}


def kind_of(text: str, other: str) -> DuplicateKind:
    """Returns of which kind two duplicates are."""
    if collapsed(text) == collapsed(other):
        return DuplicateKind.EXACT
    first, second = _WORD.findall(text), _WORD.findall(other)
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    if matcher.real_quick_ratio() < NEAR or matcher.quick_ratio() < NEAR:
        return DuplicateKind.SEMANTIC
    in_order = len(first) + len(second) > LONGEST or matcher.ratio() >= NEAR
    return DuplicateKind.NEAR if in_order else DuplicateKind.SEMANTIC


def differences(text: str, other: str) -> tuple[WordDifference, ...]:
    """Returns where two texts differ, in order; words are compared, white space is not. Of long documents none."""
    if len(text) + len(other) > LONGEST_ALIGNED:
        return ()
    return tuple(WordDifference(was, now) for was, now in aligned(text, other) if was != now)


def aligned(text: str, other: str) -> list[tuple[str, str]]:
    """Returns both texts cut into runs of words, one of each beside the other: equal, or what stands in its place.

    Words within a run are as the texts have them, with white space between them made one blank.
    """
    first, second = list(_WORD.finditer(text)), list(_WORD.finditer(other))
    long = len(first) + len(second) > LONGEST
    matcher = SequenceMatcher(None, [word[0] for word in first], [word[0] for word in second], autojunk=long)
    return [
        (_run(text, first[i:j]), _run(other, second[k:n])) if tag != "equal" else (_run(text, first[i:j]),) * 2
        for tag, i, j, k, n in matcher.get_opcodes()
    ]


def _run(text: str, words: list[re.Match[str]]) -> str:
    return collapsed(text[words[0].start() : words[-1].end()]) if words else ""
