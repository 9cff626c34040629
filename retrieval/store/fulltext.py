"""Finds passages by their words: the one place that speaks FTS5."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Float, Integer, Select, literal_column, select, text

from passagework.retrieval.types import Ids
from passagework.retrieval.words.indexed import indexed, indexed_with_origins
from passagework.retrieval.words.unspaced import BEGINS

DECIMALS = 12
"""Decimals of a BM25 score: equal passages are equal in it, and scores near FTS5's floor of 0.000001 stay apart."""

_OPEN, _SHUT = "\x02", "\x03"
SEPARATORS = "".join(
    chr(point)
    for first, last in (
        *((0xF000, 0xF0FF), (0x1F900, 0x1F9FF), (0x1FA70, 0x1FAFF)),
        *((0x0332, 0x036F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE00, 0xFE0F), (0xFE20, 0xFE2F)),
    )
    for point in range(first, last + 1)
)
"""Pictures that older Unicode did not know, and marks that belong to no script."""
TOKENIZER = f"porter unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc' separators '{SEPARATORS}'"
"""As the first migration has it, which says why: a text is the same words wherever they are counted or marked."""


def fts5_phrase(term: str) -> str:
    """Returns words that follow one another as FTS5 wants them: quoted, so that nothing is read as an operator.

    Of a term that ends in `*` the last word may go on.
    """
    return f'"{term[:-1]}"*' if term.endswith(BEGINS) else f'"{term}"'


def any_of(terms: Sequence[str]) -> str:
    """Returns terms, each found as it stands, as FTS5 wants them."""
    return " OR ".join(map(fts5_phrase, terms))


def best_passages(
    connection: Connection, expression: str, k: int, allowed: Select[tuple[int]] | None
) -> list[tuple[int, float]]:
    """Returns the `k` best passages of an FTS5 expression, and equals of the last, as (id, BM25), higher is better.

    Ties are by id. `allowed` selects the ids that may be found.
    """
    # bm25() is negative, the more so the better. Called by name it is computed after the filter; `rank` before.
    rowid, score = literal_column("rowid", Integer), literal_column("bm25(passages_fts)", Float)
    query = select(rowid, score).select_from(text("passages_fts")).where(text("passages_fts MATCH :expression"))
    if allowed is not None:
        # The plus keeps FTS5 from starting over for every passage that the filter lets through.
        query = query.where(literal_column("+rowid", Integer).in_(allowed))
    best = _scores(connection, query.order_by(score, rowid).limit(k + 1), expression)
    if len(best) <= k or best[k][1] < best[k - 1][1]:
        return best[:k]
    last = best[k - 1][1]  # the pool ends among equals: all of them, whatever their number
    equals = query.where(score <= -last + 10**-DECIMALS).order_by(score, rowid)
    return [pair for pair in _scores(connection, equals, expression) if pair[1] >= last]


def holding_ids(driver: Any, terms: Sequence[str], most: int) -> Ids:
    """Returns the first `most` passages that hold one of the terms, ascending."""
    found = "SELECT rowid FROM passages_fts WHERE passages_fts MATCH ? ORDER BY rowid LIMIT ?"
    # As one text: a third of the time of a row for each.
    query = f"SELECT group_concat(rowid) FROM ({found})"  # noqa: S608 - our own words
    listed = driver.execute(query, (any_of(terms), most)).fetchone()[0]
    return np.fromstring(listed or "", np.int64, sep=",")


def word_gains(driver: Any, word: str) -> list[tuple[int, float]]:
    """Returns what one word adds to the BM25 of each passage that holds it, by ascending id: a score is their sum."""
    query = "SELECT rowid, -bm25(passages_fts) FROM passages_fts WHERE passages_fts MATCH ? ORDER BY rowid"
    return list(driver.execute(query, (fts5_phrase(word),)))


def matched_words(texts: Sequence[str], expression: str, language: str = "") -> list[list[tuple[int, int]]]:
    """Returns `[start, end)` of the words in each text that an FTS5 expression matches, in order.

    The words are those that the index has of a text in that language, and the places those of the text as it is.
    """
    indexed_texts = [indexed_with_origins(content, language) for content in texts]
    read = [content if words is None else words.text for content, words in zip(texts, indexed_texts, strict=True)]
    with closing(sqlite3.connect(":memory:")) as memory:
        memory.execute(f'CREATE VIRTUAL TABLE texts USING fts5 (text, tokenize="{TOKENIZER}")')
        unmarked = [(number, content.replace(_OPEN, " ").replace(_SHUT, " ")) for number, content in enumerate(read)]
        memory.executemany("INSERT INTO texts (rowid, text) VALUES (?, ?)", unmarked)
        query = "SELECT rowid, highlight(texts, 0, ?, ?) FROM texts WHERE texts MATCH ?"
        marked = dict(memory.execute(query, (_OPEN, _SHUT, expression)))
    spans = [_marks(marked.get(number, "")) for number in range(len(texts))]
    return [
        found if words is None else [words.original(start, end) for start, end in found]
        for words, found in zip(indexed_texts, spans, strict=True)
    ]


def texts_holding(texts: Sequence[str], expressions: Sequence[str], languages: Sequence[str]) -> NDArray[np.bool_]:
    """Returns (texts, expressions): whether a text holds what an expression matches, read in any of the languages."""
    held = np.zeros((len(texts), len(expressions)), dtype=np.bool_)
    for language in languages:
        with closing(sqlite3.connect(":memory:")) as memory:
            memory.execute(f'CREATE VIRTUAL TABLE texts USING fts5 (text, tokenize="{TOKENIZER}")')
            rows = ((number, indexed(content, language)) for number, content in enumerate(texts))
            memory.executemany("INSERT INTO texts (rowid, text) VALUES (?, ?)", rows)
            for column, expression in enumerate(expressions):
                found = memory.execute("SELECT rowid FROM texts WHERE texts MATCH ?", (expression,)).fetchall()
                held[[number for (number,) in found], column] = True
    return held


def _marks(marked: str) -> list[tuple[int, int]]:
    """Returns where the marks stand, in offsets of the text without them."""
    spans: list[tuple[int, int]] = []
    before, *pieces = marked.split(_OPEN)
    at = len(before)
    for piece in pieces:
        word, _, rest = piece.partition(_SHUT)
        spans.append((at, at + len(word)))
        at += len(word) + len(rest)
    return spans


def _scores(connection: Connection, query: Select[Any], expression: str) -> list[tuple[int, float]]:
    rows = connection.execute(query, {"expression": expression})
    return sorted(((row[0], round(-row[1], DECIMALS)) for row in rows), key=lambda pair: (-pair[1], pair[0]))
