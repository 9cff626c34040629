"""Filtered searches of every index kind, their plans, and what bad input gets."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, strategies as st

from passagework.retrieval.dense.index import (
    FaissIndex,
    FilterPlan,
    IndexKind,
    LiveIndex,
    build_index,
    load_index,
    plan_filter,
)
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.ids import allowed_mask
from passagework.retrieval.types import Vectors
from tests.support.vector_sets import (
    APPROXIMATE,
    DIM,
    IDS,
    KINDS,
    QUERIES,
    VECTORS,
    N,
    assert_same,
    built,
    by_definition,
    few,
    kept,
    unit,
)


@pytest.mark.parametrize("kind", KINDS)
@few
@given(data=st.data())
def test_k_hits_whenever_k_match(kind: IndexKind, data: st.DataObject) -> None:
    """Within any set and without any other, min(k, allowed) hits come, all allowed, the best first, on every kind."""
    index = built(kind).index
    size = data.draw(st.sampled_from([0, 1, 3, 40, 700, 1400, 1600, 2500, N]))
    seed = data.draw(st.integers(0, 1000))
    random = np.random.default_rng(seed)
    within = random.permutation(np.concatenate([random.choice(IDS, size, replace=False), [1, 10**12]]))
    without = random.choice(IDS, data.draw(st.sampled_from([0, 1, 50, 1700])), replace=False)
    k = data.draw(st.sampled_from([1, 10, 60, 2000]))
    only = data.draw(st.sampled_from(["within", "without", "both"]))
    allowed = set(IDS.tolist())
    if only != "without":
        allowed &= set(within.tolist())
    if only != "within":
        allowed -= set(without.tolist())
    result = index.search(
        QUERIES[:2],
        k,
        allowed=None if only == "without" else within,
        excluded=None if only == "within" else without,
    )
    assert result.plan is plan_filter(kind, N, len(allowed))
    for ids, scores in zip(result.ids.tolist(), result.scores.tolist(), strict=True):
        hits = [one for one in ids if one >= 0]
        assert len(hits) == len(set(hits)) == min(k, len(allowed))
        assert set(hits) <= allowed
        assert ids[len(hits) :] == [-1] * (k - len(hits))
        assert scores == sorted(scores, reverse=True)
    if result.plan is FilterPlan.EXACT_WITHIN or not kind.approximate:
        assert_same(result, by_definition(IDS, kept(index), QUERIES[:2], k, allowed))


@pytest.mark.parametrize("kind", APPROXIMATE)
def test_a_broad_filter_keeps_its_recall(kind: IndexKind) -> None:
    """Through a selector that lets two in three pass, recall@10 stays near what was promised."""
    within = IDS[np.random.default_rng(5).random(N) < 0.67]
    result = built(kind).index.search(QUERIES, 10, allowed=within)
    exact = built(IndexKind.EXACT).index.search(QUERIES, 10, allowed=within)
    assert result.plan is FilterPlan.SELECTOR
    hits = sum(len(set(a) & set(b)) for a, b in zip(result.ids.tolist(), exact.ids.tolist(), strict=True))
    assert hits / exact.ids.size >= built(kind).recall_at_10 - 0.05


@pytest.mark.parametrize("kind", APPROXIMATE)
def test_a_filter_far_from_the_query_is_widened(kind: IndexKind) -> None:
    """Where all that is allowed lies far off, effort grows until k are found: the true ones, and the result says so."""
    random = np.random.default_rng(2)
    near = unit((np.eye(1, DIM) + 0.2 * random.standard_normal((1400, DIM))).astype(np.float32))
    far = unit((-np.eye(1, DIM) + 0.2 * random.standard_normal((1600, DIM))).astype(np.float32))
    full = build_index(IDS, np.concatenate([near, far]), kind=kind, sample=20).index
    assert isinstance(full, FaissIndex)
    lazy = dataclasses.replace(full, parameters={**full.parameters, "nprobe": 1, "efSearch": 1})
    query = np.eye(1, DIM, dtype=np.float32)
    result = lazy.search(query, 10, allowed=IDS[1400:])
    assert (result.plan, result.widened) == (FilterPlan.SELECTOR, True)
    assert np.count_nonzero(result.ids >= IDS[1400]) == 10


def test_a_graph_that_leads_nowhere_still_gives_k(tmp_path: Path) -> None:
    """Where no effort finds k in the graph, its vectors are looked at one by one: the true k, and it says so."""
    digest = built(IndexKind.HNSW).index.save(tmp_path / "index")
    index = load_index(tmp_path / "index", digest=digest, kind=IndexKind.HNSW, dim=DIM, count=N)
    assert isinstance(index, FaissIndex)
    index.index.hnsw.entry_point = -1
    for within in (None, IDS[:2000]):
        result = index.search(QUERIES, 10, allowed=within)
        assert result.widened
        allowed = None if within is None else set(within.tolist())
        assert_same(result, by_definition(IDS, VECTORS, QUERIES, 10, allowed))


@pytest.mark.parametrize("kind", [IndexKind.EXACT, IndexKind.HNSW, IndexKind.IVF_PQ])
def test_blocks_do_not_show(kind: IndexKind, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read in many small blocks or in one, filtered either way or not, a search gives the same ids and scores."""
    index = built(kind).index
    sets = (None, IDS[::40], IDS[5:2600])
    before = [index.search(QUERIES, 30, allowed=within) for within in sets]
    monkeypatch.setattr("passagework.retrieval.dense.index.scoring.BLOCK_ROWS", 7)
    monkeypatch.setattr("passagework.retrieval.dense.index.scoring.BLOCK_SCORES", 4000)
    for within, one in zip(sets, before, strict=True):
        again = index.search(QUERIES, 30, allowed=within)
        assert again.ids.tolist() == one.ids.tolist()
        assert again.scores.tolist() == one.scores.tolist()


