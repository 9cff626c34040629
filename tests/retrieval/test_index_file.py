"""Saved indexes: what comes back, and what is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, strategies as st

from passagework.retrieval.dense.index import ExactIndex, FaissIndex, IndexKind, build_index, load_index
from passagework.retrieval.errors import ConfigError, StoreError
from passagework.retrieval.files import digest_file
from tests.support.vector_sets import DIM, IDS, KINDS, QUERIES, VECTORS, N, built, few, unit


@pytest.mark.parametrize("kind", KINDS)
def test_lossless_kinds_give_their_vectors_back(kind: IndexKind) -> None:
    """`vectors` returns the very float32 rows for the ids that are there, ascending; coded kinds refuse."""
    index = built(kind).index
    asked = np.array([IDS[70], 8, IDS[2], 10**12, IDS[2]])
    if index.lossless:
        found, vectors = index.vectors(asked)
        assert found.tolist() == [IDS[2], IDS[70]]
        assert vectors.tolist() == VECTORS[[2, 70]].tolist()
    else:
        with pytest.raises(ConfigError, match="from the store"):
            index.vectors(asked)
    assert index.lossless is (kind not in (IndexKind.IVF_SQ8, IndexKind.IVF_PQ))


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_index_answers_as_before(kind: IndexKind, tmp_path: Path) -> None:
    """Saved and loaded, an index gives the same ids and scores, filtered or not; save returns the file's sha256."""
    index, path = built(kind).index, tmp_path / "index"
    digest = index.save(path)
    assert digest == digest_file(path) == hashlib.sha256(path.read_bytes()).hexdigest()
    assert [entry.name for entry in tmp_path.iterdir()] == ["index"]
    loaded = load_index(path, digest=digest, kind=kind, dim=DIM, count=N)
    assert (loaded.kind, loaded.dim, loaded.ids.tolist()) == (kind, DIM, IDS.tolist())
    if isinstance(loaded, FaissIndex) and "nprobe" in loaded.parameters:
        assert loaded.index.parallel_mode == 1, "one query uses one core"
    for within in (None, IDS[::7], IDS[:2000]):
        before = index.search(QUERIES, 20, allowed=within)
        after = loaded.search(QUERIES, 20, allowed=within)
        assert after.ids.tolist() == before.ids.tolist()
        assert after.scores.tolist() == before.scores.tolist()
    assert loaded.save(tmp_path / "again") == digest


@few
@given(n=st.integers(0, 60), dim=st.integers(1, 9), seed=st.integers(0, 99), kind=st.sampled_from(KINDS))
def test_any_index_survives_its_file(n: int, dim: int, seed: int, kind: IndexKind) -> None:
    """Whatever the number and size of vectors, what is loaded has the ids and vectors that were saved, to the bit."""
    random = np.random.default_rng(seed)
    ids = np.unique(random.integers(0, 10**15, n))
    vectors = unit(random.standard_normal((len(ids), dim)).astype(np.float32))
    with TemporaryDirectory() as folder:
        one = build_index(ids, vectors, kind=kind)
        digest = one.index.save(Path(folder) / "index")
        loaded = load_index(Path(folder) / "index", digest=digest, kind=one.kind, dim=dim, count=len(ids))
        assert loaded.ids.tolist() == ids.tolist()
        assert loaded.vectors(ids)[1].tolist() == vectors.tolist()


def test_an_exact_index_is_mapped_not_copied(tmp_path: Path) -> None:
    """A loaded exact index can't change its file, and stays usable when the file's name goes to another."""
    digest = built(IndexKind.EXACT).index.save(tmp_path / "index")
    saved = (tmp_path / "index").read_bytes()
    loaded = load_index(tmp_path / "index", digest=digest, kind=IndexKind.EXACT, dim=DIM, count=N)
    assert isinstance(loaded, ExactIndex)
    assert not loaded.matrix.flags.owndata
    loaded.matrix[7] = 0.0
    assert (tmp_path / "index").read_bytes() == saved
    ExactIndex(IDS[:1], VECTORS[:1]).save(tmp_path / "index")
    assert loaded.search(VECTORS[4:5], 1).ids.tolist() == [[int(IDS[4])]]


@pytest.fixture
def no_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """FAISS may not see a file."""
    import faiss

    def refuse(*args: object) -> None:
        raise AssertionError("a damaged file reached FAISS")

    monkeypatch.setattr(faiss, "read_index", refuse)


