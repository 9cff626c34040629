"""Which passages hold some words that follow one another: in any form that a search finds, or exactly as they are.

The text index has stems: it gives candidates, and their texts decide which hold the very words. Case, accents and
compatibility characters count for as little there as in the index.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np

from passagework.retrieval.ids import no_ids
from passagework.retrieval.store.snapshot import Snapshot
from passagework.retrieval.types import Ids
from passagework.retrieval.words.folding import folded
from passagework.retrieval.words.indexed import TERM, phrase_forms
from passagework.retrieval.words.unspaced import RUN

ALL = (1 << 63) - 1

_CHARACTER = f"(?!_){TERM.pattern[:-1]}"
_WORD = re.compile(f"(?:{_CHARACTER})+")
_ACCENTS = re.compile("[\u0300-\u0331]")


def passages_holding(snapshot: Snapshot, words: str, languages: Sequence[str], *, most: int = ALL) -> Ids:
    """Returns the first `most` passages that hold words in any form that a search finds, ascending.

    `languages` are those of the collection.
    """
    if TERM.search(words) is None:
        return no_ids()
    return snapshot.holding(phrase_forms(folded(words), languages), most)


def is_held(snapshot: Snapshot, words: str, languages: Sequence[str]) -> bool:
    """Tells whether a passage holds words in any form that a search finds."""
    return TERM.search(words) is not None and snapshot.count_holding(phrase_forms(folded(words), languages), 1) > 0


def passages_holding_exactly(snapshot: Snapshot, words: str, languages: Sequence[str], *, most: int = ALL) -> Ids:
    """Returns the passages that hold words as they are, ascending; of `most` that hold them in any form."""
    exact = ExactWords(words)
    passages = snapshot.columns_of(passages_holding(snapshot, words, languages, most=most))
    return np.array([passage for passage, columns in passages if exact.stand_in(columns)], np.int64)


class ExactWords:
    """Words that follow one another, to be found as they are; nothing but case, accents and forms of letters differ.

    In scripts without blanks the text index has no stems: what it finds is exact.
    """

    def __init__(self, words: str) -> None:
        self._pattern = None if RUN.search(folded(words)) else _pattern(words)

    def stand_in(self, texts: Sequence[str]) -> bool:
        """Tells whether they stand in one of the texts, each of which holds them in some form."""
        return self._pattern is None or any(self._pattern.search(_plain(text)) for text in texts)


def _pattern(words: str) -> re.Pattern[str]:
    parts = map(re.escape, _WORD.findall(_plain(words)))
    return re.compile(f"(?<!{_CHARACTER}){f'(?:(?!{_CHARACTER}).)+'.join(parts)}(?!{_CHARACTER})", re.DOTALL)


def _plain(text: str) -> str:
    """Returns a text in small letters, as people type it, without accents."""
    if not text.isascii():
        text = _ACCENTS.sub("", unicodedata.normalize("NFD", folded(text)))
    return text.lower()
