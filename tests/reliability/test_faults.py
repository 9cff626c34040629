"""Faults are injected one by one: nothing committed is lost, and a person is told what happened and what to do.

Kills have test_kill.py; read-only folders test_generations.py and test_doctor.py. `make faults` injects more of each.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from passagework import Collection
from passagework.ingest import ingest
from passagework.ingest.maintenance.doctor import examine, repair
from passagework.ingest.writing import passage_writer
from passagework.retrieval import PassageworkError, StoreError
from passagework.retrieval.collection import opened as live
from passagework.retrieval.errors import EncodingError
from passagework.retrieval.models import identity
from passagework.retrieval.models.reranker import RerankScores
from passagework.retrieval.search import candidate_pool
from passagework.retrieval.store import generations
from passagework.retrieval.types import TokenIds, Vectors
from tests.reliability.test_kill import QUERIES, Goal, Target, check_and_finish, finish, first_ingest
from tests.support.collection_checks import FakeReranker, answers, assert_same_answers, brief, check_whole
from tests.support.fakes import FakeEncoder
from tests.support.kill_target import REFUSED, SETTINGS

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the process that is killed is a fork"),
]

FULL = int(os.environ.get("PASSAGEWORK_FULL_DISKS", "8"))
"""Limits of a file's size, and sizes of a disk; `make faults` takes 60."""
FLIPS = int(os.environ.get("PASSAGEWORK_FLIPS", "16"))
"""Bits flipped in each of the database, the index, and the log; `make faults` takes 200."""

SHORT = [
    MemoryError(),
    RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried 8 GB"),
    RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB."),
]
"""As Python says it, and torch on a CPU and on a GPU."""

NEXT_STEP = ("free some space", "restore it from a copy", "try again when it is done", "run again")


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    """A server of tasks."""
    made = Target()
    yield made
    made.close()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, target: Target) -> Goal:
    """A first ingest of 16 files, uninterrupted."""
    return first_ingest(tmp_path_factory.mktemp("small"), target, each=2, records=30, long_words=300)


@pytest.fixture
def path(small: Goal, tmp_path: Path) -> Path:
    """A copy of that collection."""
    shutil.copytree(small.docs.parent / "c", tmp_path / "c")
    return tmp_path / "c"


def database(path: Path) -> Path:
    """The database of the only version."""
    return path / "v0001" / "store.db"


def test_a_large_database_is_compared_beside_the_first_searches(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening doesn't wait for it; a whole one answers on, a damaged one is named as a small one is."""
    monkeypatch.setattr(live, "AT_ONCE_BYTES", 0)
    with Collection.open(path, encoder=FakeEncoder()) as opened:
        _compared()
        assert opened.search(QUERIES[0])
    flip(database(path), seed=1)
    with Collection.open(path, encoder=FakeEncoder()) as opened:
        _compared()
        with pytest.raises(StoreError, match="is damaged: between bytes"):
            opened.search(QUERIES[0])


def _compared() -> None:
    """Waits until every comparison that runs has ended."""
    for thread in threading.enumerate():
        if thread.name == "seal":
            thread.join(60)


@pytest.mark.timeout(3600)
class TestFullDisk:
    """A write is refused, whichever it is: the run ends with a line, and the next one goes on from the last commit."""

    def test_at_any_size_of_a_file(
        self, small: Goal, target: Target, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The system refuses to let any file grow beyond a limit, spread over the sizes that they come to."""
        largest = 4 * max(file.stat().st_size for file in (small.docs.parent / "c").rglob("*") if file.is_file())
        refused = sum(
            self._filled(small, target, tmp_path / str(number), {"limit": int(largest * (number + 1) / FULL)})
            for number in range(FULL)
        )
        assert 0 < refused < FULL
        tell(capsys, f"{FULL} limits on a file's size up to {largest:,} bytes: {refused} runs refused, 0 commits lost")

    def test_on_a_small_disk(
        self, small: Goal, target: Target, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A file system of its own, with ever more room, that says ENOSPC."""
        whole = sum(file.stat().st_size for file in (small.docs.parent / "c").rglob("*") if file.is_file())
        refused = 0
        for number in range(FULL):
            base = tmp_path / str(number)
            with small_disk(base / "disk", 16384 + int(6 * whole * (number / (FULL - 1)) ** 2)) as disk:
                refused += self._filled(small, target, base, {}, collection=disk / "c", more_room=True)
        assert 0 < refused < FULL
        tell(capsys, f"{FULL} disks of up to {6 * whole:,} bytes: {refused} runs refused, 0 commits lost")

    def _filled(
        self,
        small: Goal,
        target: Target,
        base: Path,
        limits: dict[str, int],
        *,
        collection: Path | None = None,
        more_room: bool = False,
    ) -> bool:
        """Runs a first ingest into trouble, and checks what is left; whether it was refused."""
        base.mkdir(exist_ok=True)
        collection, log, said = collection or base / "c", base / "log", base / "said"
        task = {"docs": str(small.docs), "collection": str(collection), "log": str(log), "said": str(said)}
        status = target.run({**task, **limits})
        assert status in (0, REFUSED)
        if status == REFUSED:
            assert "\n" not in said.read_text()
            assert any(step in said.read_text() for step in NEXT_STEP), said.read_text()
        if more_room:
            subprocess.run(["mount", "-o", "remount,size=64m", str(collection.parent)], check=True)
        check_and_finish(small, collection, log)
        return status == REFUSED


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """A file system in memory with so many bytes; skips where this user may not mount one."""
    folder.mkdir(parents=True)
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)]
    if not shutil.which("mount") or subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def tell(capsys: pytest.CaptureFixture[str], line: str) -> None:
    """Prints a figure, whatever pytest captures."""
    with capsys.disabled():
        print(f"\n{line}")


