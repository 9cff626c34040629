"""Exact search on a GPU by torch: the nearest by half-precision products, scored again exactly.

The matrix lies on the device in half precision and is multiplied block by block. How far such a product may lie from
the true cosine is known, so every row that could be among the k best is a finalist; the host scores those from the
float32 vectors, by the same rule as every other kind. So scores, order and ties are ExactIndex's, whatever the device.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from passagework.retrieval.dense.index.exact import ExactIndex
from passagework.retrieval.dense.index.scoring import ranked, rounding
from passagework.retrieval.dense.index.vector_index import (
    FilterPlan,
    IndexKind,
    SearchResult,
    VectorIndex,
    checked_queries,
    plan_filter,
)
from passagework.retrieval.forks import ForkSafeLock
from passagework.retrieval.ids import Mask, allowed_mask
from passagework.retrieval.types import Ids, Vectors

if TYPE_CHECKING:
    import torch

LEAST_ROWS = 50_000
"""Rows: below, the host takes a few milliseconds, about as long as asking the device."""
BLOCK_ROWS = 1 << 17
"""Rows multiplied at once."""
BLOCK_BYTES = 256 << 20
"""Bytes of one block's scores (float32): the scratch memory of a search, beside twice as much for the k best."""
SHARE_OF_MEMORY = 0.5
"""Share of the device's free memory that a matrix may take: the encoder and the reranker need the rest."""
BEYOND = 16
"""Candidates beyond k that are fetched at first, so that near-ties at the edge are mostly seen at once."""
WIDEN = 4


