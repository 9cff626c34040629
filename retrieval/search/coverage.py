"""How much of what a query asks for stands in a passage: its words, each by what it tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.lexical.bm25 import LexicalRetriever, QueryReader, query_words
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

    `held` is the share of what they tell that stands anywhere in the collection, from 0 to 1.
    """

    expressions: tuple[str, ...]
    weights: NDArray[np.float64]
    languages: tuple[str, ...]
    held: float = 1.0

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
    return TellingWords(tuple(map(any_of, words)), weights, languages, float(weights @ are_held / weights.sum()))


def share_held(snapshot: Snapshot, lexical: LexicalRetriever, reader: QueryReader, query: str) -> float:
    """Returns the share of a query's words that passages hold, from 0 to 1, as a reader reads them.

    One that no passage holds as it was typed counts as held where it is read as something that one does: a number with
    separators, the name of a function by its words, the parts of a compound.
    """
    asked = len(query_words(query, snapshot.languages()))
    held = sum(lexical.holding(snapshot, word.forms) > 0 for word in reader.words(snapshot, query))
    return min(1.0, held / asked) if asked else 1.0
