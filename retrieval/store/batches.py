"""Values in portions that one statement takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

BATCH = 20_000
"""Ids bound to one statement; SQLite takes 32,766 variables at most."""


def batches(values: Any, size: int = BATCH) -> Iterator[list[Any]]:
    """Lists of at most `size` of them, in order."""
    items = values.tolist() if isinstance(values, np.ndarray) else list(values)
    for start in range(0, len(items), size):
        yield items[start : start + size]
