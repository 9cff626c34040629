"""The first stage's settings, measured on five sets at once: words, columns, BM25, fusion, pools, feedback.

    python -m benchmarks.first_stage --keep DIR [--out FILE.jsonl]

Every passage is cut by default settings; figures are nDCG@10, for FinanceBench the share of questions with an evidence
page in the first 10 passages. One default for all: the mean decides, and no set may pay for it.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import numpy as np
from scipy.sparse import coo_matrix

from benchmarks.first_stage_sets import LIMITS, Fusion, Scores, Set, every_word, loaded, shipped_words
from passagework.retrieval import BiEncoder
from passagework.retrieval.lexical.bm25 import query_terms

Pools = Sequence[dict[int, float]]
MOST = 400


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


def convex(weight: float, cosines: Scores, bm25: Scores, words: int) -> Scores:
    """What ships, with weight 0.4."""
    del words
    return cosines + weight * by_best(bm25)


def least_and_best(share: float, cosines: Scores, bm25: Scores, words: int) -> Scores:
    """Theoretical-minimum and best of both (Bruch, Gai and Ingber 2023, TM2C2)."""
    del words
    return share * (cosines + 1) / (float(cosines.max()) + 1) + (1 - share) * by_best(bm25)


def normalised(normal: Callable[[Scores], Scores], share: float, cosines: Scores, bm25: Scores, words: int) -> Scores:
    """Both normalised in the same way."""
    del words
    return share * normal(cosines) + (1 - share) * normal(bm25)


def per_word(scale: float, cosines: Scores, bm25: Scores, words: int) -> Scores:
    """A weight that the query's length predicts."""
    return cosines + 0.4 * bm25 / (scale * max(words, 1))


def fixed(scale: float, cosines: Scores, bm25: Scores, words: int) -> Scores:
    """One scale for all queries."""
    del words
    return cosines + 0.4 * bm25 / scale


def reciprocal(k: int, cosines: Scores, bm25: Scores, words: int) -> Scores:
    """Reciprocal ranks (Cormack, Clarke and Buettcher 2009)."""
    del words
    ranks = [np.argsort(np.argsort(-one, kind="stable")) + 1.0 for one in (cosines, bm25)]
    return 1 / (k + ranks[0]) + np.where(bm25 > 0, 1 / (k + ranks[1]), 0.0)


def fusions() -> Iterator[tuple[str, Fusion]]:
    """Ways to join, by name."""
    yield "dense alone", partial(convex, 0.0)
    yield "lexical alone", partial(convex, 1e6)
    for weight in (0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6):
        yield f"cosine + {weight} bm25/best", partial(convex, weight)
    for share in (0.5, 0.6, 0.7, 0.8):
        yield f"theoretical minimum and best, cosine {share}", partial(least_and_best, share)
        yield f"min-max, cosine {share}", partial(normalised, min_max, share)
        yield f"z-score, cosine {share}", partial(normalised, z_score, share)
    for scale in (1.0, 1.5, 2.0, 3.0):
        yield f"cosine + 0.4 bm25/({scale} x words)", partial(per_word, scale)
    for scale in (15, 20, 30, 40):
        yield f"cosine + 0.4 bm25/{scale}", partial(fixed, scale)
    for k in (10, 60):
        yield f"rrf, k {k}", partial(reciprocal, k)


def other_bm25(one: Set, k1: float, b: float) -> Pools:
    """BM25 with other constants over FTS5's own stems, as another engine would have it."""
    rows = one.snapshot.passages(one.ids.tolist())
    passages = _stems([f"{row.title}\n{' '.join(row.headings)}\n{row.text}" for row in rows])
    asked = _stems([" ".join(query_terms(one.judged.queries[query])) for query in one.queries])
    columns: dict[str, int] = {}
    cells = [(row, columns.setdefault(stem, len(columns))) for row, stems in enumerate(passages) for stem in stems]
    place = np.array(cells).T
    counts = coo_matrix((np.ones(len(cells)), place), shape=(len(rows), len(columns))).tocsr().tocoo()
    lengths = np.bincount(place[0], minlength=len(rows))
    having = np.bincount(counts.col, minlength=len(columns))
    rarity = np.maximum(np.log((len(rows) - having + 0.5) / (having + 0.5)), 1e-6)
    norms = counts.data + k1 * (1 - b + b * lengths[counts.row] / lengths.mean())
    weights = coo_matrix((counts.data * (k1 + 1) / norms * rarity[counts.col], (counts.row, counts.col)), counts.shape)
    by_column = weights.tocsc()
    pools = []
    for stems in asked:
        chosen = [columns[stem] for stem in set(stems) if stem in columns]
        scores = np.asarray(by_column[:, chosen].sum(axis=1)).ravel()
        order = np.argsort(-scores, kind="stable")[:MOST]
        pools.append({int(row): float(scores[row]) for row in order if scores[row] > 0})
    return pools


