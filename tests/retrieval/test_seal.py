"""A seal is what a database's last writer left: lost commits and changed bytes are seen; a writer is no damage."""

from __future__ import annotations

import errno
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from passagework.retrieval.errors import StoreError
from passagework.retrieval.store import Store, database_file, seal
from passagework.retrieval.store.seal import read_seal, seal_path
from tests.support.stored_documents import new_store, put


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A sealed store with one document."""
    made = new_store(tmp_path / "store.db")
    with made.write() as writer:
        put(writer, "a", "first text")
    made.checkpoint()
    yield made
    made.close()


def sealed(store: Store) -> bool:
    """Whether the bytes are sealed now."""
    found = read_seal(store.path)
    return found is not None and found.blocks is not None


def test_broken_by_a_change_and_put_back_at_the_end(store: Store) -> None:
    """Commits count up, the digests go before the first and come back with the checkpoint."""
    assert sealed(store)
    before = read_seal(store.path)
    with store.write() as writer:
        put(writer, "b", "more")
        assert sealed(store), "nothing is committed yet"
    after = read_seal(store.path)
    assert before is not None
    assert after is not None
    assert (after.commits, after.blocks) == (before.commits + 1, None)
    store.verify()
    store.checkpoint()
    assert sealed(store)
    store.verify()


def test_a_transaction_that_changes_nothing_leaves_it(store: Store) -> None:
    """Neither a reader nor a writer with nothing to write breaks a seal, nor does one that rolls back."""
    before = seal_path(store.path).read_bytes()
    with store.write() as writer:
        writer.sweep_vectors()
    with store.read() as snapshot:
        snapshot.counts()
    with pytest.raises(KeyboardInterrupt):
        put_and_fail(store)
    assert seal_path(store.path).read_bytes() == before


def test_accepted_as_it_is(store: Store) -> None:
    """What was changed behind the seal's back is sealed, and counts as a commit: what was before is gone."""
    with store.read() as snapshot:
        before = snapshot.commits()
    store.keeps_seal = True
    with store.write() as writer:
        put(writer, "b", "more")
    with store.read() as snapshot:
        assert snapshot.commits() == before
    store.accept()
    with store.read() as snapshot:
        assert snapshot.commits() == before + 1
    assert sealed(store)
    store.verify()


def put_and_fail(store: Store) -> None:
    """Breaks off."""
    with store.write() as writer:
        put(writer, "b", "more")
        raise KeyboardInterrupt


def test_names_where_it_differs(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the bytes of the blocks."""
    for module in (seal, database_file):
        monkeypatch.setattr(module, "BLOCK_BYTES", 4096)
    seal_path(store.path).unlink()
    store.checkpoint()
    store.verify()
    store.close()
    data = bytearray(store.path.read_bytes())
    data[9000] ^= 1
    store.path.write_bytes(data)
    again = Store.open(store.path)
    with pytest.raises(StoreError, match=r"is damaged: between bytes 8,192 and 12,288 it isn't what was written"):
        again.verify()
    again.close()
    store.path.write_bytes(data + bytes(4096))
    again = Store.open(store.path)
    with pytest.raises(StoreError, match=r"it has [\d,]+ bytes, not the [\d,]+ of what was written"):
        again.verify()
    again.close()


@pytest.mark.parametrize("content", [None, b"", b"00000000\n{}", b"x" * 50])
def test_without_one(store: Store, content: bytes | None) -> None:
    """A seal that is missing, or damaged itself, is none: nothing can be checked, and the next writer seals."""
    seal_path(store.path).unlink()
    if content is not None:
        seal_path(store.path).write_bytes(content)
    assert read_seal(store.path) is None
    store.verify()
    with store.write() as writer:
        put(writer, "b", "more")
    store.checkpoint()
    assert sealed(store)


def test_a_full_disk_has_no_seal(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is taken away, which needs no room: a database that changed beneath its seal would be called damaged."""

    def full(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(seal, "write_atomically", full)
    with store.write() as writer:
        put(writer, "b", "more")
    store.checkpoint()
    assert not sealed(store)
    store.verify()


def test_a_writer_meanwhile_is_no_damage(store: Store) -> None:
    """Readers verify again and again while commits, checkpoints and seals go on."""
    done = threading.Event()
    problems: list[BaseException] = []

    def verify() -> None:
        other = Store.open(store.path)
        try:
            while not done.is_set():
                other.verify()
        except BaseException as error:  # noqa: BLE001 - a thread's failure is the test's to report
            problems.append(error)
        finally:
            other.close()

    readers = [threading.Thread(target=verify) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(40):
        with store.write() as writer:
            put(writer, f"d{number % 5}", f"text {number} " * 50)
        if number % 3 == 0:
            store.checkpoint()
    done.set()
    for reader in readers:
        reader.join()
    assert problems == []


def test_reading_beside_sqlite_keeps_its_locks(store: Store) -> None:
    """Another process that opens and closes the database doesn't take it for its own, and leaves the log alone."""
    other = Store.open(store.path)
    with store.write() as writer:
        put(writer, "b", "more")
    for one in (other, store):
        database_file.block_digests(one.path)
    other.close()  # the last that looked: were its descriptor closed now, the locks of `store` would go
    with store.read() as snapshot:
        assert snapshot.passage_count() == 2
        look = "c.execute('SELECT count(*) FROM meta').fetchall(); c.close()"
        script = f"import sqlite3; c = sqlite3.connect({str(store.path)!r}); {look}"
        subprocess.run([sys.executable, "-c", script], check=True)
        assert store.path.with_name("store.db-wal").stat().st_size > 0
        assert [row.path for row in snapshot.documents()] == ["a", "b"]
