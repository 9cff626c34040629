"""Measures what adapting the default encoder to a collection does, by learning rate, warm-up and frozen layers.

    python -m benchmarks.adaptation --cranfield DIR --scifact DIR --financebench DIR --work DIR [--pairs 320]

The three are collections of the default encoder (`passagework evaluate BEIR_DIR --collection DIR`, `passagework ingest`
of FinanceBench's files). Parts of them are adapted to, by pairs that they give of themselves: no question of any set is
learned from. Each model is measured on the questions of its collection, and on SQuAD's as what it shall not lose.
`--work` keeps each result in `results.jsonl`: ended, the same command goes on.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.datasets import beir, data_folder, financebench
from passagework import Collection, delete, snapshot_collection
from passagework.ingest.workflows.adapting import evaluated, rebuilt_copy
from passagework.retrieval.config import DEFAULT_ENCODER, Settings
from passagework.retrieval.evaluation import Benchmark, Evaluation
from passagework.retrieval.evaluation.judgments import Judgment
from passagework.retrieval.training import ENCODER_OPTIONS, Pair, TrainingOptions, train_encoder
from passagework.retrieval.training.adaptation import compared_set
from passagework.retrieval.training.collection_pairs import collection_pairs

FILINGS = ("BESTBUY", "JOHNSON_JOHNSON_2023", "MGM", "ULTA")
"""FinanceBench's files that are adapted to: the smallest, 893 passages with 16 questions."""

EVERY_QUERY, EVERY_DOCUMENT = 4, {"cranfield": 8, "scifact": 10, "squad-dev": 10}
"""Every so many questions of the others, and of the documents that answer none of these."""

COURSES: list[dict[str, Any]] = [
    {"learning_rate": 5e-5, "frozen": 0},
    {"learning_rate": 2e-5, "frozen": 3},
    {"learning_rate": 1e-5, "frozen": 0},
    {"learning_rate": 5e-5, "frozen": 3},
    {"learning_rate": 1e-5, "frozen": 3},
    {"learning_rate": 2e-5, "frozen": 0, "warmup": 0.0},
    {"learning_rate": 2e-5, "frozen": 0},
]
"""What is varied, with a tenth of the steps for warm-up where nothing else is said: the encoder has 6 layers."""


@dataclass(frozen=True, slots=True)
class Adapted:
    """A part of a collection, its judgments, the pairs that it gives, and how its encoder does before."""

    name: str
    folder: Path
    judged: Path
    pairs: list[Pair]
    before: Evaluation


