"""The query path, stage by stage, writing the trace. Read it beside the diagram of the design: it goes the same way."""

from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from passagework.retrieval.dense.index import FilterPlan, LiveIndex
from passagework.retrieval.dense.nearest import DECIMALS, Nearest
from passagework.retrieval.filters.allowed import FilterMemory, Within
from passagework.retrieval.lexical.bm25 import Bm25, Lexical
from passagework.retrieval.memory import memory_for
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.reranker import Reranker, RerankScores
from passagework.retrieval.models.reranker_input import with_context
from passagework.retrieval.search.fusion import blended, competition_ranks, fuse
from passagework.retrieval.search.request import SearchRequest
from passagework.retrieval.store import Location, PassageRow, Snapshot
from passagework.retrieval.types import Hit, Hits, Json, Stage, StageScore


class Searcher:
    """Answers queries from one moment of a collection: its snapshot, and the index as it was then."""

    def __init__(
        self,
        encoder: Callable[[], Encoder],
        *,
        reranker: Callable[[], Reranker | None] | None = None,
        lexical: Callable[[], Lexical] = Bm25,
        filters: FilterMemory | None = None,
    ) -> None:
        self.encoder = encoder  # called when first needed: a search for words alone loads no model
        self.reranker = reranker
        self.lexical = lexical
        self.filters = filters

    def search(self, request: SearchRequest, snapshot: Snapshot, index: LiveIndex) -> Hits:
        """The `k` best passages; the pool is widened until `k` are found, or it holds everything there is."""
        run = _Run(self, request, snapshot, index)
        size = min(max(request.candidates, request.k), max(1, index.size))
        chosen = run.choose(size)
        while request.per_document and len(chosen) < request.k and run.pool_is_full:
            size *= 4  # few documents fill the pool: look further down
            chosen = run.choose(size)
        hits = run.hits(chosen)
        run.timings["total"] = (time.perf_counter() - run.started) * 1000
        return Hits(request.query, hits, run.plan, {name: round(ms, 3) for name, ms in run.timings.items()})


