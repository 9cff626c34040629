"""Measures by ir-measures: named as it prints them, one value a query, averaged over judged queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import ir_measures

from retrieval.errors import ConfigError
from retrieval.evaluation.benchmark import Qrels

Run: TypeAlias = Mapping[str, Mapping[str, float]]
"""Query -> document -> score, higher is better."""

PerQuery: TypeAlias = "dict[str, dict[str, float]]"
"""Measure -> query -> value."""

DEFAULT_MEASURES = ("nDCG@10", "RR@10", "R@100", "AP")


def check_measures(names: Sequence[str]) -> tuple[str, ...]:
    """The names as ir-measures prints them, each once; raises ConfigError for one that it doesn't know."""
    return tuple(dict.fromkeys(str(_parse(name)) for name in names))


def per_query(names: Sequence[str], qrels: Qrels, run: Run) -> PerQuery:
    """Every query of `qrels` has a value at every measure; one without documents in `run` has 0."""
    values: PerQuery = {name: dict.fromkeys(qrels, 0.0) for name in names}
    if any(run.values()):
        for metric in ir_measures.iter_calc([_parse(name) for name in names], qrels, run):
            values[str(metric.measure)][metric.query_id] = float(metric.value)
    return values


def mean(values: Mapping[str, float]) -> float:
    """The macro average: every query counts the same."""
    return sum(values.values()) / len(values) if values else 0.0


def _parse(name: str) -> Any:
    try:
        return ir_measures.parse_measure(name)
    except (NameError, ValueError, TypeError, KeyError, SyntaxError) as error:
        raise ConfigError(f"measure {name!r} is unknown: give one such as {', '.join(DEFAULT_MEASURES)}") from error
