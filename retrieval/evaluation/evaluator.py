"""Measures the query path that ships: each judged query is searched at each stage, and its answers are judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from passagework.retrieval.choices import choose
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.collection.status import Status
from passagework.retrieval.config import CANDIDATES, RERANK_DEPTH
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.evaluation.benchmark import Benchmark, Qrels
from passagework.retrieval.evaluation.judged import Judged, JudgedDocuments
from passagework.retrieval.evaluation.measures import DEFAULT_MEASURES, PerQuery, check_measures, mean, per_query
from passagework.retrieval.evaluation.runs import RunFiles, stale_runs, strictly_decreasing
from passagework.retrieval.hits import Hits
from passagework.retrieval.types import Copies, Fusion, Json, Stage, Syntax

RUN_DEPTH = 100
"""Documents of a run, a query."""

BATCH = 200
"""Queries whose rankings are held at once; then they are judged and written."""


@dataclass(frozen=True, slots=True)
class StageFigures:
    """Holds one stage's means over the judged queries, milliseconds a query (of a run's depth), and every value."""

    means: Mapping[str, float]
    ms_p50: float
    ms_p95: float
    per_query: PerQuery

    def to_json(self) -> dict[str, Json]:
        """Returns what the evaluate JSON has of the stage: values to 6 decimals, times to 3."""
        means: dict[str, Json] = {name: round(value, 6) for name, value in self.means.items()}
        return {**means, "ms_p50": round(self.ms_p50, 3), "ms_p95": round(self.ms_p95, 3)}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Tells what was measured, on what, and with which settings; `skipped` tells why a stage was not."""

    dataset: str
    documents: int
    queries: Mapping[str, str]
    qrels: Qrels
    measures: tuple[str, ...]
    stages: Mapping[Stage, StageFigures]
    skipped: Mapping[Stage, str]
    settings: Mapping[str, Json]
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Json]:
        """Returns the evaluate JSON."""
        return {
            "dataset": self.dataset,
            "documents": self.documents,
            "queries": len(self.queries),
            "stages": {stage.value: figures.to_json() for stage, figures in self.stages.items()},
            "skipped": {stage.value: reason for stage, reason in self.skipped.items()},
            "settings": dict(self.settings),
            "notes": list(self.notes),
        }


