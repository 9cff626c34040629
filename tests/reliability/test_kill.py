"""Promise 4: killed at any instant, a collection opens at its last committed document, and a rerun goes on."""

from __future__ import annotations

import json
import os
import random
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from passagework import Collection
from passagework.ingest import ingest
from passagework.ingest.maintenance.rebuild import rebuild
from passagework.ingest.maintenance.removal import delete
from passagework.ingest.writing import passage_writer
from passagework.retrieval import StoreError
from passagework.retrieval.errors import EncodingError
from passagework.retrieval.folder import current_version
from passagework.retrieval.types import TokenIds, Vectors
from tests.support.collection_checks import NOUNS, Answer, answers, assert_same_answers, check_whole
from tests.support.fakes import FakeEncoder
from tests.support.kill_target import SETTINGS
from tests.support.pdf_files import typed

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the process that is killed is a fork"),
]

ROOT = Path(__file__).parents[2]
QUERIES = ["apple river", "who keeps the copper lantern?", "winter harbour violin pepper", "record 17"]
KILLS = int(os.environ.get("PASSAGEWORK_KILLS", "10"))
"""How many random instants of a first ingest; a quarter as many of an update, a delete and a rebuild each."""


class Target:
    """Runs tasks in forks of kill_target.py, and kills them."""

    def __init__(self) -> None:
        self.server = subprocess.Popen(
            [sys.executable, "-m", "tests.support.kill_target"],
            cwd=ROOT,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self.said = b""
        self.seconds = 0.0  # that the last task took

    def run(self, task: Mapping[str, Any], *, kill_after: float | None = None) -> int:
        """Does a task; -9 where it was killed, by itself or after so many seconds, else its exit status."""
        assert self.server.stdin is not None
        self.server.stdin.write(json.dumps(dict(task)).encode() + b"\n")
        process = self._heard(60)
        started = time.monotonic()
        assert process is not None
        status = self._heard(120 if kill_after is None else max(0.0, kill_after - (time.monotonic() - started)))
        if status is None:
            with suppress(ProcessLookupError):  # it came to its end this very moment
                os.killpg(process, signal.SIGKILL)
            status = self._heard(60)
        assert status is not None
        self.seconds = time.monotonic() - started
        return status

    def _heard(self, timeout: float) -> int | None:
        """The next number, None where none comes in time."""
        assert self.server.stdout is not None
        deadline = time.monotonic() + timeout
        while b"\n" not in self.said:
            ready, _, _ = select.select([self.server.stdout], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                return None
            part = os.read(self.server.stdout.fileno(), 1024)
            assert part, "kill_target.py ended"
            self.said += part
        line, _, self.said = self.said.partition(b"\n")
        return int(line)

    def close(self) -> None:
        """Ends the server."""
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        self.server.stdin.close()
        self.server.wait(timeout=60)
        self.server.stdout.close()


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    """A server that tasks can be killed in."""
    made = Target()
    yield made
    made.close()


@dataclass(frozen=True)
class Goal:
    """A folder of documents, what an uninterrupted run makes of it, and how long that takes."""

    docs: Path
    documents: dict[str, str]
    answers: dict[str, Answer]
    vectors: int
    seconds: float


def prose(rng: random.Random, words: int) -> str:
    """Sentences of five to twelve words, in paragraphs of three."""
    sentences: list[str] = []
    while words > 0:
        length = rng.randint(5, 12)
        sentences.append(" ".join(rng.choice(NOUNS) for _ in range(length)).capitalize() + ".")
        words -= length
    return "\n\n".join(" ".join(sentences[i : i + 3]) for i in range(0, len(sentences), 3))


def record(rng: random.Random, number: int) -> str:
    """A line of JSON."""
    return json.dumps({"_id": f"r{number}", "text": f"Record {number}: {prose(rng, 12)}", "number": number}) + "\n"


def write_documents(folder: Path, *, seed: int, each: int, records: int, long_words: int) -> None:
    """Files of eight formats, `each` of a kind; one with many records, and one as long as all others together."""
    rng = random.Random(seed)
    (folder / "sub").mkdir(parents=True)
    for i in range(each):
        body = prose(rng, rng.randint(30, 120))
        (folder / f"note_{i}.txt").write_text(body)
        (folder / "sub" / f"guide_{i}.md").write_text(f"# Guide {i}\n\n{body}\n\n## More\n\n{prose(rng, 60)}")
        (folder / "sub" / f"page_{i}.html").write_text(f"<h1>Page {i}</h1><p>{prose(rng, 50)}</p>")
        (folder / f"table_{i}.csv").write_text("name,text\n" + f"a,{prose(rng, 8)}\nb,{prose(rng, 8)}\n")
        (folder / f"manual_{i}.rst").write_text(f"Manual {i}\n========\n\n{prose(rng, 50)}\n")
        (folder / f"mail_{i}.eml").write_text(f"From: a@example.org\nSubject: Mail {i}\n\n{prose(rng, 40)}\n")
        (folder / f"facts_{i}.json").write_text(json.dumps({"title": f"Facts {i}", "text": prose(rng, 30)}))
        if i < 3:
            (folder / f"print_{i}.pdf").write_bytes(typed([prose(rng, 20).split("\n\n") for _ in range(3)]))
    (folder / "records.jsonl").write_text("".join(record(rng, i) for i in range(records)))
    (folder / "long.txt").write_text(prose(rng, long_words))


def change_documents(folder: Path) -> None:
    """New, changed, moved, renamed and deleted files, and records of all these kinds."""
    rng = random.Random(99)
    (folder / "note_0.txt").write_text(prose(rng, 80))
    (folder / "sub" / "guide_1.md").write_text(f"# Guide 1\n\n{prose(rng, 100)}")
    (folder / "long.txt").write_text(prose(rng, 900))
    (folder / "new.txt").write_text(prose(rng, 50))
    (folder / "note_1.txt").rename(folder / "sub" / "note_1.txt")
    (folder / "note_2.txt").rename(folder / "a_new_name.txt")
    (folder / "mail_0.eml").unlink()
    (folder / "sub" / "page_0.html").unlink()
    lines = (folder / "records.jsonl").read_text().splitlines(keepends=True)
    lines[3:20] = [record(rng, i) for i in range(3, 20)]
    (folder / "records.jsonl").write_text("".join(lines[:-10]) + record(rng, 1000))


def finish(docs: Path, collection: Path, *, delete_missing: bool = False) -> FakeEncoder:
    """Ingests in this process, at full speed; the encoder that was used."""
    encoder = FakeEncoder()
    report = ingest(
        [docs],
        collection,
        encoder=encoder,
        delete_missing=delete_missing,
        settings=SETTINGS,
        passage_tokens=40,
        overlap=8,
    )
    assert report.failed == []
    return encoder


def goal_of(docs: Path, collection: Path, seconds: float, encoder: FakeEncoder) -> Goal:
    """What a finished collection holds and answers."""
    with Collection.open(collection, encoder=encoder) as opened:
        vectors = opened.status().vectors
    assert isinstance(vectors, int)
    return Goal(
        docs, check_whole(collection, encoder, QUERIES), answers(collection, encoder, QUERIES), vectors, seconds
    )


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, target: Target) -> Goal:
    """A first ingest of 60 files, uninterrupted and timed."""
    return first_ingest(tmp_path_factory.mktemp("fresh"), target, each=8, records=200, long_words=1500)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, target: Target) -> Goal:
    """The same of 16 files."""
    return first_ingest(tmp_path_factory.mktemp("small"), target, each=2, records=30, long_words=300)


