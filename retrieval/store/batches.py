"""Parts values into batches that one statement takes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, func, select

BATCH = 20_000
"""Ids bound to one statement; SQLite takes 32,766 variables at most."""


def in_ids(column: ColumnElement[int], ids: Sequence[int]) -> ColumnElement[bool]:
    """Tells whether a column is in `ids`, bound as one text: a statement with a variable for each is slow to make."""
    listed = func.json_each(json.dumps(ids)).table_valued("value")
    return column.in_(select(listed.c.value))


def batches(values: Any, size: int = BATCH) -> Iterator[list[Any]]:
    """Lists of at most `size` of them, in order."""
    items = values.tolist() if isinstance(values, np.ndarray) else list(values)
    for start in range(0, len(items), size):
        yield items[start : start + size]
