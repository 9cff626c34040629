"""Acronyms and what they stand for, as documents define them: `Solar Panel Unit (SPU)` and `SPU (Solar Panel Unit)`.

Words are meant whose first letters are the acronym's; looser rules, such as those of
Schwartz and Hearst (2003), take in phrases that happen to have the letters, and the search goes astray by each.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from passagework.retrieval.lexical.bm25 import STOP_WORDS
from passagework.retrieval.store import Snapshot
from passagework.retrieval.store.held_words import passages_holding
from passagework.retrieval.store.vocabulary import stems
from passagework.retrieval.syntax.collection_words import CollectionWords
from passagework.retrieval.words.indexed import TERM

ACRONYM = re.compile(r"(?<![\w-])(?=[A-Z0-9&]*[A-Z][A-Z0-9&]*[A-Z])[A-Z][A-Z0-9&]{1,7}(?=s?(?![\w-]))")
"""Two capitals at least; eight characters at most."""

MOST_LOOKED_AT = 500
"""Passages that hold an acronym, of which the first are looked at for its definition."""

MOST_EXPANSIONS = 3
"""What one acronym stands for in a collection."""

LONGEST = 6
"""Words of what an acronym is looked for by."""

BEFORE = 200
"""Characters before a bracket, or in it, that may tell what an acronym stands for."""

_RUN = re.compile(r"[\w-]+(?:\s+[\w-]+)*")


def expansions_of(acronym: str, snapshot: Snapshot, words: CollectionWords) -> tuple[str, ...]:
    """Returns what an acronym stands for where passages define it, the most frequent first; as first written."""

    def found() -> tuple[str, ...]:
        counts: Counter[tuple[tuple[str, ...], ...]] = Counter()
        written: dict[tuple[tuple[str, ...], ...], str] = {}
        held = passages_holding(snapshot, acronym, words.languages, most=MOST_LOOKED_AT)
        for _, (_, _, text) in snapshot.columns_of(held):
            for expansion in definitions_in(text, acronym):
                stemmed = tuple(stems(TERM.findall(expansion)))
                counts[stemmed] += 1
                written.setdefault(stemmed, expansion)
        return tuple(written[stemmed] for stemmed, _ in counts.most_common(MOST_EXPANSIONS))

    return words.remembered("expansions", acronym, found)


def acronym_of(phrase: str, snapshot: Snapshot, words: CollectionWords) -> str | None:
    """Returns the acronym of words in a row where a passage defines it, None where none does."""

    def found() -> str | None:
        initials = "".join(word[0] for word in TERM.findall(phrase)).upper()
        if not words.holds(snapshot, initials):
            return None
        defined = (f"{phrase} {initials}", f"{initials} {phrase}")
        if not any(words.holds(snapshot, definition) for definition in defined):
            return None
        expansions = [stems(TERM.findall(expansion)) for expansion in expansions_of(initials, snapshot, words)]
        return initials if stems(TERM.findall(phrase)) in expansions else None

    return words.remembered("acronym", phrase.casefold(), found)


def phrases_of(text: str) -> Iterator[str]:
    """Yields words of a query in a row that an acronym may stand for: three to six, none of them a stop word."""
    for run in _RUN.finditer(text):
        content: list[str] = []
        for word in [*run[0].split(), ""]:
            if word and word.lower() not in STOP_WORDS and word[0].isalpha():
                content.append(word)
                continue
            for size in range(3, LONGEST + 1):
                yield from (" ".join(content[at : at + size]) for at in range(len(content) - size + 1))
            content = []


def definitions_in(text: str, acronym: str) -> Iterator[str]:
    """Yields what a text says that an acronym stands for, on either side of a bracket."""
    escaped = re.escape(acronym)
    most = min(len(acronym) + 5, 2 * len(acronym))
    for match in re.finditer(rf"\(\s*[\"\u201c\u2018']?(?:the\s+)?{escaped}s?\b", text):
        before = text[max(0, match.start() - BEFORE) : match.start()]
        yield from _long_form(before.split()[-most:], acronym)
    for match in re.finditer(rf"\b{escaped}s?\s*\((?P<inside>[^(),;]{{3,{BEFORE}}})[),;]", text):
        inside = match["inside"].split()
        yield from (long for long in _long_form(inside, acronym) if long == " ".join(inside))


def _long_form(before: Sequence[str], acronym: str) -> Iterator[str]:
    """Yields the shortest end of some words whose first letters are the acronym's; stop words may be left out."""
    letters = acronym.lower().replace("&", "")
    for start in range(len(before) - 2, -1, -1):
        words = [word.lower() for written in before[start:] for word in TERM.findall(written)]
        content = [word for word in words if word not in STOP_WORDS]
        if any("".join(word[0] for word in some) == letters for some in (words, content)):
            if words[0] not in STOP_WORDS or words[0][0] == letters[0]:
                yield " ".join(before[start:]).strip(" '\"\u201c\u2018")
            return
