"""Cuts an answer into claims: sentences, and clauses where each could stand alone; and reads the `[n]` of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from passagework.retrieval.lexical.bm25 import STOP_WORDS
from passagework.retrieval.words.sentences import sentence_spans

MARK = re.compile(r"\[(\d{1,4}(?:\s*[,;]\s*\d{1,4})*)\]")
"""What an answer names its citations by: `[2]`, `[1, 3]`."""

CLAUSE_WORDS = 4
"""Words of a clause, at least: what is shorter says nothing by itself."""

_CONJUNCTION = r"(?:and|but|while|whereas|although|though|yet|however|whilst)\b"
_CLAUSE = re.compile(
    rf"\s*(?:;|,(?=\s*{_CONJUNCTION})|\s(?=(?:but|whereas)\b)|\s[–—]\s)[\s,]*(?:{_CONJUNCTION}[\s,]*)?", re.IGNORECASE
)
_BULLET = re.compile(r"(?:[-*+•‣▪–>|]+\s+|\(?\d{1,3}[.)]\s+)+")
_VERB = re.compile(
    r"\b(?:is|are|was|were|am|be|been|has|have|had|does|do|did|can|could|will|would|may|might|must|shall|should"
    r"|won|took|made|gave|went|came|became|began|wrote|said|says|grew|fell|rose|led|held|found|lost|left|met|ran|saw"
    r"|built|kept|paid|sold|sent|set|put|got|gets|goes|makes|takes|gives|needs|means|costs|lies|ends|pays|works|shows|contains|includes|covers|requires|allows|provides|remains|opens|closes|starts|lives|\w{2,}ed)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Claim:
    """Is `[start, end)` of an answer, in code points, with the numbers of the citations that it names.

    `statement` is its text without those marks, each character at its place: blanks stand for them.
    """

    text: str
    start: int
    end: int
    cited: tuple[int, ...]
    statement: str


def claims_of(answer: str) -> list[Claim]:
    """Returns the claims of an answer in order; they don't overlap, and each is a slice of it.

    Questions, headings and what has no telling word claim nothing. A mark stands for the claims of its sentence before
    it that have none of their own; between two sentences it belongs to the first.
    """
    plain = MARK.sub(lambda match: " " * len(match[0]), answer)
    sentences = [span for span in sentence_spans(plain) if not plain[span[0] : span[1]].rstrip().endswith("?")]
    marks = [(match.start(), tuple(map(int, re.findall(r"\d+", match[1])))) for match in MARK.finditer(answer)]
    claims: list[Claim] = []
    for place, (start, end) in enumerate(sentences):
        reach = sentences[place + 1][0] if place + 1 < len(sentences) else len(answer)
        begin = start if place else 0
        named = [mark for mark in marks if begin <= mark[0] < reach]
        clauses = [span for span in _clauses(plain, start, end) if _claims_something(plain[slice(*span)])]
        for (first, last), numbers in zip(clauses, _shared(clauses, named), strict=True):
            claims.append(Claim(answer[first:last], first, last, numbers, plain[first:last]))
    return claims


def _clauses(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Returns `[start, end)` of the parts of a sentence that could stand alone; the sentence where none could."""
    bullet = _BULLET.match(text, start, end)
    start = bullet.end() if bullet else start
    joints = [match.span() for match in _CLAUSE.finditer(text, start, end)]
    spans, begin = [], start
    for place, (cut, behind) in enumerate(joints):
        reach = joints[place + 1][0] if place + 1 < len(joints) else end
        if _stands_alone(text[begin:cut]) and _stands_alone(text[behind:reach]):
            spans.append((begin, cut))
            begin = behind
    return [*spans, (begin, end)]


def _stands_alone(text: str) -> bool:
    return len(_WORD.findall(text)) >= CLAUSE_WORDS and _VERB.search(text) is not None


def _claims_something(text: str) -> bool:
    """Tells whether it has words of which one tells something, and is no heading or lead-in."""
    words = _WORD.findall(text)
    several = len(words) > 1 or any(len(word) > 3 and not word.isascii() for word in words)
    is_title = text.rstrip().endswith(":") or text.startswith("#")
    return several and not is_title and any(word.lower() not in STOP_WORDS for word in words)


def _shared(clauses: Sequence[tuple[int, int]], marks: Sequence[tuple[int, tuple[int, ...]]]) -> list[tuple[int, ...]]:
    """Returns the numbers that each clause of a sentence names, those of the next mark where it has none."""
    out: list[tuple[int, ...]] = []
    for place, (start, _) in enumerate(clauses):
        begin = start if place else -1
        reach = clauses[place + 1][0] if place + 1 < len(clauses) else None
        here = [numbers for at, numbers in marks if at >= begin and (reach is None or at < reach)]
        out.append(tuple(dict.fromkeys(number for numbers in here for number in numbers)))
    for place in range(len(out) - 2, -1, -1):
        out[place] = out[place] or out[place + 1]
    return out
