"""How much of what a query asks for stands in a passage: its words, each by what it tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.lexical.bm25 import LexicalRetriever, query_words
from passagework.retrieval.lexical.word_forms import inverse_document_frequency
from passagework.retrieval.store import PassageRow, Snapshot
from passagework.retrieval.store.fulltext import any_of, texts_holding

LEAST_PASSAGES = 1000
"""As if a collection had no fewer: among few passages a word of one of them tells as much as among many."""

MOST_TOLD = 7.0
"""The most that a word tells: whether one of 10,000 passages has it or none says nothing more of this query."""

LEAST_TOLD = 0.05
"""What a word tells that stands everywhere."""


@dataclass(frozen=True, slots=True)
class TellingWords:
    """Holds a query's words, as expressions of the text index, and what each tells: its idf, between bounds.

    `held` is the share of what they tell that stands anywhere in the collection, from 0 to 1, and `share_held` that of
    the words themselves.
    """

    expressions: tuple[str, ...]
    weights: NDArray[np.float64]
    languages: tuple[str, ...]
    held: float = 1.0
    share_held: float = 1.0

    @property
    def told(self) -> float:
        """Returns what all of them tell."""
        return float(self.weights.sum())

    def coverage(self, rows: Sequence[PassageRow]) -> NDArray[np.float64]:
        """Returns (n,): what of the words stands in each passage, its title and its headings, from 0 to 1."""
        if not self.expressions:
            return np.zeros(len(rows))
        texts = ["\n".join((row.searched_title, *row.headings, row.text)) for row in rows]
        return texts_holding(texts, self.expressions, ("", *self.languages)) @ self.weights / self.told


@dataclass(frozen=True, slots=True)
class GuessedWords:
    """Holds a query's words as they were typed, and as they were read: what was guessed of them counts for half."""

    typed: TellingWords
    read: TellingWords

    @property
    def told(self) -> float:
        """Returns what all of them tell."""
        return self.typed.told

    @property
    def held(self) -> float:
        """Returns the share of what they tell that stands anywhere in the collection."""
        return self.read.held

    @property
    def share_held(self) -> float:
        """Returns the share of the words that stand anywhere in the collection."""
        return self.read.share_held

    def coverage(self, rows: Sequence[PassageRow]) -> NDArray[np.float64]:
        """Returns (n,): what of the words stands in each passage, from 0 to 1."""
        return (self.typed.coverage(rows) + self.read.coverage(rows)) / 2


def query_coverage(snapshot: Snapshot, lexical: LexicalRetriever, typed: str, read: str) -> TellingWords | GuessedWords:
    """Returns the words of a query with what each tells, where some may have been corrected."""
    words = telling_words(snapshot, lexical, typed)
    return words if typed == read else GuessedWords(words, telling_words(snapshot, lexical, read))


def telling_words(snapshot: Snapshot, lexical: LexicalRetriever, query: str) -> TellingWords:
    """Returns the words of a query with what each tells in this collection."""
    languages = snapshot.languages()
    words = query_words(query, languages)
    passages = max(LEAST_PASSAGES, snapshot.passage_count())
    holding = [min(passages, lexical.holding(snapshot, forms)) for forms in words]
    told = [inverse_document_frequency(passages, one) for one in holding]
    weights = np.clip(told, LEAST_TOLD, MOST_TOLD)
    if not words:
        return TellingWords((), weights, languages)
    are_held = np.array(holding) > 0
    held, share_held = float(weights @ are_held / weights.sum()), float(are_held.mean())
    return TellingWords(tuple(map(any_of, words)), weights, languages, held, share_held)
