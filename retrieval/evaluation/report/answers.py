"""Searches the queries where the last stage lost most again, to show what they got instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.config import CANDIDATES, RERANK_DEPTH
from passagework.retrieval.evaluation.evaluator import RUN_DEPTH, Evaluation, rankings
from passagework.retrieval.evaluation.judged import Judged
from passagework.retrieval.evaluation.measures import per_query
from passagework.retrieval.hits import Hit
from passagework.retrieval.types import Fusion, Stage

SHOWN_HITS = 5
MOST_TITLES = 100
"""Relevant things of a query whose titles are looked up: more than a report lists."""


@dataclass(frozen=True, slots=True)
class QueryAnswer:
    """Tells what a query got, and what it should have got.

    `hits` are the first passages of the last stage, best first; `grades` what the judgments say of each, None where
    they say nothing. `relevant` are the things judged relevant, with their grades (above 0); `ranks` where each stage
    has them among its first 100, from 1; `titles` their titles, where known.
    """

    query: str
    hits: tuple[Hit, ...]
    grades: tuple[int | None, ...]
    relevant: Mapping[str, int]
    ranks: Mapping[Stage, Mapping[str, int]]
    titles: Mapping[str, str]


def losses(evaluation: Evaluation) -> dict[str, float]:
    """Returns by query what the last stage's first measure lacks to an ideal ranking; {} where none was measured.

    The ideal ranking has all relevant things and nothing else, best grades first.
    """
    if not evaluation.stages:
        return {}
    measure = evaluation.measures[0]
    values = list(evaluation.stages.values())[-1].per_query[measure]
    ideal_run = {query: _ideal(grades) for query, grades in evaluation.qrels.items()}
    ideal = per_query([measure], evaluation.qrels, ideal_run)[measure]
    # rounded, or the dust of float sums would part what is tied
    return {query: round(ideal[query] - values[query], 9) + 0.0 for query in evaluation.queries}


def worst_queries(evaluation: Evaluation, count: int = 10) -> list[str]:
    """Returns at most `count` queries where the last stage lost most by its first measure, most first, ties by id.

    Queries that lost nothing are none of them.
    """
    lost = losses(evaluation)
    return sorted((query for query, loss in lost.items() if loss > 0), key=lambda query: (-lost[query], query))[:count]


def answers_for(
    collection: Collection, evaluation: Evaluation, judged: Judged, queries: Iterable[str]
) -> list[QueryAnswer]:
    """Searches the queries named again at every stage measured, with the evaluation's settings, in the order given.

    Raises what `search` raises.
    """
    return [_answer(collection, evaluation, judged, query) for query in queries]


def _answer(collection: Collection, evaluation: Evaluation, judged: Judged, query: str) -> QueryAnswer:
    text = judged.queries[query]
    candidates = int(str(evaluation.settings.get("candidates", CANDIDATES)))
    fusion = Fusion(str(evaluation.settings.get("fusion", Fusion.CONVEX.value)))
    depth = int(str(evaluation.settings.get("rerank_depth") or RERANK_DEPTH))
    by_stage = {
        stage: rankings(collection, judged, text, stage, candidates, fusion, depth) for stage in evaluation.stages
    }
    ranks = {stage: _ranks(judged, query, hits) for stage, hits in by_stage.items()}
    last = next(reversed(by_stage.values()), [])
    shown = last[0][:SHOWN_HITS] if last else ()
    relevant = {thing: grade for thing, grade in judged.qrels[query].items() if grade > 0}
    return QueryAnswer(
        query=query,
        hits=tuple(shown),
        grades=tuple(_grade(judged, query, hit) for hit in shown),
        relevant=relevant,
        ranks={stage: {thing: of[thing] for thing in relevant if thing in of} for stage, of in ranks.items()},
        titles=_titles(collection, sorted(relevant)[:MOST_TITLES]),
    )


def _ranks(judged: Judged, query: str, rankings: Sequence[Sequence[Hit]]) -> dict[str, int]:
    things = dict.fromkeys(thing for hits in rankings for thing, _ in judged.things(query, hits))
    return {thing: rank for rank, thing in enumerate(list(things)[:RUN_DEPTH], start=1)}


def _grade(judged: Judged, query: str, hit: Hit) -> int | None:
    grades = judged.qrels[query]
    return max((grades[thing] for thing, _ in judged.things(query, [hit]) if thing in grades), default=None)


def _titles(collection: Collection, things: Sequence[str]) -> dict[str, str]:
    """Returns titles of documents, which judgments name by `_id`, URI or path; a thing that is no document has none."""
    return {name: rows[-1].title for name, rows in collection.documents_named(things).items() if rows[-1].title}


def _ideal(grades: Mapping[str, int]) -> dict[str, float]:
    relevant = sorted(
        (thing for thing, grade in grades.items() if grade > 0), key=lambda thing: (-grades[thing], thing)
    )
    return {thing: float(-rank) for rank, thing in enumerate(relevant)}
