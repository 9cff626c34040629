"""Pairs of near vectors: all of them, each once, whatever the way they are looked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from passagework.retrieval.duplicates import near_pairs as module
from passagework.retrieval.duplicates.near_pairs import near_pairs
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.types import Vectors


def clustered(count: int, *, dim: int, seed: int) -> Vectors:
    """Unit rows around a tenth as many centres, which lie around a few themselves: as texts of several subjects do."""
    draw = np.random.default_rng(seed)
    subjects = draw.standard_normal((20, dim))
    centres = subjects[draw.integers(0, 20, count // 10)] + draw.standard_normal((count // 10, dim))
    rows = centres[draw.integers(0, len(centres), count)] + draw.uniform(0.1, 0.9, (count, 1)) * draw.standard_normal(
        (count, dim)
    )
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def brute_force(vectors: Vectors, threshold: float) -> set[tuple[int, int]]:
    """Every pair by the whole matrix of cosines."""
    first, second = np.nonzero(np.triu(vectors @ vectors.T >= np.float32(threshold), 1))
    return set(zip(first.tolist(), second.tolist(), strict=True))


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 30), st.floats(0.2, 1.0), st.integers(1, 9))
def test_every_pair_is_found_once(count: int, threshold: float, block: int) -> None:
    """Up to LARGE rows the pairs are those of brute force, the nearest first, whatever the size of a block."""
    vectors = clustered(10 * count, dim=6, seed=count)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK_ROWS", block * 17)
        found = near_pairs(vectors, threshold, most=10**6)
    pairs = list(zip(found.first.tolist(), found.second.tolist(), strict=True))
    at_the_edge = brute_force(vectors, threshold - 1e-6) - brute_force(vectors, threshold + 1e-6)
    assert len(set(pairs)) == len(pairs)
    assert set(pairs) ^ brute_force(vectors, threshold) <= at_the_edge
    assert (np.diff(found.cosines) <= 0).all()


@pytest.mark.parametrize("threshold", [0.7, 0.85, 0.95])
def test_cells_find_what_brute_force_finds(threshold: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compared within cells, at least 99 of 100 pairs are found, and none that isn't one."""
    pytest.importorskip("faiss", reason='pip install "passagework[cpu]"')
    vectors = clustered(6000, dim=48, seed=1)
    expected = brute_force(vectors, threshold)
    monkeypatch.setattr(module, "LARGE", 1000)
    found = near_pairs(vectors, threshold)
    pairs = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
    assert len(expected) > 300
    assert len(pairs & expected) >= 0.99 * len(expected)
    assert pairs <= brute_force(vectors, threshold - 1e-5)


def test_of_too_many_pairs_the_nearest_stay() -> None:
    """Where more pairs than that reach the threshold, the nearest are kept, and the threshold tells how near."""
    vectors = clustered(500, dim=6, seed=3)
    all_of_them = near_pairs(vectors, 0.5, most=10**6)
    found = near_pairs(vectors, 0.5, most=100)
    assert found.cosines.tolist() == all_of_them.cosines[:100].tolist()
    assert found.threshold == pytest.approx(all_of_them.cosines[99])
    assert all_of_them.threshold == 0.5


@pytest.mark.parametrize("threshold", [0.0, -0.5, 1.5, float("nan")])
def test_a_threshold_is_a_cosine(threshold: float) -> None:
    """Others are refused in a line that says what is expected."""
    with pytest.raises(ConfigError, match="give a cosine above 0"):
        near_pairs(clustered(20, dim=4, seed=0), threshold)


def test_no_vectors_have_no_pairs() -> None:
    """An empty collection is no error."""
    assert near_pairs(np.empty((0, 4), np.float32), 0.9).first.tolist() == []
