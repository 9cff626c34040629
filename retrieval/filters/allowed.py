"""Looks up the passages that a filter lets through: all of them, or those of a few."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from typing import TypeAlias

import numpy as np

from passagework.retrieval.array_cache import ArrayCache
from passagework.retrieval.filters.compiler import Where, compile_filter
from passagework.retrieval.store import Snapshot
from passagework.retrieval.store.conditions import All, Condition
from passagework.retrieval.types import Ids

BROAD = 2
"""Times the pool that is first looked at without a filter that may be broad: quickest, if half passes."""

SAMPLE = 64
"""Passages by which a filter is judged: what lets through half of all, or a tenth, is told apart."""

CACHE_BYTES = 64 << 20
"""Bytes of looked-up filters kept for the next search: up to eight million ids."""


FilterCache: TypeAlias = ArrayCache[Ids]
"""What filters let through, by commit and filter."""


def filter_cache() -> FilterCache:
    """Returns an empty cache, of the size that a collection has."""
    return ArrayCache(CACHE_BYTES)


class AllowedIds:
    """The passages that a filter lets through, at one moment of a collection.

    `also` are conditions that must hold as well, made at the same moment. `asked` is what all these ask for;
    `condition` is that, and what may be seen at all.
    """

    def __init__(
        self,
        where: Where | None,
        snapshot: Snapshot,
        memory: FilterCache | None = None,
        also: Sequence[Condition] = (),
    ) -> None:
        filtered = [] if where is None else [compile_filter(where, snapshot)]
        self.asked = filtered[0] if filtered and not also else All((*filtered, *also))
        seen = snapshot.visible
        self.condition = self.asked if seen is None else All((seen, self.asked))
        self._where = where
        self._also = tuple(also)
        self._snapshot = snapshot
        self._memory = memory or filter_cache()
        self._broad: bool | None = None

    @cached_property
    def ids(self) -> Ids:
        """Returns all of them, ascending: looked up once, until something is committed."""
        key = self._key()
        ids = None if key is None else self._memory.get(key)
        if ids is None:
            ids = self._snapshot.matching(self.condition)
            if key is not None:
                self._memory.put(key, ids)
        return ids

    def _key(self) -> str | None:
        """Returns the filter at this moment, in words; None for one with a number that Python prints none of."""
        try:
            where = json.dumps(self._where, sort_keys=True, default=dict)
            return f"{self._snapshot.commits()} {where}{self._also or ''}{self._snapshot.visible or ''}"
        except ValueError:  # of more than 4,300 digits
            return None

    def is_broad(self, ids: Ids) -> bool:
        """Tells whether most passages seem to be among them, by a sample of the collection's `ids`; judged once."""
        if self._broad is None:
            # At random, always the same: documents may repeat in a pattern.
            sample = np.unique(ids[np.random.default_rng(0).integers(0, len(ids), SAMPLE)]) if len(ids) else ids
            self._broad = 2 * len(self.passing(sample)) > len(sample)
        return self._broad

    def passing(self, ids: Sequence[int] | Ids) -> Ids:
        """Returns those of a few ids that are among them, ascending."""
        return self._snapshot.passing(ids, self.condition)
