"""BM25 as the product of two sparse vectors: what a word counts for in a passage, and in a query its idf.

The statistics are those of the whole collection, whatever part of it a shard has: the idf stands in the query, the
average length is one number for all (Robertson and Zaragoza 2009; k1 and b are those of FTS5).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from passagework.retrieval.store.vocabulary import in_memory_word_reader

K1, B = 1.2, 0.75

DRIFT = 0.01
"""The share by which the average length may differ from the one that passages were weighed by, until all are anew."""


@dataclass(frozen=True, slots=True)
class CountedPassage:
    """Tells how often each word stands in a passage, and how many words there are."""

    words: dict[str, int]
    length: int


def word_weight(count: int, length: int, average: float) -> float:
    """Returns what a word counts for in a passage of `length` words that has it `count` times."""
    return count * (K1 + 1) / (count + K1 * (1 - B + B * length / average))


def counted_passages(texts: Iterable[tuple[int, str, str, str]]) -> dict[int, CountedPassage]:
    """Counts the words of passages (id, title, headings, text, as a text index has them)."""
    counts: defaultdict[int, dict[str, int]] = defaultdict(dict)
    with in_memory_word_reader(texts) as reader:
        for passage, word, count in reader.counts():
            counts[passage][word] = count
        ids, lengths = reader.lengths()
    return {
        passage: CountedPassage(counts[passage], length)
        for passage, length in zip(ids.tolist(), lengths.tolist(), strict=True)
    }
