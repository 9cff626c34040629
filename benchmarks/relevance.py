"""Relevance, fitted and judged: does a collection know what it doesn't know, and how right is the number?

    python -m benchmarks.relevance --keep DIR [--encoder M] [--stage hybrid] [--foreign] [--out FILE.md]
    python -m benchmarks.relevance --keep DIR --fit [--encoder M ...]

Each of six sets is asked its own questions and 60 of every other. AUROC: how well the highest relevance of a question
tells its own from others'. ECE: how far the relevance of first hits lies from how often they answer, over own questions
and over as many foreign ones. Kept: own questions, of those with an answer among the first ten, that keep one at the
default threshold, and answers that are kept; away: foreign questions that find nothing. With --fit, the weights of
`retrieval/search/relevance.py` are made anew, on SQuAD, MedQuAD and PubMedQA alone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score  # scikit-learn ships no types

from benchmarks.relevance_fit import fit
from benchmarks.relevance_pairs import FITTED, fitted
from benchmarks.relevance_sets import EVALUATED, Answer, evaluated
from passagework.retrieval import Stage
from passagework.retrieval.config import RELEVANT

BINS = 10
SHOWN = 40


def main() -> int:
    """Prints the weights, or a line a set, the reliability of all, and what foreign questions bring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, required=True, help="folder for the collections, reused by the next run")
    parser.add_argument("--encoder", action="append", help="folder or hub name; several to fit on all of them")
    parser.add_argument("--stage", type=Stage, default=Stage.HYBRID, metavar="STAGE")
    parser.add_argument("--data", action="append", choices=EVALUATED)
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--foreign", action="store_true", help=f"show what {SHOWN} foreign questions bring, by set")
    arguments = parser.parse_args()
    encoders: Sequence[str | None] = arguments.encoder or [None]

    def kept(name: str, encoder: str | None) -> Path:
        return Path(arguments.keep) / (Path(encoder).name if encoder else "default") / name

    if arguments.fit:
        sets = [fitted(name, kept(name, one), one, arguments.stage) for one in encoders for name in FITTED]
        print(fit(sets, with_vectors=arguments.stage is not Stage.LEXICAL))
        return 0
    print(HEADER)
    by_set = {}
    for name in arguments.data or EVALUATED:
        by_set[name] = evaluated(name, kept(name, encoders[0]), encoders[0], arguments.stage)
        print(line(name, by_set[name]), flush=True)
    print(reliability(by_set))
    if arguments.foreign:
        print("\n".join(foreign(name, answers) for name, answers in by_set.items()))
    return 0


HEADER = "| set | own / foreign | AUROC | ECE own | ECE both | first hit right | said | kept | answers kept | away |"
HEADER += "\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"


def line(name: str, answers: Sequence[Answer]) -> str:
    """A set's figures as a row of a table."""
    own = np.array([one.own for one in answers])
    best = np.array([one.relevance.max(initial=0.0) for one in answers])
    said, right = first_hits(answers)
    even = np.where(own, 1 / own.sum(), 1 / (~own).sum())
    has = [one for one in answers if one.own and one.answers.any()]
    kept = np.mean([(one.relevance[one.answers] >= RELEVANT).any() for one in has])
    all_kept = np.mean(np.concatenate([one.relevance[one.answers] >= RELEVANT for one in has]))
    away = np.mean(best[~own] < RELEVANT)
    figures = (
        roc_auc_score(own, best),
        calibration_error(said[own], right[own], np.ones(own.sum())),
        calibration_error(said, right, even),
        right[own].mean(),
        said[own].mean(),
    )
    shown = " | ".join(f"{figure:.3f}" for figure in figures)
    return f"| {name} | {own.sum()} / {(~own).sum()} | {shown} | {kept:.0%} | {all_kept:.0%} | {away:.0%} |"


def first_hits(answers: Sequence[Answer]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The relevance of every question's first hit, and whether it answers."""
    said = np.array([one.relevance[0] if len(one.relevance) else 0.0 for one in answers])
    right = np.array([float(one.answers[0]) if len(one.answers) else 0.0 for one in answers])
    return said, right


def calibration_error(said: NDArray[np.float64], right: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Expected calibration error over ten bins of equal width (Naeini, Cooper and Hauskrecht 2015)."""
    bins = np.minimum(BINS - 1, (said * BINS).astype(np.int64))
    gaps = [abs(np.sum((weights * (said - right))[bins == one])) for one in range(BINS)]
    return float(sum(gaps) / weights.sum())


def reliability(by_set: dict[str, list[Answer]]) -> str:
    """What the first hits of all sets were said to be, and how many were right, own and foreign questions alike."""
    pairs = [first_hits(answers) for answers in by_set.values()]
    said, right = np.concatenate([one[0] for one in pairs]), np.concatenate([one[1] for one in pairs])
    bins = np.minimum(BINS - 1, (said * BINS).astype(np.int64))
    rows = ["", "| relevance of the first hit | questions | said | right |", "| --- | --- | --- | --- |"]
    for one in range(BINS):
        if (here := bins == one).any():
            share = f"{said[here].mean():.2f} | {right[here].mean():.2f}"
            rows.append(f"| {one / BINS:.1f} to {(one + 1) / BINS:.1f} | {here.sum()} | {share} |")
    return "\n".join(rows)


def foreign(name: str, answers: Sequence[Answer]) -> str:
    """SHOWN questions of other sets, evenly spaced, with what came back."""
    others = [one for one in answers if not one.own]
    rows = [f"\n{name}:"]
    for one in others[:: max(1, len(others) // SHOWN)][:SHOWN]:
        best = one.relevance.max(initial=0.0)
        found = f"{best:.2f} {one.first}" if best >= RELEVANT else f"nothing ({best:.3f})"
        rows.append(f"- ({one.source}) {one.question[:90]} -> {found}")
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
