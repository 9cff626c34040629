"""Words that no passage holds: read as one that some do and that differs by one letter, one blank, or a name's rest.

Only such a word is looked into, for whatever is read in its place can then take nothing away.
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Iterator

from passagework.retrieval.store import Snapshot
from passagework.retrieval.store.held_words import passages_holding_exactly
from passagework.retrieval.store.vocabulary import stems
from passagework.retrieval.syntax.collection_words import CollectionWords

LEAST_LETTERS, MOST_LETTERS = 5, 30
"""Letters of a word that may be misspelt, or be two."""

LEAST_CHANGED = 7
"""Letters of a word of which one may be another, too many or missing: shorter ones are near words that mean other
things, `river` and `driver`. Letters that changed places hardly ever make another word.
"""

MOST_COUNTED = 1000
"""Passages that are looked at for a word, to tell which of several is the most frequent."""

_PREFIX = 3
"""Letters that a stem leaves alone: what no word begins with need not be stemmed."""


def corrected(word: str, snapshot: Snapshot, words: CollectionWords) -> str | None:
    """Returns the word of the collection that a word of no passage was meant for; None for none.

    One letter is another, too many, missing, or changed places with the next (Damerau 1964); of several words
    the one with the same letters is meant, else the most frequent.
    """
    if not LEAST_LETTERS <= len(word) <= MOST_LETTERS or not word.isalpha():
        return None
    return words.remembered("corrected", word.lower(), lambda: _corrected(word.lower(), snapshot, words))


def parted(word: str, snapshot: Snapshot, words: CollectionWords) -> str | None:
    """Returns the two words that some passage has side by side in place of a word, as in `e-mail`; None for none."""
    if not LEAST_LETTERS <= len(word) <= MOST_LETTERS or not word.isalpha():
        return None  # of a single letter only the first may be, of two letters no part

    def found() -> str | None:
        ways = [f"{word[:at].lower()} {word[at:].lower()}" for at in (1, *range(3, len(word) - 2))]
        held = [way for way in ways if words.holds(snapshot, way)]
        return max(held, key=lambda way: min(map(len, way.split())), default=None)

    return words.remembered("parted", word.lower(), found)


def _corrected(word: str, snapshot: Snapshot, words: CollectionWords) -> str | None:
    counted = {
        near: len(passages_holding_exactly(snapshot, near, words.languages, most=MOST_COUNTED))
        for near in _held(sorted(set(_possible(word))), snapshot, words)
    }
    # Two letters that changed places are hardly ever another word that was meant.
    best = max(counted, key=lambda near: (sorted(near) == sorted(word), counted[near], near), default=None)
    return best if best and counted[best] else None


def _held(candidates: list[str], snapshot: Snapshot, words: CollectionWords) -> Iterator[str]:
    """Yields the words that some passage holds in some form."""
    known = words.stems(snapshot)
    if known is None:
        yield from (word for word in candidates if words.holds(snapshot, word))
        return
    begun = words.remembered("begun", "", lambda: {stem[:_PREFIX] for stem in known})
    likely = [word for word in candidates if _plain(word)[:_PREFIX] in begun]
    for word, stem in zip(likely, stems(likely), strict=True):
        if (len(stem) == 1 and stem[0] in known) or (words.languages and words.holds(snapshot, word)):
            yield word


def _plain(word: str) -> str:
    if word.isascii():
        return word
    return "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))


def _possible(word: str) -> Iterator[str]:
    edits = _one_edit_away(word)
    return edits if len(word) >= LEAST_CHANGED else (near for near in edits if sorted(near) == sorted(word))


def _one_edit_away(word: str) -> Iterator[str]:
    letters = _alphabet(word)
    for at in range(len(word) + 1):
        before, after = word[:at], word[at:]
        yield from (f"{before}{letter}{after}" for letter in letters)
        if after:
            yield before + after[1:]
            yield from (f"{before}{letter}{after[1:]}" for letter in letters if letter != after[0])
        if len(after) > 1 and after[0] != after[1]:
            yield f"{before}{after[1]}{after[0]}{after[2:]}"


def _alphabet(word: str) -> list[str]:
    """Returns the small letters of the word's script; of Latin ones only those without accents, as in the index."""
    if _plain(word).isascii():
        return list(string.ascii_lowercase)
    first = ord(word[0]) & ~0x7F
    return [letter for letter in map(chr, range(first, first + 0x80)) if letter.isalpha() and letter.islower()]
