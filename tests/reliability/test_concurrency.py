"""Several readers and one writer: no error, and each answer is of one moment.

Every text says its version, and which part of how many it is. What changes in one transaction must show one version,
with all of its parts. Run as a module, this file is the writer or a reader in another process.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from passagework import Collection
from passagework.ingest import Progress, ingest
from passagework.ingest.chunker import ChunkSettings
from passagework.ingest.maintenance.rebuild import rebuild, rebuild_index
from passagework.ingest.maintenance.removal import delete
from passagework.ingest.writing.commit_group import SourceFile
from passagework.ingest.writing.document_hash import document_hash
from passagework.ingest.writing.new_version import create_version
from passagework.ingest.writing.passage_writer import PassageWriter
from passagework.retrieval import StoreError
from passagework.retrieval.config import Settings
from passagework.retrieval.store import Snapshot, Store, VersionState
from passagework.retrieval.types import Document
from tests.support.collection_checks import check_whole
from tests.support.fakes import FakeEncoder

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SETTINGS = Settings(workers=1)
PAIRS = 5
SAYS = re.compile(r"pair (\d+) (\w+) version (\d+) part (\d+) of (\d+)")
STAGES = ("dense", "lexical", "hybrid")


def pair_text(pair: int, side: str, version: int) -> str:
    """Two to four paragraphs, too long for two of them to share a passage."""
    count = 2 + (version + pair) % 3
    lines = [
        f"pair {pair} {side} version {version} part {part} of {count} and the rest" for part in range(1, count + 1)
    ]
    return "\n\n".join(lines)


def write_version(folder: Path, version: int) -> None:
    """Every document in another version. The last pair comes and goes."""
    for pair in range(PAIRS):
        for side in ("left", "right"):
            file = folder / f"p{pair}" / f"{side}.txt"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(pair_text(pair, side, version))
    if version % 2:
        for file in (folder / f"p{PAIRS - 1}").iterdir():
            file.unlink()


def ingest_version(folder: Path, collection: Path, encoder: FakeEncoder, version: int) -> None:
    """Brings the collection to a version, in one transaction but for the deletions."""
    write_version(folder, version)
    report = ingest(
        [folder],
        collection,
        encoder=encoder,
        passage_tokens=15,
        overlap=0,
        delete_missing=True,
        settings=SETTINGS,
    )
    assert not report.failed


def ingest_until_told(folder: Path, collection: Path) -> None:
    """The writer's process: version after version, until standard input closes."""
    encoder, version = FakeEncoder(), 1
    told = threading.Event()

    def listen() -> None:
        sys.stdin.read()
        told.set()

    threading.Thread(target=listen, daemon=True).start()
    while not told.is_set():
        ingest_version(folder, collection, encoder, version)
        version += 1
    print(version - 1)


def parts_in(texts: list[str]) -> dict[tuple[str, str, str], set[tuple[str, str]]]:
    """(pair, side, version) to its parts seen, each as (number, of how many)."""
    parts: dict[tuple[str, str, str], set[tuple[str, str]]] = {}
    for text in texts:
        for pair, side, version, part, count in SAYS.findall(text):
            parts.setdefault((pair, side, version), set()).add((part, count))
    return parts


def check_parts(texts: list[str]) -> dict[tuple[str, str], int]:
    """Asserts that every document seen is there in one version, and whole; (pair, side) to that version."""
    versions: dict[tuple[str, str], int] = {}
    for (pair, side, version), seen in parts_in(texts).items():
        assert (pair, side) not in versions, "one document in two versions"
        versions[pair, side] = int(version)
        [count] = {count for _, count in seen}
        assert {part for part, _ in seen} == {str(part) for part in range(1, int(count) + 1)}, "parts are missing"
    return versions


