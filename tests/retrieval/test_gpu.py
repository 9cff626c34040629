"""The GPU's exact search, run on torch's CPU: its answers are ExactIndex's own, to the last bit and tie."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason='pip install "passagework[torch]"')

import numpy as np
import torch

from passagework.retrieval.dense.index import (
    ExactIndex,
    GpuIndex,
    IndexKind,
    LiveIndex,
    automatic_kind,
    gpu,
    on_best_device,
)
from passagework.retrieval.dense.index.faiss_library import centroid_assigner
from passagework.retrieval.dense.index.vector_index import SearchResult
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.types import Ids
from tests.support.vector_sets import DIM, IDS, QUERIES, VECTORS, clustered, unit

EXACT = ExactIndex(IDS, VECTORS)


def assert_same(found: SearchResult, expected: SearchResult) -> None:
    """Ids and scores to the last bit."""
    np.testing.assert_array_equal(found.ids, expected.ids)
    np.testing.assert_array_equal(found.scores, expected.scores)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the few vectors of a test fill several blocks, and its queries several rounds."""
    monkeypatch.setattr(gpu, "BLOCK_ROWS", 512)
    monkeypatch.setattr(gpu, "BLOCK_BYTES", 4 * 512 * 3)


@pytest.mark.parametrize("k", [1, 10, 100, len(IDS), len(IDS) + 5])
def test_answers_are_those_of_the_exact_index(k: int) -> None:
    """Ids and scores, whatever half precision made of the products."""
    assert_same(GpuIndex(EXACT, "cpu").search(QUERIES, k), EXACT.search(QUERIES, k))


@pytest.mark.parametrize("within", [None, IDS[:50], IDS[:1000], IDS[::2], IDS[:0], np.array([1, 2])])
@pytest.mark.parametrize("without", [None, IDS[5:900:3]])
def test_filters_hold(within: Ids | None, without: Ids | None) -> None:
    """Few allowed ids, many, none and unknown ones; removed ids stay out."""
    found = GpuIndex(EXACT, "cpu").search(QUERIES, 20, allowed=within, excluded=without)
    expected = EXACT.search(QUERIES, 20, allowed=within, excluded=without)
    assert_same(found, expected)
    assert found.plan is expected.plan


def test_equals_at_the_edge_go_to_the_smallest_ids() -> None:
    """More equal vectors than were fetched at first are all seen, and so are those that half precision makes equal."""
    vectors = np.repeat(unit(clustered(4)), 250, axis=0)[np.random.default_rng(1).permutation(1000)]
    exact = ExactIndex(np.arange(1000), vectors)
    near = unit(clustered(1)) + 1e-5 * np.random.default_rng(2).standard_normal((900, DIM)).astype(np.float32)
    close = ExactIndex(np.arange(900), unit(near))
    for index in (exact, close):
        for k in (1, 3, 99, 249):
            assert_same(GpuIndex(index, "cpu").search(index.matrix[17:18], k), index.search(index.matrix[17:18], k))


def test_it_is_the_base_of_a_live_index() -> None:
    """Additions and removals lie over it as over any base, and it is saved as the exact index it is."""
    more = unit(clustered(30, seed=4))
    ids = np.arange(30) + 10**6
    live = LiveIndex(GpuIndex(EXACT, "cpu")).apply(added=(ids, more), removed=IDS[:100])
    assert_same(
        live.search(QUERIES, 10), LiveIndex(EXACT).apply(added=(ids, more), removed=IDS[:100]).search(QUERIES, 10)
    )


def test_it_is_saved_as_what_it_is(tmp_path: Path) -> None:
    """A file says nothing of where it is searched."""
    assert GpuIndex(EXACT, "cpu").save(tmp_path / "a") == EXACT.save(tmp_path / "b")


def test_bad_queries_are_refused() -> None:
    """As by every kind."""
    with pytest.raises(ConfigError, match="unit rows are expected"):
        GpuIndex(EXACT, "cpu").search(np.full((1, DIM), np.nan, np.float32), 3)
    with pytest.raises(ConfigError, match="k is 0"):
        GpuIndex(EXACT, "cpu").search(QUERIES, 0)


def test_products_in_half_precision_lie_within_what_is_allowed_for() -> None:
    """The bound on which the finalists rest, over rows like an encoder's."""
    rows = unit(np.random.default_rng(0).standard_normal((2000, 384)).astype(np.float32))
    near = unit(rows + 0.5 * rows[::-1])
    half = (torch.from_numpy(rows).half() @ torch.from_numpy(near).half().T).float().numpy()
    assert np.abs(half - rows @ near.T).max() <= gpu.half_rounding(384)


def test_without_a_gpu_the_host_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A large exact index is given to a GPU only where there is one with room; others stay as they are."""
    monkeypatch.setattr(gpu, "LEAST_ROWS", 100)
    chosen = on_best_device(EXACT)
    assert isinstance(chosen, GpuIndex)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert chosen._device is None
    assert_same(chosen.search(QUERIES, 5), EXACT.search(QUERIES, 5))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (4 * VECTORS.size, 10**12))
    assert GpuIndex(EXACT)._device == "cuda"
    assert gpu.gpu_has_room(VECTORS.size + 1) is False
    monkeypatch.delitem(sys.modules, "torch")
    assert GpuIndex(EXACT)._device is None
    monkeypatch.setattr(gpu, "LEAST_ROWS", 10**6)
    assert on_best_device(EXACT) is EXACT


def test_a_gpu_with_room_keeps_the_search_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """A million vectors are searched exactly where they fit on a GPU, and approximately where they don't."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (80 << 30, 80 << 30))
    assert automatic_kind(10**6, 384) is IndexKind.EXACT
    assert automatic_kind(10**9, 384) is IndexKind.IVF_SQ8


def test_training_stays_on_the_host_without_a_gpu() -> None:
    """FAISS's own GPU trains only where FAISS reports one."""
    if centroid_assigner(8) is not None:
        pytest.skip("FAISS reports a GPU here")
