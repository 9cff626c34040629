"""Late interaction as a third retriever: what it would find that the two there are don't.

    python -m benchmarks.late_retriever --keep DIR [--data NAME ...] [--queries 100] [--encoder MODEL]

Every passage of a collection is compared with each query by its token codes, as no engine's candidates could be better,
and ranked: alone, as one of the retrievers whose best are reranked, and added to the first stage's scores of every
passage. Prints for each set nDCG@10 and recall@100 of documents (answer spans of chunking-eval, pages of financebench).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import rerank_pool
from benchmarks.rerank_pool import SETS, Candidates, Choice, Compared, candidates, judged_of, value
from passagework import Collection
from passagework.retrieval import BiEncoder
from passagework.retrieval.folder import current_version
from passagework.retrieval.late_interaction.late_interaction import BLEND, SHARPNESS
from passagework.retrieval.store import Store

EVERY_PASSAGE = 1_000_000
"""As many candidates as there can be."""

Order = NDArray[np.int64]


def orders(pool: Candidates) -> Iterator[tuple[str, Order]]:
    """Yields the names of what is compared, each with the order of a query's passages."""
    late = np.mean(np.clip(pool.best, 0, 1) ** SHARPNESS, axis=0) if len(pool.best) else np.zeros(len(pool.dense))
    by_late = np.argsort(-late.round(6), kind="stable")
    ranks = np.empty(len(late), np.int64)
    ranks[by_late] = np.arange(1, len(late) + 1)
    blend = BLEND.following(pool.weights)
    scale = blend.lexical / pool.best_bm25 if pool.best_bm25 > 0 else 0.0
    everywhere = blend.dense * pool.dense + scale * pool.bm25 + blend.reranked * late
    yield "dense", np.argsort(-pool.dense, kind="stable")
    yield "hybrid", np.arange(len(pool.dense))
    yield "late interaction", by_late
    yield "rerank", Choice().order(pool)
    yield "rerank, late interaction retrieves too", Choice().order(replace(pool, ranks=np.vstack([pool.ranks, ranks])))
    yield "all three, of every passage", np.argsort(-everywhere.round(6), kind="stable")


def recall(pool: Candidates, order: Order, depth: int = 100) -> float:
    """Returns the share of a query's relevant things that are among the first so many."""
    first = set(list(dict.fromkeys(thing for place in order for thing in pool.things[place]))[:depth])
    relevant = [thing for thing, grade in pool.grades.items() if grade > 0]
    return sum(thing in first for thing in relevant) / max(1, len(relevant))


def measure(name: str, folder: Path, encoder: BiEncoder, queries: int) -> dict[str, tuple[float, float]]:
    """Returns nDCG@10 and recall@100 of each order on the mean of so many queries, evenly spaced."""
    found: dict[str, list[tuple[float, float]]] = {}
    with (
        Collection.open(folder, encoder=encoder) as collection,
        Store.open(current_version(folder) / "store.db") as store,
        store.read() as snapshot,
    ):
        judged, compared = judged_of(name, collection), Compared(snapshot, encoder)
        asked = list(judged.queries)
        for query in asked[:: max(1, len(asked) // queries)]:
            pool = candidates(collection, judged, query, compared)
            for order_name, order in orders(pool):
                found.setdefault(order_name, []).append((value(pool, order)[0], recall(pool, order)))
    return {order_name: tuple(np.mean(values, axis=0).tolist()) for order_name, values in found.items()}


def main() -> None:
    """Prints a line for each set and order."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, required=True, help="folder with the collections of `rerank_pool`")
    parser.add_argument("--data", nargs="+", default=list(SETS), choices=SETS)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--encoder", help="another encoder than the default one")
    arguments = parser.parse_args()
    rerank_pool.POOL = EVERY_PASSAGE
    encoder = BiEncoder.load(arguments.encoder)
    for name in arguments.data:
        for order_name, (ndcg, found) in measure(name, arguments.keep / name, encoder, arguments.queries).items():
            print(f"{name} | {order_name} | {ndcg:.4f} | {found:.4f}", flush=True)


if __name__ == "__main__":
    main()