def test_filter_plans() -> None:
    """No filter where all match; few are scanned exactly inside; many go through a selector."""
    assert plan_filter(IndexKind.EXACT, 800, None) is FilterPlan.NONE
    assert plan_filter(IndexKind.HNSW, 800, 800) is FilterPlan.NONE
    assert plan_filter(IndexKind.EXACT, 800, 100) is FilterPlan.EXACT_WITHIN
    assert plan_filter(IndexKind.FLAT, 800, 101) is FilterPlan.SELECTOR
    assert plan_filter(IndexKind.HNSW, 800, 400) is FilterPlan.EXACT_WITHIN
    assert plan_filter(IndexKind.IVF_PQ, 800, 401) is FilterPlan.SELECTOR
    assert plan_filter(IndexKind.IVF_SQ8, 10**6, 20_000) is FilterPlan.EXACT_WITHIN
    assert plan_filter(IndexKind.IVF_SQ8, 10**6, 20_001) is FilterPlan.SELECTOR


@pytest.mark.parametrize("kind", [IndexKind.EXACT, IndexKind.HNSW])
@pytest.mark.parametrize(
    ("queries", "k", "message"),
    [
        (QUERIES, 0, "k is 0"),
        (QUERIES[:, :8], 1, r"\(10, 8\) found, \(n, 16\) expected"),
        (QUERIES[0], 1, r"shape \(16,\)"),
        (2 * QUERIES, 1, "row 0 has length 2"),
        (np.full((1, DIM), np.nan, np.float32), 1, "row 0 has length nan"),
    ],
)
def test_bad_queries_are_refused(kind: IndexKind, queries: Vectors, k: int, message: str) -> None:
    """A query of another dimension or length, or with NaN, and k below 1, raise ConfigError naming the fault."""
    with pytest.raises(ConfigError, match=message):
        built(kind).index.search(queries, k)
    with pytest.raises(ConfigError, match=message):
        LiveIndex(built(kind).index).search(queries, k)


def test_bad_input_to_build_is_refused() -> None:
    """Ids that repeat, descend, are negative or too few, and rows that are no unit rows, are refused by name."""
    for ids in (IDS[::-1], np.zeros(N, np.int64), IDS - 10, IDS[:5]):
        with pytest.raises(ConfigError, match="ids"):
            build_index(ids, VECTORS)
    spoilt = VECTORS.copy()
    spoilt[41, 3] = np.nan
    with pytest.raises(ConfigError, match="row 41 has length nan"):
        build_index(IDS, spoilt)
    with pytest.raises(ConfigError, match="sample is 0"):
        build_index(IDS, VECTORS, sample=0)


@few
@given(
    ids=st.sets(st.integers(0, 60), max_size=50),
    wanted=st.lists(st.integers(-5, 70), max_size=40),
    first=st.sampled_from([0, 1000]),
)
@example(ids=set(range(40)), wanted=[-1, 0, 39, 40, 7, 7], first=1000)
def test_which_ids_are_allowed(ids: set[int], wanted: list[int], first: int) -> None:
    """Whether ids have gaps or not, and whatever is asked for: those that are both there and wanted."""
    there = np.array(sorted(one + first for one in ids), dtype=np.int64)
    asked = np.array([one + first for one in wanted], dtype=np.int64)
    mask = allowed_mask(there, asked, None)
    assert mask is not None
    assert set(there[mask].tolist()) == set(there.tolist()) & set(asked.tolist())
