"""Parses a query as it was typed. Every text is one; what is no syntax is text.

    "cold start"      words that follow one another, between straight or curly quotes
    -word -"a phrase" what no hit may hold: the minus follows white space, and a letter, a digit or a quote follows it
    field:value       a field that the collection knows, with or without a minus; the value may be quoted

A quote opens behind white space, a sign or a script without blanks, not behind a letter or a digit: `5" pipes` and
`6" pipes` are text. It closes at the next quote within `LONGEST` characters, else it is text; so is a quotation without
a word. `https://x`, `12:30` and `foo::bar` are text, whatever fields there are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from passagework.retrieval.words.indexed import TERM
from passagework.retrieval.words.unspaced import RUN

LONGEST = 1000
"""Characters of a quotation or a value: a passage of the default length has about as many."""

_QUOTES = '"\u201c\u201d\u201e\uff02'
_QUOTE = re.compile(f"[{_QUOTES}]")
_OPERAND = re.compile(rf"{TERM.pattern}(?:[-./:@+#&,'\u2019\u2010\u2011]+{TERM.pattern})*")
"""What a minus excludes where it is not quoted: a word, or some that are joined."""
_LETTER = re.compile(f"(?!_){TERM.pattern[:-1]}")
_FIELD = re.compile(r"-?(?P<field>[^\W\d][\w.]*(?:-[\w.]+)*):(?!//|:)")
_VALUE = re.compile(r"\S+")
_MAY_BEGIN = re.compile(rf"[{_QUOTES}]|(?<!\S)-(?=[^\W_]|[{_QUOTES}])|(?<!\S)[^\W\d][\w.-]*:")
"""Where something that is no text may begin."""
_CLOSING = ",;!?.)]}"
"""What ends a value in a sentence, and is no part of it."""


class PartKind(Enum):
    """Names what a part of a query is."""

    TEXT = "text"
    PHRASE = "phrase"
    WORD = "word"  # only excluded ones: others are text
    FIELD = "field"


@dataclass(frozen=True, slots=True)
class Part:
    """Is a part of a query: `typed` as it stands there, `words` without quotes, minus and field."""

    kind: PartKind
    typed: str
    words: str
    field: str = ""
    excluded: bool = False


def parse(query: str, is_field: Callable[[str], bool]) -> tuple[Part, ...]:
    """Returns the parts of a query in order; `typed` of all of them is the query. It takes time linear in its length.

    `is_field` tells whether the collection knows a field.
    """
    parts: list[Part] = []
    text_from = at = 0
    while found := _MAY_BEGIN.search(query, at):
        part = _part(query, found.start(), is_field)
        if part is None:
            at = _behind(query, found)
            continue
        if text_from < found.start():
            parts.append(_text(query[text_from : found.start()]))
        parts.append(part)
        text_from = at = found.start() + len(part.typed)
    if text_from < len(query):
        parts.append(_text(query[text_from:]))
    return tuple(parts)


def plain(parts: Sequence[Part]) -> str:
    """Returns every word of a query, also what it excludes and the values of its fields, without the syntax."""
    return " ".join(" ".join(_plain(parts)).split())


def searched_text(parts: Sequence[Part]) -> str:
    """Returns what is looked for: the query as typed, without what it excludes and its fields."""
    kept = [part.typed for part in parts if not (part.excluded or part.kind is PartKind.FIELD)]
    if len(kept) == len(parts):
        return "".join(kept)
    return " ".join("".join(kept).split())


def has_word(text: str) -> bool:
    """Tells whether a text has a word to look for."""
    return _LETTER.search(text) is not None


def _plain(parts: Sequence[Part]) -> Iterator[str]:
    for part in parts:
        yield from (part.field, part.words)


def _text(typed: str) -> Part:
    return Part(PartKind.TEXT, typed, typed)


def _part(query: str, start: int, is_field: Callable[[str], bool]) -> Part | None:
    """Returns what begins at a place; None where that is text."""
    excluded = query[start] == "-"
    quoted = start + excluded
    if field := _FIELD.match(query, start):
        return _field(query, field, excluded=excluded) if is_field(field["field"]) else _word(query, start, excluded)
    if query[quoted] in _QUOTES:
        words = _quotation(query, quoted)
        if words is None:
            return None
        return Part(PartKind.PHRASE, query[start : quoted + len(words) + 2], words.strip(), excluded=excluded)
    return _word(query, start, excluded)


def _word(query: str, start: int, excluded: bool) -> Part | None:
    operand = _OPERAND.match(query, start + 1) if excluded else None
    if operand is None:
        return None
    return Part(PartKind.WORD, query[start : operand.end()], operand[0], excluded=True)


def _field(query: str, field: re.Match[str], *, excluded: bool) -> Part | None:
    at = field.end()
    words = _quotation(query, at) if query[at : at + 1] in tuple(_QUOTES) else None
    if words is not None:
        end, words = at + len(words) + 2, words.strip()
    else:
        value = _VALUE.match(query, at)
        words = value[0].rstrip(_CLOSING) if value else ""
        end = at + len(words)
        if len(words) > LONGEST or not ("*" in words or _LETTER.search(words)):
            return None
    return Part(PartKind.FIELD, query[field.start() : end], words, field["field"], excluded)


def _behind(query: str, found: re.Match[str]) -> int:
    """Returns where to look on behind what turned out to be text: quotes with nothing between them are a pair."""
    if found[0] not in _QUOTES:
        return found.end()
    closing = _QUOTE.search(query, found.end(), found.end() + LONGEST + 1)
    empty = (
        closing is not None
        and _opens(query, found.start())
        and not _LETTER.search(query[found.end() : closing.start()])
    )
    return closing.end() if closing and empty else found.end()


def _opens(query: str, at: int) -> bool:
    before = query[at - 1 : at] if at else ""
    return _LETTER.fullmatch(before) is None or RUN.fullmatch(before) is not None


def _quotation(query: str, at: int) -> str | None:
    """Returns what is quoted from the quote at a place on; None where that quote is text."""
    if not _opens(query, at):
        return None
    closing = _QUOTE.search(query, at + 1, at + LONGEST + 2)
    if closing is None:
        return None
    words = query[at + 1 : closing.start()]
    return words if _LETTER.search(words) else None
