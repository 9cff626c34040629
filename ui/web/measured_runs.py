"""Finds, makes and compares runs on disk: measured here, or written by `passagework evaluate --runs`.

A measurement is a folder beneath the collection's `runs`: a TREC run a stage, `figures.json`, and `report.html`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from passagework.retrieval import EvaluationError
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.evaluation import Benchmark, Comparison, Evaluation, compare, evaluate, load_beir, read_run
from passagework.retrieval.evaluation.benchmark import corpus_texts
from passagework.retrieval.evaluation.judged_places import JudgedPlaces
from passagework.retrieval.evaluation.report import answers_for, render_comparison, render_evaluation, worst_queries
from passagework.retrieval.evaluation.report.intervals import bootstrap_intervals
from passagework.retrieval.evaluation.runs import SUFFIX
from passagework.retrieval.files import write_atomically
from passagework.retrieval.folder import RUNS
from passagework.ui.present.wording import formatted, gettext, message
from passagework.ui.web.judging import judgments_of

FIGURES, REPORT = "figures.json", "report.html"
MOST = 500
"""Runs that are listed."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """A folder of runs with what was measured; `figures` is the evaluate JSON."""

    folder: Path
    figures: dict[str, Any]


def collection_judgments(collection: Collection) -> JudgedPlaces:
    """Returns the benchmark of this collection's judgments; raises EvaluationError where none holds."""
    judgments = judgments_of(collection.path)
    if not judgments:
        raise EvaluationError(gettext("nothing is judged yet: grade some passages of a search first"))
    return JudgedPlaces(collection, judgments, name=message("your judgments"))


def measure(
    collection: Collection, progress: Callable[[int, int], None] | None = None, *, called: str = ""
) -> Measurement:
    """Measures every stage on the collection's judgments, and writes the runs beneath it; raises EvaluationError.

    Each mean has its 95 % interval; `called` is what a person calls the measurement.
    """
    judged = collection_judgments(collection)
    folder = collection.path / RUNS / datetime.now(timezone.utc).strftime("%Y-%m-%d-%H%M%S-%f")
    notes = [f"drifted: {line}" for line in judged.drifted]
    evaluation = evaluate(collection, judged, runs=folder, notes=notes, progress=progress)
    page = render_evaluation(evaluation, answers_for(collection, evaluation, judged, worst_queries(evaluation)))
    figures: dict[str, Any] = {**evaluation.to_json(), "intervals": _intervals(evaluation), "name": called.strip()}
    try:
        write_atomically(folder / REPORT, page.encode())
        write_atomically(folder / FIGURES, json.dumps(figures).encode())
    except OSError as error:
        raise EvaluationError(f"the report can't be written to {folder}: {error.strerror or error}") from error
    return Measurement(folder, figures)


def _intervals(evaluation: Evaluation) -> dict[str, dict[str, list[float]]]:
    """Returns of each stage's measures the ends of the 95 % interval, those of the report."""
    return {
        stage.value: {
            name: [interval.low, interval.high]
            for name, values in figures.per_query.items()
            for interval in bootstrap_intervals([list(values.values())])
        }
        for stage, figures in evaluation.stages.items()
    }


def measurements(collection: Path) -> list[Measurement]:
    """Returns the measurements made here, newest first, and passes over what is none."""
    files = sorted((collection / RUNS).glob(f"*/{FIGURES}"), reverse=True)
    return [Measurement(file.parent, figures) for file in files if (figures := _figures(file)) is not None]


def run_files(folder: Path) -> list[Path]:
    """Returns the runs in a folder and its folders, in order of path; raises EvaluationError where it can't be read."""
    try:
        return sorted([*folder.glob(f"*{SUFFIX}"), *folder.glob(f"*/*{SUFFIX}")])[:MOST]
    except (OSError, ValueError) as error:
        raise EvaluationError(f"{folder} can't be read: {error}") from error


def compared(judged: Benchmark, a: Path, b: Path, corpus: Path | None = None) -> tuple[Comparison, str]:
    """Returns a comparison of two runs and the page about it; titles come from the `corpus`, where there is one."""
    names = (f"{a.parent.name}/{a.stem}", f"{b.parent.name}/{b.stem}")
    comparison = compare(judged, read_run(a), read_run(b), names=names)
    moved = {move.document for query in comparison.queries for move in query.moves}
    texts = corpus_texts(corpus, moved) if corpus is not None and corpus.is_file() else {}
    return comparison, render_comparison(comparison, {document: title for document, (title, _) in texts.items()})


def benchmark_of(collection: Collection, beir: Path | None) -> Benchmark:
    """Returns the benchmark in a folder in BEIR layout, else the collection's judgments."""
    if beir is not None:
        return load_beir(beir)
    return collection_judgments(collection).benchmark()


def stage_rows(figures: dict[str, Any]) -> tuple[Sequence[str], list[tuple[str, ...]]]:
    """Returns the columns and rows of a measurement's figures, a row for each stage."""
    stages = figures.get("stages", {})
    columns = list(dict.fromkeys(name for values in stages.values() for name in values))
    rows = [
        (stage, *(_shown(name, values.get(name), interval_of(figures, stage, name)) for name in columns))
        for stage, values in stages.items()
    ]
    return (gettext("Stage"), *columns), rows


def interval_of(figures: Mapping[str, Any], stage: str, measured: str) -> tuple[float, float] | None:
    """Returns the 95 % interval of a stage's measure; None where it was measured without."""
    stages = figures.get("intervals")
    found = stages.get(stage, {}).get(measured) if isinstance(stages, dict) else None
    return (float(found[0]), float(found[1])) if isinstance(found, list) and len(found) == 2 else None


def _shown(name: str, value: object, interval: tuple[float, float] | None) -> str:
    """Returns a measure to three places with its interval, or milliseconds to one."""
    if not isinstance(value, int | float):
        return ""
    shown = formatted(value, 1 if name.startswith("ms_") else 3)
    if interval is None:
        return shown
    low, high = (formatted(end, 2) for end in interval)
    return gettext("{mean} ({low} to {high})", mean=shown, low=low, high=high)


def _figures(file: Path) -> dict[str, Any] | None:
    try:
        figures = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    stages = figures.get("stages") if isinstance(figures, dict) else None
    whole = isinstance(stages, dict) and all(isinstance(values, dict) for values in stages.values())
    return figures if whole and isinstance(figures.get("queries"), int) else None
