"""The query path, stage by stage, writing the trace. Read it beside the picture in the README: it goes the same way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

from passagework.retrieval.dense.background import BackgroundSample
from passagework.retrieval.filters.allowed import AllowedIds
from passagework.retrieval.filters.hints import filter_hints
from passagework.retrieval.first_stage import DenseRetriever, SearchedPassages
from passagework.retrieval.hits import Hits, Relevance
from passagework.retrieval.lexical.bm25 import Bm25, LexicalRetriever
from passagework.retrieval.lexical.in_order import InOrder
from passagework.retrieval.memory import memory_for
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.known_languages import unknown_count
from passagework.retrieval.plan import QueryCut
from passagework.retrieval.search.answer import hits_of, plan_of
from passagework.retrieval.search.calibration import recorded_calibration
from passagework.retrieval.search.candidate_pool import FirstStage, Pool, Scores
from passagework.retrieval.search.clock import Clock
from passagework.retrieval.search.coverage import query_coverage, share_held
from passagework.retrieval.search.encoded_ahead import EncodedAhead
from passagework.retrieval.search.relevance import COMPARED, AskedQuery
from passagework.retrieval.search.request import SearchRequest
from passagework.retrieval.search.search_models import SearchModels, StageChoice, choose_stage
from passagework.retrieval.search.second_stage import SecondStage, reading_order
from passagework.retrieval.search.selection import Selection, Selector
from passagework.retrieval.store import Snapshot
from passagework.retrieval.syntax.collection_words import WordMemory
from passagework.retrieval.syntax.understanding import ReadQuery, understood_query
from passagework.retrieval.types import Stage, Syntax, Vectors
from passagework.retrieval.words.folding import folded


class Searcher:
    """Answers queries from one moment of a collection: its snapshot, and its passages as they can be searched then."""

    def __init__(
        self,
        models: SearchModels,
        *,
        background: BackgroundSample | None = None,
        words: WordMemory | None = None,
    ) -> None:
        self._models = models
        self._background = background or BackgroundSample()
        self._words = words or WordMemory()

    def search(self, request: SearchRequest, snapshot: Snapshot, passages: SearchedPassages) -> Hits:
        """Returns the `k` best passages; the pool grows until `k` are found, or it holds everything there is."""
        return self.search_many([request], snapshot, passages)[0]

    def search_many(
        self, requests: Sequence[SearchRequest], snapshot: Snapshot, passages: SearchedPassages
    ) -> list[Hits]:
        """Returns the hits of each request, as `search` would; the queries are encoded together."""
        clocks = [Clock() for _ in requests]
        reads = [self._read(request, snapshot, clock) for request, clock in zip(requests, clocks, strict=True)]
        ahead = EncodedAhead([read.as_typed for read in reads if not read.is_filter_alone])
        asked = zip(requests, reads, clocks, strict=True)
        return [self._found(request, read, snapshot, passages, ahead, clock) for request, read, clock in asked]

    def _found(
        self,
        request: SearchRequest,
        read: ReadQuery,
        snapshot: Snapshot,
        passages: SearchedPassages,
        ahead: EncodedAhead,
        clock: Clock,
    ) -> Hits:
        """Returns the hits of a request that was read."""
        clock.resume()
        typed, request = request.query, replace(request, query=read.text)
        if read.is_filter_alone:  # there is nothing that a passage could answer
            request = replace(request, relevance=False, min_relevance=None)
        allowed, hints = _allowed(request, read, snapshot, passages, clock)
        dense_retriever = passages.dense(allowed, clock.timed)
        choice = self._choice(request, read, dense_retriever, clock)
        vector, cut, tokens, unknown = _encoded(choice.encoder, read.as_typed, ahead, clock)
        known = 1 - unknown / tokens if tokens else 1.0
        lexical = _lexical_retriever(request, choice.stage, read, passages)
        words = cache(lambda: query_coverage(snapshot, lexical, read.as_typed, read.text))
        first_stage = FirstStage(
            request,
            choice.stage,
            snapshot,
            dense_retriever=dense_retriever,
            vector=vector,
            known=known,
            lexical=lexical,
            share_held=lambda: share_held(snapshot, lexical, read.words, read.text),
            reader=read.words,
            allowed=allowed,
            passages=passages.size,
            background=self._background,
            clock=clock,
        )
        second = None
        if choice.reranker is not None:
            second = SecondStage(choice.reranker, replace(request, query=read.as_typed), snapshot, clock)
        selector = Selector(request, snapshot, clock)
        pool, scores, selection = _selected(request, choice.stage, first_stage, second, selector, passages.size)
        first = _compared(pool, scores[choice.stage], selection) if request.relevance else []
        rows = {} if second is None else dict(second.rows)
        with clock.timed("fetch"):
            shown = dict.fromkeys([*first, *selection.all_passages])
            rows |= {row.id: row for row in snapshot.passages([passage for passage in shown if passage not in rows])}
        relevance: Mapping[int, Relevance] = {}
        told, calibration = None, None
        if request.relevance:
            with clock.timed("relevance"):
                scale = None if vector is None else self._models.scale()
                calibration = recorded_calibration(snapshot)
                asked = AskedQuery(words(), scale, first_stage.background, known, calibration)
                judged = [rows[passage] for passage in dict.fromkeys([*first, *selection.copies])]
                relevance = asked.relevance_of(judged, pool.scores.get(Stage.DENSE))
                told = round(words().told, 3)
        found = {
            passage: copies for passage, copies in selection.copies.items() if _is_likely(passage, relevance, request)
        }
        probabilities = {} if second is None else second.probabilities
        hits = hits_of(rows, found, choice.stage, scores, pool, probabilities, relevance)
        plan = replace(
            plan_of(request, choice, passages, pool, second, cut),
            hints=hints,
            languages=() if choice.stage is Stage.DENSE else snapshot.languages(),
            unknown_tokens=unknown,
            told=told,
            judged_queries=0 if calibration is None else calibration.queries,
            less_relevant=len(selection.copies) - len(found),
            understood=read.understood,
            route=None if request.route is None else request.route(typed),
        )
        return Hits(typed, hits, plan, clock.timings_ms())

    def _read(self, request: SearchRequest, snapshot: Snapshot, clock: Clock) -> ReadQuery:
        """Returns the query as it is read: as words alone, or with what else is typed."""
        if request.syntax is Syntax.PLAIN:
            return ReadQuery(request.query)
        with clock.timed("syntax"):
            return understood_query(request.query, snapshot, self._words.at(snapshot))

    def _choice(
        self, request: SearchRequest, read: ReadQuery, dense_retriever: DenseRetriever, clock: Clock
    ) -> StageChoice:
        """Returns how far the search goes, and with which models."""
        words_alone = request.stage is Stage.LEXICAL or read.is_filter_alone
        return choose_stage(
            self._models,
            request.stage,
            nothing_matches=not words_alone and dense_retriever.matches_nothing(),
            nothing_to_rank_by=read.is_filter_alone,
            clock=clock,
        )


def _allowed(
    request: SearchRequest, read: ReadQuery, snapshot: Snapshot, passages: SearchedPassages, clock: Clock
) -> tuple[AllowedIds | None, tuple[str, ...]]:
    """Returns the passages that the filter and the query let through, None for all, and hints on both."""
    if request.where is None and not read.conditions and snapshot.visible is None:
        return None, read.hints
    with clock.timed("filter"):
        allowed = passages.allowed(request.where, read.conditions)
        return allowed, (*read.hints, *filter_hints(allowed.asked, snapshot))


def _lexical_retriever(
    request: SearchRequest, stage: Stage, read: ReadQuery, passages: SearchedPassages
) -> LexicalRetriever:
    if read.is_filter_alone:
        return InOrder()
    return passages.lexical() if request.relevance or stage is not Stage.DENSE else Bm25()


def _selected(
    request: SearchRequest,
    stage: Stage,
    first_stage: FirstStage,
    second: SecondStage | None,
    selector: Selector,
    passages: int,
) -> tuple[Pool, Mapping[Stage, Scores], Selection]:
    """Returns the pool, the scores of every stage, and the passages that become hits, best first."""
    size = min(max(request.candidates, request.k), max(1, passages))
    while True:
        pool = first_stage.pool(size)
        scores, reranked = _with_reranked(pool, stage, second, selector)
        selection = selector.hits(pool, scores[stage], reranked)
        if not selection.short or not pool.full:
            return pool, scores, selection
        size *= 4  # few documents, or copies of few texts, fill the pool: look further down


def _compared(pool: Pool, scores: Scores, selection: Selection) -> list[int]:
    """Returns the passages that rank first, copies aside, with which relevance compares the others."""
    copied = {copy for found in selection.copies.values() for copy in found}
    return [passage for passage in pool.best_first(scores) if passage not in copied][:COMPARED]


def _encoded(
    encoder: Encoder | None, query: str, ahead: EncodedAhead, clock: Clock
) -> tuple[Vectors | None, QueryCut | None, int, int]:
    """Returns the query's vector (1, dim), how much of one over its budget was read, its tokens and those unknown."""
    if encoder is None:
        return None, None, 0, 0
    query = folded(query)
    with clock.timed("encode"), memory_for("encoder", Stage.LEXICAL):
        tokens = encoder.tokenize([query])[0]
        vector = ahead.vector(query, encoder)
    unknown = unknown_count(encoder, query, tokens)
    cut = QueryCut(len(tokens), encoder.query_budget) if len(tokens) > encoder.query_budget else None
    return vector, cut, len(tokens), unknown


def _is_likely(passage: int, relevance: Mapping[int, Relevance], request: SearchRequest) -> bool:
    """Tells whether a passage is as relevant as is asked for; what was not to be estimated is taken for it."""
    return request.min_relevance is None or not relevance or relevance[passage].probability >= request.min_relevance


def _with_reranked(
    pool: Pool, stage: Stage, second: SecondStage | None, selector: Selector
) -> tuple[Mapping[Stage, Scores], Selection | None]:
    """Returns the first stage's scores, and the second's where that is the last, of no more than its depth.

    With them comes what was reranked: copies of it are not read.
    """
    if stage is not Stage.RERANK:
        return pool.scores, None
    fused = pool.scores[Stage.HYBRID]
    if second is None or not fused:
        return {**pool.scores, Stage.RERANK: {}}, None
    top = selector.best(pool, reading_order(pool), second.depth)
    return {**pool.scores, Stage.RERANK: second.scores(list(top.copies), pool)}, top
