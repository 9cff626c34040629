"""Compares a claim with a sentence explicitly: numbers, dates, units, names, negations, and words that are opposites.

What the sentence says otherwise contradicts the claim only where it speaks of the same thing: `overlap` tells how much
of the claim's other words it has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from snowballstemmer.english_stemmer import EnglishStemmer

from passagework.retrieval.lexical.bm25 import STOP_WORDS
from passagework.retrieval.types import Json
from passagework.retrieval.verification.compared_facts import Fact, FactKind, facts_of
from passagework.retrieval.verification.number_ranges import is_bound, range_with
from passagework.retrieval.verification.opposites import OPPOSITES
from passagework.retrieval.words.folding import folded

NEGATION = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|without|cannot|unable|fails?|failed|lacks?|lacked|hardly)\b|n['’]t\b",
    re.IGNORECASE,
)
"""Words that turn a statement round."""

SCOPE = 2
"""Telling words behind a negation that it is taken to be of."""

_CLAUSE_END = re.compile(r"[,;:.!?–—]|\bbut\b")

ROUNDING = 0.02
"""By how much, as a share, a number in one unit may differ from one in another: 5 miles are "8 km"."""

_WORD = re.compile(r"\d+(?:,\d{3})+(?:\.\d+)?|\w+")


@dataclass(frozen=True, slots=True)
class Compared:
    """Is a fact of a claim, `[start, end)` of the claim, beside what a passage says of it, which may be nothing.

    `agrees` is None where it says nothing to it: nothing is `found` then, or another in its place, where the passage
    has it elsewhere.
    """

    kind: FactKind
    text: str
    start: int
    end: int
    agrees: bool | None
    found: str = ""
    found_start: int = 0
    found_end: int = 0

    def to_json(self) -> dict[str, Json]:
        """Returns what the JSON of `passagework verify` has under `comparisons` of it."""
        return {
            "kind": self.kind.value,
            "text": self.text,
            "start": self.start,
            "end": self.end,
            "agrees": self.agrees,
            "found": self.found,
            "found_start": self.found_start,
            "found_end": self.found_end,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Holds the facts of a claim beside a sentence's, and the share of the claim's other telling words that it has."""

    facts: tuple[Compared, ...]
    overlap: float

    @property
    def conflicts(self) -> tuple[Compared, ...]:
        """Returns those of which the sentence says otherwise."""
        return tuple(fact for fact in self.facts if fact.agrees is False)


def compare_facts(claim: str, passage: str, start: int, end: int, *, ranges: bool = False) -> Comparison:
    """Returns the comparison of a claim with the sentence `[start, end)` of a passage; places are in the passage.

    What the sentence says nothing of may stand elsewhere in the passage, as where a claim is of two sentences. With
    `ranges`, as in a row of a table, a number agrees with a range that holds it.
    """
    sentence = passage[start:end]
    told, facts = facts_of(claim), facts_of(passage)
    said = [fact for fact in facts if start <= fact.start and fact.end <= end]
    compared = [_compared(fact, said, facts, told, passage) for fact in told]
    if ranges:
        held = [_in_range(fact, claim, said, passage) for fact in told]
        compared = [one if one.agrees else within or one for one, within in zip(compared, held, strict=True)]
    turned = [*_negation(claim, sentence, start), *_opposites(claim, sentence, start)]
    compared += turned if len(turned) % 2 else []  # "not open" is "closed"
    placed = [(fact.start, fact.end) for fact in compared]
    words = [
        stem_of(match[0])
        for match in telling_words(claim)
        if all(match.end() <= first or match.start() >= last for first, last in placed)
    ]
    spoken = _stems(sentence)
    overlap = sum(word in spoken for word in words) / len(words) if words else 0.0
    return Comparison(tuple(sorted(compared, key=lambda fact: fact.start)), overlap)


def telling_words(text: str) -> list[re.Match[str]]:
    """Returns the words of a text that say what it is about."""
    return [
        match
        for match in _WORD.finditer(text)
        if match[0].lower() not in STOP_WORDS and not NEGATION.fullmatch(match[0])
    ]


@lru_cache(maxsize=100_000)
def stem_of(word: str) -> str:
    """Returns the English stem of a word (Porter2), or a number without the commas in it."""
    return str(EnglishStemmer().stemWord(folded(word).lower().replace(",", "")))


def _stems(text: str) -> set[str]:
    return {stem_of(word) for word in _WORD.findall(text)}


def _compared(fact: Fact, said: Sequence[Fact], facts: Sequence[Fact], told: Sequence[Fact], passage: str) -> Compared:
    """Returns a fact beside the one that agrees; else beside one of its kind that the claim doesn't name."""
    beside = Compared(fact.kind, fact.text, fact.start, fact.end, None)
    if (same := next(_agreeing(fact, said), None)) is not None:
        return replace(beside, agrees=True, found=same.text, found_start=same.start, found_end=same.end)
    elsewhere = next(_agreeing(fact, facts), None)
    alike = (one for one in said if one.kind is fact.kind and _comparable(fact, one))
    other = next((one for one in alike if not any(_agreeing(one, told))), None)
    if other is None and elsewhere is not None:
        return replace(beside, agrees=True, found=elsewhere.text, found_start=elsewhere.start, found_end=elsewhere.end)
    if fact.kind is FactKind.NAME and other is None and _is_named(fact, passage):
        return replace(beside, agrees=True)
    if other is None:
        return beside
    told_elsewhere = elsewhere is not None or (fact.kind is FactKind.NAME and _is_named(fact, passage))
    agrees = None if told_elsewhere else False
    return replace(beside, agrees=agrees, found=other.text, found_start=other.start, found_end=other.end)


