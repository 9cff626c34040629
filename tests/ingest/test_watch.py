"""Watching files: what changes is brought in when it has come to rest, and nothing goes that wasn't taken away."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("watchfiles", reason='pip install "passagework[watch]"')

from passagework import Collection
from passagework.ingest import Report, WatchState, WatchStatus, ingest, watch, watch_status
from passagework.ingest.file_digests import FileDigests
from passagework.retrieval import BusyError, ConfigError, IngestError
from passagework.retrieval.folder import writer_lock
from tests.ingest.test_git_repository import git
from tests.support.fakes import FakeEncoder

BEES, WASPS = "Bees dance to tell of flowers.", "Wasps build paper nests."


class Watching:
    """A watch in a thread of its own; what it reported and said so far."""

    def __init__(
        self, paths: Sequence[Path | str], collection: Path, stop: threading.Event | None = None, **options: Any
    ) -> None:
        self.reports: list[Report] = []
        self.said: list[WatchStatus] = []
        self.error: BaseException | None = None
        self.stop = stop or threading.Event()
        self.collection = collection
        given = {"encoder": FakeEncoder(), "debounce": 0.3, "sweep": 60.0, **options}

        def run() -> None:
            try:
                for report in watch(paths, collection, stop=self.stop, on_status=self.said.append, **given):
                    self.reports.append(report)
            except BaseException as error:  # noqa: BLE001 - the test looks at it
                self.error = error

        self.thread = threading.Thread(target=run)

    def paths(self) -> list[str]:
        """What is in the collection."""
        with Collection.open(self.collection, encoder=FakeEncoder()) as collection:
            return sorted(row.path for row in collection.documents())

    def until(self, condition: Callable[[], bool]) -> None:
        """Waits for what must come true."""
        end = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < end, (self.error, self.said[-3:], self.reports)
            time.sleep(0.05)


@contextmanager
def watching(paths: Sequence[Path | str], collection: Path, **options: Any) -> Iterator[Watching]:
    """A watch that has done its first ingest."""
    watch_of = Watching(paths, collection, **options)
    watch_of.thread.start()
    try:
        watch_of.until(lambda: bool(watch_of.reports))
        yield watch_of
    finally:
        watch_of.stop.set()
        watch_of.thread.join(20)
    assert not watch_of.thread.is_alive()
    assert watch_of.error is None


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A folder of one document."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "bees.txt").write_text(BEES)
    return folder


def test_what_comes_and_changes_is_brought_in(docs: Path, tmp_path: Path) -> None:
    """A new file, one that an editor renames into another's place, and one that goes and is kept for want of leave."""
    with watching([docs], tmp_path / "c") as watched:
        assert watched.reports[0].added == 1
        (docs / "wasps.txt").write_text(WASPS)
        watched.until(lambda: watched.paths() == ["bees.txt", "wasps.txt"])
        (docs / "bees.txt~new").write_text("Bees sleep.")
        (docs / "bees.txt~new").replace(docs / "bees.txt")
        watched.until(lambda: sum(report.updated for report in watched.reports) == 1)
        with Collection.open(tmp_path / "c", encoder=FakeEncoder()) as collection:
            assert [hit.text for hit in collection.search("bees", k=1)] == ["Bees sleep."]
        (docs / "wasps.txt").unlink()
        watched.until(lambda: watched.reports[-1].gone == 1)
        assert watched.paths() == ["bees.txt", "wasps.txt"]


def test_a_file_written_in_pieces_is_read_when_it_rests(docs: Path, tmp_path: Path) -> None:
    """Each piece comes sooner than the rest is long, so none of them is a document of its own."""
    with watching([docs], tmp_path / "c", debounce=1.0) as watched:
        with (docs / "log.txt").open("w") as file:
            for line in range(8):
                file.write(f"line {line}\n")
                file.flush()
                time.sleep(0.15)
        watched.until(lambda: len(watched.reports) > 1)
        assert (watched.reports[1].added, watched.reports[1].updated) == (1, 0)
        with Collection.open(tmp_path / "c", encoder=FakeEncoder()) as collection:
            [log] = [row for row in collection.documents() if row.path == "log.txt"]
            assert collection.document(log.id).text.split("\n")[7] == "line 7"


@pytest.mark.parametrize("delete_missing", [True, False])
def test_a_folder_that_vanishes_is_left_alone_until_it_is_back(
    docs: Path, tmp_path: Path, delete_missing: bool
) -> None:
    """And so is the empty folder of a drive that isn't mounted; others go on; what is gone when it is back may go."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "ants.txt").write_text("Ants carry leaves.")
    with watching([docs, other], tmp_path / "c", delete_missing=delete_missing) as watched:
        docs.rename(tmp_path / "away")
        watched.until(lambda: watched.said[-1].absent == (str(docs),))
        if delete_missing:
            docs.mkdir()
        (other / "moths.txt").write_text("Moths seek light.")
        watched.until(lambda: "moths.txt" in watched.paths())
        assert watched.paths() == ["ants.txt", "bees.txt", "moths.txt"]
        (tmp_path / "away" / "bees.txt").rename(tmp_path / "away" / "wasps.txt")
        (tmp_path / "away" / "wasps.txt").write_text(WASPS)
        if delete_missing:
            docs.rmdir()
        (tmp_path / "away").rename(docs)
        kept = [] if delete_missing else ["bees.txt"]
        watched.until(lambda: watched.paths() == ["ants.txt", *kept, "moths.txt", "wasps.txt"])
        assert watched.said[-1].absent == ()


def test_polling_and_sweeps_need_no_events(docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look at all files finds what no event told; so does a sweep, where nothing is told at all."""
    with watching([docs], tmp_path / "c", poll=True) as watched:
        (docs / "wasps.txt").write_text(WASPS)
        watched.until(lambda: watched.paths() == ["bees.txt", "wasps.txt"])
    monkeypatch.setattr("watchfiles.watch", _refusing)
    with watching([docs], tmp_path / "c", sweep=0.5) as watched:
        (docs / "moths.txt").write_text("Moths seek light.")
        watched.until(lambda: "moths.txt" in watched.paths())
        assert watched.said[-1].events is False


