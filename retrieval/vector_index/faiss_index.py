"""FaissIndex: flat, HNSW and IVF, with what FAISS alone doesn't promise: order among ties, k hits under any filter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from retrieval.errors import ConfigError
from retrieval.vector_index.container import write_index
from retrieval.vector_index.faiss_library import load_faiss
from retrieval.vector_index.protocol import (
    FilterPlan,
    IndexKind,
    SearchResult,
    allowed_mask,
    checked_ids,
    checked_queries,
    plan_filter,
)
from retrieval.vector_index.scoring import finalists, picked_blocks, ranked, rounding

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from retrieval.types import Ids, Vectors
    from retrieval.vector_index.protocol import Mask, Scores

EFFORT_NAMES = {
    IndexKind.HNSW: "efSearch",
    IndexKind.IVF_FLAT: "nprobe",
    IndexKind.IVF_SQ8: "nprobe",
    IndexKind.IVF_PQ: "nprobe",
}
"""FAISS's name for how hard each approximate kind searches."""
MOST_HNSW_EFFORT = 4096
"""Past so many visited neighbours a scan of the allowed rows is as quick, and exact."""
FETCH_BEYOND = 16
"""Candidates asked for beyond k, so that near-ties at the edge are mostly seen in the first pass."""
WIDEN = 4
"""Factor by which effort, or the number fetched, grows where a pass fell short."""


@dataclass(frozen=True, slots=True, eq=False)
class FaissIndex:
    """A trained and filled FAISS inner-product index whose internal numbers are positions in `ids` (n,) int64.

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

    @property
    def dim(self) -> int:
        """Numbers per vector."""
        return int(self.index.d)

    @property
    def lossless(self) -> bool:
        """Whether the kind keeps the float32 vectors."""
        return self.kind.lossless

    def search(
        self, queries: Vectors, k: int, *, within: Ids | None = None, without: Ids | None = None
    ) -> SearchResult:
        """See VectorIndex.search. Scores of the coded kinds are cosines with the decoded vectors."""
        queries = checked_queries(queries, self.dim, k)
        allowed = allowed_mask(self.ids, within, without)
        matching = len(self.ids) if allowed is None else int(np.count_nonzero(allowed))
        plan = plan_filter(self.kind, len(self.ids), matching)
        widened = False
        if plan is FilterPlan.EXACT_WITHIN or not matching:
            candidates = self._scan(queries, k, allowed)
        else:
            mask = allowed if plan is FilterPlan.SELECTOR else None
            candidates, widened = self._find(queries, min(k, matching), mask, matching)
        return SearchResult(*ranked(queries, candidates, self.ids, self.decode, k), plan, widened)

    def vectors(self, ids: Ids) -> tuple[Ids, Vectors]:
        """See VectorIndex.vectors."""
        if not self.lossless:
            raise ConfigError(f"index kind {self.kind.value} keeps codes, not vectors; read those from the store")
        rows = np.flatnonzero(np.isin(self.ids, ids))
        return self.ids[rows], self.decode(rows)

    def save(self, path: Path) -> str:
        """See VectorIndex.save."""
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
        """The vectors kept for `rows` (positions in `ids`): the originals where lossless, else their codes' meaning."""
        decoded: Vectors = self.index.reconstruct_batch(rows)
        return decoded

    def _scan(self, queries: Vectors, k: int, allowed: Mask | None) -> list[Ids]:
        rows = np.arange(len(self.ids)) if allowed is None else np.flatnonzero(allowed)
        best = finalists(picked_blocks(rows, self.decode), None, queries, k)
        return [rows[positions] for positions in best]

    def _find(self, queries: Vectors, want: int, allowed: Mask | None, matching: int) -> tuple[list[Ids], bool]:
        """Per query at least `want` candidate rows with all near-ties of the last, and whether that took widening."""
        found: list[Ids] = [np.empty(0, np.int64)] * len(queries)
        pending = np.arange(len(queries))
        fetch = min(matching, want + FETCH_BEYOND)
        effort, most = self._efforts(fetch, matching)
        widened = False
        while len(pending):
            scores, rows = self._probe(queries[pending], fetch, effort, allowed)
            hits = np.count_nonzero(rows >= 0, axis=1)
            short = hits < want
            near = scores[:, -1] >= scores[:, want - 1] - 2 * rounding(self.dim)
            unsettled = short | (near & (hits == fetch) & (fetch < matching))
            for i in np.flatnonzero(~unsettled):
                found[pending[i]] = rows[i, : hits[i]]
            pending = pending[unsettled]
            if short.any():
                widened = True
                if effort >= most:
                    break
                effort = min(most, effort * WIDEN)
            elif len(pending):
                fetch = min(matching, fetch * WIDEN)
                effort = max(effort, self._efforts(fetch, matching)[0])
        if len(pending):
            for i, rows in zip(pending, self._scan(queries[pending], want, allowed), strict=True):
                found[i] = rows
        return found, widened

    def _efforts(self, fetch: int, matching: int) -> tuple[int, int]:
        """First and greatest effort: a filter that lets one in five pass needs five times the neighbourhood."""
        if self.kind not in EFFORT_NAMES:
            return 1, 1
        n = len(self.ids)
        tuned = self.parameters[EFFORT_NAMES[self.kind]]
        scaled = -(-tuned * n // matching)
        if self.kind is IndexKind.HNSW:
            most = max(MOST_HNSW_EFFORT, 2 * fetch)
            # A graph search returns no more than it visits; twice that keeps the last ones trustworthy.
            return min(most, max(scaled, 2 * fetch)), most
        nlist = int(self.index.nlist)
        return min(nlist, scaled), nlist

    def _probe(self, queries: Vectors, fetch: int, effort: int, allowed: Mask | None) -> tuple[Scores, Ids]:
        faiss = load_faiss()
        bitmap = None if allowed is None else np.packbits(allowed, bitorder="little")
        selector = None if bitmap is None else faiss.IDSelectorBitmap(bitmap)
        if self.kind is IndexKind.FLAT:
            settings = faiss.SearchParameters(sel=selector)
        elif self.kind is IndexKind.HNSW:
            settings = faiss.SearchParametersHNSW(sel=selector, efSearch=effort)
        else:
            settings = faiss.SearchParametersIVF(sel=selector, nprobe=effort)
        scores, rows = self.index.search(queries, fetch, params=settings)
        return scores, rows