def _stems(texts: Sequence[str]) -> list[list[str]]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE VIRTUAL TABLE f USING fts5(t, tokenize='porter unicode61')")
        connection.executemany("INSERT INTO f(rowid, t) VALUES (?, ?)", enumerate(texts))
        connection.execute("CREATE VIRTUAL TABLE v USING fts5vocab(f, 'instance')")
        stems: list[list[str]] = [[] for _ in texts]
        for stem, row in connection.execute("SELECT term, doc FROM v"):
            stems[row].append(stem)
    return stems


def feedback(one: Set, passages: int, weight: float) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Cosines after the nearest passages were added to the query (Rocchio 1971)."""
    nearest = np.argsort(-one.cosines, axis=1)[:, :passages]
    moved = one.query_vectors + weight * one.vectors[nearest].mean(axis=1)
    moved /= np.linalg.norm(moved, axis=1, keepdims=True)
    cosines: np.ndarray[tuple[int, int], np.dtype[np.float32]] = moved @ one.vectors.T
    return cosines


def measured(sets: Sequence[Set]) -> Iterator[tuple[str, list[float]]]:
    """Variants by name, with a figure a set. All start from what ships but for what their name says."""
    shipped = partial(convex, 0.4)
    pools = [one.lexical(shipped_words, (), MOST) for one in sets]
    for name, fusion in fusions():
        yield name, [one.quality(pool, fusion, 200) for one, pool in zip(sets, pools, strict=True)]
    for k in (50, 100, 400):
        yield f"{k} candidates", [one.quality(pool, shipped, k) for one, pool in zip(sets, pools, strict=True)]
    yield "stop words looked up", [one.quality(one.lexical(every_word, (), MOST), shipped, 200) for one in sets]
    for columns in ((2, 1, 1), (3, 1, 1), (5, 1, 1), (0.5, 0.5, 1)):
        name = "title, headings, text weigh {}, {}, {}".format(*columns)
        yield name, [one.quality(one.lexical(shipped_words, columns, MOST), shipped, 200) for one in sets]
    for k1, b in ((1.2, 0.75), (0.8, 0.75), (1.5, 0.75), (2.0, 0.75), (0.9, 0.4), (1.2, 0.5), (1.2, 0.9)):
        yield f"k1 {k1}, b {b}", [one.quality(other_bm25(one, k1, b), shipped, 200) for one in sets]
    for passages, weight in ((3, 0.3), (5, 0.5), (10, 0.3)):
        yield (
            f"feedback of {passages} passages, weight {weight}",
            [
                one.quality(pool, shipped, 200, feedback(one, passages, weight))
                for one, pool in zip(sets, pools, strict=True)
            ],
        )


def main() -> int:
    """Prints and keeps a line a variant."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, required=True, help="folder for the collections, reused by the next run")
    parser.add_argument("--out", type=Path, default=Path("build/first-stage.jsonl"))
    arguments = parser.parse_args()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    encoder = BiEncoder.load()
    with ExitStack() as stack, arguments.out.open("w", encoding="utf-8") as file:
        sets = [stack.enter_context(loaded(name, arguments.keep, encoder)) for name in LIMITS]
        for name, figures in measured(sets):
            by_set = {one.name: round(figure, 4) for one, figure in zip(sets, figures, strict=True)}
            line = json.dumps({"variant": name, "mean": round(float(np.mean(figures)), 4), **by_set})
            print(line, flush=True)
            file.write(line + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
