"""The steps of a comparison, each system in turn; what each found is kept, so that a run can be taken up again."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.environments import ROOT
from benchmarks.measured_process import run_measured

ENCODE, INGEST, INDEX, SEARCH, LOAD, JUDGE = "encode", "ingest", "index", "search", "load", "judge"
JUDGED_DEPTH = 50
"""Passages whose documents are judged: enough for ten documents, however many passages each has."""

QUIET = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "ANONYMIZED_TELEMETRY": "False",  # Chroma
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TQDM_DISABLE": "1",
    "PYTHONUNBUFFERED": "1",
}
"""Nothing is looked up and nobody is told."""


@dataclass(frozen=True, slots=True)
class Step:
    """One system at one thing in one round, from 1."""

    round: int
    phase: str
    system: str

    @property
    def name(self) -> str:
        """Of its files."""
        return f"{self.round}-{self.phase}-{self.system}"


def steps(rounds: int, systems: Sequence[str]) -> Iterator[Step]:
    """In each round every phase, in each phase every system in turn; what doesn't vary is done in the first alone."""
    for number in range(1, rounds + 1):
        phases = (ENCODE, INGEST, INDEX, SEARCH, LOAD, JUDGE) if number == 1 else (ENCODE, INGEST, SEARCH, LOAD)
        for phase in phases:
            for system in systems:
                yield Step(number, phase, system)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured: passages encoded, queries timed, seconds that a step may take."""

    encode: int
    timed: int
    limit: float


class Workshop:
    """A folder with the texts, the indexes, and a file for each step that was done."""

    def __init__(self, folder: Path, texts: Path, model: Path, pythons: dict[str, Path], sizes: Sizes) -> None:
        self.folder = folder
        self.texts = texts
        self.model = model
        self.pythons = pythons
        self.sizes = sizes

    def found(self, step: Step) -> dict[str, Any] | None:
        """What a step found; None where it wasn't done, or failed."""
        file = self._file(step)
        if not file.exists():
            return None
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return found

    def do(self, step: Step) -> dict[str, Any]:
        """Does a step and keeps what it found; `{"failed": reason}`, which isn't kept, where its program failed."""
        index = self.folder / "indexes" / f"{step.system}-{'records' if step.phase in (INGEST, JUDGE) else 'passages'}"
        if step.phase in (INGEST, INDEX):
            shutil.rmtree(index, ignore_errors=True)
            index.parent.mkdir(parents=True, exist_ok=True)
        answer, log = self.folder / "answer.json", self.folder / "logs" / f"{step.name}.log"
        answer.unlink(missing_ok=True)
        log.parent.mkdir(parents=True, exist_ok=True)
        ran = run_measured(
            self._command(step, index, answer),
            environment=os.environ | QUIET,
            folder=ROOT,
            log=log,
            limit=self.sizes.limit,
        )
        if ran.code or not answer.exists():
            return {"failed": f"exit code {ran.code}: {ran.said[:300]}"}
        found: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
        found |= {"peak_bytes": ran.peak_bytes, "process_seconds": ran.seconds}
        if step.phase in (INGEST, INDEX):
            found["bytes"] = sum(path.stat().st_size for path in index.rglob("*") if path.is_file())
        self._file(step).parent.mkdir(parents=True, exist_ok=True)
        waiting = self._file(step).with_suffix(".new")
        waiting.write_text(json.dumps({**asdict(step), **found}), encoding="utf-8")
        waiting.replace(self._file(step))
        return found

    def _command(self, step: Step, index: Path, answer: Path) -> list[str]:
        judged = JUDGED_DEPTH if step.phase == JUDGE or (step.phase == SEARCH and step.round == 1) else 0
        options: dict[str, object] = {
            "--data": self.texts,
            "--folder": index,
            "--model": self.model,
            "--out": answer,
            "--encode": self.sizes.encode,
            "--timed": self.sizes.timed if step.phase in (SEARCH, LOAD) else 0,
            "--judged": judged,
            "--started": time.time(),
        }
        words = [str(word) for pair in options.items() for word in pair]
        phase = SEARCH if step.phase == JUDGE else step.phase
        return [str(self.pythons[step.system]), "-m", f"benchmarks.peers.{step.system}", phase, *words]

    def _file(self, step: Step) -> Path:
        return self.folder / "steps" / f"{step.name}.json"
