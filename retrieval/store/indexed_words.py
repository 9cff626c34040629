"""What the text index has of a passage where that is not its text as it stands: kept beside it, to be read again.

FTS5 takes a passage out of its index by the words that it came with.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, func, select

from passagework.retrieval.store import schema as t
from passagework.retrieval.words.code_names import CODE
from passagework.retrieval.words.indexed import INDEXED_LANGUAGES, indexed

_COLUMNS = ("title", "headings", "text")


def indexed_columns(title: str, headings: str, text: str, language: str) -> dict[str, str | None]:
    """Returns the columns of a passage's row that hold its words as indexed: None for what is indexed as it stands."""
    return {
        f"indexed_{name}": words if (words := indexed(stored, language)) != stored else None
        for name, stored in zip(_COLUMNS, (title, headings, text), strict=True)
    }


def indexed_texts(connection: Connection, *, first: int) -> Iterator[tuple[int, str, str, str]]:
    """Yields id, title, headings and text, as the text index has them, of the passages from `first`, ascending."""
    p = t.passages.c
    title, headings, text = (func.coalesce(p[f"indexed_{name}"], p[name]) for name in _COLUMNS)
    query = select(p.id, title, headings, text).where(p.id >= first).order_by(p.id)
    for row in connection.execute(query.execution_options(yield_per=1000)):
        yield row[0], row[1], row[2], row[3]


def indexed_languages(driver: Any) -> tuple[str, ...]:
    """Returns the languages of documents whose words are indexed by stems, and CODE, in the order of their codes."""
    query = "SELECT value FROM json_each(?) WHERE EXISTS (SELECT 1 FROM documents WHERE language = value)"
    return tuple(row[0] for row in driver.execute(query, (json.dumps(sorted(INDEXED_LANGUAGES)),)))


def is_mostly_code(driver: Any) -> bool:
    """Tells whether more documents are source code than not; what it takes grows with those that are."""
    (code,) = driver.execute("SELECT count(*) FROM documents WHERE language = ?", (CODE,)).fetchone()
    others = "SELECT 1 FROM documents WHERE language < ? OR language > ? LIMIT ?"  # by the index
    return bool(code > driver.execute(f"SELECT count(*) FROM ({others})", (CODE, CODE, code)).fetchone()[0])  # noqa: S608


def show_indexed_words(driver: Any) -> None:
    """Has a connection that can't write see an earlier layout's words as they are indexed there, in no language."""
    if "language" in _columns_of(driver, "documents"):
        return
    folded = _columns_of(driver, "passages")
    words = [(f"folded_{name}" if f"folded_{name}" in folded else "NULL", f"indexed_{name}") for name in _COLUMNS]
    driver.execute("CREATE TEMP VIEW documents AS SELECT *, NULL AS language FROM main.documents")
    indexed = ", ".join(f"{column} AS {name}" for column, name in words)
    driver.execute(f"CREATE TEMP VIEW passages AS SELECT *, {indexed} FROM main.passages")  # noqa: S608 - our own names


def _columns_of(driver: Any, table: str) -> set[str]:
    return {row[1] for row in driver.execute(f"PRAGMA main.table_info({table})")}


def index_words_anew(driver: Any) -> None:
    """Puts right what all passages have of words as indexed, on a driver's connection."""
    last = 0
    query = (
        "SELECT p.id, p.title, p.headings, p.text, d.language, indexed_title, indexed_headings, indexed_text "
        "FROM passages p JOIN documents d ON d.id = p.document_id WHERE p.id > ? ORDER BY p.id LIMIT 1000"
    )
    change = "UPDATE passages SET indexed_title = ?, indexed_headings = ?, indexed_text = ? WHERE id = ?"
    while rows := driver.execute(query, (last,)).fetchall():
        right = [tuple(indexed_columns(row[1], row[2], row[3], row[4] or "").values()) for row in rows]
        wrong = [(*columns, row[0]) for columns, row in zip(right, rows, strict=True) if columns != row[5:]]
        driver.executemany(change, wrong)
        last = rows[-1][0]
