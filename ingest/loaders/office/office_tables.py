"""Tables of office files as rows of equal width: which cells belong to which column, and which rows name them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest
from typing import TypeAlias, TypeVar

_Cell = TypeVar("_Cell")
Rows: TypeAlias = "list[list[_Cell]]"

NUMBER = re.compile(
    r"[-+−(]?\s?(?:[$€£¥]|[A-Z]{3}\s)?\s?[-+−]?\d[\d.,'\s]*(?:e[-+]?\d+)?\s?(?:%|[$€£¥])?\)?", re.IGNORECASE
)
"""A cell that is a number, as sheets show them."""
_YEAR = re.compile(r"(?:FY\s?)?(?:19|20)\d\d")


def used_columns(filled: Sequence[Sequence[bool]]) -> list[int]:
    """The columns with any text."""
    width = max(map(len, filled), default=0)
    used = [False] * width
    for row in filled:
        for column, has_text in enumerate(row):
            used[column] = used[column] or has_text
    return [column for column in range(width) if used[column]]


def header_rows(texts: Sequence[Sequence[str]]) -> int:
    """How many rows of a table name its columns: the first, where none of its cells is a number; years are names."""
    if len(texts) < 2 or sum(map(bool, texts[0])) < 2:
        return 0
    return int(not any(map(is_amount, texts[0])))


def group_headers(rows: Sequence[list[_Cell]], texts: Sequence[Sequence[str]], merged: Sequence[Sequence[bool]]) -> int:
    """How many rows name columns where the first names groups of them: 2 or 1, or 0 where it doesn't.

    `merged` says of each row which of its columns the cell to their left reaches over. The name of a group is then
    written over all its columns.
    """
    if len(rows) < 2 or not any(merged[0]) or sum(not reached for reached in merged[0]) < 2:
        return 0
    if any(map(is_amount, texts[0])):
        return 0
    over_columns(rows[0], merged[0])
    return 2 if len(rows) > 2 and not any(merged[1]) and not any(map(is_amount, texts[1])) else 1


def over_columns(row: list[_Cell], merged: Sequence[bool]) -> None:
    """Writes each cell over all columns that it reaches over."""
    for column, reached in enumerate(merged[1:], start=1):
        if reached and column < len(row):
            row[column] = row[column - 1]


def is_amount(text: str) -> bool:
    """Whether a cell is a number, and no year, which may name a column."""
    return NUMBER.fullmatch(text) is not None and not _YEAR.fullmatch(text)


def names_of(headers: Sequence[Sequence[str]]) -> list[str]:
    """The name of each column: what its cells in all rows of names say, each said once."""
    columns = zip_longest(*headers, fillvalue="")
    return [" ".join(dict.fromkeys(text for text in column if text)).replace("|", "\\|") for column in columns]
