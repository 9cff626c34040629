"""Servers that load first and fork then: each child answers, ends, and leaves the parent as it was.

The number of forks can be set: PASSAGEWORK_FORKS=100 runs what `docs/reliability.md` tells.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path

import pytest

from passagework import Collection, PassageworkError, ingest
from passagework.retrieval import forks
from passagework.retrieval.errors import ModelUnavailableError
from passagework.retrieval.models.backends.openvino_model import OpenVinoModel
from passagework.retrieval.models.batching import refuse_in_child
from passagework.retrieval.store import Store
from tests.support.collection_checks import check_whole
from tests.support.fakes import FakeEncoder

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]
FORKS = int(os.environ.get("PASSAGEWORK_FORKS", "2"))


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection of forty notes, by the default encoder."""
    folder = tmp_path_factory.mktemp("notes")
    (folder / "docs").mkdir()
    for number in range(40):
        text = f"# Note {number}\n\nThe committee met in room {number} and spoke of item {7 * number}.\n"
        (folder / "docs" / f"n{number}.md").write_text(text)
    ingest(folder / "docs", folder / "c")
    return folder / "c"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backend", "manners"),
    [
        *(("openvino", manners) for manners in ("exit", "close", "threads+exit", "threads+close+exit")),
        ("torch", "threads+close+exit"),
    ],
)
def test_every_worker_answers_as_the_server(notes: Path, backend: str, manners: str) -> None:
    """A worker finds what its parent finds, collects garbage, and ends, whatever the parent's threads are doing."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.forking", str(notes), str(FORKS), *manners.split("+")],
        capture_output=True,
        text=True,
        timeout=120 + 70 * FORKS,
        env={**os.environ, "PASSAGEWORK_BACKEND": backend},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == []


@pytest.mark.slow
def test_a_child_ingests_after_its_parent_did(notes: Path, tmp_path: Path) -> None:
    """A worker of a queue writes a collection of its own, with an encoder of its own; the parent's parsers live on."""
    script = f"""
import os, sys
from pathlib import Path
from passagework import Collection, ingest
docs = Path({str(notes.parent / "docs")!r})
ingest(docs, {str(tmp_path / "a")!r})
child = os.fork()
if not child:
    print(ingest(docs, {str(tmp_path / "b")!r}).added, flush=True)
    sys.exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), ingest(docs, {str(tmp_path / "a")!r}).unchanged)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("40\n0 40\n", "")


def in_child(call: object) -> str:
    """Returns what a forked child says of calling it, in one line."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            line = str(call())  # type: ignore[operator]
        except BaseException as error:  # noqa: BLE001 - told
            line = f"{type(error).__name__}: {error}"
        os.write(writing, line.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        line = told.read()
    os.waitpid(child, 0)
    return line


@pytest.fixture
def apples(tmp_path: Path) -> Path:
    """A collection of two texts, by a fake encoder."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("apple river stone")
    (tmp_path / "docs" / "b.md").write_text("winter bread")
    ingest(tmp_path / "docs", tmp_path / "c", encoder=FakeEncoder())
    return tmp_path / "c"


def test_a_child_sees_what_others_commit_later(apples: Path) -> None:
    """The child reads by connections of its own: what the parent and other processes write is there at once."""
    with Collection.open(apples, encoder=FakeEncoder()) as collection:
        assert len(collection.search("bread", k=9)) == 2

        def child() -> list[str]:
            (apples.parent / "docs" / "c.md").write_text("a third text about bread")
            ingest(apples.parent / "docs", apples, encoder=FakeEncoder())
            return sorted(hit.path for hit in collection.search("bread", k=9))

        assert in_child(child) == "['a.md', 'b.md', 'c.md']"
        assert sorted(hit.path for hit in collection.search("bread", k=9)) == ["a.md", "b.md", "c.md"]
    check_whole(apples, FakeEncoder())


def test_the_log_stays_while_a_child_reads(apples: Path) -> None:
    """A child holds SQLite's locks itself: no other process takes the log away beneath it."""
    with Collection.open(apples, encoder=FakeEncoder()) as collection:
        collection.search("bread")

        def child() -> str:
            with Store.open(apples / "v0001" / "store.db") as store, store.read() as snapshot:
                before = snapshot.document_count()
                write = "from passagework import delete; import sys; delete(sys.argv[1], ['b.md'])"
                subprocess.run([sys.executable, "-c", write, str(apples)], check=True)
                log = (apples / "v0001" / "store.db-wal").stat().st_size > 0
                return f"{before} {snapshot.document_count()} {log}"

        assert in_child(child) == "2 2 True"


def test_a_fork_waits_for_what_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fork begins when nothing native is under way in other threads, and keeps more from beginning."""
    began, ended = threading.Event(), threading.Event()

    def use() -> None:
        with forks.in_use("a model"):
            began.set()
            time.sleep(0.3)
            ended.set()

    thread = threading.Thread(target=use)
    thread.start()
    began.wait()
    assert in_child(ended.is_set) == "True"
    thread.join()


def test_what_could_not_be_waited_for_is_refused_in_the_child(apples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line names it and says what to do; all else can be used."""
    monkeypatch.setattr(forks, "FORK_WAIT_SECONDS", 0.1)
    began, end = threading.Event(), threading.Event()

    def use() -> None:
        with Store.open(apples / "v0001" / "store.db") as store, store.read():
            began.set()
            end.wait()

    thread = threading.Thread(target=use)
    thread.start()
    began.wait()

    def child() -> object:
        with forks.in_use("another"):
            return len(Collection.open(apples, encoder=FakeEncoder()).search("bread"))

    told = in_child(child)
    end.set()
    thread.join()
    assert told == (
        f"PassageworkError: {apples / 'v0001' / 'store.db'} was in use when this process was forked, and can't be used "
        "here: fork when nothing runs, or start processes by spawn"
    )


def test_own_use_does_not_hold_up_the_fork() -> None:
    """A thread that forks in the midst of a use doesn't wait for itself; its child can't go on with it."""
    with forks.in_use("a model"):
        start = time.monotonic()

        def child() -> None:
            with forks.in_use("a model"):
                pass

        assert in_child(child).startswith("PassageworkError: a model was in use when this process was forked")
        assert time.monotonic() - start < 5
    with forks.in_use("a model"), pytest.raises(PassageworkError, match="nothing"):
        raise PassageworkError("nothing of that in the parent")


def test_a_lock_is_free_in_the_child() -> None:
    """What another thread held when the process was forked can be taken."""
    lock = forks.ForkSafeLock()
    held, end = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            held.set()
            end.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()

    def child() -> str:
        with lock:
            return "free"

    assert in_child(child) == "free"
    end.set()
    thread.join()


def test_a_gpu_is_refused_in_a_child() -> None:
    """CUDA can't be carried over a fork: one line says what to do instead."""
    with pytest.raises(ModelUnavailableError, match="open the collection after the fork"):
        refuse_in_child("bge-m3", "cuda", os.getpid() + 1)
    refuse_in_child("bge-m3", "cuda", os.getpid())
    refuse_in_child("bge-m3", "cpu", os.getpid() + 1)


def test_closing_frees_the_model_at_once(notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No cycle keeps a native model for the garbage collector, which may run in a forked child."""
    made: list[weakref.ref[OpenVinoModel]] = []
    init = OpenVinoModel.__init__

    def noted(self: OpenVinoModel, *arguments: object) -> None:
        init(self, *arguments)  # type: ignore[arg-type]
        made.append(weakref.ref(self))

    monkeypatch.setattr(OpenVinoModel, "__init__", noted)
    monkeypatch.setenv("PASSAGEWORK_BACKEND", "openvino")
    gc.collect()
    gc.disable()
    try:
        collection = Collection.open(notes)
        collection.search("which room")
        assert [model() is None for model in made] == [False]
        collection.close()
        assert [model() is None for model in made] == [True]
    finally:
        gc.enable()


@pytest.mark.slow
def test_the_end_of_a_process_waits_for_daemon_threads() -> None:
    """A model that a daemon thread still runs is not taken away beneath it: the library would abort the process."""
    script = """
import threading, time
from passagework import BiEncoder
encoder, began = BiEncoder.load(), threading.Event()

def encode():
    while True:
        encoder.encode_passages(["a text of some words " * 20] * 16)
        began.set()

threading.Thread(target=encode, daemon=True).start()
began.wait()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
