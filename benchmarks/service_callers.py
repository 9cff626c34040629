"""How many searches a service answers, and in what time, by how many callers ask at once; alone and beside an ingest.

    python -m benchmarks.service_callers build/handbook queries.txt --callers 1,4,16,64 --beside ../before

`--beside` is a checkout of another state of this project, measured in turns with this one. Each service has a copy of
the collection.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path

import numpy as np

from benchmarks.environments import ROOT
from benchmarks.service_load import Searches, bring_in_until, search_until, serving

LARGE_FILE = 400
"""Texts of a file that is brought in: the encoder has two groups of them, and writers wait for it most of the time."""


async def searched(
    port: int, queries: Sequence[str], *, callers: int, stage: str, seconds: float, ingest: bool
) -> tuple[Searches, int]:
    """Returns the searches of callers that all ask for so many seconds, and how many files were brought in beside."""
    until, turn = time.monotonic() + seconds, cycle(queries)
    searches = [search_until(until, port, turn, stage=stage) for _ in range(callers)]
    bringing = asyncio.create_task(bring_in_until(until, port, texts=LARGE_FILE)) if ingest else None
    done = Searches.of(await asyncio.gather(*searches))
    return done, 0 if bringing is None else (await bringing)["job done"]


def compare(ports: dict[str, int], queries: Sequence[str], given: argparse.Namespace) -> None:
    """Prints a line for each stage, number of callers and service."""
    for stage in given.stages.split(","):
        for callers in map(int, given.callers.split(",")):
            rounds: dict[str, list[Searches]] = {name: [] for name in ports}
            files = dict.fromkeys(ports, 0)
            for number in range(given.rounds):
                for name in sorted(ports, reverse=bool(number % 2)):
                    asking = searched(
                        ports[name],
                        queries,
                        callers=callers,
                        stage=stage,
                        seconds=given.seconds,
                        ingest=given.ingest,
                    )
                    done, brought = asyncio.run(asking)
                    rounds[name].append(done)
                    files[name] += brought
            for name, parts in rounds.items():
                together = Searches.of(parts)
                rate = np.mean([len(part.seconds) for part in parts]) / given.seconds
                p50, p95 = together.milliseconds(50, 95)
                errors = sum(count for status, count in together.answers.items() if status != 200)
                print(
                    f"{stage:7} {callers:3} callers {name:10} {rate:6.1f} a second, p50 {p50:5.0f} ms, p95 {p95:5.0f},"
                    f" errors {errors}, files {files[name]}",
                    flush=True,
                )


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("collection", type=Path)
    parser.add_argument("queries", type=Path)
    parser.add_argument("--callers", default="1,4,16,64")
    parser.add_argument("--stages", default="hybrid,rerank")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--ingest", action="store_true")
    parser.add_argument("--beside", type=Path)
    parser.add_argument("--workers", type=int, help="measure this checkout with so many workers, too")
    given = parser.parse_args()
    queries = given.queries.read_text().splitlines()
    services: dict[str, tuple[Path, tuple[str, ...]]] = {"here": (ROOT, ())}
    if given.beside:
        services["beside"] = (given.beside.resolve(), ())
    if given.workers:
        services[f"{given.workers} workers"] = (ROOT, ("--workers", str(given.workers)))
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        ports = {}
        for number, (name, (checkout, arguments)) in enumerate(services.items()):
            copy = Path(shutil.copytree(given.collection, Path(folder) / str(number)))
            ports[name], _ = stack.enter_context(serving(copy, *arguments, checkout=checkout))
        compare(ports, queries, given)


if __name__ == "__main__":
    main()
