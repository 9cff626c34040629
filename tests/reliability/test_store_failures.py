"""The store among others: snapshots beside a writer, transactions that break off, files that are damaged or foreign."""

from __future__ import annotations

import gc
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import SQLAlchemyError

from passagework.retrieval.errors import StoreError
from passagework.retrieval.store import Store, database, schema as t
from tests.support.stored_documents import key_of, new_store, put, vector_of


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store with one document."""
    made = new_store(tmp_path / "store.db")
    with made.write() as writer:
        put(writer, "a", "first text")
    yield made
    made.close()


def message(error: pytest.ExceptionInfo[StoreError]) -> str:
    """What a user would see: one line, and not a long one."""
    text = str(error.value)
    assert "\n" not in text
    assert len(text) < 300
    return text


def paths(store: Store) -> list[str]:
    """The documents' paths, in a snapshot of now."""
    with store.read() as snapshot:
        return [row.path for row in snapshot.documents()]


def put_and_fail(store: Store) -> None:
    """Does a bit of everything, and then breaks off."""
    with store.write() as writer:
        put(writer, "b", "never seen")
        put(writer, "a", "replaced")
        writer.put_vectors([key_of("lost")], vector_of("lost")[None])
        writer.set_meta("lost", 1)
        raise KeyboardInterrupt


def test_what_breaks_off_leaves_nothing(store: Store) -> None:
    """After an exception everything is as before the transaction: rows, words, vectors, changes, facts, ids."""
    with pytest.raises(KeyboardInterrupt):
        put_and_fail(store)
    with store.read() as snapshot:
        assert [row.path for row in snapshot.documents()] == ["a"]
        assert snapshot.document(1).text == "first text"
        assert snapshot.match_text(["replaced", "seen"], 9, None) == []
        assert snapshot.known_hashes([key_of("lost"), key_of("first text")]) == {key_of("first text")}
        assert snapshot.meta("lost") is None
        assert snapshot.last_change() == 1
    with store.write() as writer:
        put(writer, "c", "next")
        assert [row.text for row in writer.passages([2])] == ["next"]


def test_a_snapshot_stays_the_same_while_others_write(store: Store) -> None:
    """A reader that has looked once sees nothing of what a writer commits until it begins anew."""
    with store.read() as snapshot:
        before = snapshot.last_change()
        thread = threading.Thread(target=write_more, args=(store.path,))
        thread.start()
        thread.join()
        assert snapshot.last_change() == before
        assert [row.path for row in snapshot.documents()] == ["a"]
        assert snapshot.match_text(["second"], 9, None) == []
        assert paths(store) == ["a", "b"]
    assert paths(store) == ["a", "b"]


def write_more(path: Path) -> None:
    """Another connection's commit."""
    other = Store.open(path)
    with other.write() as writer:
        put(writer, "b", "second text")
    other.close()


def test_readers_beside_a_writer_never_see_half_a_commit(store: Store) -> None:
    """While pairs of documents come and go together, every snapshot has both or neither, with all their vectors."""
    stop, wrong = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            with store.read() as snapshot:
                found = {row.path: row.passages for row in snapshot.documents()}
                ids, _ = snapshot.passage_vectors()
                left, right = found.get("left"), found.get("right")
                if left != right or len(ids) != sum(found.values()) != snapshot.passage_count():
                    wrong.append((found, len(ids)))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for step in range(30):
        with store.write() as writer:
            for path in ("left", "right"):
                put(writer, path, f"{step:05}" * (step % 7))
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []


def test_a_listing_left_unread_holds_no_old_snapshot(store: Store) -> None:
    """The connection of an abandoned listing gives the next reader the present, not its own past."""
    with store.read() as snapshot:
        listing = snapshot.documents()
        assert next(listing).path == "a"
    write_more(store.path)
    assert paths(store) == ["a", "b"]
    del listing


