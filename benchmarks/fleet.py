"""An ingest by many workers beside one on one machine: the same files, in turns.

    python -m benchmarks.fleet --set scifact --documents 4000 --rounds 2 --workers 1 2 4

The set's documents are written to files of 50 records. A JSON line for each run: seconds in all, of them until the
workers had read and encoded everything (with the start of Ray and the models), and for the merge; passages a second;
and the seconds of processors that all processes took, which other work on the machine changes less. The last line has
the least of the rounds, and by what one worker takes longer than a local ingest.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import psutil

from benchmarks.datasets import data_folder
from passagework.ingest import ingest
from passagework.ingest.distributed import Cluster, fleet_ingest
from passagework.ingest.report import IngestStage, Progress

RECORDS = 50
"""Documents of a file."""


def write_files(name: str, documents: int, folder: Path) -> None:
    """The first documents of a set, in files of records."""
    folder.mkdir()
    with (data_folder() / "beir" / name / "corpus.jsonl").open(encoding="utf-8") as lines:
        kept = islice(lines, documents)
        number = 0
        while part := list(islice(kept, RECORDS)):
            (folder / f"part{number:04}.jsonl").write_text("".join(part), encoding="utf-8")
            number += 1


class ProcessorSeconds:
    """Adds up what this process and all that it starts take of the processors, as long as it is entered."""

    def __init__(self) -> None:
        self._taken: dict[tuple[int, float], float] = {}
        self._before = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> ProcessorSeconds:
        self._look()
        self._before = self.seconds
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def seconds(self) -> float:
        """Seconds since it was entered."""
        return sum(self._taken.values()) - self._before

    def _watch(self) -> None:
        while not self._ended.wait(0.2):
            self._look()

    def _look(self) -> None:
        here = psutil.Process()
        for process in (here, *here.children(recursive=True)):
            with suppress(psutil.Error):
                times = process.cpu_times()
                self._taken[process.pid, process.create_time()] = times.user + times.system


def measured(docs: Path, collection: Path, workers: int) -> dict[str, Any]:
    """One run: by so many workers, 0 for an ingest as ever."""
    began = time.perf_counter()
    read = 0.0

    def note(progress: Progress) -> None:
        nonlocal read
        if progress.stage is IngestStage.READING:
            read = time.perf_counter() - began

    with ProcessorSeconds() as processors:
        if workers:
            report = fleet_ingest([str(docs)], collection, cluster=Cluster(workers=workers), progress=note)
        else:
            report = ingest([docs], collection, progress=note)
    seconds = time.perf_counter() - began
    out: dict[str, Any] = {"workers": workers, "passages": report.passages, "seconds": round(seconds, 1)}
    out |= {"read": round(read, 1), "merge": round(seconds - read, 1), "a_second": round(report.passages / seconds, 1)}
    out["processors"] = round(processors.seconds, 1)
    return out


def main() -> None:
    """Prints a line for each run, and one of all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", default="scifact")
    parser.add_argument("--documents", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    asked = parser.parse_args()
    least: dict[str, dict[int, float]] = {"seconds": {}, "processors": {}}
    with tempfile.TemporaryDirectory() as folder:
        docs = Path(folder) / "docs"
        write_files(asked.set, asked.documents, docs)
        for number in range(asked.rounds):
            for workers in (0, *asked.workers):
                run = measured(docs, Path(folder) / f"c{number}-{workers}", workers)
                for name, best in least.items():
                    best[workers] = min(run[name], best.get(workers, run[name]))
                print(json.dumps({"round": number, **run}), flush=True)
    over = {name: round(best[1] / best[0] - 1, 3) for name, best in least.items() if 1 in best}
    print(json.dumps({"least": least, "overhead": over}), flush=True)


if __name__ == "__main__":
    main()
