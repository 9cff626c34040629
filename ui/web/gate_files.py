"""Writes the thresholds that a measurement passes, for `passagework evaluate --gate`."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from passagework.retrieval import EvaluationError
from passagework.retrieval.files import write_atomically
from passagework.retrieval.folder import GATE, JUDGMENTS
from passagework.ui.present.wording import gettext
from passagework.ui.web.measured_runs import Measurement, interval_of

MEASURE = "nDCG@10"
"""The measure that is held: what is found, and how far up."""


def gate_of(measurement: Measurement) -> dict[str, dict[str, float]]:
    """Returns for each stage the least of its measure: the lower end of the interval, so that chance alone passes."""
    gate = {}
    for stage in measurement.figures["stages"]:
        if interval := interval_of(measurement.figures, stage, MEASURE):
            gate[stage] = {MEASURE: round(max(0.0, interval[0] - 5e-5), 4)}
    return gate


def write_gate(collection: Path, measurement: Measurement) -> Path:
    """Writes the gate beside the judgments and returns its file; raises EvaluationError where it can't be written."""
    path = collection / GATE
    gate = gate_of(measurement)
    if not gate:
        raise EvaluationError(gettext("this measurement has no intervals: measure again"))
    try:
        write_atomically(path, (json.dumps(gate, indent=1) + "\n").encode())
    except OSError as error:
        raise EvaluationError(f"{path} can't be written: {error.strerror or error}") from error
    return path


def gate_command(collection: Path) -> str:
    """Returns the command that exits with 1 where quality fell, for a shell."""
    words = ("passagework", "evaluate", collection / JUDGMENTS, "--collection", collection, "--gate", collection / GATE)
    return shlex.join(map(str, words))
