"""Words that a large part of a collection holds: they tell its passages from others, not from one another."""

from __future__ import annotations

from passagework.retrieval.store import Snapshot
from passagework.retrieval.words.code_names import PROGRAMMING_LANGUAGES
from passagework.retrieval.words.folding import folded
from passagework.retrieval.words.indexed import phrase_forms

COMMON_SHARE = 2
"""One passage in so many holds a word that is common."""

COUNTED = 100_000
"""Passages beyond which no word is counted: that would take longer than a search."""


class CommonWords:
    """Tells at one moment of a collection whether a word is common in it; each is counted once.

    In a collection of code the name of a programming language is: by what it stands for, each passage has it.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._languages = snapshot.languages()
        self._least = snapshot.passage_count() // COMMON_SHARE
        self._known: dict[tuple[str, ...], bool] = {}

    def __call__(self, word: str) -> bool:
        """Tells whether more than half of the passages hold the word, in any of its forms, or are written in it."""
        if word.lower() in PROGRAMMING_LANGUAGES and self._snapshot.is_code:
            return True
        terms = tuple(phrase_forms(folded(word), self._languages))
        if not terms or not 0 < self._least * COMMON_SHARE <= COUNTED:
            return False
        if terms not in self._known:
            self._known[terms] = self._snapshot.count_holding(terms, self._least + 1) > self._least
        return self._known[terms]
