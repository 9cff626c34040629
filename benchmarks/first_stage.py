"""The first stage's settings, measured on five sets at once: how the rankings join, pools, columns, feedback.

    python -m benchmarks.first_stage --keep DIR [--out FILE.jsonl]

Each variant joins the same cosines and BM25 scores that the shipped path found, offline; a set's figure is nDCG@10, for
FinanceBench the share of questions with an evidence page among the first 10 passages. One default for all: the mean
decides, and no set may pay for it.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets import beir, chunking_eval, documents_of, financebench
from ingest import ingest
from retrieval import BiEncoder, Collection, Hit, Stage
from retrieval.evaluation.evaluator import Judged, JudgedDocuments
from retrieval.evaluation.judged_places import JudgedPlaces

Scores = NDArray[np.float64]
SETS = {"scifact": None, "cranfield": None, "squad-dev": 500, "financebench": None, "chunking-eval": None}
POOL = 400


@dataclass(frozen=True, slots=True)
class Pool:
    """One query's candidates in the order that breaks ties: cosine, BM25 (0 where no word matched), both ranks."""

    hits: Sequence[Hit]
    cosines: Scores
    bm25: Scores
    dense_ranks: Scores
    lexical_ranks: Scores
    terms: int


@dataclass(frozen=True, slots=True)
class Data:
    """A set's queries with their pools, and what is judged."""

    name: str
    judged: Judged
    pools: Mapping[str, Pool]


def opened(name: str, keep: Path, encoder: BiEncoder) -> Collection:
    """The collection of a set, cut as by default."""
    ingest([documents_of(name)], keep / f"{name}-200-32", encoder=encoder)
    return Collection.open(keep / f"{name}-200-32", encoder=encoder)


def judged_of(name: str, collection: Collection) -> Judged:
    """Documents of a benchmark, or places of one's own documents."""
    if name in ("financebench", "chunking-eval"):
        judgments = financebench() if name == "financebench" else chunking_eval()
        return JudgedPlaces(collection, judgments, name=name)
    return JudgedDocuments(beir(name).limited(SETS[name]))


def pools(collection: Collection, judged: Judged) -> Iterator[tuple[str, Pool]]:
    """What both retrievers find for every query, with the cosine of everything found."""
    for query, text in judged.queries.items():
        hits = collection.search(text, k=4 * POOL, stage=Stage.HYBRID, candidates=POOL)
        ordered = sorted(hits, key=lambda hit: (hit.path, hit.start))
        cosines = np.array([hit.stages[Stage.DENSE].score for hit in ordered])
        found = [hit.stages.get(Stage.LEXICAL) for hit in ordered]
        bm25 = np.array([one.score if one else 0.0 for one in found])
        lexical_ranks = np.array([one.rank if one else np.inf for one in found])
        dense_ranks = np.array([float(hit.stages[Stage.DENSE].rank) for hit in ordered])
        yield (
            query,
            Pool(ordered, cosines, bm25, dense_ranks, lexical_ranks, len(set(re.findall(r"\w+", text.lower())))),
        )


def quality(data: Data, score: Callable[[Pool], Scores]) -> float:
    """The set's figure with passages in order of `score`."""
    values = []
    for query, pool in data.pools.items():
        order = np.argsort(-score(pool), kind="stable")
        grades = data.judged.qrels[query]
        if data.name == "financebench":
            names = data.judged.things(query, [pool.hits[one] for one in order[:10]])
            values.append(float(any(grades.get(name, 0) > 0 for name, _ in names)))
            continue
        names = data.judged.things(query, [pool.hits[one] for one in order[:60]])
        values.append(ndcg([grades.get(name, 0) for name, _ in names[:10]], list(grades.values())))
    return float(np.mean(values))


def ndcg(found: Sequence[int], judged: Sequence[int]) -> float:
    """nDCG@10 as trec_eval has it: gain is the grade, discount log2 of the rank plus one."""

    def gain(grades: Sequence[int]) -> float:
        return sum(max(grade, 0) / math.log2(rank + 1) for rank, grade in enumerate(grades[:10], start=1))

    ideal = gain(sorted(judged, reverse=True))
    return gain(found) / ideal if ideal else 0.0


def cut(pool: Pool, size: int) -> Pool:
    """The pool as if each retriever had given only its first `size`."""
    keep = (pool.dense_ranks <= size) | (pool.lexical_ranks <= size)
    bm25 = np.where(pool.lexical_ranks <= size, pool.bm25, 0.0)
    hits = [hit for hit, one in zip(pool.hits, keep, strict=True) if one]
    ranks = np.where(pool.lexical_ranks <= size, pool.lexical_ranks, np.inf)
    return Pool(hits, pool.cosines[keep], bm25[keep], pool.dense_ranks[keep], ranks[keep], pool.terms)


