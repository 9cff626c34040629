"""The passages that a filter lets through: all of them, or those of a few."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from retrieval.filters import Condition, Where, compile_filter
from retrieval.store import Snapshot
from retrieval.types import Ids

SAMPLE = 64
"""Passages by which a filter is judged: what lets through half of all, or a tenth, is told apart."""

REMEMBERED_BYTES = 64 << 20
"""Of looked-up filters kept for the next search: eight million ids."""


class FilterMemory:
    """What filters let through, by filter and commit, within a number of bytes; shared among threads."""

    def __init__(self, limit: int = REMEMBERED_BYTES) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, int], Ids] = OrderedDict()
        self._bytes = 0

    def get(self, where: str, commit: int) -> Ids | None:
        """What was kept of a filter as of this commit."""
        with self._lock:
            if (where, commit) in self._kept:
                self._kept.move_to_end((where, commit))
            return self._kept.get((where, commit))

    def put(self, where: str, commit: int, ids: Ids) -> None:
        """Keeps them, and forgets what was asked for longest ago."""
        ids.flags.writeable = False
        with self._lock:
            if (where, commit) not in self._kept:
                self._kept[where, commit] = ids
                self._bytes += ids.nbytes
            while self._bytes > self._limit:
                self._bytes -= self._kept.popitem(last=False)[1].nbytes


class Within:
    """The passages that a filter lets through, at one moment of a collection."""

    def __init__(self, where: Where, snapshot: Snapshot, memory: FilterMemory | None = None) -> None:
        self.condition = compile_filter(where, snapshot)
        self._where = where
        self._snapshot = snapshot
        self._memory = memory or FilterMemory()
        self._broad: bool | None = None

    @cached_property
    def ids(self) -> Ids:
        """All of them, ascending: looked up once, until something is committed."""
        where, commit = json.dumps(self._where, sort_keys=True, default=repr), self._snapshot.commits()
        found = self._memory.get(where, commit)
        if found is None:
            found = self._snapshot.matching(self.condition)
            self._memory.put(where, commit, found)
        return found

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
