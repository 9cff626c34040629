"""Compares two runs over the same queries: which is better, by how much, whether by chance, and what moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import permutation_test

from passagework.retrieval.errors import EvaluationError
from passagework.retrieval.evaluation.benchmark import Benchmark, Qrels
from passagework.retrieval.evaluation.measures import DEFAULT_MEASURES, Run, check_measures, mean, per_query
from passagework.retrieval.evaluation.runs import run_field
from passagework.retrieval.types import Json

RESAMPLES = 10_000
SEED = 0
BATCH_ELEMENTS = 4_000_000
"""Numbers that the randomisation test holds at once: 32 MB."""

TOP = 10
"""Ranks within which a document's move is told."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Holds one measure over the judged queries: means, mean difference `b - a`, wins of b, losses, ties, and p.

    `p` is of a two-sided paired randomisation test: how often chance alone would give a difference as large, were every
    query's two values as likely to stand the other way round (Smucker, Allan and Carterette 2007).
    """

    measure: str
    a: float
    b: float
    difference: float
    wins: int
    losses: int
    ties: int
    p: float

    def to_json(self) -> dict[str, Json]:
        """Returns what the compare JSON has of the measure."""
        return {
            "a": round(self.a, 6),
            "b": round(self.b, 6),
            "difference": round(self.difference, 6),
            "wins": self.wins,
            "losses": self.losses,
            "ties": self.ties,
            "p": round(self.p, 6),
        }


@dataclass(frozen=True, slots=True)
class Move:
    """Holds a document's grade and its rank in both runs, from 1; None where it is not in the run."""

    document: str
    grade: int
    a: int | None
    b: int | None


@dataclass(frozen=True, slots=True)
class QueryDifference:
    """Holds a query's value in both runs, and the documents that are in one run's first ten and moved."""

    query: str
    text: str
    a: float
    b: float
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Sets run `b` against run `a`, in means and query by query (the first measure's), largest difference first.

    `notes` are lines about what was left out.
    """

    dataset: str
    names: tuple[str, str]
    measures: tuple[Difference, ...]
    queries: tuple[QueryDifference, ...]
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Json]:
        """Returns the compare JSON."""
        return {
            "dataset": self.dataset,
            "a": self.names[0],
            "b": self.names[1],
            "queries": len(self.queries),
            "measures": {difference.measure: difference.to_json() for difference in self.measures},
            "changed": [_query_json(query) for query in self.queries if query.a != query.b],
            "notes": list(self.notes),
        }


def compare(
    benchmark: Benchmark, a: Run, b: Run, *, names: tuple[str, str] = ("a", "b"), measures: Sequence[str] = ()
) -> Comparison:
    """Compares two runs over the benchmark's queries; a query that one run lacks counts as 0 there.

    Queries that neither run answers were not asked, and don't count.

    Raises EvaluationError where a run answers none of the queries, ConfigError for an unknown measure.
    """
    chosen = check_measures(measures or DEFAULT_MEASURES)
    a, b = _renamed(benchmark, a), _renamed(benchmark, b)
    for name, run in zip(names, (a, b), strict=True):
        if not run.keys() & benchmark.queries.keys():
            raise EvaluationError(f"run {name} answers no query of {benchmark.name}")
    benchmark = benchmark.only([query for query in benchmark.queries if query in a or query in b])
    of_a, of_b = (per_query(chosen, benchmark.qrels, _answers(benchmark.qrels, run)) for run in (a, b))
    primary = chosen[0]
    differences = [
        QueryDifference(
            query, text, of_a[primary][query], of_b[primary][query], moves(a.get(query, {}), b.get(query, {}), grades)
        )
        for query, text in benchmark.queries.items()
        for grades in (benchmark.qrels[query],)
    ]
    return Comparison(
        dataset=benchmark.name,
        names=names,
        measures=tuple(difference(name, of_a[name], of_b[name]) for name in chosen),
        queries=tuple(sorted(differences, key=lambda query: (-abs(query.b - query.a), query.query))),
        notes=benchmark.notes,
    )


def difference(measure: str, a: Mapping[str, float], b: Mapping[str, float]) -> Difference:
    """Compares two runs' values of one measure, given by query."""
    deltas = np.array([b[query] - a[query] for query in a])
    return Difference(
        measure=measure,
        a=mean(a),
        b=mean(b),
        difference=float(deltas.mean()),
        wins=int((deltas > 0).sum()),
        losses=int((deltas < 0).sum()),
        ties=int((deltas == 0).sum()),
        p=p_value(deltas),
    )


def p_value(deltas: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """Returns the two-sided p of paired differences by randomisation: all arrangements of few, RESAMPLES of many."""
    if not deltas.any() or len(deltas) == 1:
        return 1.0
    test = permutation_test(
        (deltas,),
        lambda values, axis: values.mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=max(1, BATCH_ELEMENTS // len(deltas)),
        rng=np.random.default_rng(SEED),
    )
    return float(test.pvalue)


def moves(a: Mapping[str, float], b: Mapping[str, float], grades: Mapping[str, int]) -> tuple[Move, ...]:
    """Returns the documents in the first ten of either run whose rank differs, in order of b's ranks."""
    ranks_a, ranks_b = _ranks(a), _ranks(b)
    documents = dict.fromkeys(
        [document for ranks in (ranks_b, ranks_a) for document, rank in ranks.items() if rank <= TOP]
    )
    return tuple(
        Move(document, grades.get(document, 0), ranks_a.get(document), ranks_b.get(document))
        for document in documents
        if ranks_a.get(document) != ranks_b.get(document)
    )


def _ranks(scores: Mapping[str, float]) -> dict[str, int]:
    ordered = sorted(sorted(scores, reverse=True), key=lambda document: -scores[document])  # ties as trec_eval has them
    return {document: rank for rank, document in enumerate(ordered, start=1)}


def _renamed(benchmark: Benchmark, run: Run) -> Run:
    """Returns the run with the benchmark's names where its file has them without white space."""
    queries = {run_field(query): query for query in benchmark.queries if run_field(query) != query}
    documents = {
        run_field(document): document
        for grades in benchmark.qrels.values()
        for document in grades
        if run_field(document) != document
    }
    return {
        queries.get(query, query): {documents.get(document, document): score for document, score in scores.items()}
        for query, scores in run.items()
    }


def _answers(qrels: Qrels, run: Run) -> Run:
    return {query: run[query] for query in qrels if query in run}


def _query_json(query: QueryDifference) -> dict[str, Json]:
    return {
        "query": query.query,
        "text": query.text,
        "a": round(query.a, 6),
        "b": round(query.b, 6),
        "moved": [{"document": move.document, "grade": move.grade, "a": move.a, "b": move.b} for move in query.moves],
    }