def by_best(scores: Scores) -> Scores:
    """Divided by the best; the theoretical least is 0."""
    best = float(scores.max())
    return scores / best if best > 0 else scores


def min_max(scores: Scores) -> Scores:
    """From 0 to 1."""
    low, width = float(scores.min()), float(np.ptp(scores))
    return (scores - low) / max(width, 1e-9)


def z_score(scores: Scores) -> Scores:
    """Mean 0, deviation 1."""
    middle, deviation = float(scores.mean()), float(scores.std())
    return (scores - middle) / max(deviation, 1e-9)


def variants() -> Iterator[tuple[str, Callable[[Pool], Scores]]]:
    """Names and scores; every one starts from 200 candidates a retriever but those that say otherwise."""
    yield "dense", lambda pool: pool.cosines
    yield "lexical", lambda pool: pool.bm25
    for k in (10, 60):
        yield f"rrf k={k}", lambda pool, k=k: 1 / (k + pool.dense_ranks) + 1 / (k + pool.lexical_ranks)  # type: ignore[misc]
    for weight in (0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6):
        yield f"cosine + {weight} bm25/best", lambda pool, w=weight: pool.cosines + w * by_best(pool.bm25)  # type: ignore[misc]
    for alpha in (0.5, 0.6, 0.7, 0.8):
        yield (
            f"tmm cosine {alpha}",
            lambda pool, a=alpha: a * (pool.cosines + 1) / (pool.cosines.max() + 1) + (1 - a) * by_best(pool.bm25),  # type: ignore[misc]
        )
        yield f"min-max {alpha}", lambda pool, a=alpha: a * min_max(pool.cosines) + (1 - a) * min_max(pool.bm25)  # type: ignore[misc]
        yield f"z {alpha}", lambda pool, a=alpha: a * z_score(pool.cosines) + (1 - a) * z_score(pool.bm25)  # type: ignore[misc]
    for scale in (10, 20, 30, 40):
        yield f"cosine + 0.4 bm25/{scale}", lambda pool, s=scale: pool.cosines + 0.4 * pool.bm25 / s  # type: ignore[misc]
    for per in (1.0, 1.5, 2.0, 3.0):
        yield (
            f"cosine + 0.4 bm25/({per} x terms)",
            lambda pool, p=per: pool.cosines + 0.4 * pool.bm25 / (p * pool.terms),  # type: ignore[misc]
        )
    for weight in (0.3, 0.4, 0.5, 0.6):
        yield (
            f"cosine + {weight} x min(1, best/(1.5 terms)) bm25/best",
            lambda pool, w=weight: (
                pool.cosines + w * min(1.0, float(pool.bm25.max()) / (1.5 * max(pool.terms, 1))) * by_best(pool.bm25)
            ),  # type: ignore[misc]
        )
    for length in (6, 10, 15):
        yield (
            f"cosine + 0.4 bm25/best, less over {length} terms",
            lambda pool, n=length: pool.cosines + 0.4 * min(1.0, n / max(pool.terms, 1)) ** 0.5 * by_best(pool.bm25),  # type: ignore[misc]
        )


def main() -> int:
    """Prints a line a variant: each set's figure and the mean, best mean last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, required=True, help="folder for the collections, reused by the next run")
    parser.add_argument("--out", type=Path, default=Path("build/first-stage.jsonl"))
    arguments = parser.parse_args()
    encoder = BiEncoder.load()
    sets = []
    for name in SETS:
        with opened(name, arguments.keep, encoder) as collection:
            judged = judged_of(name, collection)
            sets.append(Data(name, judged, dict(pools(collection, judged))))
            print(f"{name}: {len(judged.queries)} queries", file=sys.stderr)
    rows = []
    for size in (200, 50, 100, 400):
        smaller = [
            Data(one.name, one.judged, {key: cut(pool, size) for key, pool in one.pools.items()}) for one in sets
        ]
        for variant, score in variants():
            if size == 200 or variant in ("rrf k=60", "cosine + 0.4 bm25/best"):
                figures = {one.name: round(quality(one, score), 4) for one in smaller}
                name = variant if size == 200 else f"{variant}, {size} candidates"
                rows.append({"variant": name, "mean": round(float(np.mean(list(figures.values()))), 4), **figures})
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    for row in sorted(rows, key=lambda row: float(str(row["mean"]))):
        print(json.dumps(row))
    return 0


if __name__ == "__main__":
    sys.exit(main())
