"""The one definition of a score, of order, and of ties, which every index kind shares.

Matrix products and FAISS find the finalists; their last bits depend on where in a block a row stands, so two passages
with one text could differ. Finalists are therefore every row within rounding of the k-th, and their scores are
computed again in a way that depends on query and vector alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

import numpy as np

from passagework.retrieval.dense.index.vector_index import Scores
from passagework.retrieval.ids import Mask
from passagework.retrieval.types import Ids, Vectors

Decode: TypeAlias = Callable[[Ids], Vectors]

BLOCK_ROWS = 16_384
"""Rows gathered or decoded at once: 25 MB at 384 dimensions."""
BLOCK_SCORES = 1 << 23
"""Scores held at once by a scan: 32 MB."""


def cosines(query: Vectors, vectors: Vectors) -> Scores:
    """Returns inner products of `query` (dim,) with `vectors` (n, dim): (n,) float32, the same wherever a row stands.

    They are summed in float64 and rounded once, so that the order of additions can't show.
    """
    wide = query.astype(np.float64)
    parts = [
        np.einsum("nd,d->n", vectors[start : start + BLOCK_ROWS].astype(np.float64), wide)
        for start in range(0, len(vectors), BLOCK_ROWS)
    ]
    return np.concatenate(parts).astype(np.float32) if parts else np.empty(0, np.float32)


def rounding(dim: int) -> float:
    """Returns how far two float32 inner products of the same unit rows may lie apart.

    Each is off by at most dim * 2**-24 (N. J. Higham, Accuracy and Stability of Numerical Algorithms, eq. 3.5).
    """
    return dim * 2.0**-23


def finalists(blocks: Iterable[tuple[int, Vectors]], allowed: Mask | None, queries: Vectors, k: int) -> list[Ids]:
    """Returns per query the positions whose score is within rounding of its k best, or better.

    `blocks` are (first position, rows); `allowed` (over all positions) keeps others out.
    """
    by_query: list[list[tuple[Ids, Scores]]] = [[] for _ in queries]
    slack = 2 * rounding(queries.shape[1])
    for start, block in blocks:
        scores = _products(queries, block)
        if allowed is not None:
            scores[:, ~allowed[start : start + len(block)]] = -np.inf
        for row, of_query in zip(scores, by_query, strict=True):
            positions = _near_best(row, k, slack)
            of_query.append((positions + start, row[positions]))
    return [_merged(parts, k, slack) for parts in by_query]


def inner_products(vectors: Vectors, query: Vectors) -> Scores:
    """Returns inner products of `vectors` (n, dim) with `query` (dim,): (n,), computed on this thread alone.

    A product of matrices is spread over threads, which go on spinning when they are done: on two cores the encoder
    then took 6.3 ms for the next query in place of 3.9. It is no faster for one query either: 100,000 vectors of 384
    dimensions take 5.9 ms by two threads of OpenBLAS, and so they do here (5.0 where NumPy has vecdot).
    """
    if hasattr(np, "vecdot"):  # NumPy 2
        return np.asarray(np.vecdot(vectors, query))
    return np.asarray(np.einsum("nd,d->n", vectors, query))


def _products(queries: Vectors, block: Vectors) -> Scores:
    """Returns inner products (m, n) float32, of several queries by torch where an encoder has loaded it.

    NumPy's own threads go on spinning for a while when they are done: the encoder's next query then took 22 ms at the
    median and 107 ms at the 95th percentile, in place of 9 and 11.
    """
    if len(queries) == 1:
        return inner_products(block, queries[0])[None]
    torch = sys.modules.get("torch")
    writeable = queries.flags.writeable and block.flags.writeable  # torch warns of others
    if torch is None or not writeable or torch.get_float32_matmul_precision() != "highest":
        plain: Scores = queries @ block.T
        return plain
    product: Scores = (torch.from_numpy(queries) @ torch.from_numpy(block).T).numpy()
    return product


def _near_best(scores: Scores, k: int, slack: float) -> Ids:
    if len(scores) <= k:
        return np.flatnonzero(scores > -np.inf)
    kth = np.partition(scores, len(scores) - k)[len(scores) - k]
    return np.flatnonzero((scores >= kth - slack) & (scores > -np.inf))


def _merged(parts: Sequence[tuple[Ids, Scores]], k: int, slack: float) -> Ids:
    if not parts:
        return np.empty(0, np.int64)
    if len(parts) == 1:
        return parts[0][0]
    positions = np.concatenate([part[0] for part in parts])
    return positions[_near_best(np.concatenate([part[1] for part in parts]), k, slack)]


def whole_blocks(matrix: Vectors, queries: int) -> Iterator[tuple[int, Vectors]]:
    """Yields `matrix` in order, in blocks whose scores for so many queries fit BLOCK_SCORES."""
    step = max(1, BLOCK_SCORES // max(1, queries))
    for start in range(0, len(matrix), step):
        yield start, matrix[start : start + step]


def picked_blocks(rows: Ids, decode: Decode) -> Iterator[tuple[int, Vectors]]:
    """Yields the vectors of `rows`, block by block; positions count in `rows`."""
    for start in range(0, len(rows), BLOCK_ROWS):
        yield start, decode(rows[start : start + BLOCK_ROWS])


def ranked(queries: Vectors, candidates: Sequence[Ids], ids: Ids, decode: Decode, k: int) -> tuple[Ids, Scores]:
    """Returns each query's best k candidates (row numbers): ids and scores (m, k), ties by ascending id, padded."""
    out_ids = np.full((len(queries), k), -1, np.int64)
    out_scores = np.full((len(queries), k), -np.inf, np.float32)
    for i, (query, rows) in enumerate(zip(queries, candidates, strict=True)):
        if not len(rows):
            continue
        scores = np.concatenate([cosines(query, block) for _, block in picked_blocks(rows, decode)])
        order = np.lexsort((ids[rows], -scores))[:k]
        out_ids[i, : len(order)] = ids[rows][order]
        out_scores[i, : len(order)] = scores[order]
    return out_ids, out_scores