@dataclass(frozen=True, eq=False)
class GpuIndex:
    """Searches `exact` (n, dim) on a GPU where there is one with room for it, else as it is.

    `named` is a device of torch's, for tests; by default it is found at the first search, when the encoder has loaded
    torch; never in a forked child of the process that made this. One search at a time has the device's scratch memory.
    """

    exact: ExactIndex
    named: str | None = None
    _lock: ForkSafeLock = field(default_factory=ForkSafeLock, init=False, repr=False)
    _process: int = field(default_factory=os.getpid, init=False, repr=False)

    @property
    def kind(self) -> IndexKind:
        """Returns IndexKind.EXACT: where it is computed is no kind of its own, and nothing that is saved."""
        return IndexKind.EXACT

    @property
    def dim(self) -> int:
        """Returns the numbers per vector."""
        return self.exact.dim

    @property
    def ids(self) -> Ids:
        """Returns the ids as VectorIndex.ids says."""
        return self.exact.ids

    @property
    def lossless(self) -> bool:
        """Returns True: it keeps the vectors as they came."""
        return True

    def search(
        self, queries: Vectors, k: int, *, allowed: Ids | None = None, excluded: Ids | None = None
    ) -> SearchResult:
        """Searches as VectorIndex.search says. A filter that lets few through is left to the host."""
        if self._device is None:
            return self.exact.search(queries, k, allowed=allowed, excluded=excluded)
        queries = checked_queries(queries, self.dim, k)
        allowed_rows = allowed_mask(self.ids, allowed, excluded)
        matching = len(self.ids) if allowed_rows is None else int(np.count_nonzero(allowed_rows))
        plan = plan_filter(self.kind, len(self.ids), None if allowed_rows is None else matching)
        if plan is FilterPlan.EXACT_WITHIN or not matching or not len(queries):
            return self.exact.search(queries, k, allowed=allowed, excluded=excluded)
        step = max(1, BLOCK_BYTES // (4 * min(BLOCK_ROWS, len(self.ids))))
        candidates: list[Ids] = []
        with self._lock:
            for start in range(0, len(queries), step):
                candidates += self._finalists(queries[start : start + step], min(k, matching), allowed_rows, matching)
        best = ranked(queries, candidates, self.ids, self.exact.matrix.__getitem__, k)
        return SearchResult(*best, plan)

    def vectors(self, ids: Ids) -> tuple[Ids, Vectors]:
        """Returns vectors as VectorIndex.vectors says."""
        return self.exact.vectors(ids)

    def save(self, path: Path) -> str:
        """Saves as VectorIndex.save says."""
        return self.exact.save(path)

    @property
    def _device(self) -> str | None:
        if self.named is None and ("torch" not in sys.modules or os.getpid() != self._process):
            return None  # a forked child can't use its parent's GPU
        return self._available_device

    @cached_property
    def _available_device(self) -> str | None:
        return self.named or ("cuda" if gpu_has_room(self.exact.matrix.size) else None)

    @cached_property
    def _device_matrix(self) -> torch.Tensor:
        import torch

        matrix = torch.empty(self.exact.matrix.shape, dtype=_dtype(), device=self._device)
        for start in range(0, len(matrix), BLOCK_ROWS):  # block by block: the whole in float32 need never be there
            block = np.array(self.exact.matrix[start : start + BLOCK_ROWS])
            matrix[start : start + len(block)] = torch.from_numpy(block).to(self._device)
        return matrix

    def _finalists(self, queries: Vectors, k: int, allowed: Mask | None, matching: int) -> list[Ids]:
        """Returns the rows per query that may be among its k best, fetched until the last is surely beyond them."""
        import torch

        vectors = torch.from_numpy(queries).to(self._device, _dtype())
        mask = None if allowed is None else torch.from_numpy(allowed).to(self._device)
        finalists: list[Ids] = [np.empty(0, np.int64)] * len(queries)
        pending = np.arange(len(queries))
        fetch = min(matching, k + BEYOND)
        while len(pending):
            scores, rows = self._best(vectors[torch.from_numpy(pending).to(self._device)], fetch, mask)
            # Both the k-th and a row beyond the last one fetched may be off by the slack.
            least = scores[:, k - 1] - 2 * half_rounding(self.dim)
            settled = (scores[:, -1] < least) | (fetch >= matching)
            for i in np.flatnonzero(settled):
                finalists[pending[i]] = rows[i, scores[i] >= least[i]]
            pending = pending[~settled]
            fetch = min(matching, fetch * WIDEN)
        return finalists

    def _best(self, queries: torch.Tensor, fetch: int, mask: torch.Tensor | None) -> tuple[Any, Ids]:
        """Returns the `fetch` best scores (m, fetch) float32, descending, and their rows."""
        import torch

        matrix = self._device_matrix
        best_scores = torch.empty((len(queries), 0), dtype=torch.float32, device=self._device)
        best_rows = torch.empty((len(queries), 0), dtype=torch.int64, device=self._device)
        for start in range(0, len(matrix), BLOCK_ROWS):
            block = matrix[start : start + BLOCK_ROWS]
            scores = (queries @ block.T).float()
            if mask is not None:
                scores.masked_fill_(~mask[start : start + len(block)], -torch.inf)
            top, rows = torch.topk(scores, min(fetch, len(block)), dim=1)
            best_scores = torch.cat([best_scores, top], dim=1)
            best_rows = torch.cat([best_rows, rows + start], dim=1)
            best_scores, order = torch.topk(best_scores, min(fetch, best_scores.shape[1]), dim=1)
            best_rows = torch.gather(best_rows, 1, order)
        return best_scores.cpu().numpy(), best_rows.cpu().numpy()


def half_rounding(dim: int) -> float:
    """Returns how far a product in float16 may lie from the float32 one, of unit rows.

    Rounding both rows costs 2 * 2**-11 of the sum of what is multiplied, which is at most 1. CUDA may add up in parts,
    and round each part and the result to float16: as much again for a few parts.
    """
    return 8 * 2.0**-11 + rounding(dim)


def gpu_has_room(numbers: int) -> bool:
    """Tells whether so many numbers (vectors x dimensions) fit on a GPU; never where torch isn't loaded."""
    torch: Any = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return False
    free, _ = torch.cuda.mem_get_info()
    return bool(2 * numbers <= SHARE_OF_MEMORY * free)


def on_best_device(index: VectorIndex) -> VectorIndex:
    """Returns `index`, searched on a GPU if there is one, it is exact, and so large that this pays."""
    return GpuIndex(index) if isinstance(index, ExactIndex) and len(index.ids) >= LEAST_ROWS else index


def _dtype() -> torch.dtype:
    """Returns float16: unit rows can't overflow it, and it is 8 times as exact as bfloat16."""
    import torch

    return torch.float16
