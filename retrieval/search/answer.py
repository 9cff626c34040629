"""Makes the answer to a query of what the stages found: hits with their traces, and the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from passagework.retrieval.also_in import AlsoIn
from passagework.retrieval.first_stage import SearchedPassages
from passagework.retrieval.hits import Hit, Relevance, StageScore
from passagework.retrieval.plan import Plan, QueryCut
from passagework.retrieval.search.candidate_pool import Pool, Scores
from passagework.retrieval.search.request import SearchRequest
from passagework.retrieval.search.search_models import StageChoice
from passagework.retrieval.search.second_stage import SecondStage
from passagework.retrieval.search.selection import Found
from passagework.retrieval.store import PassageRow
from passagework.retrieval.types import Fusion, Stage


def hits_of(
    rows: Mapping[int, PassageRow],
    chosen: Mapping[int, Found],
    stage: Stage,
    scores: Mapping[Stage, Scores],
    pool: Pool,
    probabilities: Mapping[int, float],
    relevance: Mapping[int, Relevance],
) -> tuple[Hit, ...]:
    """Returns the chosen passages with their traces and their copies."""
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
            original=row.original,
            injection=row.injection,
            searched_title=row.searched_title,
            estimate=relevance.get(row.id),
            also_in=tuple(_also_in(rows[copy], similarity) for copy, similarity in found.items()),
        )
        for rank, (row, found) in enumerate(((rows[passage], found) for passage, found in chosen.items()), start=1)
    )


def _also_in(row: PassageRow, similarity: float) -> AlsoIn:
    return AlsoIn(row.document, row.path, row.root, row.start, row.end, row.pages, similarity)


def plan_of(
    request: SearchRequest,
    choice: StageChoice,
    passages: SearchedPassages,
    pool: Pool,
    second: SecondStage | None,
    query_cut: QueryCut | None,
) -> Plan:
    """Returns how the search was done, as far as the stages tell."""
    lexical = pool.scores.get(Stage.LEXICAL, {})
    fused = choice.stage in (Stage.HYBRID, Stage.RERANK)
    plan = Plan(
        requested=choice.requested,
        used=choice.stage,
        reason=choice.reason,
        candidates=max(request.candidates, request.k),
        fusion=request.fusion if fused else None,
        weights=pool.weights if fused and lexical and request.fusion is Fusion.CONVEX else None,
        index=None if choice.stage is Stage.LEXICAL else passages.kind,
        shards=passages.shards,
        filter=pool.filter,
        query_cut=query_cut,
        best_bm25=pool.telling_bm25 if fused and lexical else None,
        pool=pool.size,
        diversity=request.diversity,
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
