"""The words of the text index, read out of it: its stems, the passages that hold each, and the lengths of passages.

FTS5's `fts5vocab` tables give the first two, its `docsize` table the last. What is not in the index yet is counted by
an index in memory with the same rules, so a word is the same word wherever it was counted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.forks import ForkSafeLock
from passagework.retrieval.store.fulltext import TOKENIZER
from passagework.retrieval.types import Ids

Counts = NDArray[np.uint16]
Lengths = NDArray[np.int32]

_stemming = ForkSafeLock()
"""One index in memory stems for all threads."""

MOST_STEMMED = 50_000
_stemmed: dict[str, tuple[str, ...]] = {}
"""Words with their stems, so many, under the lock above."""

MOST_COUNT = int(np.iinfo(np.uint16).max)
"""A passage that holds a word so often may hold it more often."""


class WordReader:
    """Reads one text index, within the transaction that its connection is in."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver

    def lengths(self) -> tuple[Ids, Lengths]:
        """Returns every passage, ascending, and its number of words: title, headings and text."""
        ids, sizes = [], []
        for passage, size in self._driver.execute("SELECT id, sz FROM passages_fts_docsize ORDER BY id"):
            ids.append(passage)
            sizes.append(size)
        numbers = _varints(b"".join(sizes))
        columns = len(numbers) // max(1, len(ids))
        return np.array(ids, np.int64), numbers.reshape(len(ids), columns).sum(axis=1).astype(np.int32)

    def frequent(self, least: int) -> list[tuple[str, int]]:
        """Returns the words that at least so many passages hold, and how often they stand in all; in the index's order.

        What is no text is left out: FTS5 cuts a word after 32,768 bytes, be it in the midst of a character.
        """
        query = "SELECT CAST(term AS BLOB), cnt FROM temp.every_word WHERE doc >= ?"
        counts = ((_text(term), count) for term, count in self._driver.execute(query, (least,)))
        return [(word, count) for word, count in counts if _CUT not in word]

    def passages_of(self, word: str) -> tuple[Ids, Counts]:
        """Returns the passages that hold a word, ascending, and how often each does."""
        # As one text: a third of the time of a row for each place.
        query = "SELECT group_concat(doc) FROM temp.every_place WHERE term = ?"
        listed = self._driver.execute(query, (word,)).fetchone()[0]
        places = np.fromstring(listed or "", np.int64, sep=",")
        starts = np.flatnonzero(np.diff(places, prepend=-1))
        counts = np.diff(starts, append=len(places))
        return places[starts], np.minimum(counts, MOST_COUNT).astype(np.uint16)

    def places_of(self, word: str) -> set[tuple[int, str, int]]:
        """Returns where a word stands: in which passage, in which column, and at which place there."""
        return set(self._driver.execute("SELECT doc, col, offset FROM temp.every_place WHERE term = ?", (word,)))

    def counts(self) -> Iterator[tuple[int, str, int]]:
        """Yields how often each word stands in each passage: passage, word, count. Words that are no text are left out.

        For few passages: it reads the whole index.
        """
        query = "SELECT doc, CAST(term AS BLOB), count(*) FROM temp.every_place GROUP BY doc, term"
        for passage, term, count in self._driver.execute(query):
            word = _text(term)
            if _CUT not in word:
                yield passage, word, count


@contextmanager
def word_reader(driver: Any) -> Iterator[WordReader]:
    """Gives a reader of the index behind a connection of SQLite's driver."""
    tables = {"every_word": "row", "every_place": "instance"}
    for name, kind in tables.items():
        driver.execute(f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.{name} USING fts5vocab(main, passages_fts, {kind})")
    try:
        yield WordReader(driver)
    finally:
        for name in tables:
            driver.execute(f"DROP TABLE temp.{name}")


@contextmanager
def in_memory_word_reader(rows: Iterable[tuple[int, str, str, str]]) -> Iterator[WordReader]:
    """Gives a reader of passages (id, title, headings, text) that are counted here, in memory."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as memory:
        memory.execute(
            "CREATE VIRTUAL TABLE passages_fts USING fts5 "
            f"(title, headings, text, content='', tokenize=\"{TOKENIZER}\")"
        )
        memory.execute("BEGIN")
        memory.executemany("INSERT INTO passages_fts (rowid, title, headings, text) VALUES (?, ?, ?, ?)", rows)
        memory.execute("COMMIT")
        with word_reader(memory) as reader:
            yield reader


def stems(words: Sequence[str]) -> list[tuple[str, ...]]:
    """Returns each word's stem as the index has it: several where it is cut (`snake_case`), none for no word."""
    with _stemming:
        missing = [word for word in dict.fromkeys(words) if word not in _stemmed]
        if len(_stemmed) + len(missing) > MOST_STEMMED:
            _stemmed.clear()
            missing = list(dict.fromkeys(words))
        if missing:
            _stemmed.update(zip(missing, _stems(missing), strict=True))
        return [_stemmed[word] for word in words]


@lru_cache(maxsize=1)
def _stemmer() -> sqlite3.Connection:
    memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    memory.execute(f"CREATE VIRTUAL TABLE t USING fts5 (text, content='', tokenize=\"{TOKENIZER}\")")
    memory.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, instance)")
    return memory


def _stems(words: Sequence[str]) -> list[tuple[str, ...]]:
    """Returns the stems of words in one go: one by one they take eight times as long."""
    memory = _stemmer()
    if memory.in_transaction:  # one that was interrupted
        memory.execute("ROLLBACK")
    memory.execute("INSERT INTO t (t) VALUES ('delete-all')")
    memory.execute("BEGIN")
    memory.executemany("INSERT INTO t (rowid, text) VALUES (?, ?)", enumerate(words))
    memory.execute("COMMIT")
    found: list[list[str]] = [[] for _ in words]
    for row, term in memory.execute("SELECT doc, CAST(term AS BLOB) FROM v ORDER BY doc, offset"):
        found[row].append(_text(term))
    return [tuple(terms) for terms in found]


_CUT = "\ufffd"
"""Stands for part of a character; no word holds it, FTS5 takes it for a separator."""


def _text(term: bytes | None) -> str:
    """Returns a word as text; FTS5 has none of a mark without a letter that loses it."""
    return (term or b"").decode(errors="replace")


def _varints(data: bytes) -> NDArray[np.int64]:
    """Decodes SQLite's numbers of 1 to 4 bytes, as the lengths of columns are: seven bits a byte, the highest first."""
    raw = np.frombuffer(data, np.uint8).astype(np.int64)
    ends = np.flatnonzero(raw < 0x80)
    widths = np.diff(ends, prepend=-1)
    numbers = raw[ends]
    for back in range(1, int(widths.max(initial=1))):
        wide = np.flatnonzero(widths > back)
        numbers[wide] |= (raw[ends[wide] - back] & 0x7F) << (7 * back)
    return numbers
