"""Sets of passage ids: ascending arrays, ranges of them, and masks over an index's rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.types import Ids

Mask: TypeAlias = NDArray[np.bool_]
"""(n,) bool, one for each row of an index."""


def no_ids() -> Ids:
    """Returns an empty set."""
    return np.empty(0, np.int64)


def ids_of_ranges(ranges: Iterable[tuple[int, int]]) -> Ids:
    """Returns every id of ranges that include their first and their last."""
    parts = [np.arange(first, last + 1, dtype=np.int64) for first, last in ranges]
    return np.concatenate(parts) if parts else no_ids()


def allowed_mask(ids: Ids, allowed: Ids | None, excluded: Ids | None) -> Mask | None:
    """Returns (n,) bool: which of `ids` (ascending) are in `allowed` and not in `excluded`; None where all may be."""
    mask = None if allowed is None else _among(ids, allowed)
    if excluded is not None and len(excluded):
        gone = _among(ids, excluded)
        mask = ~gone if mask is None else mask & ~gone
    return mask


def _among(ids: Ids, members: Ids) -> Mask:
    """Tells which of `ids` (ascending) are `members`: by a table of all numbers for many, by bisection for a few."""
    mask = np.zeros(len(ids), np.bool_)
    if len(ids) and len(ids) == ids[-1] - ids[0] + 1:  # no number is missing between them: an id tells its row
        rows = members - ids[0]
        mask[rows[(rows >= 0) & (rows < len(ids))]] = True
        return mask
    if 20 * len(members) > len(ids):
        return np.isin(ids, members)
    mask[rows_of(ids, members)] = True
    return mask


def rows_of(ids: Ids, members: Ids) -> Ids:
    """Returns the ascending positions in `ids` (ascending) of those of `wanted` that are there."""
    unique = np.unique(np.asarray(members, dtype=np.int64))
    places = np.searchsorted(ids, unique)
    inside = places < len(ids)
    places, unique = places[inside], unique[inside]
    rows: Ids = places[ids[places] == unique]
    return rows
