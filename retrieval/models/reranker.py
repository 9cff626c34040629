"""The protocol of rerankers: (query, passage) becomes a score, which joins those of the first stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.plan import Blend


@dataclass(frozen=True, slots=True)
class RerankScores:
    """Holds scores in the order of the passages: `logits` (n,) float32 to rank by, `probabilities` (n,) float32, 0..1.

    `windowed` pairs took more than one window; `query_cut` tells that the query was cut to half of the window; of
    `stored` passages the collection keeps what the reranker needs of them.
    """

    logits: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    windowed: int
    query_cut: bool = False
    stored: int = 0


class Reranker(Protocol):
    """Scores passages against a query, reading both at once; no part of a passage goes unread."""

    @property
    def name(self) -> str:
        """Returns its folder or hub name."""

    @property
    def window(self) -> int:
        """Returns the tokens that it reads at once: query, passage and special tokens."""

    @property
    def depth(self) -> int:
        """Returns how many candidates of a query it reads where nothing else is asked for."""

    @property
    def blend(self) -> Blend | None:
        """Returns how its scores join those of the first stage; None where they replace them."""

    def rerank(self, query: str, passages: Sequence[str]) -> RerankScores:
        """Returns scores in the order of the passages."""
