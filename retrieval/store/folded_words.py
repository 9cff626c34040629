"""What the text index has of a passage where folding changes its words: kept beside them, for FTS5 to read again."""

from __future__ import annotations

from typing import Any

from passagework.retrieval.folding import folded

_COLUMNS = ("title", "headings", "text")


def folded_columns(title: str, headings: str, text: str) -> dict[str, str | None]:
    """Returns the columns of a passage's row that hold its folded words: None for what folding doesn't change."""
    return {
        f"folded_{name}": words if (words := folded(stored)) != stored else None
        for name, stored in zip(_COLUMNS, (title, headings, text), strict=True)
    }


def fold_stored_passages(driver: Any) -> None:
    """Puts right what all passages have of folded words, on a driver's connection."""
    last = 0
    query = (
        "SELECT id, title, headings, text, folded_title, folded_headings, folded_text FROM passages "
        "WHERE id > ? ORDER BY id LIMIT 1000"
    )
    change = "UPDATE passages SET folded_title = ?, folded_headings = ?, folded_text = ? WHERE id = ?"
    while rows := driver.execute(query, (last,)).fetchall():
        right = [tuple(folded_columns(*row[1:4]).values()) for row in rows]
        wrong = [(*columns, row[0]) for columns, row in zip(right, rows, strict=True) if columns != row[4:]]
        driver.executemany(change, wrong)
        last = rows[-1][0]