def search_often(
    collection: Collection, count: int, seed: int, check: Callable[[dict[tuple[str, str], int]], None]
) -> set[int]:
    """Searches at every stage, with and without a filter, and checks each answer; the versions seen."""
    rng = random.Random(seed)
    last: dict[tuple[str, str], int] = {}
    seen: set[int] = set()
    for number in range(count):
        pair = rng.choice([None, *range(PAIRS)])
        where = None if pair is None else {"path": {"$glob": f"p{pair}/*"}}
        query = f"pair {rng.randrange(PAIRS)} version part"
        if number % 20 == 19:
            texts = [collection.context(query, max_tokens=5000, k=100, where=where).text]
        else:
            texts = [hit.text for hit in collection.search(query, k=100, stage=rng.choice(STAGES), where=where)]
        versions = check_parts(texts)
        if pair is not None:
            assert {int(one) for one, _ in versions} <= {pair}
        check(versions)
        for key, version in versions.items():
            assert version >= last.get(key, 0), "an answer went back in time"
        last.update(versions)
        seen.update(versions.values())
    return seen


def one_version(versions: dict[tuple[str, str], int]) -> None:
    """All documents were changed in one transaction; those of the last pair may wait for their deletion."""
    assert len({version for (pair, _), version in versions.items() if int(pair) < PAIRS - 1}) <= 1, versions


def paired_versions(versions: dict[tuple[str, str], int]) -> None:
    """The two documents of a pair were changed in one transaction."""
    for (pair, _), version in versions.items():
        assert versions[pair, "left"] == versions[pair, "right"] == version