def test_a_second_writer_is_told_to_wait(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the busy timeout a locked collection is one line that says who is in the way; readers go on."""
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 50)
    late = Store.open(store.path)
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError) as error, late.write():
        pass
    assert message(error).endswith(
        "store.db: database is locked; another process is writing; try again when it is done"
    )
    assert paths(late) == ["a"]
    other.execute("COMMIT")
    other.close()
    with late.write() as writer:
        writer.set_meta("now", True)
    late.close()


def refuse_writes(store: Store) -> None:
    """Writes where the database says that it may not be written."""
    with store.write() as writer:
        writer.connection.exec_driver_sql("PRAGMA query_only=ON")
        writer.set_meta("a", 1)


def test_a_read_only_database_says_what_to_do(store: Store) -> None:
    """SQLite's word for it, and the next step."""
    with pytest.raises(StoreError) as error:
        refuse_writes(store)
    assert message(error).endswith("attempt to write a readonly database; make the folder writable")


def use_an_id_twice(store: Store) -> None:
    """Breaks a rule of the tables."""
    with store.write() as writer:
        put(writer, "b", "text")
        writer.connection.execute(t.documents.update().values(uri="the same"))


def test_a_broken_rule_is_not_called_damage(store: Store) -> None:
    """A constraint that fails is told as such: nobody is to restore a whole file from a copy."""
    with pytest.raises(StoreError) as error:
        use_an_id_twice(store)
    assert "UNIQUE constraint failed: documents.uri" in message(error)
    assert "damaged" not in message(error)
    assert isinstance(error.value.__cause__, SQLAlchemyError)
    assert paths(store) == ["a"]


def test_errors_of_the_caller_pass_through(store: Store) -> None:
    """What isn't SQLite's doing isn't touched, even where it is about files."""
    with pytest.raises(FileNotFoundError), store.read():
        Path("/nowhere/at/all").read_text()


def test_a_damaged_file_is_named(store: Store) -> None:
    """A page overwritten with noise: reading it raises one line with the file's name and what to do."""
    store.checkpoint()
    with store.read() as snapshot:
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'segments'"
        page = int(snapshot.connection.exec_driver_sql(query).scalar_one())
    store.close()
    with store.path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xa5" * 4096)
    again = Store.open(store.path)
    assert paths(again) == ["a"]
    with pytest.raises(StoreError) as error, again.read() as snapshot:
        snapshot.document(1)
    assert "store.db is damaged (" in message(error)
    assert message(error).endswith("restore it from a copy")
    again.close()


def test_damage_that_sqlite_quotes_is_named(store: Store) -> None:
    """A flipped bit in the tables' own words: the driver can't even read what SQLite complains of."""
    path = store.path
    store.checkpoint()
    store.close()
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE documents", b"CREATE TAB\xcc\xe1 documents"))
    with pytest.raises(StoreError) as error:
        Store.open(path)
    assert message(error) == f"{path} is damaged (its own words are no text any more); restore it from a copy"


@pytest.mark.parametrize("content", [b"not a database at all", b"SQLite format 3\0" + b"\x07" * 5000])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, content: bytes) -> None:
    """Text, or a header with noise behind it, is called damaged, and left as it is."""
    path = tmp_path / "store.db"
    path.write_bytes(content)
    for make in (Store.open, lambda path: new_store(path)):
        with pytest.raises(StoreError) as error:
            make(path)
        assert f"{path} is damaged (" in message(error)
    assert path.read_bytes() == content