def _flip(data: bytes, where: int) -> bytes:
    return data[:where] + bytes([data[where] ^ 1]) + data[where + 1 :]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: data[:100],
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: _flip(data, 3),
        lambda data: _flip(data, len(data) // 2),
        lambda data: _flip(data, len(data) - 1),
    ],
    ids=["empty", "stump", "short", "long", "first bytes", "middle", "last bit"],
)
def test_a_damaged_file_is_refused_before_faiss_sees_it(
    kind: IndexKind, spoil: Callable[[bytes], bytes], tmp_path: Path, no_reading: None
) -> None:
    """Any change to a file is a StoreError that names file and both digests; FAISS is never given the bytes."""
    path = tmp_path / "index"
    digest = built(kind).index.save(path)
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(StoreError) as caught:
        load_index(path, digest=digest, kind=kind, dim=DIM, count=N)
    assert f"index file {path} is damaged: sha256 found {digest_file(path)}, expected {digest}" in str(caught.value)


@pytest.mark.parametrize("kind", [IndexKind.EXACT, IndexKind.IVF_SQ8])
def test_a_missing_file_is_a_store_error(kind: IndexKind, tmp_path: Path) -> None:
    """So that it is rebuilt like a damaged one."""
    with pytest.raises(StoreError, match="can't be read"):
        load_index(tmp_path / "none", digest="0" * 64, kind=kind, dim=DIM, count=N)
    with pytest.raises(StoreError, match="can't be written"):
        built(kind).index.save(tmp_path / "no folder" / "index")


def test_another_index_than_expected_is_refused(tmp_path: Path, no_reading: None) -> None:
    """A whole file of another kind, dimension or count is refused, each naming found and expected."""
    digest = built(IndexKind.IVF_PQ).index.save(tmp_path / "index")
    for kind, dim, count in (
        (IndexKind.IVF_SQ8, DIM, N),
        (IndexKind.IVF_PQ, DIM + 1, N),
        (IndexKind.IVF_PQ, DIM, N - 1),
        (IndexKind.EXACT, DIM, N),
    ):
        with pytest.raises(StoreError, match=rf"ivf-pq of 3000 x 16 found, {kind.value} of {count} x {dim} expected"):
            load_index(tmp_path / "index", digest=digest, kind=kind, dim=dim, count=count)


def _forged(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return digest_file(path)


def test_headers_that_lie_are_refused(tmp_path: Path) -> None:
    """Even with the right digest, sizes are checked against the file before anything is made of them."""
    path = tmp_path / "index"
    digest = built(IndexKind.EXACT).index.save(path)
    data = path.read_bytes()
    lies = {
        "isn't an index file": b"NOINDEX!" + data[8:],
        "header claims": data[:8] + (2**40).to_bytes(8, "little") + data[16:],
        "can't be understood": data.replace(b'"kind"', b'"kinb"', 1),
        "can't hold its": data.replace(b'"count": 3000', b'"count": 9e99', 1),
        "of -6 dimensions": data.replace(b'"dim": 16', b'"dim": -6', 1),
        "bytes found": data.replace(b'"count": 3000', b'"count": 2999', 1),
    }
    for message, lie in lies.items():
        digest = _forged(path, lie)
        with pytest.raises(StoreError, match=message):
            load_index(path, digest=digest, kind=IndexKind.EXACT, dim=DIM, count=N)


def test_what_faiss_refuses_is_a_store_error(tmp_path: Path) -> None:
    """FAISS's own failures come wrapped; so does a FAISS index of another class than the header says."""
    path = tmp_path / "index"
    built(IndexKind.FLAT).index.save(path)
    data = path.read_bytes()
    digest = _forged(path, data[:-200])
    with pytest.raises(StoreError, match="can't be read"):
        load_index(path, digest=digest, kind=IndexKind.FLAT, dim=DIM, count=N)
    digest = _forged(path, data.replace(b'"flat"', b'"hnsw"', 1))
    with pytest.raises(StoreError, match=r"FAISS IndexFlat(IP)? found, hnsw expected"):
        load_index(path, digest=digest, kind=IndexKind.HNSW, dim=DIM, count=N)


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A save that breaks off changes nothing and leaves nothing behind."""
    path = tmp_path / "index"
    digest = built(IndexKind.EXACT).index.save(path)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        ExactIndex(IDS[:1], VECTORS[:1]).save(path)
    assert digest_file(path) == digest
    assert [entry.name for entry in tmp_path.iterdir()] == ["index"]
