"""Nearest passages by cosine: an immutable base, an exact tail of later changes, and FAISS where size asks for it.

    vector_index.py   what every index promises; how a filter is planned
    scoring.py        the one definition of a score, of order and of ties
    exact.py          ExactIndex: numpy, the oracle
    gpu.py            an ExactIndex searched on a GPU, with the same answers
    faiss_library.py  FAISS, imported only when a kind needs it
    faiss_index.py    FaissIndex: flat, HNSW, IVF with float32, scalar or product codes
    build.py          which kind, trained how, proven against exact
    index_file.py     the file of a saved index
    load.py           from a file back to an index, digest first
    tail.py, live_index.py  LiveIndex: a base with additions and removals, as an immutable value

Scores are inner products of unit rows, so cosines, and higher is better; no distance leaves this package. Each
kind but the coded ones (ivf-sq8, ivf-pq) gives a passage the very same float32 score for the same query.
"""

from __future__ import annotations

from passagework.retrieval.dense.index.build import Built, automatic_kind, build_index
from passagework.retrieval.dense.index.exact import ExactIndex
from passagework.retrieval.dense.index.faiss_index import FaissIndex
from passagework.retrieval.dense.index.gpu import GpuIndex, on_best_device
from passagework.retrieval.dense.index.live_index import LiveIndex
from passagework.retrieval.dense.index.load import load_index
from passagework.retrieval.dense.index.scoring import cosines
from passagework.retrieval.dense.index.vector_index import FilterPlan, IndexKind, SearchResult, VectorIndex, plan_filter

__all__ = [
    "Built",
    "ExactIndex",
    "FaissIndex",
    "FilterPlan",
    "GpuIndex",
    "IndexKind",
    "LiveIndex",
    "SearchResult",
    "VectorIndex",
    "automatic_kind",
    "build_index",
    "cosines",
    "load_index",
    "on_best_device",
    "plan_filter",
]
