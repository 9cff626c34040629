"""Where this project's time goes: an ingest seen by a sampler, and the milliseconds that searches report themselves.

    python -m benchmarks.time_spent --data DIR --folder DIR --out FILE [--timed N]

The sampler looks at the stack of the main thread every few milliseconds, and counts what is then at work: the innermost
function of this project. It sees wall time, waits for the parser processes and for the encoder's thread included: what
the main thread does meanwhile costs nothing until it waits no longer.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from statistics import median
from types import FrameType
from typing import Any

from benchmarks.environments import ROOT
from benchmarks.measured_process import run_measured
from benchmarks.peers.program import read
from benchmarks.rounds import QUIET, Workshop
from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval import BiEncoder
from passagework.retrieval.types import Stage

STEP_S = 0.005
PARTS = (
    ("ingest/workers/", "", "reading files (waiting for the parser)"),
    ("ingest/writing/passage_writer.py", "_encode_and_commit", "waiting for the encoder"),
    ("retrieval/models/bi_encoder.py", "tokenize", "tokenising"),
    ("retrieval/models/batching.py", "token_arrays", "tokenising"),
    ("ingest/chunker/", "", "cutting"),
    ("retrieval/store/", "", "database"),
    ("retrieval/dense/index/", "", "index"),
    ("retrieval/dense/saved_indexes.py", "", "index"),
    ("", "text_hash", "hashing"),
    ("", "document_hash", "hashing"),
    ("", "", "the rest"),
)
"""What a function's time counts as: the first line whose path begins so and whose function is named so ("": any)."""


class Sampler:
    """Counts what the thread that made it does, from `__enter__` to `__exit__`."""

    def __init__(self) -> None:
        self.parts: Counter[str] = Counter()
        self._watched = threading.get_ident()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(STEP_S):
            frame = sys._current_frames().get(self._watched)
            if frame is not None:
                self.parts[part_of(frame)] += 1


def part_of(frame: FrameType | None) -> str:
    """What the innermost function of this project on a stack counts as."""
    while frame is not None:
        name = os.path.relpath(Path(frame.f_code.co_filename).resolve(), ROOT).replace(os.sep, "/")
        if name.startswith(("retrieval/", "ingest/")):
            function = frame.f_code.co_name
            return next(part for path, named, part in PARTS if name.startswith(path) and named in ("", function))
        frame = frame.f_back
    return "the rest"


def ingest_parts(records: Path, folder: Path) -> dict[str, Any]:
    """Seconds of an ingest, and the share of each part, greatest first; the encoder is loaded before."""
    encoder = BiEncoder.load()
    shutil.rmtree(folder, ignore_errors=True)
    started = time.perf_counter()
    with Sampler() as sampler:
        ingest(records, folder, encoder=encoder)
    seconds = time.perf_counter() - started
    looks = max(1, sampler.parts.total())
    return {"seconds": seconds, "parts": {name: count / looks for name, count in sampler.parts.most_common()}}


def query_parts(folder: Path, queries: list[str]) -> dict[str, dict[str, float]]:
    """Median milliseconds of each part of a search, by stage, as `Hits.timings_ms` tells them."""
    found: dict[str, dict[str, float]] = {}
    with Collection.open(folder) as collection:
        for stage in Stage:
            collection.search(queries[0], stage=stage)
            timings = [collection.search(query, stage=stage).timings_ms for query in queries]
            names = dict.fromkeys(name for one in timings for name in one if name != "load")
            found[stage.value] = {name: median(one.get(name, 0.0) for one in timings) for name in names}
    return found


def measured_profile(workshop: Workshop) -> dict[str, Any]:
    """Both, in a process of its own, once; `{"failed": reason}` where it failed."""
    kept = workshop.folder / "steps" / "profile.json"
    if not kept.exists():
        options = {"--data": workshop.texts, "--folder": workshop.folder / "indexes" / "profile", "--out": kept}
        command = [
            sys.executable,
            "-m",
            "benchmarks.time_spent",
            *(str(word) for pair in options.items() for word in pair),
        ]
        log = workshop.folder / "logs" / "profile.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        ran = run_measured(
            [*command, "--timed", str(workshop.sizes.timed)],
            environment=os.environ | QUIET,
            folder=ROOT,
            log=log,
            limit=workshop.sizes.limit,
        )
        if ran.code:
            return {"failed": ran.said[:300]}
    profile: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
    return profile


def main() -> None:
    """Writes both as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of records.jsonl and queries.jsonl")
    parser.add_argument("--folder", type=Path, required=True, help="where the collection comes to be")
    parser.add_argument("--out", type=Path, required=True, help="file for the answer")
    parser.add_argument("--timed", type=int, default=100, help="queries asked at every stage")
    asked = parser.parse_args()
    found = {"ingest": ingest_parts(asked.data / "records.jsonl", asked.folder)}
    queries = [one.text for one in read(asked.data / "queries.jsonl")[: asked.timed]]
    found["query"] = query_parts(asked.folder, queries)
    asked.out.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