def _in_range(fact: Fact, claim: str, said: Sequence[Fact], passage: str) -> Compared | None:
    """Returns a number of a claim, which is no end of a range itself, beside the range that holds it."""
    if fact.kind is not FactKind.NUMBER or is_bound(fact, claim) or (held := range_with(fact, passage, said)) is None:
        return None
    return Compared(fact.kind, fact.text, fact.start, fact.end, True, held.text, held.start, held.end)


def _agreeing(fact: Fact, among: Sequence[Fact]) -> Iterator[Fact]:
    """Yields the facts that say the same; what looks like a year may be any number."""
    for one in among:
        plain = {fact.kind, one.kind} == {FactKind.NUMBER, FactKind.DATE} and not (fact.unit or one.unit)
        if (one.kind is fact.kind and _comparable(fact, one) and _agree(fact, one)) or (
            plain and fact.value == one.value
        ):
            yield one


def _comparable(fact: Fact, other: Fact) -> bool:
    """Tells whether both say the same sort of thing: numbers of one measure, dates of which both say a part."""
    if fact.kind is FactKind.NUMBER:
        return (fact.unit and fact.unit.measure) == (other.unit and other.unit.measure)
    if fact.kind is FactKind.DATE:
        return any(mine is not None and theirs is not None for mine, theirs in zip(fact.date, other.date, strict=True))
    return True


def _agree(fact: Fact, other: Fact) -> bool:
    if fact.kind is FactKind.DATE:
        if fact.rough or other.rough:  # one of them is a decade
            return (fact.date[0] or 0) // 10 == (other.date[0] or 0) // 10
        both = [pair for pair in zip(fact.date, other.date, strict=True) if None not in pair]
        return bool(both) and all(mine == theirs for mine, theirs in both)
    if fact.kind is FactKind.NAME:
        return bool({*fact.words} & {*other.words}) or _initials(fact, other) or _initials(other, fact)
    if fact.unit and other.unit and fact.unit.factor != other.unit.factor:
        mine, theirs = fact.value * fact.unit.factor, other.value * other.unit.factor
        return abs(mine - theirs) <= ROUNDING * max(abs(mine), abs(theirs))
    return fact.value == other.value or (fact.rough and _rounded(fact) == _rounded(other, fact))


def _rounded(fact: Fact, like: Fact | None = None) -> float:
    """Returns a number to as many significant digits as another has (its own): 4.55 billion are "4.6 billion"."""
    digits = len(re.sub(r"\D|^0+|0+$", "", f"{(like or fact).value:.10g}")) or 1
    return float(f"{fact.value:.{digits}g}")


def _initials(short: Fact, long: Fact) -> bool:
    return len(short.words) == 1 and short.text.isupper() and short.words[0] == "".join(word[0] for word in long.words)


def _is_named(fact: Fact, passage: str) -> bool:
    """Tells whether a passage has the words of a name, however they are written."""
    return {stem_of(word) for word in fact.words} <= _stems(passage)


def _negation(claim: str, sentence: str, at: int) -> Iterable[Compared]:
    """Yields the negation that one of both has, and the other hasn't, of what both speak of."""
    mine, theirs = _negations(claim, _stems(sentence)), _negations(sentence, _stems(claim))
    if len(mine) % 2 == len(theirs) % 2:
        return
    start, end = mine[0].span() if mine else (0, 0)
    found = theirs[0] if theirs else None
    span = (found[0], at + found.start(), at + found.end()) if found else ("", 0, 0)
    yield Compared(FactKind.NEGATION, claim[start:end], start, end, False, *span)


def _negations(text: str, spoken: set[str]) -> list[re.Match[str]]:
    """Returns the negations of a text whose next words, in the same clause, the other text has too."""
    found = []
    for match in NEGATION.finditer(text):
        clause = _CLAUSE_END.split(text[match.end() :], maxsplit=1)[0]
        words = [stem_of(word[0]) for word in telling_words(clause)[:SCOPE]]
        if spoken.intersection(words) and not clause.lower().startswith(" only"):
            found.append(match)
    return found


def _opposites(claim: str, sentence: str, at: int) -> Iterable[Compared]:
    """Yields the words of a claim whose opposite stands in the sentence, where they themselves don't."""
    spoken = {stem_of(match[0]): match for match in _WORD.finditer(sentence)}
    mine = {stem_of(match[0]) for match in _WORD.finditer(claim)}
    for match in _WORD.finditer(claim):
        word = stem_of(match[0])
        other = next((spoken[one] for one in OPPOSITES.get(word, ()) if one in spoken and one not in mine), None)
        if other is not None and word not in spoken:
            span = (other[0], at + other.start(), at + other.end())
            yield Compared(FactKind.OPPOSITE, match[0], match.start(), match.end(), False, *span)
