"""An index that is built of vectors in a file equals one of vectors in memory, and nothing of the file is left."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from passagework.ingest import ingest
from passagework.retrieval import StoreError
from passagework.retrieval.dense import vector_room
from passagework.retrieval.dense.saved_indexes import save_index
from passagework.retrieval.store import Store
from tests.support.fakes import FakeEncoder

if not hasattr(os, "posix_fallocate"):
    pytest.skip("this system can't give a file its blocks", allow_module_level=True)


@pytest.fixture
def version(tmp_path: Path) -> Path:
    """A version with some passages."""
    (tmp_path / "docs").mkdir()
    for number in range(12):
        (tmp_path / "docs" / f"{number}.txt").write_text(f"stone {number} river")
    ingest(tmp_path / "docs", tmp_path / "c", encoder=FakeEncoder())
    return tmp_path / "c" / "v0001"


def test_vectors_in_a_file_give_the_same_index(version: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the last byte; the array is mapped, and its file has no name."""
    with Store.open(version / "store.db") as store:
        in_memory = save_index(store, version / "index")
        monkeypatch.setattr(vector_room, "MOST_BYTES", 0)
        with store.read() as snapshot:
            ids, vectors = snapshot.passage_vectors(room=vector_room.vector_room(version / "index"))
            plain = snapshot.passage_vectors()
        assert isinstance(vectors, np.memmap)
        np.testing.assert_array_equal(vectors, plain[1])
        np.testing.assert_array_equal(ids, plain[0])
        mapped = save_index(store, version / "index")
    assert (mapped.count, mapped.digest) == (12, in_memory.digest)
    assert len(list((version / "index").iterdir())) <= 2


def test_a_disk_without_room_is_one_line(version: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is mapped."""

    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(vector_room, "MOST_BYTES", 0)
    monkeypatch.setattr(os, "posix_fallocate", full)
    with Store.open(version / "store.db") as store, pytest.raises(StoreError, match=r"index can't be written: .*space"):
        save_index(store, version / "index")