def first_ingest(base: Path, target: Target, *, each: int, records: int, long_words: int) -> Goal:
    """Documents, and what an uninterrupted run makes of them."""
    write_documents(base / "docs", seed=1, each=each, records=records, long_words=long_words)
    started = time.monotonic()
    task = {"docs": str(base / "docs"), "collection": str(base / "c"), "log": str(base / "log")}
    assert target.run(task) == 0
    return goal_of(base / "docs", base / "c", time.monotonic() - started, FakeEncoder())


def committed(log: Path) -> dict[str, str]:
    """What the killed run said was committed; a last line that it had no time to finish doesn't count."""
    if not log.exists():
        return {}
    lines = log.read_text().split("\n")[:-1]
    return dict(line.split(" ") for line in lines)


def vectors_in(collection: Path) -> int:
    """Vectors stored, used or not."""
    with Collection.open(collection) as opened:
        found = opened.status().vectors
    assert isinstance(found, int)
    return found


def check_and_finish(goal: Goal, collection: Path, log: Path) -> int:
    """After a kill: nothing committed is lost, all that is there is whole, and the next run goes on to the same end.

    How many documents were there.
    """
    there: dict[str, str] = {}
    vectors = 0
    if (collection / "CURRENT").exists():
        there = check_whole(collection, FakeEncoder())
        vectors = vectors_in(collection)
    else:  # killed before there was anything to open
        with pytest.raises(StoreError, match=r"no collection at|is not a collection|has no CURRENT file"):
            Collection.open(collection)
    said = committed(log)
    assert said.items() <= there.items(), "a committed document is lost"
    assert there.items() <= goal.documents.items()
    encoder = finish(goal.docs, collection)
    assert check_whole(collection, encoder, QUERIES) == goal.documents
    assert_same_answers(answers(collection, encoder, QUERIES), goal.answers)
    assert encoder.encoded - goal.vectors + vectors <= 2, "what was encoded is encoded again"  # the probe, maybe twice
    return len(there)


