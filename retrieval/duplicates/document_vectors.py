"""A document's vector: the mean of those of its passages, each as long as its text."""

from __future__ import annotations

import numpy as np

from passagework.retrieval.types import Ids, Vectors


def mean_vectors(documents: Ids, vectors: Vectors, lengths: Ids) -> tuple[Ids, Vectors]:
    """Returns the documents, ascending, and a unit row for each: (m,) int64 and (m, dim) float32.

    `documents`, `vectors` and `lengths` have a row a passage. Where passages cancel one another out, the first counts.
    """
    order = np.argsort(documents, kind="stable")
    ids, begins = np.unique(documents[order], return_index=True)
    if not len(ids):
        return ids, vectors[:0]
    ends = [*begins[1:].tolist(), len(order)]
    means = np.empty((len(ids), vectors.shape[1]), np.float32)
    for row, (begin, end) in enumerate(zip(begins.tolist(), ends, strict=True)):
        rows = order[begin:end]
        means[row] = lengths[rows].astype(np.float32) @ vectors[rows]
        if not means[row].any():
            means[row] = vectors[rows[0]]
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    return ids, means