def evaluate(
    collection: Collection,
    judged: Judged | Benchmark,
    *,
    stages: Sequence[Stage | str] = tuple(Stage),
    measures: Sequence[str] = DEFAULT_MEASURES,
    candidates: int = CANDIDATES,
    fusion: Fusion | str = Fusion.CONVEX,
    runs: str | Path | None = None,
    notes: Sequence[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Searches every judged query at every stage, as an application would, and judges the first 100 documents.

    A query without hits counts as 0. `runs` gets a TREC run a stage. `progress` is told queries done and in all. Stages
    take turns at each query, so that a busy machine slows all of them. The reranker orders the candidates that it would
    be given in any search; behind them the run goes on as hybrid does.
    Raises ConfigError for unknown stages, measures or fusion, EvaluationError where the runs can't be written, and what
    `search` raises.
    """
    if isinstance(judged, Benchmark):
        notes = (*judged.notes, *notes)
        judged = JudgedDocuments(judged)
    runs = None if runs is None else Path(runs)
    names, chosen = check_measures(measures), check_stages(stages)
    method = choose(Fusion, fusion, "fusion")
    search = _Search(collection, judged, candidates, method)
    usable, skipped = search.usable(chosen)
    values: dict[Stage, PerQuery] = {stage: {name: {} for name in names} for stage in usable}
    tokens: dict[Stage, PerQuery] = {stage: {} for stage in usable}
    times: dict[Stage, list[float]] = {stage: [] for stage in usable}
    done = 0
    with RunFiles.open(runs, usable) as files:
        for batch in _batches(list(judged.queries)):
            ranked: dict[Stage, dict[str, dict[str, float]]] = {stage: {} for stage in usable}
            for query in batch:
                for stage in usable:
                    answer = search.answer(stage, query)
                    ranked[stage][query] = strictly_decreasing(answer.ranking)
                    files.write(stage, query, ranked[stage][query])
                    times[stage].append(answer.milliseconds)
                    for name, value in answer.token_measures.items():
                        tokens[stage].setdefault(name, {})[query] = value
                done += 1
                if progress is not None:
                    progress(done, len(judged.queries))
            for stage in usable:
                figures = per_query(names, {query: judged.qrels[query] for query in batch}, ranked[stage])
                for name in names:
                    values[stage][name].update(figures[name])
    status = collection.status()
    notes = (*notes, *stale_runs(runs, skipped))
    return Evaluation(
        dataset=judged.name,
        documents=status.documents,
        queries=judged.queries,
        qrels=judged.qrels,
        measures=names,
        stages={
            stage: StageFigures(
                means={name: mean(by_query) for name, by_query in {**values[stage], **tokens[stage]}.items()},
                ms_p50=float(np.percentile(times[stage], 50)),
                ms_p95=float(np.percentile(times[stage], 95)),
                per_query={**values[stage], **tokens[stage]},
            )
            for stage in usable
        },
        skipped=skipped,
        settings={
            **_settings(status, candidates, method, search.reranker),
            "rerank_depth": search.rerank_depth if search.reranker else None,
        },
        notes=tuple(notes),
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    """Holds what was judged of one search; `milliseconds` are without the loading of models."""

    ranking: list[tuple[str, float]]
    milliseconds: float
    token_measures: Mapping[str, float]


class _Search:
    """Searches a collection, and takes the time."""

    def __init__(self, collection: Collection, judged: Judged, candidates: int, fusion: Fusion) -> None:
        self._collection = collection
        self._judged = judged
        self._candidates = candidates
        self._fusion = fusion
        self.reranker: str | None = None
        self.rerank_depth = RERANK_DEPTH

    def usable(self, stages: Sequence[Stage]) -> tuple[list[Stage], dict[Stage, str]]:
        """Loads the models, and returns the stages that can be measured, and why the others can't."""
        usable, skipped = [], {}
        probe = next((text for text in self._judged.queries.values() if text.strip()), "first")
        for stage in stages:
            plan = self._collection.search(probe, k=1, stage=stage, syntax=Syntax.PLAIN).plan
            if plan.used is stage:
                usable.append(stage)
                self.reranker = plan.reranker or self.reranker
                self.rerank_depth = plan.rerank_depth or self.rerank_depth
            else:
                skipped[stage] = plan.reason or f"only {plan.used.value} was possible"
        return usable, skipped

    def answer(self, stage: Stage, query: str) -> _Answer:
        """Returns the first things for a query, at most RUN_DEPTH."""
        text = self._judged.queries[query]
        answers = rankings(
            self._collection, self._judged, text, stage, self._candidates, self._fusion, self.rerank_depth
        )
        if not answers:
            return _Answer([], 0.0, {})
        first = answers[0]
        ranking = self._judged.things(query, first)
        floor = ranking[-1][1] if ranking else 0.0
        ranked_names = {name for name, _ in ranking}
        for continuation in answers[1:]:
            ranking += [
                (name, floor) for name, _ in self._judged.things(query, continuation) if name not in ranked_names
            ]
        milliseconds = first.timings_ms["total"] - first.timings_ms.get("load", 0.0)
        return _Answer(ranking[:RUN_DEPTH], milliseconds, self._judged.token_measures(query, first))


def rankings(
    collection: Collection, judged: Judged, text: str, stage: Stage, candidates: int, fusion: Fusion, rerank_depth: int
) -> list[Hits]:
    """Returns a stage's hits, best first; behind the few that a reranker orders, those of hybrid; [] for no text."""
    if not text.strip():
        return []

    def search(searched: Stage, k: int) -> Hits:
        return collection.search(
            text,
            k=k,
            stage=searched,
            candidates=candidates,
            fusion=fusion,
            per_document=judged.per_document,
            relevance=False,
            copies=Copies.KEEP,  # documents that say the same are judged each by itself
            syntax=Syntax.PLAIN,
        )

    if stage is Stage.RERANK:
        return [search(stage, rerank_depth), search(Stage.HYBRID, RUN_DEPTH)]
    return [search(stage, RUN_DEPTH)]


def check_stages(stages: Sequence[Stage | str]) -> list[Stage]:
    """Returns the stages named in the order of the query path, each once."""
    try:
        requested = {Stage(stage) for stage in stages}
    except ValueError as error:
        raise ConfigError(f"{error}: give some of {', '.join(stage.value for stage in Stage)}") from error
    if not requested:
        raise ConfigError("no stage was named")
    return [stage for stage in Stage if stage in requested]


def _batches(queries: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(queries), BATCH):
        yield queries[start : start + BATCH]


def _settings(status: Status, candidates: int, fusion: Fusion, reranker: str | None) -> dict[str, Json]:
    """Returns what the figures depend on."""
    record = status.to_json()
    return {
        **{name: record[name] for name in ("encoder", "backend", "window", "chunking", "passages", "cut")},
        "index": status.index.kind,
        "candidates": candidates,
        "fusion": fusion.value,
        "reranker": reranker,
        "depth": RUN_DEPTH,
    }
