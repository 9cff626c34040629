"""Sets that say whether a source supports a statement: for evaluating and choosing alone, never for fitting."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.datasets import data_folder
from benchmarks.made_claims import made_claims

MADE = 120
"""Passages of SQuAD, of titles that nothing was fitted on, of which claims are made for the table by kind."""

SICK_EVERY = 3
HALUEVAL_SOURCE = 150
"""Characters of a request, at least, that may hold a source: HaluEval's general part names none."""


@dataclass(frozen=True, slots=True)
class Statement:
    """Is a text beside its source, whether the source supports it, and its kind: who wrote it, or what is wrong."""

    text: str
    source: str
    supported: bool
    kind: str


def _begin(name: str) -> list[Statement]:
    """Answers of four dialogue systems (Dziri et al. 2022); generic ones say nothing that a source could."""
    return [
        Statement(row["response"], row["knowledge"], row["begin_label"] == "Fully attributable", row["model_name"])
        for row in _rows(data_folder() / "support" / "begin" / f"begin_dev_{name}.tsv")
        if row["begin_label"] != "Generic"
    ]


def _sick() -> list[Statement]:
    """One sentence beside another (Marelli et al. 2014)."""
    folder = data_folder() / "support" / "sick2014"
    rows = [row for name in ("SICK_trial", "SICK_test_annotated") for row in _rows(folder / f"{name}.txt")]
    return [
        Statement(
            row["sentence_B"],
            row["sentence_A"],
            row["entailment_judgment"] == "ENTAILMENT",
            row["entailment_judgment"].lower(),
        )
        for row in rows[::SICK_EVERY]
    ]


def _halueval() -> list[Statement]:
    """Answers of ChatGPT, judged by people (Li et al. 2023), beside the request: a longer one may hold a source."""
    text = (data_folder() / "support" / "halueval" / "general_data.json").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    return [
        Statement(row["chatgpt_response"], row["user_query"], row["hallucination"] == "no", "")
        for row in rows
        if len(row["user_query"]) > HALUEVAL_SOURCE
    ]


def _made() -> list[Statement]:
    return [Statement(one.claim, one.source, one.supported, one.kind) for one in made_claims(MADE, held_out=True)]


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE if file.suffix == ".txt" else 0))


SETS: dict[str, Callable[[], list[Statement]]] = {
    "begin-cmu": lambda: _begin("cmu"),
    "begin-tc": lambda: _begin("tc"),
    "begin-wow": lambda: _begin("wow"),
    "sick": _sick,
    "halueval": _halueval,
    "made": _made,
}
