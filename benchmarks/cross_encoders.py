"""Trained cross-encoders over what the default second stage reads: alone, blended in, and what it would choose.

    python -m benchmarks.cross_encoders --keep DIR [--data NAME ...] [--every N] [--out FILE.json] [NAME=FOLDER ...]

Every candidate list is the first 20 of hybrid. A cross-encoder's score joins those of the default as
`cosine + 0.2 x BM25 / best + 1.6 x late interaction + weight x score`, its score being a probability or a logit brought
to the query's own scale. Weights are chosen for each set by the others (leave one set out). nDCG@10 of documents (of
answer spans for chunking-eval), for FinanceBench the share of questions with an evidence page in the first 10 places; p
by a paired randomisation test against the default. Scores are kept in DIR: a second run reads them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.first_stage_sets import LIMITS, Set, loaded, shipped_words
from benchmarks.second_stage import value
from passagework.retrieval import BiEncoder
from passagework.retrieval.config import CANDIDATES
from passagework.retrieval.evaluation.compare import p_value
from passagework.retrieval.late_interaction.late_interaction import BLEND, DEPTH, LateInteractionReranker
from passagework.retrieval.models.cross_encoder import CrossEncoderReranker
from passagework.retrieval.models.reranker import Reranker
from passagework.retrieval.models.reranker_input import reranker_text_of
from passagework.retrieval.models.weights import digest_weights
from passagework.retrieval.store import PassageRow
from passagework.retrieval.types import Ids

WEIGHTS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8)
FIRST = (5, 10, 20)
"""Of the default's order, how many the cross-encoder reads."""
ALLOWED_LOSS = 0.003

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pool:
    """A query with its candidates as hybrid has them; the first DEPTH of them have `base` scores of the default."""

    query: str
    candidates: Ids
    base: Scores
    late: Scores

    def order(self, scores: Scores) -> Ids:
        """All candidates, the first of them by these scores."""
        front = self.candidates[: len(scores)]
        return np.concatenate([front[np.argsort(-scores, kind="stable")], self.candidates[len(scores) :]])

    def with_first(self, first: int, logits: Scores, scale: Callable[[Scores], Scores], weight: float) -> Scores:
        """Scores that put the first of the default's order in a new one, and leave the others behind them."""
        scores: Scores = self.base.copy()
        rows = np.argsort(-scores, kind="stable")[:first]
        scores[rows] += weight * scale(logits[rows])
        rest = np.setdiff1d(np.arange(len(scores)), rows)
        scores[rest] -= 10
        return scores


def probability(logits: Scores) -> Scores:
    """What the model makes of it: 0 to 1."""
    return np.asarray(1 / (1 + np.exp(-logits)))


def standard(logits: Scores) -> Scores:
    """In standard deviations of the query's candidates, brought to a tenth: most lie between -0.2 and 0.2."""
    return np.asarray((logits - logits.mean()) / (10 * max(float(logits.std()), 1e-6)))


def ranged(logits: Scores) -> Scores:
    """Between the query's worst candidate, 0, and its best, 1."""
    return np.asarray((logits - logits.min()) / max(float(np.ptp(logits)), 1e-6))


SCALES: Mapping[str, Callable[[Scores], Scores]] = {"probability": probability, "standard": standard, "range": ranged}


def pools(one: Set, late: Reranker, keep: Path) -> Iterator[tuple[Pool, list[str]]]:
    """Every query with its candidates, and the texts of the first DEPTH of them."""
    rows: dict[int, PassageRow] = {row.id: row for row in one.snapshot.passages(one.ids.tolist())}
    for place, (query, found) in enumerate(zip(one.queries, one.lexical(shipped_words, (), CANDIDATES), strict=True)):
        candidates, cosines, bm25 = one.fused(place, found, CANDIDATES)
        texts = [reranker_text_of(rows[int(one.ids[row])]) for row in candidates[:DEPTH]]
        scores = kept(keep, "late", late, one.judged.queries[query], texts)
        base = cosines[:DEPTH] + BLEND.lexical * bm25[:DEPTH] + BLEND.reranked * scores
        yield Pool(query, candidates, base, scores), texts


_KEPT: dict[Path, dict[str, list[float]]] = {}


def kept(keep: Path, name: str, reranker: Reranker, query: str, texts: Sequence[str]) -> Scores:
    """A reranker's logits, from the file of an earlier run where they are there; `save` writes what is new."""
    file = keep / f"scores-{name}.json"
    known = _KEPT.setdefault(file, json.loads(file.read_text(encoding="utf-8")) if file.exists() else {})
    key = hashlib.sha256("\0".join([query, *texts]).encode()).hexdigest()[:24]
    if key not in known:
        known[key] = reranker.rerank(query, texts).logits.tolist()
    return np.array(known[key])