def instants(seconds: float, *, seed: int) -> list[float]:
    """A random instant in each equal part of a run, a quarter of KILLS."""
    rng, count = random.Random(seed), max(3, KILLS // 4)
    return [(number + rng.random()) / count * seconds for number in range(count)]


def tell(capsys: pytest.CaptureFixture[str], line: str) -> None:
    """Prints a figure, whatever pytest captures."""
    with capsys.disabled():
        print(f"\n{line}")


def kill_at_random(goal: Goal, target: Target, base: Path) -> tuple[int, list[int]]:
    """Kills a first ingest at an instant in each of KILLS equal parts of it, every third one again while it goes on.

    How many kills hit a run, and how many documents were there after each run.
    """
    rng = random.Random(7)
    seconds, hit = goal.seconds, 0
    found = []
    for number in range(KILLS):
        collection, log = base / f"c{number}", base / f"log{number}"
        task = {"docs": str(goal.docs), "collection": str(collection), "log": str(log)}
        if target.run(task, kill_after=(number + rng.random()) / KILLS * seconds * 1.02) == 0:
            seconds = min(seconds, target.seconds)  # the machine got quicker since it was measured
        else:
            hit += 1
        if number % 3 == 2:
            hit += target.run(task, kill_after=seconds / 3) != 0
        found.append(check_and_finish(goal, collection, log))
        shutil.rmtree(collection)
    return hit, found


@pytest.mark.timeout(7200)
def test_killed_at_random_instants(
    fresh: Goal, target: Target, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Instants spread over a run: nothing committed is lost, and the next run ends as an uninterrupted one does."""
    hit, found = kill_at_random(fresh, target, tmp_path)
    midst = sum(0 < count < len(fresh.documents) for count in found)
    tell(capsys, f"{hit} kills within a first ingest of {fresh.seconds:.1f} s, {midst} of {KILLS} runs in their midst")
    assert any(0 < count < len(fresh.documents) for count in found), f"no kill hit a run in its midst: {found}"


@pytest.mark.parametrize(
    ("where", "call", "when"),
    [
        ("passagework.retrieval.store.database:_migrate", 1, "after"),
        ("passagework.ingest.writing.new_version:publish", 1, "before"),
        ("passagework.ingest.writing.new_version:publish", 1, "after"),
        ("passagework.retrieval.store.writer:Writer.put_vectors", 3, "after"),
        ("passagework.retrieval.store.writer:Writer.put_document", 20, "after"),
        ("passagework.ingest.writing.passage_writer:PassageWriter._store_group", 4, "after"),
        ("passagework.retrieval.store.writer:Writer.sweep_vectors", 1, "after"),
        ("passagework.retrieval.files:os.fsync", 1, "before"),
        ("passagework.retrieval.files:os.fsync", 3, "before"),
        ("passagework.retrieval.files:sync_folder", 1, "before"),
        ("passagework.retrieval.store.writer:Writer.put_generation", 1, "after"),
        ("passagework.retrieval.store.generations:Generations._sweep", 1, "before"),
    ],
)
def test_killed_where_it_hurts(small: Goal, target: Target, tmp_path: Path, where: str, call: int, when: str) -> None:
    """In the midst of a transaction, between a file and its record, before and after the collection is published."""
    log, collection = tmp_path / "log", tmp_path / "c"
    task = {"docs": str(small.docs), "collection": str(collection), "log": str(log), "crash": [where, call, when]}
    assert target.run(task) == -signal.SIGKILL
    check_and_finish(small, collection, log)
    leftovers = [path.name for path in collection.rglob("*.tmp")]
    assert leftovers == []


@dataclass(frozen=True)
class Update:
    """A collection, its folder of documents changed since, and what bringing it up to date must lead to."""

    before: Path
    old: dict[str, str]
    goal: Goal


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory, target: Target) -> Update:
    """An update of 20 files, uninterrupted and timed."""
    base = tmp_path_factory.mktemp("changed")
    write_documents(base / "docs", seed=2, each=3, records=60, long_words=600)
    old = check_whole(base / "before", finish(base / "docs", base / "before"))
    change_documents(base / "docs")
    shutil.copytree(base / "before", base / "after")
    started = time.monotonic()
    task = {"docs": str(base / "docs"), "collection": str(base / "after"), "log": str(base / "log")}
    assert target.run({**task, "delete_missing": True}) == 0
    return Update(
        base / "before", old, goal_of(base / "docs", base / "after", time.monotonic() - started, FakeEncoder())
    )


def check_update(update: Update, collection: Path) -> None:
    """After a kill: each document is there in its old or its new form; the next run ends as an uninterrupted one."""
    goal = update.goal
    for uri, sha256 in check_whole(collection, FakeEncoder()).items():
        assert sha256 in (update.old.get(uri), goal.documents.get(uri)) or uri not in update.old, uri
    finish(goal.docs, collection, delete_missing=True)
    encoder = FakeEncoder()
    assert check_whole(collection, encoder, QUERIES) == goal.documents
    assert_same_answers(answers(collection, encoder, QUERIES), goal.answers)
    assert vectors_in(collection) == goal.vectors


@pytest.mark.timeout(3600)
def test_killed_while_updating(
    changed: Update, target: Target, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An updated document's old version answers until the new one is whole, whenever the run is killed."""
    hit = 0
    for number, instant in enumerate(instants(changed.goal.seconds, seed=8)):
        collection = tmp_path / str(number)
        shutil.copytree(changed.before, collection)
        task = {"docs": str(changed.goal.docs), "collection": str(collection), "log": str(tmp_path / "log")}
        hit += target.run({**task, "delete_missing": True}, kill_after=instant) != 0
        check_update(changed, collection)
        shutil.rmtree(collection)
    tell(capsys, f"{hit} kills within an update of {changed.goal.seconds:.1f} s")


@pytest.mark.parametrize(
    ("where", "call", "when"),
    [
        ("passagework.ingest.writing.destination:CollectionDestination.move_source", 1, "after"),
        ("passagework.ingest.writing.destination:CollectionDestination.move_source", 2, "after"),
        ("passagework.retrieval.store.writer:Writer._empty_documents", 2, "after"),
        ("passagework.ingest.writing.destination:CollectionDestination.remove_source", 1, "after"),
    ],
)
def test_killed_between_the_steps_of_an_update(
    changed: Update, target: Target, tmp_path: Path, where: str, call: int, when: str
) -> None:
    """Moved but not yet read again under its new name, emptied but not yet filled, removed but not yet swept."""
    collection = tmp_path / "c"
    shutil.copytree(changed.before, collection)
    task = {"docs": str(changed.goal.docs), "collection": str(collection), "log": str(tmp_path / "log")}
    status = target.run({**task, "delete_missing": True, "crash": [where, call, when]})
    assert status == -signal.SIGKILL
    check_update(changed, collection)


@pytest.mark.parametrize(
    "where",
    [
        "passagework.retrieval.store.writer:Writer.remove_source",
        "passagework.ingest.maintenance.removal:_remove_documents",
    ],
)
def test_killed_while_deleting(changed: Update, target: Target, tmp_path: Path, where: str) -> None:
    """Documents deleted together are all there, or all gone; deleting again does it."""
    collection = tmp_path / "c"
    shutil.copytree(changed.before, collection)
    task = {"action": "delete", "collection": str(collection), "target": "sub/*", "crash": [where, 1, "after"]}
    assert target.run(task) == -signal.SIGKILL
    assert check_whole(collection, FakeEncoder()) == changed.old
    gone_rows = delete(collection, ["sub/*"])
    left = {uri: sha256 for uri, sha256 in changed.old.items() if uri not in {row.uri for row in gone_rows}}
    assert check_whole(collection, FakeEncoder()) == left
    assert all("/sub/" in row.uri for row in gone_rows)


@pytest.mark.timeout(3600)
def test_killed_at_random_while_deleting(
    changed: Update, target: Target, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whenever it is: all are there, or all are gone, and a search finds none that is half there."""
    shutil.copytree(changed.before, tmp_path / "timed")
    assert target.run({"action": "delete", "collection": str(tmp_path / "timed"), "target": "*.txt"}) == 0
    left = check_whole(tmp_path / "timed", FakeEncoder())
    hit = 0
    for number, instant in enumerate(instants(target.seconds, seed=9)):
        collection = tmp_path / str(number)
        shutil.copytree(changed.before, collection)
        task = {"action": "delete", "collection": str(collection), "target": "*.txt"}
        hit += target.run(task, kill_after=instant) != 0
        found = check_whole(collection, FakeEncoder())
        assert found in (left, changed.old)
        if found != left:
            delete(collection, ["*.txt"])
        assert check_whole(collection, FakeEncoder(), QUERIES) == left
        shutil.rmtree(collection)
    tell(capsys, f"{hit} kills within a delete of {target.seconds:.2f} s")


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory, changed: Update, target: Target) -> Goal:
    """A rebuild with another encoder and other passages, uninterrupted and timed."""
    base = tmp_path_factory.mktemp("rebuilt")
    shutil.copytree(changed.before, base / "c")
    started = time.monotonic()
    assert target.run({"action": "rebuild", "collection": str(base / "c"), "seed": "-2"}) == 0
    return goal_of(changed.goal.docs, base / "c", time.monotonic() - started, FakeEncoder(seed="-2"))


@pytest.mark.parametrize(
    ("where", "call", "when"),
    [
        ("passagework.ingest.maintenance.rebuild:create_version", 1, "after"),
        ("passagework.ingest.maintenance.rebuild:refresh_index", 1, "before"),
        ("passagework.ingest.maintenance.rebuild:publish", 1, "before"),
        ("passagework.ingest.maintenance.rebuild:publish", 1, "after"),
    ],
)
def test_killed_between_the_steps_of_a_rebuild(
    changed: Update, rebuilt: Goal, target: Target, tmp_path: Path, where: str, call: int, when: str
) -> None:
    """The old version answers until the new one is whole; the next rebuild goes on, and encodes nothing twice."""
    collection = tmp_path / "c"
    shutil.copytree(changed.before, collection)
    before = answers(collection, FakeEncoder(), QUERIES)
    task = {"action": "rebuild", "collection": str(collection), "seed": "-2", "crash": [where, call, when]}
    assert target.run(task) == -signal.SIGKILL
    check_rebuild(rebuilt, collection, before)


@pytest.mark.timeout(3600)
def test_killed_while_rebuilding(
    changed: Update, rebuilt: Goal, target: Target, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same at random instants."""
    hit = 0
    before = answers(changed.before, FakeEncoder(), QUERIES)
    for number, instant in enumerate(instants(rebuilt.seconds, seed=10)):
        collection = tmp_path / str(number)
        shutil.copytree(changed.before, collection)
        task = {"action": "rebuild", "collection": str(collection), "seed": "-2"}
        hit += target.run(task, kill_after=instant) != 0
        check_rebuild(rebuilt, collection, before)
        shutil.rmtree(collection)
    tell(capsys, f"{hit} kills within a rebuild of {rebuilt.seconds:.1f} s")


def check_rebuild(rebuilt: Goal, collection: Path, before: dict[str, Answer]) -> None:
    """After a kill: one version answers whole, and the next rebuild ends as an uninterrupted one."""
    encoder = FakeEncoder(seed="-2")
    if current_version(collection).name == "v0001":
        assert_same_answers(answers(collection, FakeEncoder(), QUERIES), before)
        built = [folder / "store.db" for folder in collection.glob("v0002") if (folder / "store.db").exists()]
        stored = vectors_stored(built[0]) if built else 0
        rebuild(collection, encoder=encoder, passage_tokens=24, settings=SETTINGS)
        assert encoder.encoded - rebuilt.vectors + stored <= 2
        assert current_version(collection).name == "v0002" or not stored  # what has no record yet is begun anew
    assert current_version(collection).name != "v0001"
    assert check_whole(collection, encoder, QUERIES) == rebuilt.documents
    assert_same_answers(answers(collection, encoder, QUERIES), rebuilt.answers)


def vectors_stored(database: Path) -> int:
    """Vectors in a version that nobody opened yet."""
    with closing(sqlite3.connect(database)) as connection:
        try:
            return int(connection.execute("SELECT count(*) FROM vectors").fetchone()[0])
        except sqlite3.OperationalError:
            return 0  # killed before the tables were made


class Fails(FakeEncoder):
    """Breaks down at its third batch; the probe of a new collection comes before."""

    batches = 0

    def encode_tokens(self, token_ids: Sequence[TokenIds]) -> Vectors:
        """As FakeEncoder, until then."""
        self.batches += 1
        if self.batches == 4:
            raise RuntimeError("out of memory")
        return super().encode_tokens(token_ids)


def test_vectors_of_a_document_that_never_came(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long document is encoded part by part. Broken off, its vectors serve the next run; should the document have
    changed by then, that run takes them out.
    """
    monkeypatch.setattr(passage_writer, "GROUP_DOCUMENTS", 4)
    monkeypatch.setattr(passage_writer, "GROUP_TOKENS", 50)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "long.txt").write_text(prose(random.Random(1), 600))
    with pytest.raises(EncodingError, match="out of memory"):
        ingest([tmp_path / "docs"], tmp_path / "c", encoder=Fails(), settings=SETTINGS, passage_tokens=40, overlap=8)
    assert vectors_in(tmp_path / "c") == 8
    shutil.copytree(tmp_path / "c", tmp_path / "other")
    encoder = finish(tmp_path / "docs", tmp_path / "c")
    assert check_whole(tmp_path / "c", encoder)
    assert encoder.encoded == vectors_in(tmp_path / "c") - 8
    (tmp_path / "docs" / "long.txt").write_text("something short")
    finish(tmp_path / "docs", tmp_path / "other")
    assert vectors_in(tmp_path / "other") == 1
