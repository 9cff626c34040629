"""The report of a comparison: which run is better, by how much, in which queries, and what moved there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from passagework.retrieval.evaluation.compare import Comparison, Move, QueryDifference
from passagework.retrieval.evaluation.report.charts import delta_chart, delta_tooltip
from passagework.retrieval.evaluation.report.comparison_charts import means_chart, wins_chart
from passagework.retrieval.evaluation.report.intervals import MOST_BARS, RESAMPLES, bootstrap_intervals, delta_bars
from passagework.retrieval.evaluation.report.rendering import render

SHOWN_QUERIES = 10
"""Queries that gained most, and as many that lost most."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Holds a query, and what moved in it: relevant documents first, then as the comparison has them."""

    query: QueryDifference
    moves: tuple[Move, ...]


def render_comparison(comparison: Comparison, titles: Mapping[str, str]) -> str:
    """Returns the report as one HTML page that needs no other file; `titles` are those of documents, where known.

    The same arguments give the same page.
    """
    a = {query.query: query.a for query in comparison.queries}
    b = {query.query: query.b for query in comparison.queries}
    deltas = {query: b[query] - a[query] for query in a}
    first = comparison.measures[0].measure if comparison.measures else ""
    texts = {query.query: query.text for query in comparison.queries}
    caption = f"b minus a in {first}, query by query, greatest gain first"
    return render(
        "comparison.html",
        {
            "comparison": comparison,
            "titles": titles,
            "first": first,
            "headline": comparison.measures[0] if comparison.measures else None,
            "means": means_chart(comparison.measures) if comparison.measures else None,
            "wins": wins_chart(comparison.measures) if comparison.measures else None,
            "interval": next(iter(bootstrap_intervals([list(deltas.values())])), None) if deltas else None,
            "deltas": delta_chart(delta_bars(deltas), caption, delta_tooltip(a, b, texts)) if deltas else None,
            "gained": _most(comparison.queries, 1),
            "lost": _most(comparison.queries, -1),
            "most_bars": MOST_BARS,
            "resamples": RESAMPLES,
        },
    )


def moved_first(moves: Sequence[Move]) -> tuple[Move, ...]:
    """Puts relevant documents first, best grades first; the others stay in their order."""
    return tuple(sorted(moves, key=lambda move: -max(0, move.grade)))


def _most(queries: Sequence[QueryDifference], sign: int) -> list[Moved]:
    """Returns the queries that gained most (`sign` 1) or lost most (-1), ties by id."""
    changed = [query for query in queries if sign * (query.b - query.a) > 0]
    changed.sort(key=lambda query: (-abs(query.b - query.a), query.query))
    return [Moved(query, moved_first(query.moves)) for query in changed[:SHOWN_QUERIES]]
