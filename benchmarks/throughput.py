"""How many searches a second one process answers, and how long each caller waits, by how many search at once.

    python -m benchmarks.throughput [--data scifact] [--documents 1500] [--collection DIR] [--callers 1 4 16 64]
                                    [--queries 256] [--rounds 2] [--out FILE.json]

The first so many records are ingested, unless a collection of them is given. Then that many threads share one opened
collection and take the next query each, as soon as they have their answer; the stages take turns, so that what else the
machine does hits all of them. Of the rounds, that with the most searches a second counts. CPU is that of the process,
a search: where it doesn't fall with more callers, nothing is done together.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from benchmarks.datasets import beir, data_folder
from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval import Stage

STAGES = (Stage.DENSE, Stage.HYBRID, Stage.RERANK)


@dataclass(frozen=True, slots=True)
class Load:
    """Holds what so many callers got at once: searches a second, milliseconds of a search, and its CPU milliseconds."""

    stage: str
    callers: int
    per_second: float
    ms_p50: float
    ms_p95: float
    cpu_ms: float


def under_load(search: Callable[[str], object], queries: Sequence[str], stage: Stage, callers: int) -> Load:
    """Returns what `callers` threads get that ask all queries between them, each one at a time."""
    left = iter(queries)
    taking = threading.Lock()
    milliseconds: list[float] = []
    started = threading.Barrier(callers + 1)

    def ask() -> None:
        started.wait()
        while True:
            with taking:
                query = next(left, None)
            if query is None:
                return
            start = time.perf_counter()
            search(query)
            milliseconds.append((time.perf_counter() - start) * 1000)

    threads = [threading.Thread(target=ask) for _ in range(callers)]
    for thread in threads:
        thread.start()
    started.wait()
    start, cpu = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.join()
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    return Load(
        stage=stage.value,
        callers=callers,
        per_second=round(len(queries) / seconds, 1),
        ms_p50=round(float(np.percentile(milliseconds, 50)), 1),
        ms_p95=round(float(np.percentile(milliseconds, 95)), 1),
        cpu_ms=round(1000 * cpu / len(queries), 1),
    )


def loads(collection: Collection, queries: Sequence[str], callers: Sequence[int], rounds: int) -> list[Load]:
    """Returns the best of the rounds for every stage and number of callers."""

    def searching(stage: Stage) -> Callable[[str], object]:
        return lambda query: collection.search(query, stage=stage)

    for stage in STAGES:
        for query in queries[:8]:  # the first load and compile
            searching(stage)(query)
    best: dict[tuple[int, Stage], Load] = {}
    for _ in range(rounds):
        for at_once in callers:
            for stage in STAGES:
                found = under_load(searching(stage), queries, stage, at_once)
                best[at_once, stage] = max(best.get((at_once, stage), found), found, key=lambda load: load.per_second)
    return list(best.values())


@contextmanager
def asked_collection(data: str, documents: int, folder: Path | None) -> Iterator[Collection]:
    """Opens the collection of that folder, or one of the first so many records that is made for this run."""
    with ExitStack() as stack:
        if folder is None:
            made = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="throughput-")))
            corpus, folder = made / "corpus.jsonl", made / "collection"
            with (data_folder() / "beir" / data / "corpus.jsonl").open(encoding="utf-8") as lines:
                corpus.write_text("".join(islice(lines, documents)), encoding="utf-8")
            ingest([corpus], folder)
        yield stack.enter_context(Collection.open(folder))


def main() -> int:
    """Prints the figures as a table in Markdown, and keeps them in a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="scifact")
    parser.add_argument("--documents", type=int, default=1500)
    parser.add_argument("--collection", type=Path, help="an ingested collection of the data, in place of a new one")
    parser.add_argument("--callers", type=int, nargs="+", default=[1, 4, 16, 64])
    parser.add_argument("--queries", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("build/throughput.json"))
    arguments = parser.parse_args()
    queries = list(islice(cycle(beir(arguments.data).queries.values()), arguments.queries))
    with asked_collection(arguments.data, arguments.documents, arguments.collection) as collection:
        found = loads(collection, queries, arguments.callers, arguments.rounds)
    print("| callers | stage | searches a second | ms, p50 | ms, p95 | CPU ms a search |")
    print("|---|---|---|---|---|---|")
    for load in found:
        print(
            f"| {load.callers} | {load.stage} | {load.per_second} | {load.ms_p50:.0f} | {load.ms_p95:.0f} "
            f"| {load.cpu_ms} |"
        )
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps([asdict(load) for load in found], indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
