"""Loads a service: what HTTP adds to a search, then callers at once beside an ingest: times, errors, memory.

    python -m benchmarks.service_load build/handbook queries.txt --callers 64 --seconds 600

The collection is copied first; queries are a line each. All requests are hybrid searches of 10 hits.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count, cycle
from pathlib import Path

import numpy as np
import psutil

from passagework import Collection

HITS = 10
UPLOADED = 40
"""Texts of one file that is uploaded while callers search; the next follows when its job is over."""

WORDS = (
    *("valve", "pump", "sensor", "mirror", "grant", "permit", "shift", "lamp"),
    *("archive", "cable", "dome", "filter", "sample", "method", "result"),
)


@contextmanager
def serving(collection: Path) -> Iterator[tuple[int, psutil.Process]]:
    """Gives the port and the process of a service, once it answers."""
    command = [sys.executable, "-m", "passagework.ui.cli", "serve", "--no-access-log", "--port", "0"]
    port = _free_port()
    command[-1] = str(port)
    with subprocess.Popen([*command, "--collection", f"c={collection}"], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        print(process.stderr.readline().strip())
        try:
            yield port, psutil.Process(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            print(f"ended with {process.wait(60)}")


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


def search_body(query: str) -> bytes:
    """Returns the body of a search."""
    return json.dumps({"query": query, "k": HITS, "stage": "hybrid"}).encode()


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


async def load(port: int, process: psutil.Process, queries: Sequence[str], callers: int, seconds: float) -> None:
    """Prints times of searches, errors and memory while callers search and files are brought in."""
    until = time.monotonic() + seconds
    times: list[float] = []
    answers: Counter[int] = Counter()
    memory: list[float] = []
    brought: Counter[str] = Counter()
    turn = cycle(queries)

    async def search() -> None:
        caller = Caller(port)
        while time.monotonic() < until:
            began = time.perf_counter()
            status, _ = await caller.ask("POST", "/collections/c/search", search_body(next(turn)))
            times.append(time.perf_counter() - began)
            answers[status] += 1

    async def bring_in() -> None:
        caller, chance = Caller(port), np.random.default_rng(1)
        for number in count():
            if time.monotonic() >= until:
                return
            rows = [{"_id": f"{number}-{row}", "text": " ".join(chance.choice(WORDS, 60))} for row in range(UPLOADED)]
            content = "".join(json.dumps(row) + "\n" for row in rows).encode()
            path = f"/collections/c/files/load{number}.jsonl"
            status, body = await caller.ask("PUT", path, content, "application/octet-stream")
            brought[f"upload {status}"] += 1
            job = json.loads(body)
            while status == 202 and job["state"] in ("waiting", "running"):
                await asyncio.sleep(0.2)
                _, body = await caller.ask("GET", f"/collections/c/jobs/{job['id']}")
                job = json.loads(body)
            brought[f"job {job.get('state')}"] += 1

    async def watch() -> None:
        while time.monotonic() < until:
            memory.append(process.memory_info().rss / 2**20)
            await asyncio.sleep(2)

    await asyncio.gather(*(search() for _ in range(callers)), bring_in(), watch())
    p50, p95, p99 = np.percentile(np.array(times) * 1000, [50, 95, 99])
    print(f"{callers} callers for {seconds:g} s: {len(times)} searches, {len(times) / seconds:.1f} a second")
    print(f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms; answers by status {dict(answers)}; {dict(brought)}")
    thirds = [f"{np.mean(part):.0f}" for part in np.array_split(np.array(memory), 3)]
    print(f"memory in the first, second and last third: {', '.join(thirds)} MB; at most {max(memory):.0f}")


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
    given = parser.parse_args()
    queries = given.queries.read_text().splitlines()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(given.collection, Path(folder) / "c"))
        with serving(copy) as (port, process):
            asyncio.run(overhead(port, copy, queries[:100]))
            asyncio.run(load(port, process, queries, given.callers, given.seconds))


if __name__ == "__main__":
    main()
