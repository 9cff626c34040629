"""The first stage: candidates by vectors and by words, and one score for both."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from passagework.retrieval.dense.background import Background, BackgroundSample
from passagework.retrieval.dense.index import FilterPlan
from passagework.retrieval.filters.allowed import AllowedIds
from passagework.retrieval.first_stage import DenseRetriever
from passagework.retrieval.lexical.bm25 import PLAIN_WORDS, LexicalRetriever, QueryReader
from passagework.retrieval.plan import FilterUse, FusionWeights
from passagework.retrieval.search.clock import Clock
from passagework.retrieval.search.fusion import EVEN, competition_ranks, fuse, telling_bm25, weights_of
from passagework.retrieval.search.request import SearchRequest
from passagework.retrieval.store import Location, Snapshot
from passagework.retrieval.types import Copies, Fusion, Stage, Vectors

Scores = dict[int, float]
"""Scores by passage id; higher is better."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Holds what the first stage found: scores by stage, and where each candidate stands that may become a hit.

    `size` counts different passages; `full` tells that a retriever gave as many as it was asked for: there may be more.
    `telling_bm25` divides the scores by words before they are added to others, with `weights` (see `fusion`).
    """

    scores: Mapping[Stage, Scores]
    places: Mapping[int, Location]
    size: int
    full: bool
    filter: FilterUse | None
    telling_bm25: float
    weights: FusionWeights = EVEN

    def best_first(self, scores: Mapping[int, float]) -> list[int]:
        """Returns ids by score, ties by where the passages stand in their documents."""
        placed = [passage for passage in scores if passage in self.places]
        return sorted(placed, key=lambda passage: (-scores[passage], self.places[passage].order))


class FirstStage:
    """Finds candidates for one query; a larger pool can be asked for after a smaller one.

    `vector` (1, dim) is the query's, None where the stage is lexical, or the filter lets nothing through; `known` is
    the share of the query's tokens that the encoder knows, `share_held` tells that of its words that a passage holds,
    and `reader` reads them.
    """

    def __init__(
        self,
        request: SearchRequest,
        stage: Stage,
        snapshot: Snapshot,
        *,
        dense_retriever: DenseRetriever,
        vector: Vectors | None,
        known: float,
        lexical: LexicalRetriever,
        allowed: AllowedIds | None,
        passages: int,
        background: BackgroundSample,
        clock: Clock,
        share_held: Callable[[], float],
        reader: QueryReader = PLAIN_WORDS,
    ) -> None:
        self._request = request
        self._stage = stage
        self._snapshot = snapshot
        self._dense_retriever = dense_retriever
        self._vector = vector
        self._known = known
        self._lexical = lexical
        self._allowed = allowed
        self._passages = passages
        self._background = background
        self._clock = clock
        self._share_held = share_held
        self._reader = reader
        self._places: dict[int, Location] = {}

    def pool(self, size: int) -> Pool:
        """Returns `size` candidates per retriever, and those equal to the last."""
        dense, used = ({}, None) if self._stage is Stage.LEXICAL else self._by_vector(size)
        lexical = {} if self._stage is Stage.DENSE else self._by_words(size)
        if self._stage is Stage.LEXICAL and self._allowed is not None:
            used = FilterUse("inside the text index")
        with self._clock.timed("fetch"):
            unplaced = [passage for passage in self._possible_hits(dense, lexical) if passage not in self._places]
            self._places.update(self._snapshot.locations(unplaced))
        size_found, full = len(dense.keys() | lexical.keys()), len(dense) >= size or len(lexical) >= size
        telling = telling_bm25(lexical, self._passages)
        weights = self._weights(dense, lexical)
        scores = self._scores(dense, lexical, telling, weights)
        return Pool(scores, self._places, size_found, full, used, telling, weights)

    @cached_property
    def background(self) -> Background | None:
        """Returns what the cosines of the query with passages at large are; None without a vector, or of too few."""
        return None if self._vector is None else self._background.background(self._snapshot, self._vector)

    def _weights(self, dense: Scores, lexical: Scores) -> FusionWeights:
        """Returns what each retriever counts for in the query's hybrid score."""
        if not dense or not lexical or self._vector is None or self._request.fusion is not Fusion.CONVEX:
            return EVEN
        with self._clock.timed("fusion"):
            best, bm25, is_code = max(dense.values()), lexical.values(), self._snapshot.is_code
            known, held = self._known, self._share_held()
            return weights_of(self.background, best, bm25, self._passages, known, held, is_code=is_code)

    def _by_vector(self, size: int) -> tuple[Scores, FilterUse | None]:
        """Returns the cosines of the `size` nearest passages, and of those equal to the last."""
        if self._vector is None:
            return {}, FilterUse(FilterPlan.EXACT_WITHIN.value, matching=0)
        cosines, used = self._dense_retriever.best(self._vector, size)
        ordered = sorted(cosines.values(), reverse=True)
        cut = ordered[size - 1] if len(ordered) >= size else -2.0
        return {passage: cosine for passage, cosine in cosines.items() if cosine >= cut}, used

    def _by_words(self, size: int) -> Scores:
        """Returns BM25 of the `size` best passages that hold a word of the query, and of those equal to the last."""
        with self._clock.timed("lexical"):
            query, allowed = self._request.query, self._allowed
            return dict(self._lexical.search(self._snapshot, query, size, allowed, self._reader))

    def _scores(self, dense: Scores, lexical: Scores, telling: float, weights: FusionWeights) -> dict[Stage, Scores]:
        if self._stage is Stage.DENSE:
            return {Stage.DENSE: dense}
        if self._stage is Stage.LEXICAL:
            return {Stage.LEXICAL: lexical}
        with self._clock.timed("fusion"):
            ranks = competition_ranks(dense)
            # a passage that only words found gets its cosine too
            lexical_only = [passage for passage in lexical if passage not in dense]
            cosines = (
                {**dense, **self._dense_retriever.cosines(self._vector, lexical_only)}
                if lexical_only and self._vector is not None
                else dense
            )
            fused = fuse(self._request.fusion, cosines, ranks, lexical, telling, weights)
        return {Stage.DENSE: cosines, Stage.LEXICAL: lexical, Stage.HYBRID: fused}

    def _possible_hits(self, dense: Scores, lexical: Scores) -> Iterable[int]:
        """Returns candidates that can become hits: of a lone retriever its `k` best, and equals of the last.

        Where some are left out for others, each may.
        """
        request = self._request
        chosen = request.per_document or request.diversity or request.copies is Copies.COLLAPSE
        if chosen or self._stage not in (Stage.DENSE, Stage.LEXICAL):
            return dense.keys() | lexical.keys()
        scores = dense or lexical
        if len(scores) <= request.k:
            return scores
        last = heapq.nlargest(request.k, scores.values())[-1]
        return [passage for passage, score in scores.items() if score >= last]
