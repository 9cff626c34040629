"""BM25 of a served collection, with the statistics of all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from passagework.retrieval.filters.allowed import AllowedIds
from passagework.retrieval.lexical.bm25 import EVERY, PLAIN_WORDS, QueryReader, with_equals
from passagework.retrieval.lexical.word_forms import WeightedWord, inverse_document_frequency, shares_of_one_word
from passagework.retrieval.remote.held_terms import HeldTerm
from passagework.retrieval.remote.served_snapshot import ServedSnapshot
from passagework.retrieval.remote.typed_tokens import EngineFilter, Every, HasId, asked_of
from passagework.retrieval.store import Snapshot
from passagework.retrieval.store.conditions import Condition
from passagework.retrieval.store.fulltext import DECIMALS


class ServedWords:
    """Scores as `Bm25` does. The engine multiplies; what it has no number for, words in a row, is added here.

    An engine adds in 32 bits, always in the same order: equal passages are equal, others differ from the seventh digit.
    """

    def __init__(self, snapshot: ServedSnapshot) -> None:
        self._snapshot = snapshot

    def search(
        self,
        snapshot: Snapshot,
        query: str,
        k: int,
        allowed: AllowedIds | None,
        reader: QueryReader = PLAIN_WORDS,
    ) -> list[tuple[int, float]]:
        """Returns the best passages as (id, score), higher is better: `k` of them, and those equal to the last."""
        words = reader.words(snapshot, query)
        if not words or k < 1:
            return []
        condition = None if allowed is None else allowed.condition
        weighed = [pair for word in words for pair in self._weighed(word)]
        numbers: dict[int, float] = {}
        in_row: dict[int, float] = {}
        for term, weight in weighed:
            if term.number is not None:
                numbers[term.number] = numbers.get(term.number, 0.0) + weight
            for passage, share in term.weights.items():
                in_row[passage] = in_row.get(passage, 0.0) + weight * share
        found = dict(self._by_numbers(numbers, k, condition))
        if in_row:
            passing = in_row if condition is None else self._snapshot.reading.passing(in_row, condition)
            also = self._scores(numbers, list(in_row))
            found |= {passage: round(in_row[passage] + also.get(passage, 0.0), DECIMALS) for passage in passing}
        return with_equals(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])), k)

    def holding(self, snapshot: Snapshot, forms: Sequence[str]) -> int:
        """Returns how many passages hold a word in one of its forms."""
        return snapshot.count_holding(forms, EVERY)

    def _weighed(self, word: WeightedWord) -> list[tuple[HeldTerm, float]]:
        """Returns the word's terms with what each counts for: its idf, shared where it has several forms."""
        passages = self._snapshot.passage_count()
        terms = [self._snapshot.terms.term(form) for form in word.forms]
        shares = shares_of_one_word([term.passages for term in terms], passages)
        return [
            (term, word.weight * share * inverse_document_frequency(passages, term.passages))
            for term, share in zip(terms, shares, strict=True)
            if term.passages
        ]

    def _by_numbers(self, numbers: Mapping[int, float], k: int, condition: Condition | None) -> list[tuple[int, float]]:
        if not numbers:
            return []
        asked = None if condition is None else asked_of(condition).filter
        reading = self._snapshot.reading
        return reading.best(lambda size: reading.engine.by_words(numbers, size, asked), k, condition, DECIMALS)[0]

    def _scores(self, numbers: Mapping[int, float], ids: Sequence[int]) -> dict[int, float]:
        """Returns what the words with numbers give these passages."""
        if not numbers:
            return {}
        only: EngineFilter = Every((HasId(tuple(ids)),))
        found = self._snapshot.engine.by_words(numbers, len(ids), only)
        return {one.id: one.score for one in found}
