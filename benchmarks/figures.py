"""From what each round found to figures: medians over rounds, and ratios to this project within each round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import numpy as np

from benchmarks.corpus_files import Texts
from benchmarks.peers.systems import OURS
from benchmarks.rounds import ENCODE, INDEX, INGEST, JUDGE, LOAD, SEARCH
from passagework.retrieval.evaluation.measures import mean, per_query
from passagework.retrieval.types import Stage

MEASURE = "nDCG@10"
DEPTH = 10
STAGES = tuple(stage.value for stage in Stage)

Found = Mapping[str, Any]
"""What one step found."""


def round_figures(found: Mapping[str, Found], texts: Texts) -> dict[str, float]:
    """One system's figures in one round, from what its phases found; a phase that wasn't done leaves its own out."""
    figures: dict[str, float] = {}
    if ENCODE in found:
        encoded = found[ENCODE]
        figures["encode_tokens_per_s"] = sum(texts.tokens[: encoded["texts"]]) / encoded["seconds"]
    if INGEST in found:
        figures["ingest_documents_per_s"] = texts.documents / found[INGEST]["seconds"]
        figures["ingest_peak_bytes"] = found[INGEST]["peak_bytes"]
        figures["ingest_bytes_per_document"] = found[INGEST]["bytes"] / texts.documents
    if INDEX in found:
        figures["index_passages_per_s"] = texts.passages / found[INDEX]["seconds"]
        figures["index_bytes_per_passage"] = found[INDEX]["bytes"] / texts.passages
    if SEARCH in found:
        figures |= _searches(found[SEARCH], texts)
    if LOAD in found:
        figures |= _loads(found[LOAD]["loads"])
    if JUDGE in found:
        figures |= _quality(found[JUDGE]["rankings"], texts, "records")
    return figures


def _searches(found: Found, texts: Texts) -> dict[str, float]:
    figures: dict[str, float] = {"start_s": found["answered"], "search_peak_bytes": found["peak_bytes"]}
    for stage, times in found["milliseconds"].items():
        if times:
            figures[f"{stage}_p50_ms"] = float(np.percentile(times, 50))
            figures[f"{stage}_p95_ms"] = float(np.percentile(times, 95))
    return figures | _quality(found["rankings"], texts, "passages")


def _loads(found: Mapping[str, Mapping[str, Found]]) -> dict[str, float]:
    """What callers got at each stage; those of whom one met an error leave theirs out."""
    figures: dict[str, float] = {}
    for stage, loads in found.items():
        for callers, load in loads.items():
            if "error" not in load:
                figures[f"{stage}_by_{callers}_per_s"] = load["per_second"]
                figures[f"{stage}_by_{callers}_p95_ms"] = float(np.percentile(load["milliseconds"], 95))
    return figures


def medians(rounds: Sequence[Mapping[str, Mapping[str, float]]]) -> dict[str, dict[str, dict[str, float]]]:
    """By system and figure: the median over rounds with the least and the greatest, and the same of the ratio to ours.

    `rounds` holds figures by system. A ratio is of two values of one round, the system's to this project's.
    """
    out: dict[str, dict[str, dict[str, float]]] = {}
    for system in dict.fromkeys(name for one in rounds for name in one):
        names = dict.fromkeys(name for one in rounds for name in one.get(system, {}))
        out[system] = {name: _middle(rounds, system, name) for name in names}
    return out


def _middle(rounds: Sequence[Mapping[str, Mapping[str, float]]], system: str, name: str) -> dict[str, float]:
    values = [one[system][name] for one in rounds if name in one.get(system, {})]
    found = {"median": median(values), "least": min(values), "most": max(values), "rounds": float(len(values))}
    pairs = [(one[system], one[OURS]) for one in rounds if name in one.get(system, {}) and one.get(OURS, {}).get(name)]
    ratios = [theirs[name] / ours[name] for theirs, ours in pairs]
    if ratios:
        found |= {"ratio": median(ratios), "ratio_least": min(ratios), "ratio_most": max(ratios)}
    return found


def _quality(rankings: Mapping[str, Mapping[str, Sequence[str]]], texts: Texts, of: str) -> dict[str, float]:
    return {
        f"{stage}_ndcg_{of}": mean(per_query([MEASURE], texts.qrels, _as_run(ranked))[MEASURE])
        for stage, ranked in rankings.items()
    }


def _as_run(rankings: Mapping[str, Sequence[str]]) -> dict[str, dict[str, float]]:
    """Documents by their best passage, the first ten of them."""
    run = {}
    for query, ranked in rankings.items():
        documents = list(dict.fromkeys(name.partition("#")[0] for name in ranked))[:DEPTH]
        run[query] = {name: float(DEPTH - rank) for rank, name in enumerate(documents)}
    return run
