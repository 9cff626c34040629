"""A server in small that opens a collection, searches, forks its workers, and tells how each one ended.

python -m tests.support.forking COLLECTION WORKERS [threads] [close] [exit]

`threads`: two threads search meanwhile, and when a worker begins. `close`: a worker closes the collection, and opens it
anew. `before`: the server has closed it before it forks. `exit`: a worker ends as a program does, its interpreter with
it. Prints a line of JSON: what was wrong.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

from passagework import Collection

SECONDS = 60
"""Time for a worker, on a machine that is busy."""
QUERIES = [f"what was said in room {number}" for number in range(4)]


def answers(collection: Collection) -> list[list[str]]:
    """Returns the paths found for each query."""
    return [[hit.path for hit in collection.search(query, k=3)] for query in QUERIES]


def main(path: Path, workers: int, manners: set[str]) -> list[str]:
    """Returns what was wrong, nothing where every worker answered as the server did."""
    collection = Collection.open(path)
    expected = answers(collection)
    if "before" in manners:
        collection.close()
        del collection
        gc.collect()
        return [problem for _ in range(workers) for problem in _closed_before(path, expected)]
    problems: list[str] = []
    stop = threading.Event()

    def search() -> None:
        while not stop.is_set():
            if answers(collection) != expected:
                problems.append("the server's own answers changed")

    threads = [threading.Thread(target=search) for _ in range(2 if "threads" in manners else 0)]
    for thread in threads:
        thread.start()
    for _ in range(workers):
        worker = os.fork()
        if not worker:
            _work(collection, path, expected, manners)
        problems += _awaited(worker)
    stop.set()
    for thread in threads:
        thread.join()
    if answers(collection) != expected:
        problems.append("the server's own answers changed")
    return problems


def _closed_before(path: Path, expected: list[list[str]]) -> list[str]:
    worker = os.fork()
    if not worker:
        with Collection.open(path) as own:
            sys.exit(int(answers(own) != expected))
    return _awaited(worker)


def _work(collection: Collection, path: Path, expected: list[list[str]], manners: set[str]) -> None:
    code = 0
    try:
        code = int(answers(collection) != expected)
        gc.collect()
        if "close" in manners:
            collection.close()
            del collection
            gc.collect()
            with Collection.open(path) as again:
                code += 2 * int(answers(again) != expected)
            gc.collect()
    except BaseException as error:  # noqa: BLE001 - told by the parent
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        code = 4
    if "exit" in manners:
        sys.exit(code)
    os._exit(code)


def _awaited(worker: int) -> list[str]:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        done, status = os.waitpid(worker, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            return [f"a worker ended with {code}"] if code else []
        time.sleep(0.005)
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)
    return ["a worker hung"]


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), set(sys.argv[3:]))))
