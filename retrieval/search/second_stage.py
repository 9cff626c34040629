"""The second stage: the first of the fused candidates, read together with the query by a reranker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from passagework.retrieval.memory import memory_for
from passagework.retrieval.models.reranker import Reranker
from passagework.retrieval.models.reranker_input import reranker_text_of
from passagework.retrieval.plan import Blend, TokenVectorsUsed
from passagework.retrieval.search.candidate_pool import Pool
from passagework.retrieval.search.clock import Clock
from passagework.retrieval.search.request import SearchRequest
from passagework.retrieval.store import PassageRow, Snapshot
from passagework.retrieval.types import Stage

DECIMALS = 6
"""Decimals of a reranker's score: further down the order of summing shows, and equal texts would stop being equal."""


OF_EACH = 5
"""A candidate of rank r of one retriever is read as early as one of rank OF_EACH x r of both (docs/second-stage.md)."""


def reading_order(pool: Pool) -> list[int]:
    """Returns the candidates, those first that are read first.

    They are ordered by their fused scores, but the best of each retriever are never far down: what one of them is sure
    of and the other never saw is read too.
    """
    fused = pool.best_first(pool.scores[Stage.HYBRID])
    places = {passage: place for place, passage in enumerate(fused, start=1)}
    for stage in (Stage.DENSE, Stage.LEXICAL):
        for rank, passage in enumerate(pool.best_first(pool.scores[stage]), start=1):
            places[passage] = min(places[passage], OF_EACH * rank)
    return sorted(fused, key=places.__getitem__)


class SecondStage:
    """Reranks candidates of one query, each once, however often the pool grows."""

    def __init__(self, reranker: Reranker, request: SearchRequest, snapshot: Snapshot, clock: Clock) -> None:
        self.reranker = reranker
        self.depth = max(request.rerank_depth or reranker.depth, request.k)
        self.probabilities: dict[int, float] = {}
        self.windowed = 0
        self.query_cut = False
        self._query = request.query
        self._snapshot = snapshot
        self._clock = clock
        self._logits: dict[int, float] = {}
        self.rows: dict[int, PassageRow] = {}  # as they were read for it
        self._stored = 0

    def scores(self, candidates: Sequence[int], pool: Pool) -> dict[int, float]:
        """Returns a score for each candidate: the reranker's own, or blended with those of the first stage."""
        with self._clock.timed("rerank"), memory_for("reranker", Stage.HYBRID):
            self._read([passage for passage in candidates if passage not in self._logits])
        scored = {passage: self._logits[passage] for passage in candidates if passage in self._logits}
        return scored if self.reranker.blend is None else blended(self.reranker.blend, pool, scored)

    @property
    def token_vectors(self) -> TokenVectorsUsed | None:
        """Tells for how many of the passages the collection kept what the reranker needs; None for none."""
        if not self._stored:
            return None
        return TokenVectorsUsed.STORED if self._stored == len(self._logits) else TokenVectorsUsed.PARTLY

    def _read(self, passages: Sequence[int]) -> None:
        rows = self._snapshot.passages(passages)
        reranked = self.reranker.rerank(self._query, [reranker_text_of(row) for row in rows])
        for row, logit, probability in zip(
            rows, reranked.logits.tolist(), reranked.probabilities.tolist(), strict=True
        ):
            self.rows[row.id] = row
            self._logits[row.id] = round(logit, DECIMALS)
            self.probabilities[row.id] = probability
        self._stored += reranked.stored
        self.windowed += reranked.windowed
        self.query_cut |= reranked.query_cut


def blended(blend: Blend, pool: Pool, reranked: Mapping[int, float]) -> dict[int, float]:
    """Returns a score for every passage that was reranked: that of the first stage and the reranker's, weighted."""
    cosines, lexical = pool.scores[Stage.DENSE], pool.scores[Stage.LEXICAL]
    blend = blend.following(pool.weights)
    scale = blend.lexical / pool.telling_bm25 if pool.telling_bm25 > 0 else 0.0
    return {
        passage: round(blend.dense * cosines[passage] + scale * lexical.get(passage, 0.0) + blend.reranked * score, 6)
        for passage, score in reranked.items()
    }