class _Run:
    """One query on its way: candidates with their scores by passage id, the plan, the clock."""

    def __init__(self, searcher: Searcher, request: SearchRequest, snapshot: Snapshot, index: LiveIndex) -> None:
        self.started = time.perf_counter()
        self.searcher = searcher
        self.request = request
        self.snapshot = snapshot
        self.index = index
        self.timings: dict[str, float] = {}
        self.stage, self.plan = self._plan()
        self.pool_is_full = False
        self.places: dict[int, Location] = {}
        self.scores: dict[Stage, dict[int, float]] = {}
        self.reranked: dict[int, tuple[float, float]] = {}
        self.stored = 0
        with self.timed("filter"):
            where = request.where
            self.within = Within(where, snapshot, searcher.filters) if where is not None else None
        self.near = Nearest(index, snapshot, self.within, self.timed)

    def choose(self, size: int) -> list[int]:
        """Ids of the hits, best first, from a pool of `size` candidates per first-stage retriever."""
        self.pool_is_full = False
        dense = {} if self.stage is Stage.LEXICAL else self._dense(size)
        lexical = {} if self.stage is Stage.DENSE else self._lexical(size)
        found = dense.keys() | lexical.keys()
        with self.timed("fetch"):
            unplaced = [one for one in self._in_question(dense, lexical) if one not in self.places]
            self.places.update(self.snapshot.locations(unplaced))
        self.scores = {}
        if self.stage is not Stage.LEXICAL:
            self.scores[Stage.DENSE] = dense
        if self.stage is not Stage.DENSE:
            self.scores[Stage.LEXICAL] = lexical
        if self.stage in (Stage.HYBRID, Stage.RERANK):
            self._fuse(dense, lexical)
        self.plan["pool"] = len(found)
        if self.stage is Stage.RERANK:
            self._rerank()
        return self._limit(self._best_first(self.scores[self.stage]))

    def hits(self, chosen: Sequence[int]) -> tuple[Hit, ...]:
        """The chosen passages with their traces."""
        with self.timed("fetch"):
            rows = self.snapshot.passages(chosen)
        ranks = {
            stage: {one: rank for rank, one in enumerate(self._best_first(scores), start=1)}
            for stage, scores in self.scores.items()
        }
        return tuple(self._hit(rank, row, ranks) for rank, row in enumerate(rows, start=1))

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Adds the time within to `timings`, in milliseconds."""
        start = time.perf_counter()
        yield
        self.timings[name] = self.timings.get(name, 0.0) + (time.perf_counter() - start) * 1000

    def _plan(self) -> tuple[Stage, dict[str, Json]]:
        request, reranker = self.request, self.searcher.reranker
        used = request.stage or (Stage.HYBRID if reranker is None else Stage.RERANK)
        plan: dict[str, Json] = {"requested": used.value}
        if used is Stage.RERANK and reranker is None:
            used = Stage.HYBRID
            plan["reason"] = "no reranker was named"
        plan["used"] = used.value
        plan["candidates"] = max(request.candidates, request.k)
        if used in (Stage.HYBRID, Stage.RERANK):
            plan["fusion"] = request.fusion.value
        return used, plan

    # the first stage

    def _dense(self, size: int) -> dict[int, float]:
        """Cosines of the `size` nearest passages, and of those equal to the last."""
        self.plan["index"] = self.index.kind.value
        if self.near.finds_nothing():  # no model is loaded for that
            self.plan["filter"] = {"matching": 0, "strategy": FilterPlan.EXACT_WITHIN.value}
            return {}
        if not self.near.vector.size:
            self._encode_query()
        cosines, plan = self.near.best(size)
        if plan is not None:
            self.plan["filter"] = plan
        self.pool_is_full |= len(cosines) >= size
        ordered = sorted(cosines.values(), reverse=True)
        cut = ordered[size - 1] if len(ordered) >= size else -2.0
        return {one: cosine for one, cosine in cosines.items() if cosine >= cut}

    def _encode_query(self) -> None:
        query = self.request.query
        with self.timed("load"), memory_for("encoder", Stage.LEXICAL):
            encoder = self.searcher.encoder()
        with self.timed("encode"), memory_for("encoder", Stage.LEXICAL):
            tokens = len(encoder.tokenize([query])[0])
            self.near.vector = encoder.encode_queries([query])
        if tokens > encoder.query_budget:
            self.plan["query_cut"] = {"tokens": tokens, "used": encoder.query_budget}

    def _lexical(self, size: int) -> dict[int, float]:
        """BM25 of the `size` best passages that hold a word of the query, and of those equal to the last."""
        with self.timed("lexical"):
            found = self.searcher.lexical().search(self.snapshot, self.request.query, size, self.within)
        if self.within is not None and self.stage is Stage.LEXICAL:
            self.plan["filter"] = {"strategy": "inside the text index"}
        self.pool_is_full |= len(found) >= size
        return dict(found)

    def _fuse(self, dense: dict[int, float], lexical: Mapping[int, float]) -> None:
        """One score from both; a passage that only words found gets its cosine too."""
        with self.timed("fusion"):
            dense_ranks = competition_ranks(dense)
            if unseen := [one for one in lexical if one not in dense]:
                dense.update(self.near.cosines(unseen))
            self.scores[Stage.HYBRID] = fuse(self.request.fusion, dense, dense_ranks, lexical)
        if lexical:
            self.plan["best_bm25"] = max(lexical.values())

    # the second stage

    def _rerank(self) -> None:
        """Scores for the first of the fused candidates; the others go no further."""
        reranker = self.searcher.reranker
        assert reranker is not None  # the plan says rerank only where there is one
        self.scores[Stage.RERANK] = {}
        if not self.scores[Stage.HYBRID]:
            return
        with self.timed("load"), memory_for("reranker", Stage.HYBRID):
            loaded = reranker()
        if loaded is None:
            self.stage = Stage.HYBRID
            self.plan |= {"used": Stage.HYBRID.value, "reason": "the encoder gives no vectors of tokens"}
            del self.scores[Stage.RERANK]
            return
        blend = loaded.blend
        depth = max(self.request.rerank_depth or loaded.depth, self.request.k)
        top = self._limit(self._best_first(self.scores[Stage.HYBRID]), depth)
        self.plan["reranker"] = loaded.name
        with self.timed("rerank"), memory_for("reranker", Stage.HYBRID):
            missing = [one for one in top if one not in self.reranked]
            rows = self.snapshot.passages(missing)
            scores = loaded.rerank(self.request.query, [with_context(row) for row in rows])
            self._note_rerank(rows, scores, depth)
        scored = {one: self.reranked[one][0] for one in top if one in self.reranked}
        if blend is not None:
            self.plan["blend"] = {"dense": 1.0, "lexical": blend.lexical, "rerank": blend.reranked}
            scored = blended(blend, self.scores[Stage.DENSE], self.scores[Stage.LEXICAL], scored)
        self.scores[Stage.RERANK] = scored

    def _note_rerank(self, rows: Sequence[PassageRow], scores: RerankScores, depth: int) -> None:
        for row, logit, probability in zip(rows, scores.logits.tolist(), scores.probabilities.tolist(), strict=True):
            self.reranked[row.id] = (round(logit, DECIMALS), probability)
        self.plan["rerank_depth"] = depth
        self.stored += scores.stored
        if self.stored:
            self.plan["token_vectors"] = "stored" if self.stored == len(self.reranked) else "partly stored"
        if scores.windowed:
            self.plan["reranked_in_windows"] = int(str(self.plan.get("reranked_in_windows", 0))) + scores.windowed
        if scores.query_cut:
            self.plan["rerank_query_cut"] = True

    # the answer

    def _in_question(self, dense: dict[int, float], lexical: dict[int, float]) -> Iterable[int]:
        """Candidates that can become hits: where one retriever decides alone, its `k` best, and equals of the last."""
        if self.stage not in (Stage.DENSE, Stage.LEXICAL) or self.request.per_document:
            return dense.keys() | lexical.keys()
        scores = dense or lexical
        if len(scores) <= self.request.k:
            return scores
        last = heapq.nlargest(self.request.k, scores.values())[-1]
        return [one for one, score in scores.items() if score >= last]

    def _best_first(self, scores: Mapping[int, float]) -> list[int]:
        """Ids by score, ties by where the passages stand in their documents."""
        known = [one for one in scores if one in self.places]
        return sorted(known, key=lambda one: (-scores[one], self.places[one].order))

    def _limit(self, ids: Sequence[int], k: int | None = None) -> list[int]:
        """The first `k` that are good enough, and not too many of one document."""
        k = self.request.k if k is None else k
        least, most = self.request.min_score, self.request.per_document
        final = self.scores.get(self.stage, {})
        taken: Counter[int] = Counter()
        chosen: list[int] = []
        for one in ids:
            if len(chosen) == k:
                break
            if least is not None and final.get(one, least) < least:
                continue
            document = self.places[one].document_id
            taken[document] += 1
            if most is None or taken[document] <= most:
                chosen.append(one)
        return chosen

    def _hit(self, rank: int, row: PassageRow, ranks: Mapping[Stage, Mapping[int, int]]) -> Hit:
        trace = {
            stage: StageScore(
                ranks[stage][row.id],
                scores[row.id],
                self.reranked[row.id][1] if stage is Stage.RERANK else None,
            )
            for stage, scores in self.scores.items()
            if row.id in scores
        }
        return Hit(
            rank=rank,
            score=trace[self.stage].score,
            text=row.text,
            document=row.document,
            path=row.path,
            title=row.title,
            pages=row.pages,
            start=row.start,
            end=row.end,
            headings=row.headings,
            metadata=row.metadata,
            stages=trace,
            id=row.id,
            uri=row.uri,
            hidden=row.hidden,
        )
