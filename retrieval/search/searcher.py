"""The query path, stage by stage, writing the trace. Read it beside the picture in the README: it goes the same way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from passagework.retrieval.dense.background import BackgroundSample
from passagework.retrieval.dense.dense_retriever import DenseRetriever
from passagework.retrieval.dense.index import LiveIndex
from passagework.retrieval.filters.allowed import AllowedIds, FilterCache
from passagework.retrieval.filters.hints import filter_hints
from passagework.retrieval.hits import Hit, Hits, Plan, QueryCut, StageScore
from passagework.retrieval.lexical.bm25 import Bm25, LexicalRetriever
from passagework.retrieval.memory import memory_for
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.search.clock import Clock
from passagework.retrieval.search.first_stage import FirstStage, Pool, Scores
from passagework.retrieval.search.request import SearchRequest
from passagework.retrieval.search.search_models import SearchModels, StageChoice, choose_stage
from passagework.retrieval.search.second_stage import SecondStage
from passagework.retrieval.store import PassageRow, Snapshot
from passagework.retrieval.types import Fusion, Stage, Vectors
from passagework.retrieval.words.folding import folded


class Searcher:
    """Answers queries from one moment of a collection: its snapshot, and the index as it was then."""

    def __init__(
        self,
        models: SearchModels,
        *,
        lexical: Callable[[], LexicalRetriever] = Bm25,
        filters: FilterCache | None = None,
        background: BackgroundSample | None = None,
    ) -> None:
        self._models = models
        self._lexical = lexical  # called where words are searched: postings may have to be loaded
        self._filters = filters
        self._background = background or BackgroundSample()

    def search(self, request: SearchRequest, snapshot: Snapshot, index: LiveIndex) -> Hits:
        """Returns the `k` best passages; the pool grows until `k` are found, or it holds everything there is."""
        clock = Clock()
        with clock.timed("filter"):
            allowed = None if request.where is None else AllowedIds(request.where, snapshot, self._filters)
            hints = () if allowed is None else filter_hints(allowed.condition, snapshot)
        dense_retriever = DenseRetriever(index, snapshot, allowed, clock.timed)
        lexical_only = request.stage is Stage.LEXICAL
        nothing_matches = not lexical_only and dense_retriever.matches_nothing()
        choice = choose_stage(self._models, request.stage, nothing_matches=nothing_matches, clock=clock)
        vector, cut, tokens, unknown = _encoded(choice.encoder, request.query, clock)
        first_stage = FirstStage(
            request,
            choice.stage,
            snapshot,
            dense_retriever=dense_retriever,
            vector=vector,
            known=1 - unknown / tokens if tokens else 1.0,
            lexical=Bm25() if choice.stage is Stage.DENSE else self._lexical(),
            allowed=allowed,
            passages=index.size,
            background=self._background,
            clock=clock,
        )
        second = None if choice.reranker is None else SecondStage(choice.reranker, request, snapshot, clock)
        size = min(max(request.candidates, request.k), max(1, index.size))
        while True:
            pool = first_stage.pool(size)
            scores = _with_reranked(request, pool, choice.stage, second)
            chosen = _limited(request, pool, pool.best_first(scores[choice.stage]), request.k, scores[choice.stage])
            if not request.per_document or len(chosen) >= request.k or not pool.full:
                break
            size *= 4  # few documents fill the pool: look further down
        with clock.timed("fetch"):
            rows = snapshot.passages(chosen) if second is None else second.rows(chosen)
        hits = _hits(rows, choice.stage, scores, pool, {} if second is None else second.probabilities)
        plan = _plan(request, choice, index, pool, second, cut)
        languages = () if choice.stage is Stage.DENSE else snapshot.languages()
        plan = replace(plan, hints=hints, languages=languages, unknown_tokens=unknown)
        return Hits(request.query, hits, plan, clock.timings_ms())


def _encoded(encoder: Encoder | None, query: str, clock: Clock) -> tuple[Vectors | None, QueryCut | None, int, int]:
    """Returns the query's vector (1, dim), how much of one over its budget was read, its tokens and those unknown."""
    if encoder is None:
        return None, None, 0, 0
    query = folded(query)
    with clock.timed("encode"), memory_for("encoder", Stage.LEXICAL):
        tokens = encoder.tokenize([query])[0]
        vector = encoder.encode_queries([query])
    unknown = 0 if encoder.unknown_token is None else int(np.count_nonzero(tokens.ids == encoder.unknown_token))
    cut = QueryCut(len(tokens), encoder.query_budget) if len(tokens) > encoder.query_budget else None
    return vector, cut, len(tokens), unknown


