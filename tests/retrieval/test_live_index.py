"""LiveIndex: a base with changes answers as a dict would."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from hypothesis import given, strategies as st

from passagework.retrieval.dense.index import ExactIndex, FilterPlan, IndexKind, LiveIndex, build_index
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.types import Vectors
from tests.support.vector_sets import (
    DIM,
    IDS,
    KINDS,
    QUERIES,
    VECTORS,
    N,
    assert_same,
    built,
    by_definition,
    clustered,
    few,
)

POOL = clustered(400, seed=3)
"""Vectors for ids 0..399 of the live tests; an id added again gets another's."""

steps = st.lists(
    st.tuples(
        st.lists(st.integers(0, 399), max_size=12, unique=True),
        st.lists(st.integers(0, 420), max_size=12),
        st.integers(0, 399),
    ),
    max_size=6,
)


def live_over(kind: IndexKind, n: int) -> tuple[LiveIndex, dict[int, Vectors]]:
    """A live index over ids 0..n-1, and the same as a dict."""
    ids = np.arange(n, dtype=np.int64)
    return LiveIndex(build_index(ids, POOL[:n], kind=kind).index), {i: POOL[i] for i in range(n)}


def assert_live(index: LiveIndex, model: dict[int, Vectors], within: list[int] | None, k: int) -> None:
    """`index` holds and finds exactly what `model` holds."""
    ids = np.array(sorted(model), np.int64)
    vectors = np.array([model[i] for i in ids], np.float32).reshape(len(ids), DIM)
    assert index.ids.tolist() == ids.tolist()
    assert index.size == len(ids)
    allowed = None if within is None else set(within)
    result = index.search(QUERIES[:2], k, allowed=None if within is None else np.array(within, np.int64))
    assert_same(result, by_definition(ids, vectors, QUERIES[:2], k, allowed))
    found, kept_vectors = index.vectors(np.arange(500))
    assert found.tolist() == ids.tolist()
    assert kept_vectors.tolist() == vectors.tolist()


@pytest.mark.parametrize("kind", [IndexKind.EXACT, IndexKind.FLAT])
@few
@given(
    n=st.sampled_from([0, 1, 150]),
    changes=steps,
    within=st.none() | st.lists(st.integers(0, 420), max_size=60),
    k=st.sampled_from([1, 5, 500]),
)
def test_live_index_is_a_dict(
    kind: IndexKind, n: int, changes: list[tuple[list[int], list[int], int]], within: list[int] | None, k: int
) -> None:
    """After any sequence of additions, replacements and removals it answers as a dict would; so do all old versions."""
    index, model = live_over(kind, n)
    versions = [(index, model)]
    for added, removed, shift in changes:
        rows = np.roll(POOL, shift, axis=0)[added].reshape(len(added), DIM)
        index = index.apply(added=(np.array(added, np.int64), rows), removed=np.array(removed, np.int64))
        model = {one: vector for one, vector in model.items() if one not in removed}
        model.update({one: rows[i] for i, one in enumerate(added)})
        versions.append((index, model))
    for old, old_model in versions:
        assert_live(old, old_model, within, k)


@pytest.mark.parametrize("kind", KINDS)
def test_live_over_every_kind_finds_k_and_nothing_removed(kind: IndexKind) -> None:
    """With the query's own best removed and better ones added, those come first, the removed never, and k are found."""
    base = built(kind).index
    best = base.search(QUERIES[:1], 30).ids[0]
    index = LiveIndex(base).apply(added=(np.array([2, 1]), QUERIES[[0, 0]]), removed=best)
    result = index.search(QUERIES[:1], 50)
    assert result.plan is FilterPlan.NONE
    assert result.ids[0, :2].tolist() == [1, 2]
    assert np.all(result.ids >= 0)
    assert not set(result.ids[0].tolist()) & set(best.tolist())
    assert (index.size, index.tail_size, index.removed_size) == (N - 28, 2, 30)
    assert (index.kind, index.dim, index.lossless) == (kind, DIM, base.lossless)
    everything = index.search(QUERIES[:1], N)
    assert np.sort(everything.ids[0][: N - 28]).tolist() == index.ids.tolist()
    assert everything.ids[0][N - 28 :].tolist() == [-1] * 28