def started(*arguments: object) -> subprocess.Popen[str]:
    """This file as another process."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.reliability.test_concurrency", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_thousand_searches_while_another_process_ingests(tmp_path: Path) -> None:
    """Three threads of one process and a process of its own search; every answer is of one version of all documents."""
    folder, path, encoder = tmp_path / "docs", tmp_path / "c", FakeEncoder()
    ingest_version(folder, path, encoder, 0)
    writer, reader = started("write", folder, path), started("read", path, 500, 9)
    try:
        with Collection.open(path, encoder=encoder) as collection, ThreadPoolExecutor(3) as threads:
            tasks = [threads.submit(search_often, collection, 500, seed, one_version) for seed in range(3)]
            seen = set().union(*(task.result() for task in tasks))
            out, _ = reader.communicate(timeout=200)
            assert reader.returncode == 0
            assert len(out.split(",")) > 1, f"the other process saw {out}"
    finally:
        written, _ = writer.communicate(timeout=60)
        reader.kill()
        reader.wait()
    assert writer.returncode == 0
    assert len(seen) > 1, f"versions {seen} of {written}"
    assert check_whole(path, encoder)


def put_pair(writer: PassageWriter, store: Store, pair: int, version: int) -> None:
    """Both documents of a pair, in place of their last version, in one transaction."""
    with store.read() as snapshot:
        known = snapshot.document_hashes()
    for side in ("left", "right"):
        path = f"p{pair}/{side}.txt"
        uri = f"file:///{path}"
        document = Document(pair_text(pair, side, version), "text/plain", title=side, uri=uri, path=path)
        source = SourceFile(uri, path, str(version), "text/plain")
        replaces = known[uri][0] if uri in known else None
        writer.add(source, document, sha256=document_hash(document), replaces=replaces)
    writer.flush()


def remove_pair(store: Store, pair: int) -> None:
    """Both documents, in one transaction."""
    with store.write() as writer:
        known = writer.document_hashes()
        writer.remove_documents([document_id for uri, (document_id, _) in known.items() if f"/p{pair}/" in uri])
        writer.sweep_vectors()


def test_searches_between_quick_transactions(tmp_path: Path) -> None:
    """Each transaction is on one pair of documents: no answer shows a pair of two versions, or half of a pair."""
    folder, path, encoder = tmp_path / "docs", tmp_path / "c", FakeEncoder()
    ingest_version(folder, path, encoder, 0)
    delete(path, ["*"])
    store = Store.open(path / "v0001" / "store.db")
    writer = PassageWriter(store, lambda: encoder, ChunkSettings(passage_tokens=15, overlap_tokens=0))
    done = threading.Event()
    seen: set[int] = set()
    tried = 0

    def write() -> None:
        rng, version = random.Random(5), 0
        while not done.is_set():
            pair, version = rng.randrange(PAIRS), version + 1
            if rng.random() < 0.2:
                remove_pair(store, pair)
            else:
                put_pair(writer, store, pair, version)

    with Collection.open(path, encoder=encoder) as collection, ThreadPoolExecutor(4) as threads:
        writing = threads.submit(write)
        try:
            while len(seen) <= 20:  # a busy machine writes few while others search
                seeds = range(tried, tried + 3)
                tasks = [threads.submit(search_often, collection, 150, seed, paired_versions) for seed in seeds]
                seen |= set().union(*(task.result() for task in tasks))
                tried += 3
        finally:
            done.set()
        writing.result()
    store.close()
    check_whole(path, encoder)


@pytest.mark.parametrize(
    "moment",
    [
        (Snapshot, "last_change"),
        (Snapshot, "matching"),
        (Snapshot, "match_text"),
        (Snapshot, "locations"),
        (Snapshot, "passages"),
        (FakeEncoder, "encode_queries"),
    ],
)
@pytest.mark.parametrize("warm", [True, False])
def test_a_commit_in_the_midst_of_a_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: tuple[type, str], warm: bool
) -> None:
    """Whatever is committed after a search's first look, its answer is as if it had not been; the next one sees it."""
    path, encoder = tmp_path / "c", FakeEncoder()
    path.mkdir()
    settings = ChunkSettings(passage_tokens=15, overlap_tokens=0)
    store = Store.open(create_version(path, encoder, settings, state=VersionState.READY) / "store.db")
    writer = PassageWriter(store, lambda: encoder, settings)
    put_pair(writer, store, 1, 1)
    put_pair(writer, store, 2, 1)
    owner, name = moment
    original = getattr(owner, name)
    waiting = ["commit"]

    def committing(*arguments: object, **options: object) -> object:
        found = original(*arguments, **options)
        if waiting:
            waiting.clear()
            remove_pair(store, 2)
            put_pair(writer, store, 1, 2)
        return found

    with Collection.open(path, encoder=encoder) as collection:

        def versions(paths: str = "p*") -> dict[tuple[str, str], int]:
            hits = collection.search("pair 1 version part", k=50, where={"path": {"$glob": paths}})
            return check_parts([hit.text for hit in hits])

        before = {(pair, side): 1 for pair in "12" for side in ("left", "right")}
        if warm:
            assert versions("*") == before  # another filter: one that is known is not looked up again
        monkeypatch.setattr(owner, name, committing)
        assert versions() == before
        assert not waiting
        assert versions() == {("1", "left"): 2, ("1", "right"): 2}
    store.close()


