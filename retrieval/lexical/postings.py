"""Postings: which passages hold a word, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.store.vocabulary import Counts, Lengths, WordReader
from passagework.retrieval.types import Ids

Rows = NDArray[np.int32]

NO_ROWS: Rows = np.empty(0, np.int32)
NO_COUNTS: Counts = np.empty(0, np.uint16)


@dataclass(frozen=True, slots=True, eq=False)
class Postings:
    """Words of some passages. `ids` (n,) ascend; `lengths` (n,) are the passages' words in all.

    `words` gives a word its number w; the passages that hold it are `rows[starts[w]:starts[w + 1]]`, positions in
    `ids`, ascending, and `counts` tells how often each does.
    """

    ids: Ids
    lengths: Lengths
    words: Mapping[str, int]
    starts: Ids
    rows: Rows
    counts: Counts

    @classmethod
    def read(cls, reader: WordReader, *, least: int) -> Postings:
        """Reads the postings of the words that at least so many passages hold."""
        ids, lengths = reader.lengths()
        frequent = reader.frequent(least)
        most = sum(places for _, places in frequent)  # a passage may hold a word at several places
        rows, counts = np.empty(most, np.int32), np.empty(most, np.uint16)
        starts = np.zeros(len(frequent) + 1, np.int64)
        end = 0
        for number, (word, _) in enumerate(frequent):
            passages, frequencies = reader.passages_of(word)
            start, end = end, end + len(passages)
            rows[start:end] = np.searchsorted(ids, passages)
            counts[start:end] = frequencies
            starts[number + 1] = end
        words = {word: number for number, (word, _) in enumerate(frequent)}
        return cls(ids, lengths, words, starts, rows[:end].copy(), counts[:end].copy())

    def of(self, word: str) -> tuple[Rows, Counts]:
        """Returns the rows that hold a word, ascending, and how often; none where the word isn't kept here."""
        number = self.words.get(word)
        if number is None:
            return NO_ROWS, NO_COUNTS
        part = slice(self.starts[number], self.starts[number + 1])
        return self.rows[part], self.counts[part]

    def followed_by(self, later: Postings) -> Postings:
        """Returns the postings of both; the ids of `later` are higher."""
        words = dict(self.words)
        for word in later.words:
            words.setdefault(word, len(words))
        renumbered = np.array([words[word] for word in later.words], np.int64)
        numbers = np.concatenate([
            np.repeat(np.arange(len(self.words)), np.diff(self.starts)),
            np.repeat(renumbered, np.diff(later.starts)),
        ])  # fmt: skip
        order = np.argsort(numbers, kind="stable")
        rows = np.concatenate([self.rows, later.rows + np.int32(len(self.ids))])[order]
        starts = np.searchsorted(numbers[order], np.arange(len(words) + 1))
        return Postings(
            np.concatenate([self.ids, later.ids]),
            np.concatenate([self.lengths, later.lengths]),
            words,
            starts,
            rows,
            np.concatenate([self.counts, later.counts])[order],
        )