def save() -> None:
    """Keeps all scores."""
    for file, known in _KEPT.items():
        file.write_text(json.dumps(known), encoding="utf-8")


def measured(names: Sequence[str], models: Mapping[str, Path], keep: Path, every: int) -> dict[str, object]:
    """Values by set, by variant, by query; then means, choices and p."""
    encoder = BiEncoder.load()
    late = LateInteractionReranker(encoder)
    crosses = {name: CrossEncoderReranker.load(folder) for name, folder in models.items()}
    digests = {name: digest_weights(folder)[:12] for name, folder in models.items()}
    found: dict[str, dict[str, list[float]]] = {}
    for name in names:
        values: dict[str, list[float]] = {}
        with loaded(name, keep, encoder) as one:
            step = 1 if name == "financebench" else every
            for number, (pool, texts) in enumerate(pools(one, late, keep)):
                if number % step:
                    continue
                orders = {"hybrid": pool.candidates, "default": pool.order(pool.base)}
                for model, cross in crosses.items():
                    logits = kept(keep, digests[model], cross, one.judged.queries[pool.query], texts)
                    orders[f"{model} alone"] = pool.order(logits)
                    without = pool.base - BLEND.reranked * pool.late
                    for (scale, of), weight in product(SCALES.items(), WEIGHTS):
                        orders[f"{model} no-late {scale} {weight}"] = pool.order(without + weight * of(logits))
                        for first in FIRST:
                            orders[f"{model} {first} {scale} {weight}"] = pool.order(
                                pool.with_first(first, logits, of, weight)
                            )
                for variant, order in orders.items():
                    values.setdefault(variant, []).append(value(one, pool.query, order))
        save()
        found[name] = values
        print(json.dumps({"data": name, "default": round(float(np.mean(values["default"])), 4)}), flush=True)
    return summary(found, list(models))


def summary(found: Mapping[str, Mapping[str, list[float]]], models: Sequence[str]) -> dict[str, object]:
    """Means of all variants; for each model the weight that the other sets choose, tried on the one left out."""
    names = list(found)
    variants = list(next(iter(found.values())))
    means = {variant: {name: float(np.mean(found[name][variant])) for name in names} for variant in variants}

    def gain(variant: str, among: Sequence[str]) -> float:
        return float(np.mean([means[variant][name] - means["default"][name] for name in among]))

    def safe(variant: str, among: Sequence[str]) -> bool:
        return all(means[variant][name] > means["default"][name] - ALLOWED_LOSS for name in among)

    def chosen(model: str, among: Sequence[str]) -> str:
        grid = [one for one in variants if one.startswith(f"{model} ") and "alone" not in one and "no-late" not in one]
        return max(["default", *(one for one in grid if safe(one, among))], key=lambda one: gain(one, among))

    left_out: dict[str, dict[str, object]] = {}
    for model in models:
        for name in names:
            choice = chosen(model, [other for other in names if other != name])
            a, b = np.array(found[name][choice]), np.array(found[name]["default"])
            left_out.setdefault(model, {})[name] = {
                "chosen": choice,
                "default": round(means["default"][name], 4),
                "blended": round(means[choice][name], 4),
                "difference": round(float(np.mean(a - b)), 4),
                "p": round(p_value(a - b), 4) if np.any(a != b) else 1.0,
            }
    return {
        "left out": left_out,
        "all": {model: chosen(model, names) for model in models},
        "variants": {one: {**means[one], "gain": gain(one, names)} for one in variants},
    }


def main() -> int:
    """Prints what each model adds, and keeps all of it in a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, required=True, help="folder for collections and scores")
    parser.add_argument("--data", nargs="+", default=list(LIMITS), choices=list(LIMITS))
    parser.add_argument("--every", type=int, default=1, help="of the queries every so many (FinanceBench is whole)")
    parser.add_argument("--out", type=Path, default=Path("build/cross_encoders.json"))
    parser.add_argument("models", nargs="*", help="NAME=FOLDER of a trained reranker")
    arguments = parser.parse_args()
    models = {name: Path(folder) for name, _, folder in (one.partition("=") for one in arguments.models)}
    found = measured(arguments.data, models, arguments.keep, arguments.every)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({key: found[key] for key in ("left out", "all")}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
