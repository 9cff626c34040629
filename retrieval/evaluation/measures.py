"""Measures by ir-measures: named as it prints them, one value a query, averaged over judged queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import ir_measures

from passagework.retrieval.errors import ConfigError
from passagework.retrieval.evaluation.benchmark import Qrels

Run: TypeAlias = Mapping[str, Mapping[str, float]]
"""Query -> document -> score, higher is better."""

PerQuery: TypeAlias = "dict[str, dict[str, float]]"
"""Measure -> query -> value."""

DEFAULT_MEASURES = ("nDCG@10", "RR@10", "R@100", "AP")

SPAN_DEPTH = 5
"""Passages that the token measures look at (Smith and Troynikov 2024, Evaluating Chunking Strategies)."""

TOKEN_RECALL, TOKEN_PRECISION, TOKEN_IOU = (
    f"token_{measure}@{SPAN_DEPTH}" for measure in ("recall", "precision", "IoU")
)
"""Measured wherever characters are judged, of the passages themselves."""

TOKEN_MEASURES = (TOKEN_RECALL, TOKEN_PRECISION, TOKEN_IOU)


def check_measures(names: Sequence[str]) -> tuple[str, ...]:
    """Returns the names as ir-measures prints them, each once; raises ConfigError for one that it doesn't know."""
    return tuple(dict.fromkeys(_computable(name) for name in names))


def per_query(names: Sequence[str], qrels: Qrels, run: Run) -> PerQuery:
    """Returns a value of every query of `qrels` at every measure; a query without documents in `run` has 0."""
    values: PerQuery = {name: dict.fromkeys(qrels, 0.0) for name in names}
    if any(run.values()):
        # trec_eval keeps -2 and less for itself, and reads beyond its tables for them.
        grades = {
            query: {document: max(grade, -1) for document, grade in judged.items()} for query, judged in qrels.items()
        }
        for metric in ir_measures.iter_calc([_parse(name) for name in names], grades, run):
            values[str(metric.measure)][metric.query_id] = float(metric.value)
    return values


def mean(values: Mapping[str, float]) -> float:
    """Returns the macro average: every query counts the same."""
    return sum(values.values()) / len(values) if values else 0.0


def _parse(name: str) -> Any:
    try:
        return ir_measures.parse_measure(name)
    except (NameError, ValueError, TypeError, KeyError, SyntaxError, AssertionError) as error:
        raise ConfigError(f"measure {name!r} is unknown: give one such as {', '.join(DEFAULT_MEASURES)}") from error


def _computable(name: str) -> str:
    """Returns the measure's printed name, once it was computed on a query; raises ConfigError where it can't be."""
    measure = _parse(name)
    for parameter, value in measure.params.items():
        # trec_eval ends the process for a cutoff or a least grade of 0.
        if parameter in ("cutoff", "rel") and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
            raise ConfigError(f"measure {name!r}: {parameter} is {value}, give a whole number of at least 1")
    try:
        list(ir_measures.iter_calc([measure], {"q": {"d": 1}}, {"q": {"d": 1.0}}))
    except Exception as error:
        raise ConfigError(f"measure {name!r} can't be computed here: {' '.join(str(error).split())}") from error
    return str(measure)
