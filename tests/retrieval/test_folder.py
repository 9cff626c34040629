"""A collection's folder: CURRENT names one whole version, the lock lets one process write."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from passagework import Collection
from passagework.ingest import ingest
from passagework.ingest.maintenance.rebuild import rebuild, rebuild_index
from passagework.ingest.maintenance.removal import delete
from passagework.ingest.writing.write_access import open_for_writing
from passagework.retrieval import StoreError
from passagework.retrieval.files import write_atomically
from passagework.retrieval.folder import (
    current_version,
    is_collection,
    next_version,
    publish,
    writer_lock,
)
from tests.support.fakes import FakeEncoder

ROOT = Path(__file__).parents[2]


class TestCurrent:
    """CURRENT names the live version."""

    def test_publish_and_read(self, tmp_path: Path) -> None:
        """What was published last is current; nothing else is left in the folder."""
        for name in ("v0001", "v0002"):
            (tmp_path / name).mkdir()
            publish(tmp_path, tmp_path / name)
            assert current_version(tmp_path) == tmp_path / name
        assert sorted(entry.name for entry in tmp_path.iterdir()) == ["CURRENT", "v0001", "v0002"]
        assert is_collection(tmp_path)

    def test_no_such_folder(self, tmp_path: Path) -> None:
        """The path, and what makes one."""
        with pytest.raises(StoreError, match=r"no collection at .*/x: make one with `passagework ingest`"):
            current_version(tmp_path / "x")
        assert not is_collection(tmp_path / "x")

    def test_a_folder_of_something_else(self, tmp_path: Path) -> None:
        """Is not taken for a collection."""
        with pytest.raises(StoreError, match="is not a collection: it has no CURRENT file"):
            current_version(tmp_path)

    @pytest.mark.parametrize("content", [b"", b"../../etc", b"v1", b"v0001/..", b"\xff\xfe", b"v0001\nv0002"])
    def test_damaged_pointer(self, tmp_path: Path, content: bytes) -> None:
        """Whatever it holds, it names no place outside the collection."""
        (tmp_path / "CURRENT").write_bytes(content)
        with pytest.raises(StoreError, match=r"CURRENT (is damaged|can't be read)"):
            current_version(tmp_path)

    def test_a_version_that_is_gone(self, tmp_path: Path) -> None:
        """Says which, and what to do."""
        publish(tmp_path, tmp_path / "v0007")
        with pytest.raises(StoreError, match=r"CURRENT names v0007, which is not there: run `passagework ingest`"):
            Collection.open(tmp_path)

    def test_next_version_takes_no_number_twice(self, tmp_path: Path) -> None:
        """Not even that of a version that an interrupted run left; files of other names don't count."""
        assert next_version(tmp_path).name == "v0001"
        for name in ("v0002", "v0009", "v10", "vintage", "v0011.bak"):
            (tmp_path / name).mkdir()
        assert next_version(tmp_path).name == "v0010"
        (tmp_path / "v9999").mkdir()
        assert next_version(tmp_path).name == "v10000"

    def test_write_atomically_replaces_or_leaves(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where the disk fails before the file is whole, the old content stands."""
        write_atomically(tmp_path / "f", b"old")

        def fail(_: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="No space"):
            write_atomically(tmp_path / "f", b"new")
        assert (tmp_path / "f").read_bytes() == b"old"

    @pytest.mark.parametrize("refusals", [2, 3])
    def test_a_reader_is_waited_for_on_windows(
        self, refusals: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Windows refuses to replace a file that is open: two refusals pass, a third one is told."""
        write_atomically(tmp_path / "f", b"old")
        replace, left = Path.replace, [PermissionError(13, "Permission denied")] * refusals

        def busy(self: Path, target: Path) -> Path:
            if left:
                raise left.pop()
            return replace(self, target)

        monkeypatch.setattr("passagework.retrieval.files.BUSY_WAITS", (0.0, 0.0))
        monkeypatch.setattr(Path, "replace", busy)
        if refusals > 2:
            with pytest.raises(PermissionError):
                write_atomically(tmp_path / "f", b"new")
        else:
            write_atomically(tmp_path / "f", b"new")
        assert (tmp_path / "f").read_bytes() == (b"old" if refusals > 2 else b"new")


class TestLock:
    """The right to write, for one at a time."""

    def test_second_writer_is_told_who_holds_it(self, tmp_path: Path) -> None:
        """Once it is let go, also by an error, the next one gets it."""
        for error in (None, RuntimeError):
            try:
                with writer_lock(tmp_path):
                    with pytest.raises(StoreError, match=f"is being written by process {os.getpid()}: try again"):
                        writer_lock(tmp_path).__enter__()
                    if error:
                        raise error
            except RuntimeError:
                pass
            assert not (tmp_path / "writer.lock.holder").exists()

    def test_lock_of_a_killed_process_is_free(self, tmp_path: Path) -> None:
        """The system takes it back; the number that the dead process left misleads nobody."""
        code = (
            "import sys; from pathlib import Path; from passagework.retrieval.folder import writer_lock\n"
            "with writer_lock(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
        )
        with subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            with pytest.raises(StoreError, match=f"process {holder.pid}"):
                writer_lock(tmp_path).__enter__()
            holder.kill()
        with writer_lock(tmp_path):
            assert (tmp_path / "writer.lock.holder").read_text() == f"{os.getpid()}\n"

    def test_holder_that_cannot_be_read(self, tmp_path: Path) -> None:
        """Then the message does without its number."""
        with writer_lock(tmp_path):
            (tmp_path / "writer.lock.holder").write_text("x")
            with pytest.raises(StoreError, match="is being written by another process"):
                writer_lock(tmp_path).__enter__()

    def test_errors_within_are_not_taken_for_its_own(self, tmp_path: Path) -> None:
        """A PermissionError of the writer's work says nothing about the lock."""
        with pytest.raises(PermissionError, match="mine"), writer_lock(tmp_path):
            raise PermissionError("mine")

    def test_leaves_nothing_where_there_is_no_collection(self, tmp_path: Path) -> None:
        """Neither a folder nor a lock file."""
        with pytest.raises(StoreError, match="no collection at"):
            writer_lock(tmp_path / "x").__enter__()
        with pytest.raises(StoreError, match="is not a collection"):
            open_for_writing(tmp_path).__enter__()
        assert list(tmp_path.iterdir()) == []


def lose(collection: Path, how: str) -> None:
    """Takes away or damages CURRENT."""
    pointer = collection / "CURRENT"
    pointer.unlink()
    match how:
        case "missing":
            pass
        case "folder":
            (pointer / "inside").mkdir(parents=True)
        case "dangling link":
            pointer.symlink_to("nowhere")
        case _:
            pointer.write_bytes({"empty": b"", "garbage": b"xyz\n", "not ASCII": b"\xff\xfe", "gone": b"v0042\n"}[how])


LOSSES = ["missing", "folder", "dangling link", "empty", "garbage", "not ASCII", "gone"]


class TestAdoption:
    """A version that is whole, in a folder whose CURRENT is lost, is taken up, not made again beside it."""

    @pytest.fixture
    def docs(self, tmp_path: Path) -> Path:
        """A document, in a collection too."""
        (tmp_path / "docs").mkdir()
        (tmp_path / "docs" / "a.txt").write_text("red apples")
        ingest([tmp_path / "docs"], tmp_path / "c", encoder=FakeEncoder())
        return tmp_path / "docs"

    @pytest.mark.parametrize("how", LOSSES)
    def test_readers_name_the_next_step(self, docs: Path, how: str) -> None:
        """One line, also from `delete`, and nothing is changed."""
        collection = docs.parent / "c"
        with Collection.open(collection) as opened:
            lose(collection, how)
            before = sorted(entry.name for entry in collection.iterdir())
            for read in (opened.status, lambda: Collection.open(collection), lambda: delete(collection, ["a.txt"])):
                with pytest.raises(
                    StoreError, match=r"CURRENT.*: run `passagework ingest` or `passagework rebuild`"
                ) as e:
                    read()
                assert "\n" not in str(e.value)
        assert sorted(entry.name for entry in collection.iterdir()) == before

    @pytest.mark.parametrize("how", LOSSES)
    def test_ingest_mends(self, docs: Path, how: str, caplog: pytest.LogCaptureFixture) -> None:
        """As the dry run foretold, it has nothing to do; what lay there is kept under another name."""
        collection = docs.parent / "c"
        (collection / "CURRENT.damaged").write_text("of the last time")
        shutil.copytree(collection / "v0001", collection / "v0003.copy")  # no version's name
        (collection / "v0002").mkdir()  # nothing in it
        lose(collection, how)
        for dry_run in (True, False):
            report = ingest([docs], collection, encoder=FakeEncoder(), dry_run=dry_run)
            assert (report.unchanged, report.added) == (1, 0)
            assert not (dry_run and os.path.lexists(collection / "CURRENT.damaged-2"))
        assert current_version(collection).name == "v0001"
        assert (collection / "CURRENT.damaged").read_text() == "of the last time"
        assert os.path.lexists(collection / "CURRENT.damaged-2") == (how != "missing")
        assert [record.getMessage()[-15:] for record in caplog.records] == ["; took up v0001"]

    @pytest.mark.parametrize("how", LOSSES)
    def test_rebuild_mends(self, docs: Path, how: str) -> None:
        """The index alone, or a version with other settings."""
        collection = docs.parent / "c"
        lose(collection, how)
        rebuild_index(collection)
        assert current_version(collection).name == "v0001"
        lose(collection, how)
        assert rebuild(collection, encoder=FakeEncoder(), passage_tokens=20).name == "v0002"
        with Collection.open(collection, encoder=FakeEncoder()) as opened:
            assert [hit.text for hit in opened.search("apples")] == ["red apples"]

    def test_newest_of_many(self, docs: Path) -> None:
        """By number, and only one whose making came to its end."""
        collection = docs.parent / "c"
        for name in ("v9999", "v10000"):
            shutil.copytree(collection / "v0001", collection / name)
        lose(collection, "garbage")
        ingest([docs], collection, encoder=FakeEncoder())
        assert current_version(collection).name == "v10000"
        with closing(sqlite3.connect(collection / "v10000" / "store.db")) as connection:
            connection.execute("UPDATE meta SET value = '\"building\"' WHERE key = 'state'")
            connection.commit()
        lose(collection, "garbage")
        ingest([docs], collection, encoder=FakeEncoder())
        assert current_version(collection).name == "v9999"

    def test_nothing_whole_to_take_up(self, docs: Path) -> None:
        """Says so, and touches nothing: neither what is left of a collection nor another program's folder."""
        collection = docs.parent / "c"
        (collection / "v0001" / "store.db").write_bytes(b"not a database" * 100)
        (docs.parent / "leveldb").mkdir()
        for folder in (collection, docs.parent / "leveldb"):
            (folder / "CURRENT").write_text("MANIFEST-000001\n")
            for act in (
                lambda folder=folder: ingest([docs], folder, encoder=FakeEncoder()),
                lambda folder=folder: ingest([docs], folder, encoder=FakeEncoder(), dry_run=True),
                lambda folder=folder: rebuild_index(folder),
            ):
                with pytest.raises(StoreError, match=r"CURRENT is damaged.*no version that is whole: restore"):
                    act()
            assert (folder / "CURRENT").read_text() == "MANIFEST-000001\n"

    def test_rebuild_keeps_a_damaged_version(self, docs: Path) -> None:
        """One that does not open may still hold what no other version has."""
        collection = docs.parent / "c"
        shutil.copytree(collection / "v0001", collection / "v0002")
        (collection / "v0002" / "store.db").write_bytes(b"not a database" * 100)
        shutil.copytree(collection / "v0001", collection / "v0003")
        lose(collection, "missing")
        rebuild(collection, encoder=FakeEncoder(), passage_tokens=20)
        assert sorted(entry.name for entry in collection.glob("v*")) == ["v0002", "v0003", "v0004"]

    def test_unfinished_version_is_not(self, tmp_path: Path) -> None:
        """One whose making was interrupted stays where it is, and a new one is made."""
        (tmp_path / "c" / "v0001").mkdir(parents=True)
        (tmp_path / "c" / "v0001" / "store.db").write_bytes(b"")
        (tmp_path / "docs").mkdir()
        (tmp_path / "docs" / "a.txt").write_text("red apples")
        report = ingest([tmp_path / "docs"], tmp_path / "c", encoder=FakeEncoder())
        assert report.added == 1
        assert current_version(tmp_path / "c").name == "v0002"
