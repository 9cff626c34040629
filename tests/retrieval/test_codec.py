"""Rules of coded token vectors: the levels are the best ones, the rotation is one for all, products hardly change."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from passagework.retrieval.errors import ConfigError
from passagework.retrieval.late_interaction import codec as token_codes
from passagework.retrieval.late_interaction.codec import LEVELS, TokenCodec, rotation
from passagework.retrieval.types import Vectors

LEAST = {4: 0.985, 2: 0.9, 1: 0.74}
"""By bits, the cosine of a vector with its code, where it has 384 dimensions."""


def rows(count: int, dim: int, seed: int) -> Vectors:
    """Random unit rows."""
    found = np.random.default_rng(seed).standard_normal((count, dim))
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


@pytest.mark.parametrize("bits", LEVELS)
def test_levels_are_the_best(bits: int) -> None:
    """Lloyd's conditions: each is the mean of the normal variable between the middles to its neighbours."""
    normal, levels = NormalDist(), LEVELS[bits]
    assert len(levels) == 2 ** (bits - 1)
    bounds = [0.0, *((a + b) / 2 for a, b in pairwise(levels))]
    for level, low, high in zip(levels, bounds, [*bounds[1:], 9.0], strict=True):
        mean = (normal.pdf(low) - normal.pdf(high)) / (normal.cdf(-low) - normal.cdf(-high))
        assert level == pytest.approx(mean, abs=2e-6)


@pytest.mark.parametrize(("dim", "digest"), [(8, "daa47f7b3ae12bf2"), (384, "f364679c0bd93207")])
def test_the_rotation_is_the_same_everywhere(dim: int, digest: str) -> None:
    """To the last bit: what one machine stored another reads."""
    assert hashlib.sha256(rotation(dim).astype("<f4").tobytes()).hexdigest()[:16] == digest


@pytest.mark.parametrize("dim", [1, 2, 3, 7, 25, 32, 100, 312, 384, 768])
def test_the_rotation_is_orthogonal(dim: int) -> None:
    """For any number of dimensions; lengths and products stay."""
    matrix = rotation(dim).astype(np.float64)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(dim), atol=2e-6)


def test_one_coordinate_is_spread_over_all() -> None:
    """A vector along an axis, as outliers of transformers nearly are, is coded as well as any other."""
    for bits, least in LEAST.items():
        codec = TokenCodec(384, bits)
        axes = np.eye(384, dtype=np.float32)
        codes = codec.decode(codec.encode(axes))
        assert np.linalg.norm(codes, axis=1).max() < 1 / least


@settings(deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([1, 2, 4]), st.integers(1, 40))
def test_a_vector_and_its_code_score_one(seed: int, bits: int, dim: int) -> None:
    """Whatever the number of dimensions, even or odd."""
    codec, vectors = TokenCodec(dim, bits), rows(5, dim, seed)
    coded = codec.encode(vectors)
    assert len(coded) == 5 * codec.row_bytes
    own = np.einsum("nd,nd->n", codec.rotate(vectors), codec.decode(coded))
    np.testing.assert_allclose(own, 1.0, atol=2e-3)  # the factor is of 16 bits


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("bits", LEVELS)
def test_products_hardly_change(seed: int, bits: int) -> None:
    """A query's cosines with codes are those with the vectors, within what the bits allow, and not one-sided."""
    codec, vectors, queries = TokenCodec(384, bits), rows(200, 384, seed), rows(6, 384, seed + 1)
    (found,) = codec.products(codec.rotate(queries), [codec.encode(vectors)])
    error = found - queries @ vectors.T
    assert np.abs(error).max() < {4: 0.03, 2: 0.1, 1: 0.18}[bits]
    assert abs(error.mean()) < {4: 0.001, 2: 0.003, 1: 0.006}[bits]
    np.testing.assert_allclose(found, codec.rotate(queries) @ codec.decode(codec.encode(vectors)).T, atol=1e-5)


@pytest.mark.parametrize(("bits", "size"), [(4, 194), (2, 98), (1, 50)])
def test_bytes_of_a_row(bits: int, size: int) -> None:
    """Half a byte, a quarter, or an eighth, for each of 384 coordinates, and two for the factor."""
    assert TokenCodec(384, bits).row_bytes == size


def test_each_row_is_coded_by_itself() -> None:
    """So parts of a text can be coded one after another."""
    codec, vectors = TokenCodec(32, 4), rows(9, 32, 1)
    assert codec.encode(vectors[:4]) + codec.encode(vectors[4:]) == codec.encode(vectors)


def test_passages_are_multiplied_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """In whatever portions: each gets its own products."""
    monkeypatch.setattr(token_codes, "ROWS_AT_ONCE", 5)
    codec, queries = TokenCodec(32, 4), rows(3, 32, 9)
    coded = [codec.encode(rows(count, 32, count)) for count in (4, 1, 9, 2)]
    for found, one in zip(codec.products(queries, coded), coded, strict=True):
        np.testing.assert_allclose(found, queries @ codec.decode(one).T, atol=1e-6)


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32),
    bits=st.sampled_from([1, 2, 4]),
    dim=st.integers(1, 40),
    counts=st.lists(st.integers(0, 9), max_size=6),
    queries=st.integers(0, 2 * token_codes.FEW_QUERIES),
    at_once=st.integers(1, 20),
)
def test_best_products(seed: int, bits: int, dim: int, counts: list[int], queries: int, at_once: int) -> None:
    """Are the largest of all products, looked up by the byte or multiplied, in whatever portions; 0 where are none."""
    codec, asked = TokenCodec(dim, bits), rows(queries, dim, seed)
    coded = [codec.encode(rows(count, dim, seed + count)) for count in counts]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(token_codes, "ROWS_AT_ONCE", at_once)
        found = codec.best_products(asked, coded)
    assert found.shape == (queries, len(counts))
    for passage, one in enumerate(coded):
        expected = (asked @ codec.decode(one).T).max(axis=1) if one else np.zeros(queries)
        np.testing.assert_allclose(found[:, passage], expected, atol=1e-5)


def test_zeros_and_nothing() -> None:
    """A row of zeros compares with nothing; no rows are no bytes."""
    codec = TokenCodec(32, 4)
    assert not codec.decode(codec.encode(np.zeros((2, 32), np.float32))).any()
    assert codec.encode(np.empty((0, 32), np.float32)) == b""
    assert codec.decode(b"").shape == (0, 32)
    assert [found.shape for found in codec.products(rows(2, 32, 1), [b"", b""])] == [(2, 0)] * 2
    assert codec.products(rows(2, 32, 1), []) == []


def test_what_is_no_code_is_refused() -> None:
    """Bytes of another length, and bits that there are no levels for."""
    with pytest.raises(ValueError, match="19 bytes are not those of whole vectors of 32 dimensions"):
        TokenCodec(32, 4).decode(b"x" * 19)
    with pytest.raises(ConfigError, match="in 3 bits"):
        TokenCodec(32, 3)
