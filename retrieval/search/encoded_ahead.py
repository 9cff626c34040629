"""Encodes the queries of several searches in one call, when the first of them needs its vector."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.types import Vectors
from passagework.retrieval.words.folding import folded

AT_ONCE = 64
"""Queries of one call: their token vectors, which reranking asks for, are remembered until their turn (REMEMBERED)."""


class EncodedAhead:
    """Gives each query's vector; with one that is asked for come those of the queries behind it."""

    def __init__(self, queries: Sequence[str]) -> None:
        self._queries = list(dict.fromkeys(map(folded, queries)))
        self._vectors: dict[str, Vectors] = {}

    def vector(self, query: str, encoder: Encoder) -> Vectors:
        """Returns the (1, dim) vector of a query, one of those given."""
        if query not in self._vectors:
            first = self._queries.index(query)
            batch = self._queries[first : first + AT_ONCE]
            self._vectors = dict(zip(batch, np.split(encoder.encode_queries(batch), len(batch)), strict=True))
        return self._vectors[query]
