"""Loads a service: its first answer, what HTTP adds, then callers at once beside an ingest: times, errors, memory.

    python -m benchmarks.service_load build/handbook queries.txt --callers 64 --seconds 600

The collection is copied first; queries are a line each. All requests are hybrid searches of 10 hits.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import numpy as np
import psutil

from benchmarks.environments import ROOT
from passagework import Collection

HITS = 10
UPLOADED = 40
"""Texts of one file that is uploaded while callers search; the next follows when its job is over."""

WORDS = (
    *("valve", "pump", "sensor", "mirror", "grant", "permit", "shift", "lamp"),
    *("archive", "cable", "dome", "filter", "sample", "method", "result"),
)


@contextmanager
def serving(collection: Path, *arguments: str, checkout: Path = ROOT) -> Iterator[tuple[int, psutil.Process]]:
    """Gives the port and the process of a service of this checkout, or of another state of it, once it answers."""
    port = _free_port()
    command = [sys.executable, "-m", "passagework.ui.cli", "serve", "--no-access-log", "--port", str(port)]
    command += ["--collection", f"c={collection}", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment, cwd=checkout) as process:
        assert process.stderr is not None
        print(process.stderr.readline().strip())
        try:
            yield port, psutil.Process(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            print(f"ended with {process.wait(60)}")


@dataclass(slots=True)
class Searches:
    """Holds how long searches took, in seconds, and how often each status was answered."""

    seconds: list[float] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)

    @classmethod
    def of(cls, parts: Iterable[Searches]) -> Searches:
        """Returns those of several callers together."""
        together = cls()
        for part in parts:
            together.seconds += part.seconds
            together.answers += part.answers
        return together

    def milliseconds(self, *percentiles: float) -> list[float]:
        """Returns percentiles of the times."""
        return [float(one) for one in np.percentile(np.array(self.seconds) * 1000, percentiles)]


class Caller:
    """Asks over one connection that is kept open."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> tuple[int, bytes]:
        """Returns the status and the body of an answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        head = [f"{method} {path} HTTP/1.1", "host: localhost", f"content-type: {kind}", f"content-length: {len(body)}"]
        writer.write("\r\n".join([*head, "", ""]).encode() + body)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
        length = next(int(line.partition(":")[2]) for line in lines if line.startswith("content-length:"))
        return int(lines[0].split()[1]), await reader.readexactly(length)


def search_body(query: str, stage: str = "hybrid") -> bytes:
    """Returns the body of a search."""
    return json.dumps({"query": query, "k": HITS, "stage": stage}).encode()


async def search_until(until: float, port: int, queries: Iterator[str], *, stage: str = "hybrid") -> Searches:
    """Searches over one connection, one query after the other; returns how long each took, and how it was answered."""
    caller, done = Caller(port), Searches()
    while time.monotonic() < until:
        began = time.perf_counter()
        status, _ = await caller.ask("POST", "/collections/c/search", search_body(next(queries), stage))
        done.seconds.append(time.perf_counter() - began)
        done.answers[status] += 1
    return done


async def bring_in_until(until: float, port: int, *, texts: int = UPLOADED) -> Counter[str]:
    """Brings in files of so many texts, each when the job of the one before is over; counts answers and ends."""
    caller, chance = Caller(port), np.random.default_rng(time.monotonic_ns())
    brought: Counter[str] = Counter()
    while time.monotonic() < until:
        rows = [{"_id": f"{uuid.uuid4()}", "text": " ".join(chance.choice(WORDS, 60))} for _ in range(texts)]
        content = "".join(json.dumps(row) + "\n" for row in rows).encode()
        path = f"/collections/c/files/load-{uuid.uuid4()}.jsonl"
        status, body = await caller.ask("PUT", path, content, "application/octet-stream")
        brought[f"upload {status}"] += 1
        job = json.loads(body)
        while status == 202 and job["state"] in ("waiting", "running"):
            await asyncio.sleep(0.2)
            _, body = await caller.ask("GET", f"/collections/c/jobs/{job['id']}")
            job = json.loads(body)
        brought[f"job {job.get('state')}"] += 1
    return brought


async def first_answer(port: int, process: psutil.Process, query: str) -> None:
    """Prints the seconds from the start of the process to the answer to a first search."""
    await Caller(port).ask("POST", "/collections/c/search", search_body(query))
    seconds, used = time.time() - process.create_time(), process.cpu_times()
    print(f"first search answered {seconds:.2f} s after the command ({used.user + used.system:.2f} processor s)")


async def overhead(port: int, collection: Path, queries: Sequence[str]) -> None:
    """Prints what a hybrid search takes in process and over HTTP, query by query in turns."""
    caller = Caller(port)
    inside, over = [], []
    with Collection.open(collection) as opened:
        for query in [*queries[:10], *queries]:
            began = time.perf_counter()
            opened.search(query, k=HITS, stage="hybrid")
            middle = time.perf_counter()
            await caller.ask("POST", "/collections/c/search", search_body(query))
            inside.append(middle - began)
            over.append(time.perf_counter() - middle)
    both = np.array([inside[10:], over[10:]]) * 1000
    p50 = np.median(both, axis=1)
    added = np.median(both[1] - both[0])
    print(
        f"in process {p50[0]:.1f} ms, over HTTP {p50[1]:.1f} ms (p50); it adds {added:.1f} ms (median of differences)"
    )


async def load(
    port: int, process: psutil.Process, queries: Sequence[str], callers: int, seconds: float, *, ingest: bool
) -> None:
    """Prints times of searches, errors and memory while callers search, and files are brought in where asked for."""
    until, turn = time.monotonic() + seconds, cycle(queries)
    memory: list[float] = []

    async def watch() -> None:
        while time.monotonic() < until:
            memory.append(_resident(process) / 2**20)
            await asyncio.sleep(2)

    watching = asyncio.create_task(watch())
    bringing = asyncio.create_task(bring_in_until(until if ingest else 0.0, port))
    done = Searches.of(await asyncio.gather(*(search_until(until, port, turn) for _ in range(callers))))
    brought, _ = await asyncio.gather(bringing, watching)
    p50, p95, p99 = done.milliseconds(50, 95, 99)
    count = len(done.seconds)
    print(f"{callers} callers for {seconds:g} s: {count} searches, {count / seconds:.1f} a second")
    print(f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms; by status {dict(done.answers)}; {dict(brought)}")
    tenths = [f"{np.mean(part):.1f}" for part in np.array_split(np.array(memory), 10)]
    print(f"memory in each tenth of the time: {', '.join(tenths)} MB; at most {max(memory):.1f}")


def _resident(process: psutil.Process) -> int:
    """Returns the bytes of memory of a process and its children that are no others' too, where that is told."""
    found = 0
    for one in (process, *process.children(recursive=True)):
        with suppress(psutil.Error):
            memory = one.memory_full_info()
            found += int(getattr(memory, "pss", memory.rss))
    return found


def _free_port() -> int:
    import socket

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("collection", type=Path)
    parser.add_argument("queries", type=Path)
    parser.add_argument("--callers", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--no-ingest", action="store_true", help="bring nothing in: memory then has no reason to grow")
    parser.add_argument(
        "--again", action="store_true", help="then load a new service of what the collection is by then"
    )
    given = parser.parse_args()
    queries = given.queries.read_text().splitlines()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(given.collection, Path(folder) / "c"))
        with serving(copy) as (port, process):
            asyncio.run(first_answer(port, process, queries[0]))
            asyncio.run(overhead(port, copy, queries[:100]))
            asyncio.run(load(port, process, queries, given.callers, given.seconds, ingest=not given.no_ingest))
        if given.again:  # what it takes then is what the collection takes, and the rest was lost on the way
            with serving(copy) as (port, process):
                asyncio.run(load(port, process, queries, given.callers, given.seconds, ingest=False))


if __name__ == "__main__":
    main()