class TestOneWriter:
    """One writer at a time; the second is told who the first is."""

    def test_every_kind_of_writer_is_refused_while_another_process_writes(self, tmp_path: Path) -> None:
        """With a StoreError that names the process; when it is gone, even killed, the next one may write."""
        folder, path, encoder = tmp_path / "docs", tmp_path / "c", FakeEncoder()
        ingest_version(folder, path, encoder, 0)
        holder = started("hold", path)
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        try:
            named = f"written by process {holder.pid}: try again"
            with pytest.raises(StoreError, match=named):
                ingest([folder], path, encoder=encoder, settings=SETTINGS)
            with pytest.raises(StoreError, match=named):
                delete(path, ["p0/*"])
            with pytest.raises(StoreError, match=named):
                rebuild(path, encoder=encoder, settings=SETTINGS)
            with pytest.raises(StoreError, match=named):
                rebuild_index(path)
            with Collection.open(path, encoder=encoder) as collection:
                assert len(check_parts([hit.text for hit in collection.search("pair", k=100)])) == 2 * PAIRS
        finally:
            holder.kill()
            holder.communicate()
        assert len(delete(path, ["p0/*"])) == 2

    def test_a_writer_in_the_same_process_counts_too(self, tmp_path: Path) -> None:
        """Another thread is refused as another process is; so is an ingest out of the progress of an ingest."""
        folder, path, encoder = tmp_path / "docs", tmp_path / "c", FakeEncoder()
        write_version(folder, 0)
        refused: list[str] = []

        def again(progress: Progress) -> None:
            if refused or not progress.documents:
                return
            with pytest.raises(StoreError) as error:
                ingest([folder], path, encoder=encoder, settings=SETTINGS)
            refused.append(str(error.value))
            with ThreadPoolExecutor(1) as thread, pytest.raises(StoreError) as error:
                thread.submit(delete, path, ["*"]).result()
            refused.append(str(error.value))

        ingest([folder], path, encoder=encoder, settings=SETTINGS, progress=again)
        assert len(refused) == 2
        assert all(f"written by process {os.getpid()}" in message for message in refused)
        assert len(delete(path, ["*"])) == 2 * PAIRS

    def test_a_dry_run_waits_for_nobody(self, tmp_path: Path) -> None:
        """It writes nothing, so a writer is not in its way."""
        folder, path, encoder = tmp_path / "docs", tmp_path / "c", FakeEncoder()
        ingest_version(folder, path, encoder, 0)
        holder = started("hold", path)
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        try:
            assert ingest([folder], path, encoder=encoder, settings=SETTINGS, dry_run=True).unchanged == 2 * PAIRS
        finally:
            holder.kill()
            holder.communicate()


def test_rebuild_beneath_a_search(tmp_path: Path) -> None:
    """Searches go on while versions are built and swapped in: each answer is cut in one way, the last in the new."""
    folder, path, encoder = tmp_path / "docs", tmp_path / "c", FakeEncoder()
    ingest_version(folder, path, encoder, 0)

    def shape(collection: Collection, stage: str) -> list[tuple[str, int, int]]:
        hits = collection.search("pair left part", k=100, stage=stage)
        check_parts([hit.text for hit in hits])
        return sorted((hit.path, hit.start, hit.end) for hit in hits)

    with Collection.open(path, encoder=encoder) as collection:
        shapes = [shape(collection, "dense")]
        done = threading.Event()

        def search(seed: int) -> list[list[tuple[str, int, int]]]:
            rng, found = random.Random(seed), []
            while not done.is_set():
                found.append(shape(collection, rng.choice(STAGES)))
                hits = collection.search("pair version", k=1)
                context = collection.context("pair version", max_tokens=500, k=1)
                assert SAYS.search(context.text)
                assert {row.uri for row in collection.neighbours(hits[0])} <= {hits[0].uri}
            return found

        with ThreadPoolExecutor(3) as threads:
            tasks = [threads.submit(search, seed) for seed in range(3)]
            try:
                for tokens in (40, 15, 40):
                    rebuild(path, encoder=encoder, passage_tokens=tokens, settings=SETTINGS)
                    shapes.append(shape(collection, "dense"))
                    time.sleep(0.2)
            finally:
                done.set()
            found = [one for task in tasks for one in task.result()]
        assert shapes[0] == shapes[2] != shapes[1] == shapes[3]
        assert all(one in shapes for one in found), "an answer mixes two versions"
        assert shapes[0] in found
        assert shapes[1] in found
        assert collection.status().version == "v0004"


def main() -> None:
    """The other process: `write FOLDER COLLECTION`, `read COLLECTION COUNT SEED` or `hold COLLECTION`."""
    action, *rest = sys.argv[1:]
    if action == "write":
        ingest_until_told(Path(rest[0]), Path(rest[1]))
    elif action == "read":
        with Collection.open(rest[0], encoder=FakeEncoder()) as collection:
            seen = search_often(collection, int(rest[1]), int(rest[2]), one_version)
        print(",".join(map(str, sorted(seen))))
    else:
        from passagework.retrieval.folder import writer_lock

        with writer_lock(Path(rest[0])):
            print("held", flush=True)
            sys.stdin.read()


if __name__ == "__main__":
    main()
