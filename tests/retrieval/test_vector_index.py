"""Vector indexes: ExactIndex against the definition, every kind against ExactIndex."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from passagework.retrieval.dense.index import (
    ExactIndex,
    FaissIndex,
    IndexKind,
    automatic_kind,
    build_index,
    cosines,
    load_index,
)
from passagework.retrieval.dense.index.build import RecallSample
from passagework.retrieval.dense.index.faiss_library import load_faiss, reproducible_graphs
from passagework.retrieval.dense.index.scoring import finalists
from passagework.retrieval.errors import ConfigError
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
    clustered,
    kept,
    unit,
)


def test_exact_index_is_the_definition() -> None:
    """ExactIndex returns the k largest cosines, ties by ascending id, to the end of the list."""
    for k in (1, 10, N, N + 5):
        assert_same(built(IndexKind.EXACT).index.search(QUERIES, k), by_definition(IDS, VECTORS, QUERIES, k))


def test_known_vectors_give_known_scores() -> None:
    """A score is the cosine itself, higher is better: checked by hand, on three vectors."""
    index = ExactIndex(np.array([2, 5, 9]), np.array([[1, 0], [0.6, 0.8], [-1, 0]], np.float32))
    result = index.search(np.array([[1, 0], [0, 1]], np.float32), 3)
    assert result.ids.tolist() == [[2, 5, 9], [5, 2, 9]]
    np.testing.assert_allclose(result.scores, [[1, 0.6, -1], [0.8, 0, 0]], atol=1e-7)


@pytest.mark.parametrize("kind", [IndexKind.EXACT, IndexKind.FLAT])
def test_ties_at_the_edge_go_to_the_smallest_ids(kind: IndexKind) -> None:
    """Where many equal vectors compete for the last places, the smallest ids win, wherever they stand."""
    vectors = np.repeat(unit(clustered(4)), 250, axis=0)[np.random.default_rng(1).permutation(1000)]
    ids = np.arange(1000, dtype=np.int64)
    index = build_index(ids, vectors, kind=kind).index
    equal = np.flatnonzero((vectors == vectors[17]).all(axis=1))
    for k in (1, 3, 99, 249):
        result = index.search(vectors[17:18], k)
        assert result.ids[0].tolist() == equal[:k].tolist()
        assert set(result.scores[0].tolist()) == {float(cosines(vectors[17], vectors[17:18])[0])}


@pytest.mark.parametrize("kind", [IndexKind.HNSW, IndexKind.IVF_FLAT, IndexKind.FLAT])
def test_more_equals_than_were_fetched_are_all_seen(kind: IndexKind) -> None:
    """FAISS returns any of the equal vectors at the edge: more are fetched until the smallest ids are certain."""
    for copies in (40, 60):
        n = 40 * copies
        vectors = np.repeat(unit(clustered(40)), copies, axis=0)[np.random.default_rng(1).permutation(n)]
        index = build_index(np.arange(n), vectors, kind=kind, sample=20).index
        equal = np.flatnonzero((vectors == vectors[17]).all(axis=1)).tolist()
        for k in (1, 3, 30):
            assert index.search(vectors[17:18], k).ids.tolist() == [equal[:k]]


def test_finalists_hold_all_within_rounding_of_the_last() -> None:
    """A block product may put equal rows in any order by its last bits, so near ones all go to the exact scoring."""
    step = np.float32(2**-24)
    rows = np.array([[0.5 - step], [0.5], [0.4], [0.5 - 2 * step], [0.9]], np.float32)
    whole = finalists([(0, rows)], None, np.ones((1, 1), np.float32), 2)
    parts = finalists([(0, rows[:2]), (2, rows[2:])], None, np.ones((1, 1), np.float32), 2)
    assert whole[0].tolist() == parts[0].tolist() == [0, 1, 3, 4]
    allowed = np.array([True, False, True, True, False])
    assert finalists([(0, rows)], allowed, np.ones((1, 1), np.float32), 1)[0].tolist() == [0, 3]


def test_equal_vectors_score_equal_in_every_company() -> None:
    """A score depends on query and vector alone: not on the batch, the block, the neighbours or the kind."""
    query = QUERIES[3]
    alone = {one: float(cosines(query, VECTORS[i : i + 1])[0]) for i, one in enumerate(IDS.tolist())}
    for kind in KINDS:
        index = built(kind).index
        if not index.lossless:
            continue
        for result, row in (
            (index.search(query[None], 200), 0),
            (index.search(QUERIES, 200), 3),
            (index.search(query[None], 200, allowed=IDS[::2]), 0),
            (index.search(query[None], 200, allowed=IDS[100:400]), 0),
        ):
            found = zip(result.ids[row].tolist(), result.scores[row].tolist(), strict=True)
            assert all(score == alone[one] for one, score in found)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_finds_what_exact_finds(kind: IndexKind) -> None:
    """Recall@10 on fresh queries is at least that promised at build less 0.05, and 1 for the exhaustive kinds."""
    exact = built(IndexKind.EXACT).index.search(QUERIES, 10)
    found = built(kind).index.search(QUERIES, 10)
    hits = sum(len(set(a) & set(b)) for a, b in zip(found.ids.tolist(), exact.ids.tolist(), strict=True))
    assert hits / exact.ids.size >= built(kind).recall_at_10 - 0.05
    if not kind.approximate:
        assert found.ids.tolist() == exact.ids.tolist()
        assert found.scores.tolist() == exact.scores.tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_cosines_with_what_is_kept(kind: IndexKind) -> None:
    """Every score of every kind is the cosine with the vector kept, in order; coded ones are near the true cosine."""
    index = built(kind).index
    vectors = kept(index)
    result = index.search(QUERIES, 50)
    for query, ids, scores in zip(QUERIES, result.ids, result.scores, strict=True):
        rows = np.searchsorted(IDS, ids)
        assert scores.tolist() == cosines(query, vectors[rows]).tolist()
        assert sorted(zip((-scores).tolist(), ids.tolist(), strict=True)) == list(
            zip((-scores).tolist(), ids.tolist(), strict=True)
        )
        worst = {IndexKind.IVF_SQ8: 0.02, IndexKind.IVF_PQ: 0.25}.get(kind, 1.2e-7)
        assert np.abs(scores - cosines(query, VECTORS[rows])).max() <= worst


@pytest.mark.parametrize("kind", APPROXIMATE)
def test_recall_is_measured_and_effort_chosen_by_it(kind: IndexKind) -> None:
    """The stored recall is 0.98 or more where vectors are kept whole, less where codes blur; the effort is recorded."""
    one = built(kind)
    assert one.kind is kind
    assert one.recall_at_10 >= {IndexKind.IVF_SQ8: 0.95, IndexKind.IVF_PQ: 0.65}.get(kind, 0.98)
    assert one.parameters["efSearch" if kind is IndexKind.HNSW else "nprobe"] >= 1
    if kind is not IndexKind.HNSW:
        assert one.parameters["nprobe"] < one.parameters["nlist"] == 76


def test_measured_recall_is_true_of_a_lazy_index() -> None:
    """An index that probes too little is measured as such: recall is no constant."""
    best = built(IndexKind.IVF_FLAT).index
    assert isinstance(best, FaissIndex)
    hard = unit(np.random.default_rng(0).standard_normal((N, DIM)).astype(np.float32))
    full = build_index(IDS, hard, kind=IndexKind.IVF_FLAT)
    assert isinstance(full.index, FaissIndex)
    proof = RecallSample.draw(IDS, hard, 100)
    lazy = dataclasses.replace(full.index, parameters={**full.parameters, "nprobe": 1})
    whole = dataclasses.replace(full.index, parameters={**full.parameters, "nprobe": full.parameters["nlist"]})
    assert proof.recall(lazy) < 0.5
    assert proof.recall(whole) == 1.0
    assert proof.recall(lazy) < full.recall_at_10 < 1.0


def test_recall_is_proven_with_queries_as_far_from_passages_as_questions_are() -> None:
    """Noise twice as long as a passage's vector: nearer queries find their neighbours too easily, questions don't."""
    proof = RecallSample.draw(IDS, VECTORS, 100)
    own = np.einsum("nd,nd->n", proof.queries, VECTORS[np.searchsorted(IDS, proof.passages)])
    assert np.mean(own) == pytest.approx(1 / np.sqrt(5), abs=0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_building_twice_gives_the_same_index(kind: IndexKind, tmp_path: Path) -> None:
    """The same input gives the same file, bit for bit."""
    again = build_index(IDS, VECTORS, kind=kind)
    assert again.index.save(tmp_path / "a") == built(kind).index.save(tmp_path / "b")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [0, 1, 5, 200])
def test_tiny_sets(kind: IndexKind, n: int, tmp_path: Path) -> None:
    """Any kind can be asked for any number of vectors; too few to train on become flat, and the kind says so."""
    one = build_index(IDS[:n], VECTORS[:n], kind=kind)
    assert one.kind is one.index.kind is (IndexKind.EXACT if kind is IndexKind.EXACT else IndexKind.FLAT)
    assert one.recall_at_10 == 1.0
    expected = by_definition(IDS[:n], VECTORS[:n], QUERIES, 4)
    assert_same(one.index.search(QUERIES, 4), expected)
    digest = one.index.save(tmp_path / "index")
    assert_same(
        load_index(tmp_path / "index", digest=digest, kind=one.kind, dim=DIM, count=n).search(QUERIES, 4), expected
    )


@pytest.mark.parametrize("kind", APPROXIMATE)
def test_the_smallest_trained_set(kind: IndexKind) -> None:
    """From 1024 vectors an approximate kind is what was asked for, and everything can be found in it."""
    one = build_index(IDS[:1024], VECTORS[:1024], kind=kind)
    assert one.kind is one.index.kind is kind
    assert np.sort(one.index.search(QUERIES[:1], 1024).ids[0]).tolist() == IDS[:1024].tolist()


def test_odd_dimensions_can_be_product_coded() -> None:
    """A prime dimension, or one below 4, has no parts of 4: it is coded in one, and still found."""
    for dim in (2, 7, 12):
        vectors = clustered(1100, dim)
        one = build_index(IDS[:1100], vectors, kind=IndexKind.IVF_PQ, sample=20)
        assert one.parameters["parts"] == {2: 1, 7: 1, 12: 3}[dim]
        assert np.sort(one.index.search(vectors[:1], 1100).ids[0]).tolist() == IDS[:1100].tolist()


def test_automatic_kind_goes_by_size(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Exact up to 2**27 numbers, then ivf-sq8; exact, with a warning that names the cure, where FAISS is missing."""
    assert build_index(IDS, VECTORS).kind is IndexKind.EXACT
    assert automatic_kind(2**27 // 384, 384) is IndexKind.EXACT
    assert automatic_kind(2**27 // 384 + 1, 384) is IndexKind.IVF_SQ8
    monkeypatch.setattr("passagework.retrieval.dense.index.build.faiss_available", lambda: False)
    assert automatic_kind(2**27, 384) is IndexKind.EXACT
    assert 'pip install "passagework[cpu]"' in caplog.text


def test_missing_faiss_names_the_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Building or loading a FAISS kind without FAISS says what to install; the exact kind doesn't need it."""
    monkeypatch.setitem(sys.modules, "faiss", None)
    load_faiss.cache_clear()
    try:
        with pytest.raises(ConfigError, match=r'pip install "passagework\[cpu\]"'):
            build_index(IDS, VECTORS, kind=IndexKind.HNSW)
        with pytest.raises(ConfigError, match=r'pip install "passagework\[cpu\]"'):
            load_index(tmp_path / "none", digest="", kind=IndexKind.FLAT, dim=DIM, count=1)
        assert build_index(IDS, VECTORS).index.search(VECTORS[4:5], 1).ids.tolist() == [[int(IDS[4])]]

        def broken(name: str) -> object:
            raise ImportError("libcudart.so.13: cannot open shared object file")

        monkeypatch.setattr("importlib.import_module", broken)
        with pytest.raises(ConfigError, match=r"can't be imported \(libcudart.so.13: .*: pip install"):
            load_faiss()
    finally:
        load_faiss.cache_clear()


def test_older_faiss_builds_graphs_on_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where FAISS has no reproducible build of its own, it gets one thread for the time of the build."""
    faiss = load_faiss()
    before = faiss.omp_get_max_threads()
    monkeypatch.delattr(faiss, "hnsw_add_vertices_deterministic", raising=False)
    faiss.omp_set_num_threads(2)
    try:
        with reproducible_graphs():
            assert faiss.omp_get_max_threads() == 1
        assert faiss.omp_get_max_threads() == 2
    finally:
        faiss.omp_set_num_threads(before)


def test_importing_the_package_loads_no_faiss() -> None:
    """Who only reads exact indexes doesn't pay for FAISS; importing it warns of nothing."""
    code = (
        "import sys, passagework.retrieval.dense.index as v, numpy as np; assert 'faiss' not in sys.modules;"
        "v.build_index(np.arange(2), np.eye(2, dtype='f4')); assert 'faiss' not in sys.modules;"
        "v.build_index(np.arange(2), np.eye(2, dtype='f4'), kind=v.IndexKind.FLAT); assert 'faiss' in sys.modules"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_with_torch_and_without_it_the_answers_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """NumPy multiplies where torch isn't loaded, or a mapped file can't be written, or float32 is not kept whole."""
    import torch

    index = built(IndexKind.EXACT).index
    found = index.search(QUERIES, 10)
    expected = found.ids.tolist(), found.scores.tolist()
    read_only = VECTORS.copy()
    read_only.flags.writeable = False
    assert_same(ExactIndex(IDS, read_only).search(QUERIES, 10), expected)
    with monkeypatch.context() as patch:
        patch.delitem(sys.modules, "torch")
        assert_same(index.search(QUERIES, 10), expected)
    with monkeypatch.context() as patch:
        patch.setattr(torch, "get_float32_matmul_precision", lambda: "medium")
        patch.setattr(torch, "from_numpy", lambda _: pytest.fail("multiplied in less than float32"))
        assert_same(index.search(QUERIES, 10), expected)
