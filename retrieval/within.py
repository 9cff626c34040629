"""The passages that a filter lets through: all of them, or those of a few."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from retrieval.filters import Condition, Where, compile_filter
from retrieval.store import Snapshot
from retrieval.types import Ids

SAMPLE = 64
"""Passages by which a filter is judged: what lets through half of all, or a tenth, is told apart."""


class Within:
    """The passages that a filter lets through, at one moment of a collection."""

    def __init__(self, where: Where, snapshot: Snapshot) -> None:
        self.condition = compile_filter(where, snapshot)
        self._where = where
        self._snapshot = snapshot
        self._broad: bool | None = None

    @cached_property
    def ids(self) -> Ids:
        """All of them, ascending, looked up once."""
        return self._snapshot.matching(self.condition)

    def is_broad(self, ids: Ids) -> bool:
        """Whether most passages seem to be among them, by a few spread over the collection's `ids`; judged once."""
        if self._broad is None:
            # At random, always the same: documents may repeat in a pattern.
            some = np.unique(ids[np.random.default_rng(0).integers(0, len(ids), SAMPLE)]) if len(ids) else ids
            self._broad = 2 * len(self.passing(some)) > len(some)
        return self._broad

    def passing(self, ids: Sequence[int] | Ids) -> Ids:
        """Those of a few ids that are among them, ascending."""
        return self._snapshot.passing(ids, self._one_by_one)

    @cached_property
    def _one_by_one(self) -> Condition:
        return compile_filter(self._where, self._snapshot, one_by_one=True)