def test_a_missing_database_is_not_made(tmp_path: Path) -> None:
    """Opening doesn't create: one line names the path."""
    with pytest.raises(StoreError) as error:
        Store.open(tmp_path / "absent" / "store.db")
    assert message(error) == f"no database at {tmp_path}/absent/store.db"
    with pytest.raises(StoreError, match=r"^no database at .*x/store\.db$"):
        Store.open(tmp_path / "x" / "store.db")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cant_be_made_is_one_line(tmp_path: Path) -> None:
    """A file where the folder should be: StoreError with the system's reason."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError) as error:
        new_store(tmp_path / "file" / "v1" / "store.db")
    assert message(error) == f"{tmp_path}/file/v1 can't be made: Not a directory"


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    """An unrelated SQLite file is neither opened nor filled with our tables."""
    path = tmp_path / "store.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE documents (id INTEGER)")
    other.close()
    for make in (Store.open, lambda path: new_store(path)):
        with pytest.raises(StoreError) as error:
            make(path)
        assert message(error) == f"{path} is not a passagework database"
    left = sqlite3.connect(path)
    assert left.execute("SELECT name FROM sqlite_master").fetchall() == [("documents",)]
    left.close()


def test_creating_again_keeps_what_is_there(store: Store) -> None:
    """A creation that was killed is made good by the next one; a finished one is simply opened."""
    again = new_store(store.path)
    assert paths(again) == ["a"]
    again.close()
    halfway = store.path.with_name("halfway.db")
    connection = sqlite3.connect(halfway)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    made = new_store(halfway)
    assert paths(made) == []
    made.close()


def test_stores_can_be_made_at_once(tmp_path: Path) -> None:
    """Threads that create databases, the same one or different ones, all get a working store."""
    problems: list[BaseException] = []

    def make(name: str) -> None:
        try:
            store = new_store(tmp_path / f"{name}.db")
            with store.write() as writer:
                writer.set_meta("by", name)
            store.close()
        except BaseException as error:  # noqa: BLE001 - a thread's failure is the test's to report
            problems.append(error)

    threads = [threading.Thread(target=make, args=(name,)) for name in ("a", "a", "b", "c", "d", "d")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


@pytest.mark.parametrize("name", ["with space & 100%.db", "ünïcode 漢.db", "q?mode=ro#x.db"])
def test_any_path_will_do(tmp_path: Path, name: str) -> None:
    """Characters that mean something in URLs or in Alembic's settings mean nothing in a path."""
    store = new_store(tmp_path / "50%s dir" / name)
    with store.write() as writer:
        put(writer, "a", "text")
    store.close()
    again = Store.open(tmp_path / "50%s dir" / name)
    assert paths(again) == ["a"]
    again.close()


def test_a_checkpoint_waits_for_no_reader(store: Store) -> None:
    """It does what it can while a reader looks on, and empties the log when nobody does."""
    log = store.path.with_name("store.db-wal")
    with store.read() as snapshot:
        snapshot.last_change()
        write_more(store.path)
        done = threading.Thread(target=store.checkpoint)
        done.start()
        done.join(5)
        assert not done.is_alive()
        assert [row.path for row in snapshot.documents()] == ["a"]
    store.checkpoint()
    assert log.stat().st_size == 0
    assert paths(store) == ["a", "b"]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted through /proc")
@pytest.mark.slow
def test_closing_lets_go_of_every_file(tmp_path: Path) -> None:
    """Opened, read, written, refused and closed: as many open files as before, and no warning of one left open."""

    def open_files() -> list[str]:
        gc.collect()
        files = [file.readlink() for file in Path("/proc/self/fd").iterdir() if file.is_symlink()]
        return sorted(str(file) for file in files if tmp_path in file.parents)

    (tmp_path / "noise.db").write_bytes(b"noise" * 1000)
    for _ in range(3):
        store = new_store(tmp_path / "store.db")
        with store.write() as writer:
            put(writer, "a", "text")
        with store.read() as one, store.read() as two:
            assert one.passage_count() == two.passage_count() == 1
        assert open_files() != []
        store.close()
        with pytest.raises(StoreError):
            Store.open(tmp_path / "noise.db")
        assert open_files() == []


def test_a_killed_process_leaves_the_last_commit(tmp_path: Path) -> None:
    """Killed in the midst of a transaction, the file opens at what was committed before it."""
    script = f"""
import os, signal
from pathlib import Path
from passagework.retrieval.store import Store
from tests.support.stored_documents import new_store, put
store = new_store(Path({str(tmp_path / "store.db")!r}))
with store.write() as writer:
    put(writer, "kept", "text")
with store.write() as writer:
    put(writer, "lost", "text " * 1000)
    put(writer, "kept", "changed")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    root = Path(__file__).resolve().parents[2]
    ended = subprocess.run([sys.executable, "-c", script], cwd=root, check=False)
    assert ended.returncode == -9
    store = Store.open(tmp_path / "store.db")
    with store.read() as snapshot:
        assert [(row.path, snapshot.document(row.id).text) for row in snapshot.documents()] == [("kept", "text")]
    store.close()