@pytest.mark.timeout(3600)
class TestFlippedBits:
    """Of a database, an index and a log, each flipped bit is named, or changes no answer."""

    def test_in_the_database(self, small: Goal, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Opening names the file; after a repair the collection answers as before, or is still refused."""
        clean = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
        mended = kept = 0
        for number in range(FLIPS):
            flip(database(path), seed=number)
            with pytest.raises(StoreError, match=r"store\.db is damaged|store\.db: ") as error:
                Collection.open(path)
            assert "restore it from a copy" in str(error.value) or "newer version" in str(error.value)
            assert not examine(path, encoder=FakeEncoder()).well
            if repair(path, encoder=FakeEncoder()).after.well:
                mended += 1
                assert_same_answers(answers(path, FakeEncoder(), QUERIES), small.answers)
                assert check_whole(path, FakeEncoder()) == small.documents
            else:
                kept += 1
                with pytest.raises(StoreError):
                    Collection.open(path)
            put_back(path, clean)
        tell(capsys, f"{FLIPS} bits in the database: {FLIPS} named; doctor mended {mended}, {kept} stayed refused")

    def test_in_the_index(self, small: Goal, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """It is set aside and named, and the answers are those of before."""
        clean = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
        [index] = (path / "v0001" / "index").iterdir()
        for number in range(FLIPS):
            flip(index, seed=number)
            assert_same_answers(answers(path, FakeEncoder(), QUERIES[:1]), {
                name: wanted for name, wanted in small.answers.items() if name.endswith(f": {QUERIES[0]}")
            })  # fmt: skip
            with Collection.open(path) as collection:
                found = collection.status().index.to_json()
            assert isinstance(found, dict)
            assert found["saved"] is None
            assert not index.exists()
            put_back(path, clean)
        tell(capsys, f"{FLIPS} bits in the index: {FLIPS} set aside, 0 answers changed")

    def test_in_the_log(self, small: Goal, target: Target, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """SQLite takes the frames before the flip for the whole log; that commits are missing is seen."""
        path = tmp_path / "c"
        there = killed(small, target, path, tmp_path / "log")
        clean = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
        log = database(path).with_name("store.db-wal")
        refused = 0
        for number in range(FLIPS):
            flip(log, seed=number)
            found = examine(path, encoder=FakeEncoder())
            if found.well:
                assert check_whole(path, FakeEncoder()) == there
            else:
                refused += 1
                with pytest.raises(StoreError, match=r"went backwards: .*`passagework doctor --repair` and"):
                    Collection.open(path)
            put_back(path, clean)
        assert refused
        tell(capsys, f"{FLIPS} bits in the log of a killed writer: {refused} named, {FLIPS - refused} changed nothing")


def flip(file: Path, *, seed: int) -> None:
    """Turns one bit of a file, always the same one for a seed."""
    data = bytearray(file.read_bytes())
    bit = random.Random(seed).randrange(8 * len(data))
    data[bit // 8] ^= 1 << bit % 8
    file.write_bytes(data)


def put_back(path: Path, clean: dict[Path, bytes]) -> None:
    """Makes a collection's folder again as it was."""
    for file in path.rglob("*"):
        if file.is_file() and file not in clean:
            file.unlink()
    for file, data in clean.items():
        if not file.exists() or file.read_bytes() != data:
            file.write_bytes(data)


def killed(small: Goal, target: Target, path: Path, log: Path) -> dict[str, str]:
    """A collection whose writer was killed after some commits; what was committed."""
    task = {"docs": str(small.docs), "collection": str(path), "log": str(log)}
    crash = ["passagework.ingest.writing.passage_writer:PassageWriter._store_group", 4, "after"]
    assert target.run({**task, "crash": crash}) == -signal.SIGKILL
    shutil.copytree(path, path.with_name("looked at"))
    return check_whole(path.with_name("looked at"), FakeEncoder())


class TestLostLog:
    """A writer was killed, and its log was removed or cut off: the database went backwards."""

    @pytest.mark.parametrize("how", ["removed", "emptied", "cut"])
    def test_named_and_taken_up_again(self, small: Goal, target: Target, tmp_path: Path, how: str) -> None:
        """No search and no ingest goes on from there; a repair does, and the next ingest brings what was lost."""
        path = tmp_path / "c"
        there = killed(small, target, path, tmp_path / "log")
        assert there
        log = database(path).with_name("store.db-wal")
        if how == "removed":
            log.unlink()
        else:
            log.write_bytes(b"" if how == "emptied" else log.read_bytes()[: log.stat().st_size * 2 // 3])
        for act in (lambda: Collection.open(path), lambda: finish(small.docs, path)):
            with pytest.raises(StoreError, match=r"went backwards: .*store\.db ends at commit \d+, and \d+ were made"):
                act()
        diagnosis = examine(path, encoder=FakeEncoder())
        assert [finding.check for finding in diagnosis.findings] == ["seal"]
        assert "went backwards" in diagnosis.findings[0].text
        assert repair(path, encoder=FakeEncoder()).after.well
        finish(small.docs, path)
        assert check_whole(path, FakeEncoder(), QUERIES) == small.documents
        assert_same_answers(answers(path, FakeEncoder(), QUERIES), small.answers)

    def test_an_older_copy_put_back(self, small: Goal, path: Path, tmp_path: Path) -> None:
        """The database alone, without its seal: its commits are fewer."""
        older = database(path).read_bytes()
        (tmp_path / "new").mkdir()
        (tmp_path / "new" / "more.txt").write_text("something new")
        ingest([tmp_path / "new"], path, encoder=FakeEncoder(), settings=SETTINGS)
        database(path).write_bytes(older)
        with pytest.raises(StoreError, match="went backwards"):
            Collection.open(path)
        assert repair(path, encoder=FakeEncoder()).after.well
        assert check_whole(path, FakeEncoder()) == small.documents


def test_a_storm_of_locks(small: Goal, tmp_path: Path) -> None:
    """Others take the database's lock again and again while an ingest runs: it waits each time, and ends as ever."""
    path, done = tmp_path / "c", threading.Event()
    locks = [0]

    def hold() -> None:
        rng = random.Random(3)
        while not done.is_set():
            if not (path / "CURRENT").exists():
                time.sleep(0.001)
                continue
            with closing(sqlite3.connect(database(path), isolation_level=None, timeout=30)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                locks[0] += 1
                time.sleep(rng.random() * 0.02)
                connection.execute("ROLLBACK")
            time.sleep(0.005)

    holders = [threading.Thread(target=hold) for _ in range(2)]
    for holder in holders:
        holder.start()
    try:
        finish(small.docs, path)
    finally:
        done.set()
        for holder in holders:
            holder.join()
    assert locks[0] > 10
    assert check_whole(path, FakeEncoder(), QUERIES) == small.documents
    assert_same_answers(answers(path, FakeEncoder(), QUERIES), small.answers)


def test_a_writer_killed_beneath_open_readers(small: Goal, target: Target, tmp_path: Path) -> None:
    """They answer on from the last commit, and see what the next writer commits, without being opened again."""
    path, docs = tmp_path / "c", tmp_path / "docs"
    shutil.copytree(small.docs, docs)
    finish(docs, path)
    (docs / "more.txt").write_text("zebra " * 50)
    crashes = (
        ("passagework.retrieval.store.writer:Writer.put_document", 1, "after"),
        ("passagework.ingest.writing.passage_writer:PassageWriter._store_group", 1, "before"),
    )
    with Collection.open(path, encoder=FakeEncoder()) as one, Collection.open(path, encoder=FakeEncoder()) as two:
        expected = [(hit.path, hit.score) for hit in one.search("apple river", stage="hybrid")]
        for crash in crashes:
            task = {"docs": str(docs), "collection": str(path), "log": str(tmp_path / "log")}
            assert target.run({**task, "crash": list(crash)}) == -signal.SIGKILL
            for reader in (one, two):
                assert [(hit.path, hit.score) for hit in reader.search("apple river", stage="hybrid")] == expected
                assert not reader.documents(where={"path": "more.txt"})
        finish(docs, path)
        for reader in (one, two):
            assert reader.search("zebra", k=1)[0].path == "more.txt"
    check_whole(path, FakeEncoder(), QUERIES)


class TestClock:
    """Time goes backwards; order is kept by numbers, and files are compared by what they hold."""

    def test_goes_backwards(self, small: Goal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each look at the clock is a year before the last one."""

        class Backwards(datetime):
            looks = 0

            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
                cls.looks += 1
                return datetime(2026, 1, 1, tzinfo=tz) - timedelta(days=365 * cls.looks)

        for module in (generations, identity):
            monkeypatch.setattr(module, "datetime", Backwards)
        real, start = time.time, time.time()
        monkeypatch.setattr(time, "time", lambda: 2 * start - real())
        docs, path = tmp_path / "docs", tmp_path / "c"
        shutil.copytree(small.docs, docs)
        for name, text in (("later.txt", "first words"), ("later.txt", "second words")):
            (docs / name).write_text(text)
            os.utime(docs / name, (1, 1) if "second" in text else None)
            ingest([docs], path, encoder=FakeEncoder(), settings=SETTINGS, passage_tokens=40, overlap=8)
        with Collection.open(path, encoder=FakeEncoder()) as collection:
            assert collection.search("second words", k=1)[0].text == "second words"
        assert examine(path, encoder=FakeEncoder()).well
        assert Backwards.looks >= 2


class ShortOfMemory(FakeEncoder):
    """Fails at its fourth batch."""

    batches = 0

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def encode_tokens(self, token_ids: Sequence[TokenIds]) -> Vectors:
        """As FakeEncoder, until then."""
        self.batches += 1
        if self.batches == 4:
            raise self.error
        return super().encode_tokens(token_ids)


@pytest.mark.parametrize("error", SHORT)
def test_an_encoder_out_of_memory(
    small: Goal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """What was committed stays, the line says what to do, and the next run goes on without encoding it again."""
    monkeypatch.setattr(passage_writer, "GROUP_TOKENS", 400)
    short = ShortOfMemory(error)
    with pytest.raises(
        EncodingError, match="what was committed is safe; end other programs, or take a smaller"
    ) as told:
        ingest([small.docs], tmp_path / "c", encoder=short, settings=SETTINGS, passage_tokens=40, overlap=8)
    assert isinstance(told.value, PassageworkError)
    there = check_whole(tmp_path / "c", FakeEncoder())
    assert 0 < len(there) < len(small.documents)
    encoder = finish(small.docs, tmp_path / "c")
    assert check_whole(tmp_path / "c", encoder, QUERIES) == small.documents
    assert encoder.encoded + short.encoded <= small.vectors + 3  # the probes


class ShortOnce(FakeEncoder):
    """Has no memory for its first query."""

    error: Exception | None = None

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """As FakeEncoder, from the second on."""
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        return super().encode_queries(texts)


class RerankerShortOnce(FakeReranker):
    """Has no memory for its first query."""

    error: Exception | None = None

    def rerank(self, query: str, passages: Sequence[str]) -> RerankScores:
        """As FakeReranker, from the second on."""
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        return super().rerank(query, passages)


@pytest.mark.parametrize("error", SHORT)
@pytest.mark.parametrize("of", ["encoder", "reranker", "search"])
def test_a_search_out_of_memory(
    small: Goal, path: Path, monkeypatch: pytest.MonkeyPatch, of: str, error: Exception
) -> None:
    """One line that names what ran out and what to do; the same open collection answers the next search as ever."""
    encoder, reranker = ShortOnce(), RerankerShortOnce()
    with Collection.open(path, encoder=encoder, reranker=reranker) as collection:
        expected = collection.search(QUERIES[0], k=5)
        if of == "search":
            with monkeypatch.context() as patch:
                patch.setattr(candidate_pool, "fuse", _raising(error))
                told = _told(collection)
        else:
            (encoder if of == "encoder" else reranker).error = error
            told = _told(collection)
        assert (
            told
            == {
                "encoder": "the encoder ran out of memory: end other programs, or search at stage lexical",
                "reranker": "the reranker ran out of memory: end other programs, or search at stage hybrid",
                "search": "the search ran out of memory: end other programs, or ask for fewer candidates",
            }[of]
        )
        assert brief(collection.search(QUERIES[0], k=5)) == brief(expected)
    assert check_whole(path, FakeEncoder()) == small.documents


def _told(collection: Collection) -> str:
    with pytest.raises(EncodingError) as told:
        collection.search(QUERIES[0], k=5)
    return str(told.value)


def _raising(error: Exception) -> Callable[..., None]:
    def fails(*_: object, **__: object) -> None:
        raise error

    return fails


def test_other_errors_of_a_search_are_not_called_that(path: Path) -> None:
    """A RuntimeError that speaks of something else passes through as it is."""
    encoder = ShortOnce()
    encoder.error = RuntimeError("mat1 and mat2 shapes cannot be multiplied")
    with Collection.open(path, encoder=encoder) as collection, pytest.raises(RuntimeError, match="mat1 and mat2"):
        collection.search(QUERIES[0], stage="dense")
