"""What is known of the words of a collection at one moment: looked up once, and forgotten with the next commit."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import TypeVar, cast

from passagework.retrieval.lexical.identifiers import name_parts
from passagework.retrieval.store import Snapshot
from passagework.retrieval.store.held_words import is_held

Known = TypeVar("Known")

MOST_REMEMBERED = 20_000
"""Answers of one kind that are kept: beyond, all are forgotten."""

MOST_PASSAGES = 20_000
"""Passages whose vocabulary is read whole, in 0.2 s, when a query first has a word that none of them holds."""

MOST_NAMES = 5
"""Names of code that a part of them stands for."""

_NAME = re.compile(r"\b[A-Za-z]*[a-z][A-Z][A-Za-z0-9]*")


class WordMemory:
    """Keeps what is known of a collection's words, as of the last moment that was asked about; threads share it."""

    def __init__(self) -> None:
        self._words: CollectionWords | None = None

    def at(self, snapshot: Snapshot) -> CollectionWords:
        """Returns what is known of the words at a moment; of another one nothing is kept."""
        commits = snapshot.commits()
        words = self._words
        if words is None or words.commits != commits:
            words = self._words = CollectionWords(commits, snapshot.languages())
        return words


class CollectionWords:
    """Answers questions about the words of a collection at one moment, each from the text index but once."""

    def __init__(self, commits: int, languages: Sequence[str]) -> None:
        self.commits = commits
        self.languages = languages
        self._answers: dict[tuple[str, str], object] = {}

    def remembered(self, kind: str, word: str, found: Callable[[], Known]) -> Known:
        """Returns what `found` gives for a word, called the first time only."""
        key = (kind, word)
        answers = self._answers
        if key in answers:
            return cast(Known, answers[key])
        answer = found()
        if len(answers) >= MOST_REMEMBERED:
            answers = self._answers = {}
        answers[key] = answer
        return answer

    def holds(self, snapshot: Snapshot, words: str) -> bool:
        """Tells whether a passage holds words that follow one another, in any form that a search finds."""
        return self.remembered("holds", words, lambda: is_held(snapshot, words, self.languages))

    def stems(self, snapshot: Snapshot) -> frozenset[str] | None:
        """Returns every word of the text index, which are stems; None for a large collection."""
        return self.remembered("stems", "", lambda: _stems(snapshot))

    def names_with(self, snapshot: Snapshot, part: str) -> tuple[str, ...]:
        """Returns the names like `getUserById` that a word in small letters is part of, the most frequent first."""
        names = self.remembered("names", "", lambda: _names(snapshot))
        return names.get(part, ())


def _is_large(snapshot: Snapshot) -> bool:
    return snapshot.passage_count() > MOST_PASSAGES


def _stems(snapshot: Snapshot) -> frozenset[str] | None:
    if _is_large(snapshot):
        return None
    with snapshot.words() as reader:
        return frozenset(word for word, _ in reader.frequent(1))


def _names(snapshot: Snapshot) -> dict[str, tuple[str, ...]]:
    """Returns the names that each of their parts stands for; none for a large collection."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for text in () if _is_large(snapshot) else snapshot.every_text():
        for name in set(_NAME.findall(text)):
            parts = name_parts(name)
            for part in parts if len(parts) > 1 else ():
                counts[part.lower()][name] += 1
    return {part: tuple(name for name, _ in of_part.most_common(MOST_NAMES)) for part, of_part in counts.items()}
