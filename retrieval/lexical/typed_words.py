"""The words of a query as it was typed: identifiers count as wholes, and words stand for what is meant by them too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from passagework.retrieval.lexical.bm25 import MAX_CHARACTERS, MAX_TERMS, STOP_WORDS, searched_words, weighted
from passagework.retrieval.lexical.identifiers import Identifier, identifiers_in
from passagework.retrieval.lexical.word_forms import WeightedWord, different_forms
from passagework.retrieval.store import Snapshot
from passagework.retrieval.words.folding import folded
from passagework.retrieval.words.indexed import TERM, phrase_forms

PART_WEIGHT = 0.05
"""What a part of an identifier that some passage holds tells by itself.

With as much as there are parts for the whole, one mention in a passage of twenty times the average length counts for
more than all parts as often as one likes: BM25 gives a word between 0.11 and 2.2 times its inverse document frequency,
and no part is rarer than the whole.
"""


@dataclass(frozen=True, slots=True)
class TypedWords:
    """Reads the words of a query as they were typed.

    `also` are words, or some in a row, that are looked for as well, and `guessed` words of the query that stand for
    misspelt ones, with what each counts for.
    """

    also: tuple[tuple[str, float], ...] = ()
    guessed: tuple[tuple[str, float], ...] = ()

    def words(self, snapshot: Snapshot, query: str) -> list[WeightedWord]:
        """Returns the query's words in their forms, with what each counts for."""
        searched = searched_words(snapshot, query)
        identifiers = [found for found in identifiers_in(folded(query)) if len(found.typed) <= MAX_CHARACTERS]
        if not identifiers and not self.also and not self.guessed:
            return weighted(searched)
        languages = snapshot.languages()
        words = {forms[0].lower(): WeightedWord(forms) for forms in searched}
        for guess, weight in self.guessed:
            if guess.lower() in words:
                words[guess.lower()] = WeightedWord(words[guess.lower()].forms, weight)
        for identifier in identifiers:
            _weigh(words, identifier, query, snapshot, languages)
        for written, weight in self.also:
            forms = different_forms(phrase_forms(folded(written), languages))
            words.setdefault(forms[0].lower(), WeightedWord(forms, weight))
        return list(words.values())[:MAX_TERMS]


def _weigh(
    words: dict[str, WeightedWord], identifier: Identifier, query: str, snapshot: Snapshot, languages: Sequence[str]
) -> None:
    """Has an identifier count as a whole where some passage holds it, else its parts by themselves."""
    key = identifier.typed.lower()
    forms = different_forms([form for written in identifier.forms for form in phrase_forms(written, languages)])
    held = [form for form in forms if snapshot.count_holding([form], 1)]
    if not held:
        for part in identifier.parts:
            if part not in STOP_WORDS:
                words.setdefault(part, WeightedWord((part,), PART_WEIGHT))
        return
    typed = Counter(word.lower() for word in TERM.findall(query))
    inside = Counter(identifier.parts)
    apart = [part for part in inside if part in words and part != key and typed[part] <= inside[part]]
    for part in apart:
        words[part] = WeightedWord(words[part].forms, PART_WEIGHT)
    words[key] = WeightedWord(tuple(held), float(max(1, len(apart))))
