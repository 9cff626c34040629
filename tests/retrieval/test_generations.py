"""Promise 3: SQLite is the truth. Saved indexes are derived: checked, replayed, set aside, built again."""

from __future__ import annotations

import ctypes
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from passagework import Collection
from passagework.ingest import ingest
from passagework.ingest.chunker import ChunkSettings
from passagework.ingest.maintenance.rebuild import rebuild_index
from passagework.ingest.maintenance.removal import delete
from passagework.ingest.writing.commit_group import SourceFile
from passagework.ingest.writing.document_hash import document_hash
from passagework.ingest.writing.passage_writer import PassageWriter
from passagework.retrieval import StoreError
from passagework.retrieval.collection.opened import OpenedVersion
from passagework.retrieval.dense.index import ExactIndex, IndexKind, live_index as live
from passagework.retrieval.dense.saved_indexes import open_index, save_index
from passagework.retrieval.models.identity import record_identity
from passagework.retrieval.store import Store, VersionState
from passagework.retrieval.types import Document
from tests.support.collection_checks import answers, check_whole
from tests.support.fakes import FakeEncoder

TEXTS = ["red apples", "green pears", "blue plums and red apples", "ripe figs", "an owl in a tree", "two owls"]
QUERIES = ["red apples", "owl", "ripe pears"]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six documents."""
    base = tmp_path_factory.mktemp("generations")
    (base / "docs").mkdir()
    for number, text in enumerate(TEXTS):
        (base / "docs" / f"{number}.txt").write_text(text)
    ingest([base / "docs"], base / "c", encoder=FakeEncoder())
    return base


@pytest.fixture
def path(template: Path, tmp_path: Path) -> Path:
    """A copy of that collection."""
    shutil.copytree(template / "c", tmp_path / "c")
    return tmp_path / "c"


def indexes(path: Path) -> list[str]:
    """Names of the files under index/."""
    return sorted(entry.name for entry in (path / "v0001" / "index").iterdir())


def index_status(path: Path) -> dict[str, object]:
    """What `status` says of the index."""
    with Collection.open(path) as collection:
        found = collection.status().index.to_json()
    assert isinstance(found, dict)
    return dict(found)


class TestDerived:
    """Whatever happens to index/, nothing is lost, and nothing is encoded again."""

    def test_deleted(self, template: Path, path: Path) -> None:
        """The same answers without it; the next ingest saves it again."""
        expected = answers(path, FakeEncoder(), QUERIES)
        shutil.rmtree(path / "v0001" / "index")
        assert answers(path, FakeEncoder(), QUERIES) == expected
        encoder = FakeEncoder()
        ingest([template / "docs"], path, encoder=encoder)
        assert encoder.encoded == 0
        assert indexes(path) == ["g000002-exact.index"]
        assert index_status(path)["set_aside"] == []
        assert answers(path, FakeEncoder(), QUERIES) == expected

    @pytest.mark.parametrize("kind", [IndexKind.EXACT, IndexKind.FLAT])
    @pytest.mark.parametrize("damage", ["truncated", "empty", "first byte", "last byte", "another file", "missing"])
    def test_damaged(self, template: Path, path: Path, kind: IndexKind, damage: str) -> None:
        """It is set aside, not deleted, and named; answers don't change, and the next ingest saves a good one."""
        expected = answers(path, FakeEncoder(), QUERIES)
        generation = rebuild_index(path, kind=kind)
        file = path / "v0001" / "index" / generation.file
        data = damaged(file.read_bytes(), damage)
        if data is None:
            file.unlink()
        else:
            file.write_bytes(data)
        assert answers(path, FakeEncoder(), QUERIES) == expected
        assert not file.exists()
        aside = file.with_name(f"{file.name}.damaged")
        assert data is None or aside.read_bytes() == data
        assert index_status(path)["set_aside"] == [generation.file]
        ingest([template / "docs"], path, encoder=FakeEncoder())
        status = index_status(path)
        assert status["set_aside"] == []
        assert status["saved"] != generation.file
        assert data is None or aside.read_bytes() == data
        assert answers(path, FakeEncoder(), QUERIES) == expected

    def test_a_file_in_its_place(self, template: Path, path: Path) -> None:
        """Searches go on; the next ingest or rebuild sets it aside under a name of its own, and saves an index."""
        expected = answers(path, FakeEncoder(), QUERIES)
        folder = path / "v0001" / "index"

        def ingest_again() -> None:
            ingest([template / "docs"], path, encoder=FakeEncoder())

        for save, aside in ((ingest_again, "index.damaged"), (lambda: rebuild_index(path), "index.damaged-2")):
            shutil.rmtree(folder)
            folder.write_text(aside)
            assert answers(path, FakeEncoder(), QUERIES) == expected
            save()
            assert folder.with_name(aside).read_text() == aside
            assert index_status(path)["set_aside"] == []
            assert answers(path, FakeEncoder(), QUERIES) == expected

    def test_newest_damaged_falls_back_on_the_one_before(self, template: Path, path: Path) -> None:
        """Which is brought up to date by the changes since."""
        first = index_status(path)["saved"]
        delete(path, ["0.txt"])
        newest = rebuild_index(path)
        expected = answers(path, FakeEncoder(), QUERIES)
        (path / "v0001" / "index" / newest.file).write_bytes(b"not an index")
        status = index_status(path)
        assert (status["saved"], status["set_aside"], status["since_build"]) == (first, [newest.file], 1)
        assert answers(path, FakeEncoder(), QUERIES) == expected

    def test_told_in_one_line(self, path: Path, caplog: pytest.LogCaptureFixture) -> None:
        """However many files are gone: that nothing is lost, and what saves a new index."""
        rebuild_index(path)
        shutil.rmtree(path / "v0001" / "index")
        answers(path, FakeEncoder(), QUERIES)
        [line] = [record.getMessage() for record in caplog.records]
        assert line.endswith(
            "index/g000002-exact.index can't be read: No such file or directory; searches are complete without it, "
            "and `passagework ingest` or `passagework rebuild` saves a new one"
        )

    def test_the_kind_that_was_chosen_is_kept(self, template: Path, path: Path) -> None:
        """By an ingest that repairs the index; without one, and by a rebuild, size decides."""
        for kind, repaired in ((IndexKind.FLAT, "flat"), (None, "exact")):
            rebuild_index(path, kind=kind)
            shutil.rmtree(path / "v0001" / "index")
            ingest([template / "docs"], path, encoder=FakeEncoder())
            status = index_status(path)
            assert (status["kind"], status["set_aside"]) == (repaired, [])

    def test_made_for_another_collection(self, template: Path, path: Path, tmp_path: Path) -> None:
        """A good file with other vectors in it is not taken: its digest is not the recorded one."""
        expected = answers(path, FakeEncoder(), QUERIES)
        ingest([template / "docs" / "1.txt"], tmp_path / "other", encoder=FakeEncoder())
        name = str(index_status(path)["saved"])
        shutil.copy(tmp_path / "other" / "v0001" / "index" / name, path / "v0001" / "index" / name)
        assert answers(path, FakeEncoder(), QUERIES) == expected
        assert indexes(path) == [f"{name}.damaged"]


