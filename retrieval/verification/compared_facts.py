"""Reads what of a text can be compared exactly: numbers with their units, dates, and names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from passagework.retrieval.lexical.bm25 import STOP_WORDS
from passagework.retrieval.verification.units import Unit, unit_behind, unit_of


class FactKind(str, Enum):
    """Names what is compared explicitly."""

    NUMBER = "number"
    DATE = "date"
    NAME = "name"
    NEGATION = "negation"
    OPPOSITE = "opposite"


@dataclass(frozen=True, slots=True)
class Fact:
    """Is `[start, end)` of a text that can be compared.

    A number has its `value` and its unit, and is `rough` where it may be rounded, as a decade is; a date its `date`
    (year, month, day; None is not said), and as `value` the year that is said alone; a name its words in lower case.
    """

    kind: FactKind
    start: int
    end: int
    text: str
    value: float = 0.0
    unit: Unit | None = None
    rough: bool = False
    date: tuple[int | None, int | None, int | None] = (None, None, None)
    words: tuple[str, ...] = ()


ROUGH_FROM = 1e6
"""Numbers of this size are rounded more often than not: "4.6 billion"."""

_ROUGHLY = re.compile(
    r"(?:about|around|approximately|approx\.?|roughly|nearly|almost|some|circa|ca\.|~|over|than)\s*$", re.IGNORECASE
)
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTH = "(?:" + "|".join(f"{month[:3]}(?:{month[3:]})?" for month in _MONTHS) + r"|sept)\.?"
_YEAR = r"1[0-9]\d\d|20\d\d"
_DAY = r"(?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?"
_DATE = re.compile(
    rf"\b(?P<y1>{_YEAR})-(?P<n1>0[1-9]|1[0-2])-(?P<d1>[0-3]\d)\b"
    rf"|\b(?P<d2>{_DAY})\s+(?:of\s+)?(?P<m2>{_MONTH})(?:,?\s+(?P<y2>{_YEAR}))?\b"
    rf"|\b(?P<m3>{_MONTH})\s+(?P<d3>{_DAY})\b(?!:)(?:,?\s+(?P<y3>{_YEAR})\b)?"
    rf"|\b(?P<m4>{_MONTH})\s+(?P<y4>{_YEAR})\b"
    rf"|(?<![\d.,$€£])\b(?P<y5>{_YEAR})(?=s\b|\b)(?![.,]\d|\s*%)",
    re.IGNORECASE,
)
_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_WORDS = {word: float(value) for value, word in enumerate(_SMALL)}
_WORDS |= {word: 10.0 * value for value, word in enumerate(_TENS, 2)}
_WORDS |= {
    f"{ten}{joint}{_SMALL[one]}": _WORDS[ten] + one for ten in _TENS for one in range(1, 10) for joint in ("-", " ")
}
_WORDS |= {"dozen": 12.0}
_SCALES = {
    "hundred": 1e2,
    "thousand": 1e3,
    "million": 1e6,
    "billion": 1e9,
    "trillion": 1e12,
    "bn": 1e9,
    "m": 1e6,
    "k": 1e3,
}
_NUMBER = re.compile(
    r"(?P<currency>[$€£¥]\s?|\b(?:EUR|USD|GBP|JPY)\s)?"
    r"(?<![\w.])(?P<digits>\d{1,3}(?:[,\u00a0\u202f]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?:st|nd|rd|th)?(?![\w]*\d)"
    rf"|\b(?P<word>{'|'.join(sorted(_WORDS, key=len, reverse=True))})\b",
    re.IGNORECASE,
)
_SCALE = re.compile(r"[\s-]?(hundred|thousand|million|billion|trillion|bn|k|m)\b", re.IGNORECASE)
_NAME_WORD = r"[A-Z\u00c0-\u00de][\w\u2019'&.-]*\w|[A-Z](?=\b)"
_NAME = re.compile(rf"\b(?:{_NAME_WORD})(?:\s(?:(?:of|the|de|la|van|von|der|and)\s)?(?:{_NAME_WORD}))*")
_NO_NAMES = STOP_WORDS | {"s"}
_STARTS = re.compile(r"(?:^|[.!?:;\n\"“(]\s*|[-*•]\s+)$")


def facts_of(text: str) -> list[Fact]:
    """Returns the dates, numbers and names of a text, in order; no character is in two of them."""
    found = list(_dates(text))
    taken = [(fact.start, fact.end) for fact in found]
    for fact in (*_numbers(text), *_names(text)):
        if all(fact.end <= start or fact.start >= end for start, end in taken):
            found.append(fact)
            taken.append((fact.start, fact.end))
    return sorted(found, key=lambda fact: fact.start)


def _dates(text: str) -> Iterator[Fact]:
    for match in _DATE.finditer(text):
        parts = {name[0]: value for name, value in match.groupdict().items() if value}
        month = int(parts["n"]) if "n" in parts else _month(parts["m"]) if "m" in parts else None
        if parts.get("m", "")[:1].islower() and parts["m"].lower() in ("may", "march", "mar"):
            continue  # "may 12" of "it may 12 times ..." is no date
        year = int(parts["y"]) if "y" in parts else None
        day = int(re.sub(r"\D", "", parts["d"])) if "d" in parts else None
        value = float(year or 0) if month is None else 0.0
        end = match.end() + match.string.startswith("s", match.end())  # of the 1950s
        rough = end > match.end()
        yield Fact(FactKind.DATE, match.start(), end, text[match.start() : end], value, None, rough, (year, month, day))


def _month(name: str) -> int:
    return next(number for number, month in enumerate(_MONTHS, 1) if month.startswith(name.lower()[:3]))


def _numbers(text: str) -> Iterator[Fact]:
    for match in _NUMBER.finditer(text):
        word = match["word"]
        if word and word.lower() == "one" and not _SCALE.match(text, match.end()):
            continue  # a pronoun more often than a number
        value = _WORDS[re.sub(r"\s", " ", word.lower())] if word else float(re.sub(r"[^\d.]", "", match["digits"]))
        end = match.end()
        while scale := _SCALE.match(text, end):
            if len(scale[1]) == 1 and not (match["currency"] and scale[0] == scale[1]):
                break  # "5 m" is a length, and "$5m" a sum
            value, end = value * _SCALES[scale[1].lower()], scale.end()
        behind, last = unit_behind(text, end)
        unit = unit_of(match["currency"].strip()) if match["currency"] else behind
        end = end if match["currency"] else last
        rough = bool(_ROUGHLY.search(text, max(0, match.start() - 20), match.start())) or value >= ROUGH_FROM
        yield Fact(FactKind.NUMBER, match.start(), end, text[match.start() : end], value, unit, rough)


def _names(text: str) -> Iterator[Fact]:
    """Yields what is written with capitals, but for one word that begins a sentence, or a shouted text."""
    if text.isupper():
        return
    for match in _NAME.finditer(text):
        start, name = match.start(), match[0]
        if _STARTS.search(text, max(0, start - 8), start) or not start:
            first, _, rest = name.partition(" ")
            if first.lower() in STOP_WORDS or not rest:
                start, name = start + len(first) + 1, rest
        spelled = re.findall(r"\w+", name)
        words = tuple(word.lower() for word in spelled if word.lower() not in _NO_NAMES or word.isupper())
        if words and not (len(words) == 1 and len(words[0]) == 1):
            yield Fact(FactKind.NAME, start, start + len(name), name, words=words)