class Results:
    """Keeps what each course did on each collection in a file, a line each: a run that was ended goes on behind it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._done = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def has(self, name: str, course: dict[str, Any]) -> bool:
        """Tells whether a course was measured on a collection."""
        key = self._key({"collection": name, **course})
        return any(self._key(one) == key for one in self._done)

    def add(self, measured: dict[str, Any]) -> None:
        """Writes down and prints what was measured."""
        self._done.append(measured)
        line = json.dumps(measured)
        with self._path.open("a") as file:
            file.write(f"{line}\n")
        print(line, flush=True)

    @staticmethod
    def _key(measured: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(measured.get(name) for name in ("collection", "learning_rate", "frozen", "warmup"))


def part_of(benchmark: Benchmark, every: int) -> set[str]:
    """The documents that answer its queries, and of all others every so many."""
    relevant = {document for grades in benchmark.qrels.values() for document, grade in grades.items() if grade > 0}
    with (data_folder() / "beir" / benchmark.name / "corpus.jsonl").open(encoding="utf-8") as lines:
        names = [json.loads(line)["_id"] for line in lines]
    return relevant | set(names[::every])


def prepared(name: str, collection: Path, work: Path) -> tuple[Path, Path]:
    """A part of a collection, with its judgments, made once."""
    folder, judged = work / name, work / f"{name}.jsonl"
    if judged.exists():
        return folder, judged
    snapshot_collection(collection, folder)
    if name == "financebench":
        judgments = [one for one in financebench() if one.document.startswith(FILINGS)]
        with Collection.open(folder) as opened:
            gone = [row.uri for row in opened.documents() if not row.path.startswith(FILINGS)]
    else:
        benchmark = beir(name, every=EVERY_QUERY)
        kept = part_of(benchmark, EVERY_DOCUMENT[name])
        judgments = [
            Judgment(benchmark.queries[query], document, grade=grade)
            for query, grades in benchmark.qrels.items()
            for document, grade in grades.items()
        ]
        with Collection.open(folder) as opened:
            gone = [row.uri for row in opened.documents() if row.name not in kept]
    if gone:
        delete(folder, uris=gone)
    judged.write_text("".join(json.dumps(one.to_json()) + "\n" for one in judgments), encoding="utf-8")
    return folder, judged


def general_set(work: Path) -> Path:
    """SQuAD's paragraphs that answer every 42nd question, and every tenth of the others, in BEIR layout."""
    folder = work / "squad"
    if folder.exists():
        return folder
    benchmark = beir("squad-dev", every=42)
    kept = part_of(benchmark, EVERY_DOCUMENT[benchmark.name])
    (folder / "qrels").mkdir(parents=True)
    with (data_folder() / "beir" / "squad-dev" / "corpus.jsonl").open(encoding="utf-8") as lines:
        (folder / "corpus.jsonl").write_text("".join(line for line in lines if json.loads(line)["_id"] in kept))
    queries = [json.dumps({"_id": name, "text": text}) for name, text in benchmark.queries.items()]
    (folder / "queries.jsonl").write_text("\n".join(queries) + "\n")
    rows = [f"{query}\t{name}\t{grade}" for query, of in benchmark.qrels.items() for name, grade in of.items()]
    (folder / "qrels" / "test.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *rows]) + "\n")
    return folder


def measure(
    one: Adapted, course: dict[str, Any], general: Path, before: Evaluation, work: Path, limit: int
) -> dict[str, Any]:
    """Trains one course on one collection's pairs, and returns what it changed."""
    options: TrainingOptions = replace(ENCODER_OPTIONS, negatives=1, limit=limit, evaluate_every=10, **course)
    out = work / "-".join([one.name, *(f"{key}{value:g}" for key, value in course.items())])
    shutil.rmtree(out, ignore_errors=True)  # of a run that ended before it was measured
    started = time.perf_counter()
    run = train_encoder(one.pairs, out, base=DEFAULT_ENCODER, options=options)
    seconds = time.perf_counter() - started
    with rebuilt_copy(one.folder, out, work / "copy", Settings.from_environment(), None) as copy:
        own = compared_set(one.before, evaluated(one.judged, copy, None, None, None), own=True)
    other = compared_set(before, evaluated(general, None, str(out), None, None), own=False)
    told = {"collection": one.name, **course, "seconds": round(seconds), "pairs": run.pairs, "measures": run.measures}
    shutil.rmtree(out)
    return {**told, "sets": [own.to_json(), other.to_json()]}


def main() -> None:
    """Prepares the three, then trains and measures each course on each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("cranfield", "scifact", "financebench"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--pairs", type=int, default=320)
    chosen = parser.parse_args()
    chosen.work.mkdir(parents=True, exist_ok=True)
    general = general_set(chosen.work)
    before = evaluated(general, None, DEFAULT_ENCODER, None, None)
    collections = []
    for name in ("cranfield", "scifact", "financebench"):
        folder, judged = prepared(name, getattr(chosen, name), chosen.work)
        with Collection.open(folder) as opened:
            pairs = collection_pairs(opened)
        print(json.dumps({"collection": name, **Counter(pair.kind for pair in pairs)}), flush=True)
        collections.append(Adapted(name, folder, judged, pairs, evaluated(judged, folder, None, None, None)))
    results = Results(chosen.work / "results.jsonl")
    for course in COURSES:
        for one in collections:
            if not results.has(one.name, course):
                results.add(measure(one, course, general, before, chosen.work, chosen.pairs))


if __name__ == "__main__":
    main()
