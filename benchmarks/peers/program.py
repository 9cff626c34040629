"""What a measured program is asked, and what it answers; needs nothing but Python, for it runs in every environment.

python -m benchmarks.peers.NAME PHASE --data DIR --folder DIR --model DIR --out FILE [...]

Four phases, each in a process of its own:
encode: passages to vectors, nothing stored;
ingest, index: whole records as a user of it would give them, or passages that are cut already, to a searchable folder;
search: opens such a folder, answers, times each stage, and ranks for the judges;
load: opens it, and has more and more threads search at once.
Models are loaded before the clock of the first two starts. That of `search` is that of whoever started the process.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

DENSE, LEXICAL, HYBRID, RERANK = "dense", "lexical", "hybrid", "rerank"
K = 10
"""Results of a search that is timed."""

CALLERS = (1, 4, 16)
"""How many threads search at once."""

WARM = 32
"""Passages encoded before the clock starts, and queries asked."""


@dataclass(frozen=True, slots=True)
class Text:
    """A record, or a passage of one: then its id is that of the record, `#`, and a number."""

    id: str
    title: str
    text: str

    @property
    def whole(self) -> str:
        """Title and text, as those get it who have no field for a title."""
        return f"{self.title}\n{self.text}" if self.title else self.text


class System(Protocol):
    """One way to do it. `folder` is where its index is, or comes to be."""

    @property
    def packages(self) -> tuple[str, ...]:
        """What its versions are told of."""

    @property
    def stages(self) -> tuple[str, ...]:
        """Kinds of search that it has."""

    def load(self) -> None:
        """The model, ready to encode."""

    def encode(self, texts: Sequence[str]) -> object:
        """Vectors of passages."""

    def ingest(self, records: Path, *, cut: bool) -> int:
        """A file of records to a searchable folder; the number of passages. `cut`: the records are passages already."""

    def open(self) -> None:
        """The folder, ready to be searched."""

    def search(self, stage: str, query: str, k: int) -> list[str]:
        """Ids of the best `k`, best first."""


def read(path: Path) -> list[Text]:
    """Records or queries of a JSON Lines file."""
    with path.open(encoding="utf-8") as file:
        return [
            Text(str(one["_id"]), str(one.get("title") or ""), str(one["text"]))
            for one in map(json.loads, filter(str.strip, file))
        ]


def run(kind: Callable[[Path, Path], System]) -> None:
    """Does the phase that the command line names, and writes what it found as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("phase", choices=("encode", "ingest", "index", "search", "load"))
    parser.add_argument("--data", type=Path, required=True, help="folder of records, passages and queries")
    parser.add_argument("--folder", type=Path, required=True, help="where the index is, or comes to be")
    parser.add_argument("--model", type=Path, required=True, help="the encoder's folder")
    parser.add_argument("--out", type=Path, required=True, help="file for the answer")
    parser.add_argument("--encode", type=int, default=0, help="passages to encode")
    parser.add_argument("--timed", type=int, default=0, help="queries whose time is taken, at every stage")
    parser.add_argument("--judged", type=int, default=0, help="depth of rankings to be judged; 0: none")
    parser.add_argument("--started", type=float, default=0.0, help="when the process was started, by time.time()")
    asked = parser.parse_args()
    system = kind(asked.folder, asked.model)
    phase = {"search": _search, "load": _load}.get(asked.phase, _write)
    found = phase(system, asked)
    found["versions"] = {name: version(name) for name in system.packages}
    asked.out.write_text(json.dumps(found), encoding="utf-8")


def _write(system: System, asked: argparse.Namespace) -> dict[str, object]:
    passages = read(asked.data / "passages.jsonl")
    sample = passages[: asked.encode or WARM]
    system.load()
    system.encode([one.whole for one in passages[-WARM:]])
    if asked.phase == "encode":
        texts = [one.whole for one in sample]
        return {"seconds": _seconds(lambda: system.encode(texts)), "texts": len(texts)}
    cut = asked.phase == "index"
    file = asked.data / ("passages.jsonl" if cut else "records.jsonl")
    counts: list[int] = []
    seconds = _seconds(lambda: counts.append(system.ingest(file, cut=cut)))
    return {"seconds": seconds, "passages": counts[0], "stages": list(system.stages)}


def _search(system: System, asked: argparse.Namespace) -> dict[str, object]:
    queries = read(asked.data / "queries.jsonl")
    system.open()
    system.search(DENSE, queries[0].text, K)
    answered = time.time() - asked.started
    timed, rankings = queries[: asked.timed], {}
    for query in queries[: min(WARM, asked.timed)]:
        for stage in system.stages:
            system.search(stage, query.text, K)
    times: Mapping[str, list[float]] = {stage: [] for stage in system.stages}
    for query in timed:
        for stage in system.stages:  # by turns, so that a busy machine slows all of them
            times[stage].append(1000 * _seconds(lambda: system.search(stage, query.text, K)))  # noqa: B023 - called at once
    if asked.judged:
        rankings = {
            stage: {query.id: system.search(stage, query.text, asked.judged) for query in queries}
            for stage in system.stages
        }
    return {"answered": answered, "milliseconds": times, "rankings": rankings}


def _load(system: System, asked: argparse.Namespace) -> dict[str, object]:
    """Searches a second and milliseconds of each, by how many threads share the system, at its fullest stages."""
    queries = [query.text for query in read(asked.data / "queries.jsonl")[: asked.timed]]
    system.open()
    fullest = HYBRID if HYBRID in system.stages else DENSE
    stages = [stage for stage in (fullest, RERANK) if stage in system.stages]
    loads: dict[str, dict[str, object]] = {}
    for stage in stages:
        for query in queries[:WARM]:
            system.search(stage, query, K)
        loads[stage] = {str(callers): _under_load(system, stage, queries, callers) for callers in CALLERS}
    return {"loads": loads}


def _under_load(system: System, stage: str, queries: Sequence[str], callers: int) -> dict[str, object]:
    """What so many threads get that ask all queries between them, or the error that one of them met."""
    left, taking = iter(queries), threading.Lock()
    milliseconds: list[float] = []
    errors: list[str] = []

    def ask() -> None:
        while not errors:
            with taking:
                query = next(left, None)
            if query is None:
                return
            start = time.perf_counter()
            try:
                system.search(stage, query, K)
            except Exception as error:  # noqa: BLE001 - whatever a system says of threads is its result
                errors.append(f"{type(error).__name__}: {error}"[:200])
            milliseconds.append(1000 * (time.perf_counter() - start))

    threads = [threading.Thread(target=ask) for _ in range(callers)]

    def work() -> None:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    seconds = _seconds(work)
    return {"error": errors[0]} if errors else {"per_second": len(queries) / seconds, "milliseconds": milliseconds}


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
