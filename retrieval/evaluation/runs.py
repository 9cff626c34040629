"""TREC run files: what a stage answered to every query, for any other tool to judge."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote

import numpy as np

from passagework.retrieval.errors import EvaluationError
from passagework.retrieval.types import Stage

SUFFIX = ".trec"


def strictly_decreasing(ranking: Sequence[tuple[str, float]]) -> dict[str, float]:
    """Returns the ranking with strictly decreasing float32 scores, as trec_eval reads them: no tool can reorder it."""
    scores: dict[str, float] = {}
    last = np.float32(np.inf)
    for document, score in ranking:
        last = min(np.float32(score), np.nextafter(last, np.float32(-np.inf)))
        scores[document] = float(last)
    return scores


class RunFiles:
    """Writes `<stage>.trec` files in a folder, query by query; they get their names when all is written."""

    def __init__(self, files: Mapping[Stage, IO[str]]) -> None:
        self._files = files

    @classmethod
    @contextmanager
    def open(cls, folder: Path | None, stages: Sequence[Stage]) -> Iterator[RunFiles]:
        """Opens a file for each stage, none without a folder; raises EvaluationError where it can't be written."""
        if folder is None:
            yield cls({})
            return
        parts = {stage: folder / f".{stage.value}{SUFFIX}.part" for stage in stages}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with ExitStack() as stack:
                yield cls(
                    {
                        stage: stack.enter_context(part.open("w", encoding="utf-8", newline="\n"))
                        for stage, part in parts.items()
                    }
                )
            for stage, part in parts.items():
                part.replace(folder / f"{stage.value}{SUFFIX}")
        except OSError as error:
            raise EvaluationError(f"the runs can't be written to {folder}: {error.strerror or error}") from error
        finally:
            for part in parts.values():
                with suppress(OSError):
                    part.unlink()

    def write(self, stage: Stage, query: str, scores: Mapping[str, float]) -> None:
        """Writes one query's documents, best first, a line each: query, Q0, document, rank, score, stage."""
        file = self._files.get(stage)
        if file is not None:
            file.writelines(
                f"{run_field(query)} Q0 {run_field(document)} {rank} {score:.9g} {stage.value}\n"
                for rank, (document, score) in enumerate(scores.items(), start=1)
            )


def stale_runs(folder: Path | None, skipped: Iterable[Stage]) -> list[str]:
    """Returns a line per stage that was not measured, whose file in the folder is therefore an earlier run's."""
    files = [folder / f"{stage.value}{SUFFIX}" for stage in skipped] if folder else []
    return [f"{file} is of an earlier run" for file in files if file.exists()]


def read_run(path: str | Path) -> dict[str, dict[str, float]]:
    """Reads a TREC run: query -> document -> score; of a document that comes twice the better score counts.

    Raises EvaluationError naming the line that is no line of a run.
    """
    run: dict[str, dict[str, float]] = {}
    try:
        with Path(path).open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                try:
                    query, _, document, _, score, _ = line.split(None, 5)
                    scores, value = run.setdefault(query, {}), float(score)
                    if not math.isfinite(value):
                        raise ValueError(score)
                except ValueError as error:
                    raise EvaluationError(f"{path}, line {number}: six columns of a TREC run expected") from error
                scores[document] = max(value, scores.get(document, value))
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"{path} can't be read: {error}") from error
    if not run:
        raise EvaluationError(f"{path} holds no run")
    return run


def run_field(name: str) -> str:
    """Returns a name as one column: in a name with white space, that and `%` are percent-encoded."""
    if not re.search(r"\s", name):
        return name or "%00"
    return re.sub(r"[\s%]", lambda match: quote(match[0], safe=""), name)
