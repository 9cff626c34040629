"""FaissIndex: flat, HNSW and IVF, with what FAISS alone doesn't promise: order among ties, k hits under any filter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from passagework.retrieval.dense.index.faiss_library import load_faiss
from passagework.retrieval.dense.index.index_file import write_index
from passagework.retrieval.dense.index.scoring import finalists, picked_blocks, ranked, rounding
from passagework.retrieval.dense.index.vector_index import (
    FilterPlan,
    IndexKind,
    Scores,
    SearchResult,
    checked_ids,
    checked_queries,
    plan_filter,
)
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.ids import Mask, allowed_mask, rows_of
from passagework.retrieval.types import Ids, Vectors

EFFORT_NAMES = {
    IndexKind.HNSW: "efSearch",
    IndexKind.IVF_FLAT: "nprobe",
    IndexKind.IVF_SQ8: "nprobe",
    IndexKind.IVF_PQ: "nprobe",
}
"""FAISS's name for how hard each approximate kind searches."""
MOST_HNSW_EFFORT = 4096
"""Visited neighbours past which looking at every allowed vector is as quick, and exact."""
FETCH_BEYOND = 16
"""Candidates asked for beyond k, so that near-ties at the edge are mostly seen in the first pass."""
POOL = 256
"""Candidates up to which the tuned effort is enough: the default pool, and what is fetched beyond it."""
WIDEN = 4
"""Factor by which effort, or the number fetched, grows where a pass fell short."""
DECODE_ROWS = 1000
"""FAISS decodes more at once on a team of threads, whose start costs more than it saves.

Up to so many allowed rows are decoded and scored here; more are left to FAISS with a mask, which looks at each row's
number first (5,000 of 100,000 rows: 1.3 ms against 14).
"""


