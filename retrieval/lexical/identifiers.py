"""Identifiers in a query, and how else a document may write them: parts' numbers, versions, numbers, names of code.

`SA-4471`, `CVE-2024-1234`, `2.13.0`, `foo_bar.baz` and `10.0.0.1` are words joined by signs; `1,250,000`, `1250000` and
`1 250 000` are one number; `getUserById`, `get_user_by_id` and "get user by id" are one name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from passagework.retrieval.words.code_names import HUMP
from passagework.retrieval.words.indexed import TERM

_JOINED = re.compile(
    rf"(?<!{TERM.pattern[:-1]}){TERM.pattern}(?:(?:::|->|[-./:@+#&\\\u2010\u2011]){TERM.pattern})+", re.UNICODE
)
_SEPARATORS = " ,.'\u2019_\u00a0\u2009\u202f"
_GROUPED = re.compile(
    rf"(?<![\w.,-])[1-9]\d{{0,2}}(?P<by>[{_SEPARATORS}])\d{{3}}(?:(?P=by)\d{{3}})*(?:[.,]\d+)?(?![\w-]|[.,]\d)"
)
"""A number with a separator of thousands, always the same, and perhaps a fraction."""
_DIGITS = re.compile(r"(?<![\w.,:/-])[1-9]\d{3,}(?![\w:/-]|[.,]\d)")
_YEAR = re.compile(r"(?:19|20)\d\d")
_THOUSANDS = re.compile(r"(?<=\d)(?=(?:\d{3})+$)")

MOST_NAME = 100
"""Characters of a name of code."""

LEAST_PART = 2
"""Letters of each part of a name with capitals in it: `getUser`, not `iPhone` or `mRNA`."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """Is what was typed as one: its `parts`, in small letters, and the `forms` in which it may stand."""

    typed: str
    parts: tuple[str, ...]
    forms: tuple[str, ...]


def identifiers_in(query: str) -> list[Identifier]:
    """Returns the identifiers of a folded query, in order of kind; what is part of a longer one is none."""
    found: list[Identifier] = []
    taken = bytearray(len(query))
    for identifier, start, end in (*_numbers(query), *_joined(query), *_names(query)):
        if not any(taken[start:end]):
            taken[start:end] = b"\x01" * (end - start)
            found.append(identifier)
    return found


def is_identifier(joined: str) -> bool:
    """Tells whether joined words are more than a compound, which people write with a hyphen or without."""
    return any(character.isdigit() for character in joined) or not joined.replace("-", "").isalpha()


_Found = tuple[Identifier, int, int]


def _numbers(query: str) -> Iterator[_Found]:
    for match in _GROUPED.finditer(query):
        by = match["by"]
        whole, point, fraction = match[0], "", ""
        last = max(whole.rfind("."), whole.rfind(","))
        if last > 0 and whole[last] != by:
            whole, point, fraction = whole[:last], whole[last], whole[last + 1 :]
        groups = whole.split(by)
        yield _number(match, groups, point + fraction)
    for match in _DIGITS.finditer(query):
        if not _YEAR.fullmatch(match[0]):
            groups = _THOUSANDS.split(match[0])
            yield _number(match, groups, "")


def _number(match: re.Match[str], groups: list[str], fraction: str) -> _Found:
    parts = tuple(TERM.findall(match[0]))
    apart, together = " ".join(groups) + fraction, "".join(groups) + fraction
    forms = (together, apart) if len(parts) == 1 else (match[0], together)
    return Identifier(match[0], parts, forms), match.start(), match.end()


def _joined(query: str) -> Iterator[_Found]:
    for match in _JOINED.finditer(query):
        if is_identifier(match[0]):
            parts = tuple(word.lower() for word in TERM.findall(match[0]))
            yield Identifier(match[0], parts, (match[0],)), match.start(), match.end()


def _names(query: str) -> Iterator[_Found]:
    for match in TERM.finditer(query):
        parts = name_parts(match[0])
        if len(parts) > 1:
            small = tuple(part.lower() for part in parts)
            forms = tuple(dict.fromkeys((match[0], " ".join(parts), "".join(parts))))
            yield Identifier(match[0], small, forms), match.start(), match.end()


def name_parts(word: str) -> list[str]:
    """Returns the words that a name of code is made of: by its underscores, else by its capitals; one for no name."""
    if len(word) > MOST_NAME:
        return [word]
    if "_" in word.strip("_"):
        return [part for part in word.split("_") if part]
    parts = HUMP.split(word)
    return parts if word.isascii() and all(len(part) >= LEAST_PART for part in parts) else [word]
