"""Vectors with many ties, every index kind built over them once, and the definition of a right answer."""

from __future__ import annotations

import numpy as np
from hypothesis import settings

from passagework.retrieval.dense.index import Built, FaissIndex, IndexKind, SearchResult, VectorIndex, build_index
from passagework.retrieval.types import Ids, Vectors

KINDS = list(IndexKind)
APPROXIMATE = [kind for kind in KINDS if kind.approximate]
N, DIM = 3000, 16

few = settings(max_examples=25, deadline=None)


def unit(rows: Vectors) -> Vectors:
    """`rows` at length 1."""
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def clustered(n: int, dim: int = DIM, seed: int = 0) -> Vectors:
    """Unit rows around 20 centres, one row in ten a copy of its neighbour, so that ties abound."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((20, dim))
    rows = unit((centres[random.integers(0, 20, n)] + 0.5 * random.standard_normal((n, dim))).astype(np.float32))
    rows[1::10] = rows[0 : n - 1 : 10][: len(rows[1::10])]
    return rows


IDS: Ids = np.arange(N, dtype=np.int64) * 3 + 7
VECTORS = clustered(N)
QUERIES = unit(VECTORS[5::300] + 0.3 * clustered(len(VECTORS[5::300]), seed=9))
_built: dict[IndexKind, Built] = {}


def built(kind: IndexKind) -> Built:
    """The index of `kind` over VECTORS, built once."""
    if kind not in _built:
        _built[kind] = build_index(IDS, VECTORS, kind=kind)
    return _built[kind]


def kept(index: VectorIndex) -> Vectors:
    """What `index` keeps of VECTORS: the very rows, or what its codes mean."""
    if index.lossless:
        return VECTORS
    assert isinstance(index, FaissIndex)
    return index.decode(np.arange(N))


def by_definition(
    ids: Ids, vectors: Vectors, queries: Vectors, k: int, allowed: set[int] | None = None
) -> tuple[list[list[int]], list[list[float]]]:
    """The k best of each query in plain Python: by cosine descending, then by id."""
    best_ids, best_scores = [], []
    for query in queries:
        scores = vectors.astype(np.float64) @ query.astype(np.float64)
        pairs = [
            (-float(np.float32(score)), int(one))
            for one, score in zip(ids, scores, strict=True)
            if allowed is None or int(one) in allowed
        ]
        best = sorted(pairs)[:k]
        best_ids.append([one for _, one in best] + [-1] * (k - len(best)))
        best_scores.append([-score for score, _ in best] + [-np.inf] * (k - len(best)))
    return best_ids, best_scores


def assert_same(result: SearchResult, expected: tuple[list[list[int]], list[list[float]]]) -> None:
    """The very ids in the very order, and the scores to the last bit but one."""
    assert result.ids.tolist() == expected[0]
    np.testing.assert_allclose(result.scores, np.array(expected[1], np.float32), rtol=0, atol=1.2e-7)
    assert result.ids.dtype == np.int64
    assert result.scores.dtype == np.float32
