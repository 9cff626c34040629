"""What a served collection holds of a query's words: single ones, by the catalogue; several in a row, by their texts.

An engine's points have the words of a passage without their places. Where words are to follow one another, the passages
that hold the rarest of them are read, and looked through.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from passagework.retrieval.ids import no_ids
from passagework.retrieval.remote.served_reading import ServedReading
from passagework.retrieval.remote.word_weights import word_weight
from passagework.retrieval.store.catalogue import CatalogueMoment
from passagework.retrieval.store.vocabulary import in_memory_word_reader, stems
from passagework.retrieval.types import Ids
from passagework.retrieval.words.unspaced import BEGINS

MOST_READ = 5_000
"""Passages that are looked through for words in a row: of more that hold the rarest, those with the least numbers."""

MOST_LISTED = 20_000
"""Passages of a word that are listed, to tell which hold another as well."""

RAREST = 3
"""Words in a row by which passages are chosen that are looked through."""


@dataclass(frozen=True, slots=True)
class HeldTerm:
    """Tells how many passages hold a term. It is a single word with a `number`, or its weight in each is known."""

    passages: int
    number: int | None = None
    weights: Mapping[int, float] = field(default_factory=dict)


class HeldTerms:
    """Looks up terms as the text index reads them: words, words that follow one another, beginnings of words."""

    def __init__(self, reading: ServedReading, catalogue: CatalogueMoment) -> None:
        self._reading = reading
        self._catalogue = catalogue
        self._known: dict[str, HeldTerm] = {}

    def term(self, term: str) -> HeldTerm:
        """Returns what is held of a term; looked up once."""
        if term not in self._known:
            self._known[term] = self._looked_up(term)
        return self._known[term]

    def count(self, terms: Sequence[str]) -> int:
        """Returns how many passages hold one of the terms: of frequent ones their sum, for few passages hold two."""
        held = [self.term(term) for term in terms]
        total = sum(one.passages for one in held)
        if len(held) < 2 or total > MOST_READ:
            return min(total, int(self._catalogue.fact("counts")["passages"]))
        return len(set().union(*map(self._ids_of, held)))

    def holding(self, terms: Sequence[str], most: int) -> Ids:
        """Returns the first `most` passages that hold one of the terms, ascending."""
        ids = set().union(*(self._ids_of(self.term(term)) for term in terms))
        return np.array(sorted(ids)[:most], np.int64) if ids else no_ids()

    def _looked_up(self, term: str) -> HeldTerm:
        begins = term.endswith(BEGINS)
        words = stems([term.rstrip(BEGINS)])[0]
        known = self._catalogue.words(words)
        if not words or any(word not in known for word in (words[:-1] if begins else words)):
            return HeldTerm(0)
        if len(words) == 1 and not begins:
            number, passages = known[words[0]]
            return HeldTerm(passages, number)
        last = self._catalogue.beginning(words[-1]) if begins else [words[-1]]
        in_row = [*([word] for word in words[:-1]), last]
        weights = self._weights(in_row, self._candidates(in_row))
        return HeldTerm(len(weights), None, weights)

    def _candidates(self, in_row: Sequence[Sequence[str]]) -> list[int]:
        """Returns passages that may hold words in a row, of each the one or the other."""
        known = self._catalogue.words([word for words in in_row for word in words])
        listed = [[known[word] for word in words if word in known] for words in in_row]
        rarest = sorted(listed, key=lambda words: sum(passages for _, passages in words))[:RAREST]
        candidates: set[int] | None = None
        for words in rarest:
            if candidates is None or sum(passages for _, passages in words) <= MOST_LISTED:
                ids = set().union(*(self._ids(number, passages) for number, passages in words))
                candidates = ids if candidates is None else candidates & ids
        return sorted(candidates or ())[:MOST_READ]

    def _weights(self, in_row: Sequence[Sequence[str]], ids: Sequence[int]) -> dict[int, float]:
        """Returns what BM25 gives each passage for words in a row, before their idf."""
        texts = self._reading.indexed_texts(ids) if ids else []
        average = float(self._catalogue.fact("average_length") or 1.0)
        with in_memory_word_reader(texts) as reader:
            places = [set().union(*(reader.places_of(word) for word in words)) for words in in_row]
            counts = Counter(
                passage
                for passage, column, place in places[0]
                if all((passage, column, place + after) in held for after, held in enumerate(places))
            )
            lengths = dict(zip(*(numbers.tolist() for numbers in reader.lengths()), strict=True))
        return {passage: word_weight(count, lengths[passage], average) for passage, count in counts.items()}

    def _ids_of(self, term: HeldTerm) -> Iterable[int]:
        return term.weights if term.number is None else self._ids(term.number, term.passages)

    def _ids(self, number: int, passages: int) -> list[int]:
        """Returns the passages that hold a word."""
        most = max(1, min(passages, MOST_LISTED))
        engine = self._reading.engine
        found, _ = self._reading.best(lambda size: engine.by_words({number: 1.0}, size, None), most, None, 12)
        return [passage for passage, _ in found]