def _with_reranked(
    request: SearchRequest, pool: Pool, stage: Stage, second: SecondStage | None
) -> Mapping[Stage, Scores]:
    """Returns the first stage's scores, and the second's where that is the last, of no more than its depth."""
    if stage is not Stage.RERANK:
        return pool.scores
    fused = pool.scores[Stage.HYBRID]
    if second is None or not fused:
        return {**pool.scores, Stage.RERANK: {}}
    top = _limited(request, pool, pool.best_first(fused), second.depth, {})
    reranked = second.scores(top, pool)
    return {**pool.scores, Stage.RERANK: reranked}


def _limited(
    request: SearchRequest, pool: Pool, passages: Sequence[int], most: int, final: Mapping[int, float]
) -> list[int]:
    """Returns the first of them that are good enough by their `final` score, and not too many of one document."""
    least = request.min_score
    of_document: Counter[int] = Counter()
    chosen: list[int] = []
    for passage in passages:
        if len(chosen) == most:
            break
        if least is not None and final.get(passage, least) < least:
            continue
        document = pool.places[passage].document_id
        of_document[document] += 1
        if request.per_document is None or of_document[document] <= request.per_document:
            chosen.append(passage)
    return chosen


def _hits(
    rows: Sequence[PassageRow],
    stage: Stage,
    scores: Mapping[Stage, Scores],
    pool: Pool,
    probabilities: Mapping[int, float],
) -> tuple[Hit, ...]:
    """Returns the chosen passages with their traces."""
    ranks = {
        passed: {passage: rank for rank, passage in enumerate(pool.best_first(stage_scores), start=1)}
        for passed, stage_scores in scores.items()
    }

    def trace(passage: int) -> dict[Stage, StageScore]:
        return {
            passed: StageScore(
                ranks[passed][passage],
                stage_scores[passage],
                probabilities[passage] if passed is Stage.RERANK else None,
            )
            for passed, stage_scores in scores.items()
            if passage in stage_scores
        }

    return tuple(
        Hit(
            rank=rank,
            score=scores[stage][row.id],
            text=row.text,
            document=row.document,
            path=row.path,
            title=row.title,
            pages=row.pages,
            start=row.start,
            end=row.end,
            headings=row.headings,
            metadata=row.metadata,
            stages=trace(row.id),
            id=row.id,
            uri=row.uri,
            hidden=row.hidden,
            root=row.root,
            lines=row.lines,
            seconds=row.seconds,
            ocr=row.ocr,
        )
        for rank, row in enumerate(rows, start=1)
    )


def _plan(
    request: SearchRequest,
    choice: StageChoice,
    index: LiveIndex,
    pool: Pool,
    second: SecondStage | None,
    query_cut: QueryCut | None,
) -> Plan:
    lexical = pool.scores.get(Stage.LEXICAL, {})
    fused = choice.stage in (Stage.HYBRID, Stage.RERANK)
    plan = Plan(
        requested=choice.requested,
        used=choice.stage,
        reason=choice.reason,
        candidates=max(request.candidates, request.k),
        fusion=request.fusion if fused else None,
        weights=pool.weights if fused and lexical and request.fusion is Fusion.CONVEX else None,
        index=None if choice.stage is Stage.LEXICAL else index.kind.value,
        filter=pool.filter,
        query_cut=query_cut,
        best_bm25=pool.telling_bm25 if fused and lexical else None,
        pool=pool.size,
    )
    if second is None or not pool.size:
        return plan
    return replace(
        plan,
        reranker=second.reranker.name,
        rerank_depth=second.depth,
        token_vectors=second.token_vectors,
        reranked_in_windows=second.windowed,
        rerank_query_cut=second.query_cut,
        blend=None if second.reranker.blend is None else second.reranker.blend.following(pool.weights),
    )