@dataclass(frozen=True, slots=True, eq=False)
class FaissIndex:
    """Searches a trained and filled FAISS inner-product index whose numbers are positions in `ids` (n,) int64.

    `parameters` are those of build and search (`nprobe` or `efSearch`); `index` is FAISS's own object.
    """

    kind: IndexKind
    ids: Ids
    parameters: Mapping[str, int]
    index: Any

    def __post_init__(self) -> None:
        checked_ids(self.ids, int(self.index.ntotal), ascending=True)
        if self.index.metric_type != load_faiss().METRIC_INNER_PRODUCT:
            raise ConfigError("the FAISS index doesn't measure inner products")
        effort = EFFORT_NAMES.get(self.kind)
        if effort is not None and self.parameters.get(effort, 0) < 1:
            raise ConfigError(f"index kind {self.kind.value}: parameter {effort} is missing")
        if effort == "nprobe":
            self.index.parallel_mode = 1  # by lists, so that one query uses all cores: FAISS's own way is by queries

    @property
    def dim(self) -> int:
        """Returns the numbers per vector."""
        return int(self.index.d)

    @property
    def lossless(self) -> bool:
        """Tells whether the kind keeps the float32 vectors."""
        return self.kind.lossless

    def search(
        self, queries: Vectors, k: int, *, allowed: Ids | None = None, excluded: Ids | None = None
    ) -> SearchResult:
        """Searches as VectorIndex.search says. Scores of the coded kinds are cosines with the decoded vectors."""
        queries = checked_queries(queries, self.dim, k)
        allowed_rows = allowed_mask(self.ids, allowed, excluded)
        matching = len(self.ids) if allowed_rows is None else int(np.count_nonzero(allowed_rows))
        plan = plan_filter(self.kind, len(self.ids), matching)
        exhaustive = plan is FilterPlan.EXACT_WITHIN
        widened = False
        if matching == 0 or (exhaustive and matching <= DECODE_ROWS):
            candidates = self._scan(queries, k, allowed_rows)
        else:
            mask = None if plan is FilterPlan.NONE else allowed_rows
            candidates, widened = self._candidates(queries, min(k, matching), mask, matching, exhaustive=exhaustive)
        return SearchResult(*ranked(queries, candidates, self.ids, self.decode, k), plan, widened)

    def vectors(self, ids: Ids) -> tuple[Ids, Vectors]:
        """Returns vectors as VectorIndex.vectors says."""
        if not self.lossless:
            raise ConfigError(f"index kind {self.kind.value} keeps codes, not vectors; read those from the store")
        rows = rows_of(self.ids, ids)
        return self.ids[rows], self.decode(rows)

    def save(self, path: Path) -> str:
        """Saves as VectorIndex.save says."""
        faiss = load_faiss()
        return write_index(
            path,
            kind=self.kind,
            dim=self.dim,
            ids=self.ids,
            parameters=self.parameters,
            payload=lambda write: faiss.write_index(self.index, faiss.PyCallbackIOWriter(write)),
        )

    def decode(self, rows: Ids) -> Vectors:
        """Returns the vectors kept for `rows` (positions in `ids`): the originals where lossless, else decoded."""
        decoded: Vectors = np.empty((len(rows), self.dim), np.float32)
        for start in range(0, len(rows), DECODE_ROWS):
            end = start + DECODE_ROWS
            self.index.reconstruct_batch(rows[start:end], decoded[start:end])
        return decoded

    def _scan(self, queries: Vectors, k: int, allowed: Mask | None) -> list[Ids]:
        rows = np.arange(len(self.ids)) if allowed is None else np.flatnonzero(allowed)
        best = finalists(picked_blocks(rows, self.decode), None, queries, k)
        return [rows[positions] for positions in best]

    def _candidates(
        self, queries: Vectors, want: int, allowed: Mask | None, matching: int, *, exhaustive: bool
    ) -> tuple[list[Ids], bool]:
        """Returns `want` candidate rows per query with all near-ties of the last, and whether effort was raised."""
        candidates: list[Ids] = [np.empty(0, np.int64)] * len(queries)
        pending = np.arange(len(queries))
        fetch = min(matching, want + FETCH_BEYOND)
        effort = None if exhaustive else self._first_effort(fetch, matching)
        widened = False
        while len(pending):
            scores, rows = self._probe(queries[pending], fetch, effort, allowed)
            hits = np.count_nonzero(rows >= 0, axis=1)
            short = (hits < want) & (effort is not None)
            near = scores[:, -1] >= scores[:, want - 1] - 2 * rounding(self.dim)
            unsettled = short | (near & (hits == fetch) & (fetch < matching))
            for i in np.flatnonzero(~unsettled):
                candidates[pending[i]] = rows[i, : hits[i]]
            pending = pending[unsettled]
            if short.any():
                effort = self._more_effort(effort)
                widened = True
            elif len(pending):
                fetch = min(matching, fetch * WIDEN)
                effort = None if effort is None else self._first_effort(fetch, matching)
        return candidates, widened

    def _first_effort(self, fetch: int, matching: int) -> int | None:
        """Returns the tuned effort, times five where a filter lets one in five pass: its k nearest lie farther out.

        So do those of a large pool.
        """
        if self.kind is IndexKind.FLAT:
            return None
        tuned = self.parameters[EFFORT_NAMES[self.kind]] * max(1, fetch // POOL)
        scaled = -(-tuned * len(self.ids) // matching)
        if self.kind is not IndexKind.HNSW:
            return min(scaled, int(self.index.nlist))
        # A graph search returns no more than it visits; twice that keeps the last ones trustworthy.
        return None if 2 * fetch > MOST_HNSW_EFFORT else max(min(scaled, MOST_HNSW_EFFORT), 2 * fetch)

    def _more_effort(self, effort: int | None) -> int | None:
        """Returns the next effort; None looks at every allowed vector."""
        most = MOST_HNSW_EFFORT if self.kind is IndexKind.HNSW else int(self.index.nlist)
        return None if effort is None or effort * WIDEN >= most else effort * WIDEN

    def _probe(self, queries: Vectors, fetch: int, effort: int | None, allowed: Mask | None) -> tuple[Scores, Ids]:
        """Returns FAISS's (m, fetch) scores and rows, padded with rows of -1. Effort None finds the true best."""
        faiss = load_faiss()
        bitmap = None if allowed is None else np.packbits(allowed, bitorder="little")
        selector = None if bitmap is None else faiss.IDSelectorBitmap(bitmap)
        index = self.index
        if self.kind is IndexKind.FLAT:
            settings = faiss.SearchParameters(sel=selector)
        elif self.kind is not IndexKind.HNSW:
            settings = faiss.SearchParametersIVF(sel=selector, nprobe=effort or int(index.nlist))
        elif effort is None:
            index, settings = faiss.downcast_index(index.storage), faiss.SearchParameters(sel=selector)
        else:
            settings = faiss.SearchParametersHNSW(sel=selector, efSearch=effort)
        scores, rows = index.search(queries, fetch, params=settings)
        return scores, rows
