"""Words that the text index may have in several forms, stems of the languages of its documents: each is one word.

By itself a form in a language of few documents would tell much, for hardly any passage holds it: `puntos` in the one
document whose language nobody could tell, among hundreds that have the stem `punt`. So all forms of a word count as
often as any of them stands there. A passage has one of them, that of its document's language.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from passagework.retrieval.lexical.maxscore import LEAST_IDF
from passagework.retrieval.store.vocabulary import stems


@dataclass(frozen=True, slots=True)
class WeightedWord:
    """Is a word of a query in the forms that the text index may have, and how often its BM25 counts."""

    forms: tuple[str, ...]
    weight: float = 1.0


def different_forms(forms: Sequence[str]) -> tuple[str, ...]:
    """Returns the forms that differ in the text index, where English stems are made of all of them."""
    if len(forms) == 1:
        return tuple(forms)
    different: dict[tuple[str, ...], str] = {}
    for form, of_form in zip(forms, stems(forms), strict=True):
        different.setdefault(of_form, form)
    return tuple(different.values())


def inverse_document_frequency(passages: int, holding: int) -> float:
    """Returns what a word tells that so many passages hold (Robertson and Sparck Jones 1976), as FTS5 has it."""
    idf = math.log((passages - holding + 0.5) / (holding + 0.5))
    return idf if idf > 0 else LEAST_IDF


def shares_of_one_word(holding: Sequence[int], passages: int) -> list[float]:
    """Returns by what the BM25 of each form of a word is multiplied, for all of them to tell as much as the word does.

    `holding` has how many passages hold each form.
    """
    of_word = inverse_document_frequency(passages, min(passages, sum(holding)))
    return [of_word / inverse_document_frequency(passages, one) for one in holding]
