"""The benchmark of large collections, with a small one: what it makes is searchable, and every figure is there."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks.scale import FILTERS, STAGES, measure
from benchmarks.scale_collections import build
from benchmarks.scale_data import NEAR, Base, made_texts, made_vectors, real_codes, real_texts
from passagework.retrieval.dense.index import ExactIndex
from tests.support.fakes import FakeTokenEncoder
from tests.support.vector_sets import unit

pytestmark = pytest.mark.skipif(
    not os.environ.get("PASSAGEWORK_TEST_DATA"), reason="needs PASSAGEWORK_TEST_DATA: its texts are real ones"
)


def base(count: int, dim: int) -> Base:
    """Vectors in place of encoded ones."""
    vectors = unit(np.random.default_rng(0).standard_normal((count, dim)).astype(np.float32))
    return Base(vectors, ExactIndex(np.arange(count), vectors).search(vectors, NEAR + 1).ids)


def test_what_is_made_is_the_same_every_time() -> None:
    """Texts of real sentences and unit vectors, drawn from a seed."""
    texts, vectors = real_texts(100), base(100, 8)
    first, second = (list(made_texts(texts, 30, step=20)) for _ in range(2))
    assert first == second
    assert [len(group) for group in first] == [20, 10]
    sentences = {sentence for run in texts.sentences for sentence in run}
    assert all(any(sentence in text for sentence in sentences) for _, text in first[0])
    rows = np.vstack(list(made_vectors(vectors, 30, step=20)))
    np.testing.assert_array_equal(rows, np.vstack(list(made_vectors(vectors, 30, step=20))))
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)


def test_a_small_collection_is_measured(tmp_path: Path) -> None:
    """Ten passages a document, token vectors, fields to filter by, and the figures of each filter and stage."""
    texts, encoder = real_texts(100), FakeTokenEncoder()
    vectors = base(100, encoder.dim)
    build(tmp_path / "made", texts, lambda: vectors, lambda: real_codes(texts, tmp_path, encoder), 300, encoder)
    found = measure(tmp_path / "made", texts, vectors, encoder, texts.questions[:3])
    assert (found["passages"], found["index"], found["recall@10"]) == (300, "exact", 1.0)
    assert {f"{stage}_{name}" for stage in STAGES for name in FILTERS} <= found.keys()
    assert found["rerank_none"]["token_vectors"] == ["stored"]
    assert 0 < found["bytes_a_passage"]["token_vectors"] < 1000
    assert found["hybrid_none"]["least_hits"] == found["hybrid_10%"]["least_hits"] == 10
    assert found["changes"]["add_s"] > 0