def _refusing(*paths: Path, **options: object) -> Iterator[set[tuple[int, str]]]:
    """What the library does when the system has no watches left."""
    if paths:
        raise OSError("OS file watch limit reached.")
    yield set()


def test_it_waits_for_another_writer(docs: Path, tmp_path: Path) -> None:
    """And says so; the change is not lost."""
    with watching([docs], tmp_path / "c") as watched:
        with writer_lock(tmp_path / "c"):
            (docs / "wasps.txt").write_text(WASPS)
            watched.until(lambda: watched.said[-1].state is WatchState.BUSY)
            assert "is being written by process" in (watched.said[-1].problem or "")
        watched.until(lambda: watched.paths() == ["bees.txt", "wasps.txt"])
        watched.until(lambda: watched.said[-1].state is WatchState.WATCHING)
        assert watched.said[-1].problem is None


def test_the_status_is_there_for_others(docs: Path, tmp_path: Path) -> None:
    """While it runs, and afterwards; a second watch is refused, and names it."""
    collection = tmp_path / "c"
    assert watch_status(collection) is None
    (docs / "broken.pdf").write_bytes(b"no PDF")
    with watching([docs], collection) as watched:
        watched.until(lambda: watched.said[-1].state is WatchState.WATCHING and watched.said[-1].last is not None)
        status = watch_status(collection)
        assert status is not None
        assert (status.state, status.paths, status.events) == (WatchState.WATCHING, (str(docs),), True)
        assert status.last is not None
        assert (status.last["added"], status.last["failures"]) == (1, 1)
        assert [problem["path"] for problem in status.last["failed"]] == ["broken.pdf"]  # type: ignore[union-attr, index, call-overload]
        with pytest.raises(BusyError, match=f"watched by process {status.pid} already"):
            next(watch([docs], collection, encoder=FakeEncoder()))
    stopped = watch_status(collection)
    assert stopped is not None
    assert (stopped.state, stopped.last) == (WatchState.STOPPED, status.last)


def test_a_stop_ends_the_document_at_work(tmp_path: Path) -> None:
    """What was read is committed, the rest is not begun, and another ingest goes on from there."""
    docs = tmp_path / "docs"
    docs.mkdir()
    for number in range(40):
        (docs / f"{number:02}.txt").write_text(f"note number {number}")
    stop = threading.Event()
    watched = Watching([docs], tmp_path / "c", stop, progress=lambda told: stop.set() if told.files == 3 else None)
    watched.thread.start()
    watched.thread.join(20)
    assert watched.error is None
    assert watched.reports == []
    assert watched.paths() == ["00.txt", "01.txt", "02.txt"]
    report = ingest(docs, tmp_path / "c", encoder=FakeEncoder())
    assert (report.unchanged, report.added) == (3, 37)


def test_mistakes_are_told_at_once(docs: Path, tmp_path: Path) -> None:
    """A PATH that isn't there, times that are none, a folder in the collection's own."""
    with pytest.raises(IngestError, match="doesn't exist"):
        next(watch(tmp_path / "nowhere", tmp_path / "c"))
    with pytest.raises(ConfigError, match="sweep is 0"):
        next(watch(docs, tmp_path / "c", sweep=0))
    ingest(docs, tmp_path / "c", encoder=FakeEncoder())
    with pytest.raises(ConfigError, match="lies in the collection's folder"):
        next(watch(tmp_path / "c", tmp_path / "c"))


def test_a_file_is_read_again_where_anything_of_it_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not where nothing did, and not from memory where the change may have been too quick for the file's times."""
    path = tmp_path / "a.txt"
    path.write_text("one")
    read: list[Path] = []

    def counted(file: Path) -> tuple[str, int]:
        read.append(file)
        return file.read_text(), 3

    monkeypatch.setattr("passagework.ingest.file_digests.sha256_file", counted)
    digests = FileDigests()
    assert [digests.of(path), digests.of(path)] == ["one", "one"]
    assert len(read) == 2  # it had just been written
    later = time.time_ns() + 10**10
    monkeypatch.setattr("time.time_ns", lambda: later)
    assert [digests.of(path), digests.of(path), digests.of(path)] == ["one"] * 3
    assert len(read) == 3
    path.write_text("two")
    assert digests.of(path) == "two"


def test_addresses_are_looked_at_by_sweeps(tmp_path: Path) -> None:
    """A repository's new commit comes in, and no events are needed."""
    repository = tmp_path / "repository"
    repository.mkdir()
    git(repository, "init", "-q")
    (repository / "bees.md").write_text(BEES)
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "bees")
    with watching([f"git:{repository}"], tmp_path / "c", sweep=0.5) as watched:
        assert watched.said[-1].paths == (f"git:{repository}",)
        (repository / "wasps.md").write_text(WASPS)
        git(repository, "add", ".")
        git(repository, "commit", "-qm", "wasps")
        watched.until(lambda: watched.paths() == ["bees.md", "wasps.md"])