def test_live_reports_the_plan_of_the_filter() -> None:
    """The plan is the filter's: none without one, exact inside a small set, a selector for a broad one."""
    index = LiveIndex(built(IndexKind.HNSW).index).apply(added=(np.array([1]), VECTORS[:1]), removed=IDS[:9])
    assert index.search(QUERIES, 3).plan is FilterPlan.NONE
    assert index.search(QUERIES, 3, allowed=IDS[:50]).plan is FilterPlan.EXACT_WITHIN
    assert index.search(QUERIES, 3, allowed=IDS[:2500]).plan is FilterPlan.SELECTOR
    empty = LiveIndex(build_index(IDS[:0], VECTORS[:0]).index).apply(added=(IDS, VECTORS))
    assert empty.search(QUERIES, 3, allowed=IDS[:50]).plan is FilterPlan.EXACT_WITHIN
    assert empty.search(QUERIES, 3).ids.tolist() == built(IndexKind.EXACT).index.search(QUERIES, 3).ids.tolist()


def test_live_refuses_bad_additions() -> None:
    """Ids twice in one addition, another dimension, or rows that are no unit rows, change nothing."""
    index = LiveIndex(built(IndexKind.EXACT).index)
    with pytest.raises(ConfigError, match="unique"):
        index.apply(added=(np.array([5, 5]), VECTORS[:2]))
    with pytest.raises(ConfigError, match="expected"):
        index.apply(added=(np.array([5]), VECTORS[:1, :4]))
    with pytest.raises(ConfigError, match="unit rows"):
        index.apply(added=(np.array([5]), np.zeros((1, DIM), np.float32)))
    assert index.apply() is index


def test_two_versions_of_one_tail_part_ways() -> None:
    """Additions to the same old version don't meet in the shared buffer."""
    start = LiveIndex(built(IndexKind.EXACT).index).apply(added=(np.array([1]), QUERIES[:1]))
    left = start.apply(added=(np.array([2]), QUERIES[1:2]))
    right = start.apply(added=(np.array([3]), QUERIES[2:3]))
    for index, one, query in ((left, 2, QUERIES[1:2]), (right, 3, QUERIES[2:3])):
        assert index.search(query, 1).ids.tolist() == [[one]]
        assert index.vectors(np.array([1, 2, 3]))[0].tolist() == [1, one]
    assert start.tail.buffer is left.tail.buffer is not right.tail.buffer


def test_rebuild_is_asked_for_when_enough_changed() -> None:
    """Past 10,000 changes, and a fifth of the base, a new base would pay."""
    empty = LiveIndex(ExactIndex(np.empty(0, np.int64), np.empty((0, 2), np.float32)))
    vectors = np.tile(np.array([[1, 0]], np.float32), (70_000, 1))
    grown = empty.apply(added=(np.arange(10_000), vectors[:10_000]))
    assert not grown.needs_rebuild
    assert grown.apply(added=(np.array([10_000]), vectors[:1])).needs_rebuild
    large = LiveIndex(ExactIndex(np.arange(70_000), vectors))
    assert not large.apply(removed=np.arange(14_000)).needs_rebuild
    assert large.apply(removed=np.arange(14_001)).needs_rebuild


@pytest.mark.parametrize("kind", [IndexKind.EXACT, IndexKind.IVF_SQ8])
def test_searching_while_others_apply(kind: IndexKind) -> None:
    """Threads that search whichever version is current get that version's answer, whole, and never an error."""
    spare = np.setdiff1d(np.arange(3000), IDS)
    current = [LiveIndex(built(kind).index)]
    query, stop = QUERIES[:1], threading.Event()
    failures: list[tuple[int, list[int]]] = []
    searched: list[int] = []

    def search() -> None:
        while not stop.is_set():
            index = current[0]
            step = index.tail_size
            # Version `step` has the query itself under so many spare ids, and has lost as many others.
            found = index.search(query, 200).ids[0].tolist()
            wrong = set(found) & {-1, *IDS[:step].tolist(), *spare[step:].tolist()}
            if wrong or found[: min(step, 200)] != spare[: min(step, 200)].tolist():
                failures.append((step, found))
            searched.append(step)

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    for step in range(300):
        current[0] = current[0].apply(added=(spare[step : step + 1], query), removed=IDS[step : step + 1])
    while len(searched) < 20 and any(thread.is_alive() for thread in threads):
        time.sleep(0.01)
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(searched) >= 20
    assert current[0].search(query, 300).ids[0].tolist() == spare[:300].tolist()