def damaged(data: bytes, how: str) -> bytes | None:
    """What is left of a file; None where nothing is."""
    return {
        "truncated": data[: len(data) // 2],
        "empty": b"",
        "first byte": bytes([data[0] ^ 1]) + data[1:],
        "last byte": data[:-1] + bytes([data[-1] ^ 128]),
        "another file": b"PWINDEX1" * 100,
        "missing": None,
    }[how]


class TestRecord:
    """A generation is recorded with what proves it, and older ones make way."""

    def test_what_is_recorded(self, path: Path) -> None:
        """Kind, count, recall and the change covered, as status shows them."""
        generation = rebuild_index(path, kind=IndexKind.FLAT)
        assert (generation.kind, generation.count, generation.recall) == ("flat", 6, 1.0)
        status = index_status(path)
        assert status == {
            "kind": "flat",
            "passages": 6,
            "since_build": 0,
            "saved": generation.file,
            "recall@10": 1.0,
            "set_aside": [],
        }

    def test_two_are_kept(self, path: Path) -> None:
        """The newest and the one before, each under a name that was never used; what a killed run left goes, what was
        set aside stays.
        """
        folder = path / "v0001" / "index"
        for litter in (
            ".g000009-exact.index.0123456789abcdef.tmp",
            "g000007-exact.index",
            "g000003-exact.index.damaged",
        ):
            (folder / litter).write_bytes(b"x")
        (folder / "notes.txt").write_text("somebody's")
        names = [rebuild_index(path).file for _ in range(3)]
        assert names == ["g000010-exact.index", "g000011-exact.index", "g000012-exact.index"]
        assert indexes(path) == [
            "g000003-exact.index.damaged",
            "g000011-exact.index",
            "g000012-exact.index",
            "notes.txt",
        ]
        check_whole(path, FakeEncoder())

    def test_saved_anew_when_enough_has_changed(
        self, path: Path, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A few changes are replayed over the saved index; many are worth a new one, which an open reader takes up."""
        docs = tmp_path / "docs"
        shutil.copytree(template / "docs", docs)
        encoder = FakeEncoder()
        first = index_status(path)["saved"]
        with Collection.open(path, encoder=encoder) as reader:
            reader.search("owl")
            (docs / "6.txt").write_text("one more owl")
            ingest([docs], path, encoder=encoder)
            status = reader.status().index.to_json()
            assert isinstance(status, dict)
            assert (status["saved"], status["since_build"], status["passages"]) == (first, 7, 13)
            monkeypatch.setattr(live, "REBUILD_LEAST", 5)
            ingest([docs], path, encoder=encoder)
            status = reader.status().index.to_json()
            assert isinstance(status, dict)
            assert (status["saved"] != first, status["since_build"], status["passages"]) == (True, 0, 13)
            assert "one more owl" in [hit.text for hit in reader.search("owl", k=4)]


class TestBackwards:
    """A database that is older than its index: put back by hand, from a copy that missed the last changes."""

    @pytest.fixture
    def older(self, path: Path) -> Path:
        """The changes are gone that the index covers."""
        with closing(sqlite3.connect(path / "v0001" / "store.db")) as connection:
            connection.execute("DELETE FROM passages WHERE id > 4")
            connection.execute("DELETE FROM changes WHERE id > 4")
            connection.commit()
        return path

    def test_refused_with_a_clear_line(self, older: Path, tmp_path: Path) -> None:
        """By whoever opens it and by ingest, which writes nothing first: new changes would hide it."""
        message = r"the database went backwards: it ends at change 4, and index g000001-exact.index covers 6; restore"
        with pytest.raises(StoreError, match=message):
            Collection.open(older, encoder=FakeEncoder())
        (tmp_path / "new.txt").write_text("something new")
        with pytest.raises(StoreError, match=message):
            ingest([tmp_path / "new.txt"], older, encoder=FakeEncoder())
        with closing(sqlite3.connect(older / "v0001" / "store.db")) as connection:
            assert connection.execute("SELECT max(id) FROM changes").fetchone() == (4,)

    def test_a_rebuilt_index_mends_it(self, older: Path) -> None:
        """It holds what the database holds."""
        assert rebuild_index(older).count == 4
        with Collection.open(older, encoder=FakeEncoder()) as collection:
            assert sorted(hit.text for hit in collection.search("owl", k=10)) == sorted(TEXTS[:4])


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 5), st.integers(0, 3)),
        st.tuples(st.just("remove"), st.integers(0, 5), st.just(0)),
        st.tuples(st.sampled_from(["save", "look"]), st.just(0), st.just(0)),
    ),
    min_size=1,
    max_size=15,
)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
@pytest.mark.slow
def test_replay_equals_a_fresh_build(
    steps: list[tuple[str, int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """After any additions, updates and removals, with indexes saved in between, a reader that follows along and one
    that opens at the end have exactly the passages of the store, and the answers of an exact index of them.
    """
    folder = tmp_path_factory.mktemp("replay")
    encoder = FakeEncoder(dim=8)
    store = Store.create(folder / "store.db")
    with store.write() as transaction:
        record_identity(transaction, encoder, {}, collection=folder, state=VersionState.READY)
    writer = PassageWriter(store, lambda: encoder, ChunkSettings(passage_tokens=8, overlap_tokens=0))
    reader = OpenedVersion(folder)
    for action, which, length in steps:
        uri = f"file:///{which}"
        with store.read() as snapshot:
            known = snapshot.document_hashes()
        if action == "put":
            text = "\n\n".join(f"{TEXTS[which]} number {part}" for part in range(1 + length))
            document = Document(text, "text/plain", uri=uri, path=str(which))
            source = SourceFile(uri, str(which), "", "text/plain")
            writer.add(source, document, sha256=document_hash(document), replaces=known.get(uri, (None, ""))[0])
            writer.flush()
        elif action == "remove" and uri in known:
            with store.write() as transaction:
                transaction.remove_documents([known[uri][0]])
                transaction.sweep_vectors()
        elif action == "save":
            save_index(store, folder / "index")
        elif action == "look":
            with reader.store.read() as snapshot:
                reader.index(snapshot)
    with store.read() as snapshot:
        ids, vectors = snapshot.passage_vectors()
        oracle = ExactIndex(ids, vectors)
        found = [open_index(snapshot, folder / "index").derived, reader.index(snapshot)]
        query = encoder.encode_queries(["red apples number 1"])
        for index in found:
            assert index.ids.tolist() == ids.tolist()
            wanted, result = oracle.search(query, 30), index.search(query, 30)
            assert result.ids.tolist() == wanted.ids.tolist()
            np.testing.assert_array_equal(result.scores, wanted.scores)
    store.close()
    reader.close()


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A folder that can't be written, as on a read-only disk. Root has to give up its right to write anyway."""
    entries = [folder, *folder.rglob("*")]
    modes = [entry.stat().st_mode for entry in entries]
    for entry in entries:
        entry.chmod(entry.stat().st_mode & ~0o222)
    try:
        with _no_privilege():
            yield
    finally:
        for entry, mode in zip(entries, modes, strict=True):
            if entry.exists():
                entry.chmod(mode)


@contextmanager
def _no_privilege() -> Iterator[None]:
    """Without CAP_DAC_OVERRIDE (linux/capability.h), if this thread has it."""
    if sys.platform != "linux" or os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(header, data) == 0
    before = data[0]
    data[0] = before & ~(1 << 1)
    assert libc.capset(header, data) == 0
    try:
        yield
    finally:
        data[0] = before
        assert libc.capset(header, data) == 0


class TestReadOnly:
    """A collection on a disk, or in a colleague's folder, that can't be written."""

    @pytest.fixture
    def gone(self, path: Path) -> None:
        """Skips where permissions mean nothing."""
        with read_only(path):
            try:
                (path / "probe").touch()
            except OSError:
                return
        pytest.skip("this user writes whatever the permissions say")

    @pytest.mark.usefixtures("gone")
    def test_opens_and_searches(self, path: Path) -> None:
        """As ever, with nothing left behind."""
        expected = answers(path, FakeEncoder(), QUERIES)
        before = sorted(entry.name for entry in path.rglob("*"))
        with read_only(path):
            assert answers(path, FakeEncoder(), QUERIES) == expected
            with Collection.open(path) as collection:
                assert collection.status().documents == 6
        assert sorted(entry.name for entry in path.rglob("*")) == before

    @pytest.mark.usefixtures("gone")
    def test_damaged_index_stays_where_it_is(self, path: Path) -> None:
        """It can't be set aside, and is not used."""
        expected = answers(path, FakeEncoder(), QUERIES)
        [name] = indexes(path)
        (path / "v0001" / "index" / name).write_bytes(b"x")
        with read_only(path):
            assert answers(path, FakeEncoder(), QUERIES) == expected
        assert indexes(path) == [name]

    @pytest.mark.usefixtures("gone")
    def test_writing_is_refused_with_a_clear_line(self, path: Path, template: Path) -> None:
        """By every writer."""
        with read_only(path):
            for write in (
                lambda: ingest([template / "docs"], path, encoder=FakeEncoder()),
                lambda: delete(path, ["0.txt"]),
                lambda: rebuild_index(path),
            ):
                with pytest.raises(StoreError, match="can't be written"):
                    write()

    @pytest.mark.usefixtures("gone")
    def test_sees_what_its_owner_commits(self, path: Path, template: Path) -> None:
        """A writer with more rights is at work: its log is read too, and later its finished database."""
        with read_only(path):
            early = Collection.open(path, encoder=FakeEncoder())
            assert early.search("red apples", k=1)[0].path == "0.txt"
        owner = Store.open(path / "v0001" / "store.db")
        with owner.write() as writer:
            [moved] = [source for source in writer.sources() if source.path == "0.txt"]
            writer.move_source(moved.id, uri=moved.uri, path="renamed.txt")
        with read_only(path), Collection.open(path, encoder=FakeEncoder()) as collection:
            for one in (early, collection):
                assert [row.path for row in one.documents(where={"path": {"$glob": "r*"}})] == ["renamed.txt"]
        owner.close()
        with read_only(path), Collection.open(path, encoder=FakeEncoder()) as collection:
            for one in (early, collection):
                assert one.search("red apples", k=1)[0].path == "renamed.txt"
        early.close()
