"""Readers and a writer at once, each answer checked against its snapshot; then the memory of many searches.

python -m benchmarks.soak [--seconds 300] [--readers 20] [--searches 100000]

The encoder is the tests' fake: the store is what is tried. Readers are threads of four processes. The writer, a process
of its own, replaces, adds and deletes documents, checkpoints, and saves indexes. An answer is right where, in the very
snapshot that it was made of,
dense: its scores are those of a scan of all vectors, and each hit has the score of its own vector;
lexical: each hit says a word of the query, and where fewer than k came back, no other passage does;
hybrid: every hit is a passage of that snapshot, with its text and place.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import theilslopes

from passagework import Collection
from passagework.ingest.chunker import ChunkSettings
from passagework.ingest.maintenance.doctor import examine
from passagework.ingest.writing.commit_group import SourceFile
from passagework.ingest.writing.document_hash import document_hash
from passagework.ingest.writing.new_version import create_version
from passagework.ingest.writing.passage_writer import PassageWriter
from passagework.ingest.writing.refresh import refresh_index
from passagework.ingest.writing.write_access import open_for_writing
from passagework.retrieval.dense.saved_indexes import save_index
from passagework.retrieval.search.request import SearchRequest
from passagework.retrieval.store import Store, VersionState
from passagework.retrieval.types import Document, Stage
from tests.support.collection_checks import NOUNS
from tests.support.fakes import WORDS, FakeEncoder

DOCUMENTS = 150
PROCESSES = 4
STAGES = (Stage.DENSE, Stage.LEXICAL, Stage.HYBRID)
K = 20
BLOCKS = 20


def main() -> int:
    """Runs both soaks and prints their figures; exits 1 where an answer was wrong."""
    if len(sys.argv) > 1 and sys.argv[1] in PARTS:
        return PARTS[sys.argv[1]](Path(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--readers", type=int, default=20)
    parser.add_argument("--searches", type=int, default=100_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="passagework-") as folder:
        path = Path(folder) / "c"
        path.mkdir()
        make(path)
        processes = min(PROCESSES, arguments.readers)
        shares = [arguments.readers // processes + (n < arguments.readers % processes) for n in range(processes)]
        readers = [started("read", path, arguments.seconds, share) for share in shares]
        writer = started("write", path, arguments.seconds, 0)
        said = [told(one) for one in (*readers, writer)]
        wrong = sum(one["wrong"] for one in said)
        print(
            f"{arguments.readers} readers and a writer for {arguments.seconds} s: {said[-1]['commits']:,} commits, "
            f"{said[-1]['saves']:,} indexes saved; {sum(one.get('searches', 0) for one in said):,} answers of "
            f"{max(one.get('snapshots', 0) for one in said):,} snapshots seen by one process, {wrong:,} wrong"
        )
        diagnosis = examine(path, encoder=FakeEncoder())
        print(f"doctor afterwards: {'well' if diagnosis.well else diagnosis.findings}")
        search_much(path, arguments.searches)
    return 1 if wrong or not diagnosis.well else 0


def started(part: str, path: Path, seconds: float, threads: int) -> subprocess.Popen[str]:
    """This module as another process."""
    command = [sys.executable, "-m", "benchmarks.soak", part, str(path), str(seconds), str(threads)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})


def told(process: subprocess.Popen[str]) -> dict[str, int]:
    """The figures that a process prints at its end."""
    out, _ = process.communicate()
    if process.returncode not in (0, 1):
        raise SystemExit(f"a process ended with {process.returncode}")
    return {str(key): int(value) for key, value in json.loads(out).items()}


def text_of(rng: random.Random, number: int) -> str:
    """A document of two to five paragraphs."""
    parts = [" ".join(rng.choices(NOUNS, k=12)).capitalize() + "." for _ in range(rng.randint(2, 5))]
    return f"Document {number}.\n\n" + "\n\n".join(parts)


def put(writer: PassageWriter, store: Store, rng: random.Random, number: int) -> None:
    """A document in place of its last version, queued for the next commit."""
    uri = f"file:///d{number}.txt"
    document = Document(text_of(rng, number), "text/plain", uri=uri, path=f"d{number}.txt")
    with store.read() as snapshot:
        old = snapshot.document_hashes().get(uri)
    source = SourceFile(uri, f"d{number}.txt", str(rng.random()), "text/plain")
    writer.add(source, document, sha256=document_hash(document), replaces=old[0] if old else None)


def make(path: Path) -> None:
    """A collection to begin with."""
    encoder, chunking, rng = FakeEncoder(), ChunkSettings(passage_tokens=15, overlap_tokens=0), random.Random(0)
    folder = create_version(path, encoder, chunking, state=VersionState.READY)
    store = Store.open(folder / "store.db")
    writer = PassageWriter(store, lambda: encoder, chunking)
    for number in range(DOCUMENTS):
        put(writer, store, rng, number)
    writer.flush()
    refresh_index(store, folder)
    store.checkpoint()
    store.close()


def write(path: Path, seconds: float, _: int) -> int:
    """The writer: commits of one to five documents, deletions, checkpoints, saved indexes."""
    encoder, rng = FakeEncoder(), random.Random(1)
    commits = saves = 0
    until = time.monotonic() + seconds
    with open_for_writing(path) as store:
        writer = PassageWriter(store, lambda: encoder, ChunkSettings(passage_tokens=15, overlap_tokens=0))
        while time.monotonic() < until:
            if rng.random() < 0.2:
                with store.write() as transaction:
                    known = [document_id for document_id, _ in transaction.document_hashes().values()]
                    transaction.remove_documents(rng.sample(known, min(3, len(known))))
                    transaction.sweep_vectors()
            else:
                for number in rng.sample(range(DOCUMENTS), rng.randint(1, 5)):
                    put(writer, store, rng, number)
                writer.flush()
            commits += 1
            if commits % 20 == 0:
                store.checkpoint()
            if commits % 100 == 0:
                save_index(store, store.path.parent / "index")
                saves += 1
            time.sleep(0.01)
    print(json.dumps({"commits": commits, "saves": saves, "wrong": 0}))
    return 0


def read(path: Path, seconds: float, threads: int) -> int:
    """Readers: threads of this process, who share a collection."""
    until = time.monotonic() + seconds
    with Collection.open(path, encoder=FakeEncoder()) as collection, ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(lambda seed: read_until(collection, until, seed), range(threads)))
    searches, wrong = sum(one[0] for one in found), sum(one[1] for one in found)
    snapshots = len(set[int]().union(*(one[2] for one in found)))
    print(json.dumps({"searches": searches, "wrong": wrong, "snapshots": snapshots}))
    return 1 if wrong else 0


def read_until(collection: Collection, until: float, seed: int) -> tuple[int, int, set[int]]:
    """Searches, and checks each answer: how many, how many were wrong, and the snapshots they were of."""
    rng = random.Random(f"{seed} {os.getpid()}")
    searches = wrong = 0
    seen: set[int] = set()
    while time.monotonic() < until:
        request = SearchRequest(" ".join(rng.choices(NOUNS, k=3)), k=K, stage=rng.choice(STAGES))
        problem, change = checked(collection, request)
        searches += 1
        seen.add(change)
        if problem:
            wrong += 1
            print(f"wrong: {request} at change {change}: {problem}", file=sys.stderr)
    return searches, wrong, seen


def checked(collection: Collection, request: SearchRequest) -> tuple[str, int]:
    """A search, as `Collection.search` makes it, and what is wrong with its answer ("" where nothing is)."""
    live = collection._current()
    with live.read() as snapshot:
        hits = collection._search(request, live, snapshot)
        change = snapshot.last_change()
        rows = {row.id: row for row in snapshot.passages([hit.id for hit in hits])}
        for hit in hits:
            row = rows.get(hit.id)
            if row is None or (row.text, row.start, row.uri) != (hit.text, hit.start, hit.uri):
                return f"hit {hit.id} is no passage of the snapshot", change
            if snapshot.text(row.document_id, row.start, row.end) != hit.text:
                return f"hit {hit.id} is no slice of its document", change
        if request.stage is Stage.DENSE:
            ids, vectors = snapshot.passage_vectors()
            scores = vectors @ FakeEncoder().encode_queries([request.query])[0]
            own = dict(zip(ids.tolist(), scores.tolist(), strict=True))
            best = np.sort(scores)[::-1][: request.k]
            if not np.allclose([hit.score for hit in hits], best, atol=1e-5):
                return "the scores are not those of a scan", change
            if not np.allclose([own[hit.id] for hit in hits], best, atol=1e-5):
                return "a hit has not the score of its vector", change
        if request.stage is Stage.LEXICAL:
            words = set(request.query.split())
            ids, _ = snapshot.passage_vectors()
            says = {row.id for row in snapshot.passages(ids.tolist()) if words & set(WORDS.findall(row.text.lower()))}
            if not {hit.id for hit in hits} <= says or len(hits) != min(request.k, len(says)):
                return f"{len(hits)} hits, and {len(says)} passages say a word of the query", change
    return "", change


def search_much(path: Path, searches: int) -> None:
    """Prints how the memory of one process grows over many searches, the first tenth left out."""
    rng, sizes = random.Random(2), list[tuple[int, int]]()
    started = time.monotonic()
    with Collection.open(path, encoder=FakeEncoder()) as collection:
        for number in range(searches):
            collection.search(" ".join(rng.choices(NOUNS, k=3)), k=K, stage=STAGES[number % 3])
            if number >= searches // 10 and number % max(1, searches // 200) == 0:
                sizes.append((number, resident()))
    at, held = np.array(sizes, dtype=np.float64).T
    slope, low, high = slope_of(at, held)
    print(
        f"{searches:,} searches in {time.monotonic() - started:.0f} s: {held[0] / 1e6:.1f} MB after a tenth, "
        f"{held[-1] / 1e6:.1f} MB at the end, {held.max() / 1e6:.1f} MB at most; slope {slope:.1f} bytes a search, "
        f"{low:.1f} to {high:.1f} with 95 % confidence"
    )
    print("MB along the way:", " ".join(f"{part.mean() / 1e6:.2f}" for part in np.array_split(held, 10)))


def slope_of(at: NDArray[np.float64], held: NDArray[np.float64]) -> tuple[float, float, float]:
    """The median slope (Theil and Sen) and its interval of 95 %, of the means of BLOCKS parts.

    Of parts, because one size tells of the next: singly they would make the interval narrower than it is.
    """
    rows = [(x.mean(), y.mean()) for x, y in zip(np.array_split(at, BLOCKS), np.array_split(held, BLOCKS), strict=True)]
    x, y = np.array(rows).T
    found = theilslopes(y, x, 0.95)
    return float(found[0]), float(found[2]), float(found[3])


def resident() -> int:
    """Bytes of memory that this process holds (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


PARTS = {"read": read, "write": write}

if __name__ == "__main__":
    sys.exit(main())
