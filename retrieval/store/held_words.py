"""Which passages hold some words that follow one another: in any form that a search finds, or exactly as they are.

The text index has stems: it gives candidates, and their texts decide which hold the very words. Case, accents and
compatibility characters count for as little there as in the index.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from passagework.retrieval.ids import no_ids
from passagework.retrieval.store.batches import BATCH
from passagework.retrieval.store.fulltext import fts5_phrase
from passagework.retrieval.store.snapshot import Snapshot
from passagework.retrieval.types import Ids
from passagework.retrieval.words.folding import folded
from passagework.retrieval.words.indexed import TERM, phrase_forms
from passagework.retrieval.words.unspaced import RUN

Columns = tuple[str, str, str]
"""The title, the headings and the text of a passage: words that follow one another stand in one of them."""

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
    expression = " OR ".join(map(fts5_phrase, phrase_forms(folded(words), languages)))
    found = "SELECT rowid FROM passages_fts WHERE passages_fts MATCH ? ORDER BY rowid LIMIT ?"
    # As one text: a third of the time of a row for each.
    listed = _driver(snapshot).execute(f"SELECT group_concat(rowid) FROM ({found})", (expression, most)).fetchone()[0]  # noqa: S608 - our own words
    return np.fromstring(listed or "", np.int64, sep=",")


def passages_holding_exactly(snapshot: Snapshot, words: str, languages: Sequence[str], *, most: int = ALL) -> Ids:
    """Returns the passages that hold words as they are, ascending; of `most` that hold them in any form."""
    exact = ExactWords(words)
    passages = columns_of(snapshot, passages_holding(snapshot, words, languages, most=most))
    return np.array([passage for passage, columns in passages if exact.stand_in(columns)], np.int64)


def columns_of(snapshot: Snapshot, ids: Ids) -> Iterator[tuple[int, Columns]]:
    """Yields the passages with these ids, with what stands in each."""
    query = "SELECT id, title, headings, text FROM passages WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
    for start in range(0, len(ids), BATCH):
        listed = f"[{','.join(map(str, ids[start : start + BATCH].tolist()))}]"
        for passage, *columns in _driver(snapshot).execute(query, (listed,)):
            yield passage, tuple(columns)


def every_text(snapshot: Snapshot) -> Iterator[str]:
    """Yields the text of every passage."""
    return (row[0] for row in _driver(snapshot).execute("SELECT text FROM passages"))


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


def _driver(snapshot: Snapshot) -> Any:
    return snapshot.connection.connection.dbapi_connection
