"""ExactIndex looks at every vector, in numpy: the oracle that other kinds are measured against."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from passagework.retrieval.dense.index.index_file import write_index
from passagework.retrieval.dense.index.scoring import finalists, picked_blocks, ranked, whole_blocks
from passagework.retrieval.dense.index.vector_index import (
    FilterPlan,
    IndexKind,
    SearchResult,
    checked_ids,
    checked_queries,
    plan_filter,
)
from passagework.retrieval.files import Write
from passagework.retrieval.ids import allowed_mask, rows_of
from passagework.retrieval.types import Ids, Vectors

WRITE_ROWS = 4096


@dataclass(frozen=True, slots=True, eq=False)
class ExactIndex:
    """Searches all of `matrix` (n, dim) float32 unit rows exactly; it may be a read-only memory map.

    `ids` (n,) int64 ascend. They are not copied: whoever passes the arrays leaves them alone from then on.
    """

    ids: Ids
    matrix: Vectors

    def __post_init__(self) -> None:
        checked_ids(self.ids, len(self.matrix), ascending=True)

    @property
    def kind(self) -> IndexKind:
        """Returns IndexKind.EXACT."""
        return IndexKind.EXACT

    @property
    def dim(self) -> int:
        """Returns the numbers per vector."""
        return int(self.matrix.shape[1])

    @property
    def lossless(self) -> bool:
        """Returns True: it keeps the vectors as they came."""
        return True

    def search(
        self, queries: Vectors, k: int, *, allowed: Ids | None = None, excluded: Ids | None = None
    ) -> SearchResult:
        """Searches as VectorIndex.search says."""
        queries = checked_queries(queries, self.dim, k)
        allowed_rows = allowed_mask(self.ids, allowed, excluded)
        matching = None if allowed_rows is None else int(np.count_nonzero(allowed_rows))
        plan = plan_filter(self.kind, len(self.ids), matching)
        if allowed_rows is not None and plan is FilterPlan.EXACT_WITHIN:
            rows = np.flatnonzero(allowed_rows)
            best = finalists(picked_blocks(rows, self._decode), None, queries, k)
            candidates = [rows[positions] for positions in best]
        else:
            masked = allowed_rows if plan is FilterPlan.SELECTOR else None
            candidates = finalists(whole_blocks(self.matrix, len(queries)), masked, queries, k)
        return SearchResult(*ranked(queries, candidates, self.ids, self._decode, k), plan)

    def vectors(self, ids: Ids) -> tuple[Ids, Vectors]:
        """Returns vectors as VectorIndex.vectors says."""
        rows = rows_of(self.ids, ids)
        return self.ids[rows], self._decode(rows)

    def save(self, path: Path) -> str:
        """Saves as VectorIndex.save says."""
        return write_index(
            path,
            kind=self.kind,
            dim=self.dim,
            ids=self.ids,
            parameters={},
            payload=self._write,
        )

    def _write(self, write: Write) -> None:
        for start in range(0, len(self.matrix), WRITE_ROWS):
            write(self.matrix[start : start + WRITE_ROWS].astype("<f4").tobytes())

    def _decode(self, rows: Ids) -> Vectors:
        return self.matrix[rows]
