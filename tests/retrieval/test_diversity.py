"""Hits spread by maximal marginal relevance."""

from __future__ import annotations

import numpy as np
from hypothesis import given, strategies as st

from passagework.retrieval.search.diversity import diverse

UNIT = np.array([[1, 0], [1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32)
SCORES = [4.0, 3.0, 2.0, 0.0]


def test_the_formula_by_hand() -> None:
    """At 0.5 the copy of the first (0.5 x 0.75 - 0.5 x 1) gives way to what points elsewhere (0.5 x 0.5 - 0)."""
    assert diverse(SCORES, UNIT, 4, 0.5) == [0, 2, 1, 3]
    assert diverse(SCORES, UNIT, 2, 0.5) == [0, 2]


def test_all_diversity_asks_for_the_farthest() -> None:
    """At 1 scores choose the first alone; then the least cosine with what was chosen counts, ties by rank."""
    assert diverse(SCORES, UNIT, 4, 1.0) == [0, 2, 3, 1]


def test_equal_scores_and_a_lone_passage() -> None:
    """Where all scores are equal there is nothing to scale by, and one passage is its own answer."""
    assert diverse([1.0, 1.0], UNIT[:2], 2, 0.5) == [0, 1]
    assert diverse([1.0], UNIT[:1], 3, 0.5) == [0]


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=20), st.integers(1, 25), st.integers(0, 99))
def test_no_diversity_changes_nothing_and_any_keeps_the_best(scores: list[float], k: int, seed: int) -> None:
    """0 is the ranking itself; any other has the same first hit, and every passage at most once."""
    ranked = sorted(scores, reverse=True)
    vectors = np.random.default_rng(seed).standard_normal((len(ranked), 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert diverse(ranked, vectors, k, 0.0) == list(range(min(k, len(ranked))))
    spread = diverse(ranked, vectors, k, 0.7)
    assert spread[0] == 0
    assert len(set(spread)) == len(spread) == min(k, len(ranked))
