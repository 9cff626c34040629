"""Which candidates are reranked, and what counts for how much, chosen on the token codes that collections keep.

    python -m benchmarks.rerank_pool --keep DIR [--data NAME ...] [--checks NAME ...] [--encoder MODEL] [--out FILE]

Every query's pool is searched once, and each candidate's codes compared once; then each choice orders the candidates:
nDCG@10 of documents, of evidence pages for financebench, of answer spans for chunking-eval. A choice is a pool (the
first of hybrid, or those with the best of each retriever), a depth and a blend. `left out` is what the choice that the
other sets make by their mean, of those that cost none of them more than SAFE, gives on the set left out. The checks
choose nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets import beir, chunking_eval, documents_of, financebench
from benchmarks.first_stage_sets import ndcg
from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval import BiEncoder, Hit, Stage, Syntax
from passagework.retrieval.evaluation.judged import Judged, JudgedDocuments
from passagework.retrieval.evaluation.judged_places import JudgedPlaces
from passagework.retrieval.folder import current_version
from passagework.retrieval.late_interaction.kept_tokens import content_word_tokens
from passagework.retrieval.late_interaction.late_interaction import BLEND, DEPTH, SHARPNESS
from passagework.retrieval.late_interaction.stored_tokens import StoredTokens
from passagework.retrieval.lexical.common_words import CommonWords
from passagework.retrieval.models.reranker_input import reranker_text_of
from passagework.retrieval.plan import Blend, FusionWeights
from passagework.retrieval.search.second_stage import OF_EACH
from passagework.retrieval.store import Snapshot, Store
from passagework.retrieval.words.folding import folded

SETS = ("scifact", "cranfield", "squad-dev", "financebench", "chunking-eval")
"""What the choice is made on."""

EVERY = {"squad-dev": 21, "xquad-en": 4, "xquad-de": 4, "xquad-th": 4}
"""Of a set's queries every so many, where not all."""

POOL = 400
"""Candidates of a query that are compared: both retrievers' 200."""

LOOKED_AT = 60
"""Candidates among which the first 10 documents or places are."""

SAFE = 0.003
"""nDCG@10 that a choice may cost a set against hybrid."""

NOT_FOUND = 10**6
"""The rank of what a retriever did not find."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Candidates:
    """A query's pool as hybrid has it: the scores and ranks of each, and the best cosines (tokens, candidates)."""

    things: Sequence[Sequence[str]]
    grades: Mapping[str, int]
    dense: Numbers
    bm25: Numbers
    ranks: NDArray[np.int64]
    best: NDArray[np.float32]
    weights: FusionWeights
    best_bm25: float


@dataclass(frozen=True, slots=True)
class Choice:
    """Says how many candidates are read; `of_each` 0 takes the first of hybrid alone, else see `OF_EACH`."""

    depth: int = DEPTH
    of_each: int = OF_EACH
    lexical: float = BLEND.lexical
    reranked: float = BLEND.reranked
    sharpness: float = SHARPNESS

    def order(self, pool: Candidates) -> NDArray[np.int64]:
        """Returns the places of those that are read, best first, and behind them the others as they were."""
        places = np.arange(1, len(pool.dense) + 1, dtype=np.float64)
        if self.of_each:
            places = np.minimum(places, self.of_each * pool.ranks.min(axis=0))
        read = np.sort(np.argsort(places, kind="stable")[: self.depth])
        blend = Blend(lexical=self.lexical, reranked=self.reranked).following(pool.weights)
        late = np.mean(np.clip(pool.best[:, read], 0, 1) ** self.sharpness, axis=0) if len(pool.best) else 0.0
        scale = blend.lexical / pool.best_bm25 if pool.best_bm25 > 0 else 0.0
        scores = blend.dense * pool.dense[read] + scale * pool.bm25[read] + blend.reranked * late
        return np.append(
            read[np.argsort(-scores.round(6), kind="stable")], np.setdiff1d(np.arange(len(pool.dense)), read)
        )


def choices() -> list[Choice]:
    """Returns the pools at the shipped blend, then the grid of blends at four of them."""
    pools = [Choice(depth, of_each) for depth in (10, 20, 50, 100) for of_each in (0, 2, 5, 10)]
    weights = product((0.1, 0.2, 0.3, 0.4), (0.4, 0.8, 1.2, 1.6, 2.0), (1.0, 1.5, 2.0))
    grid = product((20, 50), (0, OF_EACH), weights)
    return list(dict.fromkeys([*pools, *(Choice(depth, of_each, *one) for depth, of_each, one in grid)]))


def judged_of(name: str, collection: Collection) -> Judged:
    """What is judged of a set, in a collection of it."""
    if name in ("financebench", "chunking-eval"):
        judgments = financebench() if name == "financebench" else chunking_eval()
        return JudgedPlaces(collection, judgments, name=name)
    return JudgedDocuments(beir(name, every=EVERY.get(name, 1)))


def pools_of(name: str, keep: Path, encoder: BiEncoder) -> list[Candidates]:
    """Returns the pools of a set's queries; its collection in `keep`, or its token codes, are made where missing."""
    folder = keep / name
    ingest([documents_of(name)], folder, encoder=encoder)
    with (
        Collection.open(folder, encoder=encoder) as collection,
        Store.open(current_version(folder) / "store.db") as store,
        store.read() as snapshot,
    ):
        judged = judged_of(name, collection)
        compared = Compared(snapshot, encoder)
        return [candidates(collection, judged, query, compared) for query in judged.queries]


class Compared:
    """Compares queries with the codes that a collection keeps, as the reranker does."""

    def __init__(self, snapshot: Snapshot, encoder: BiEncoder) -> None:
        stored = StoredTokens.of(snapshot)
        if stored is None:
            sys.exit("the collection keeps no token codes: ingest it anew")
        self._stored = stored
        self._encoder = encoder
        self._is_common = CommonWords(snapshot)

    def best(self, query: str, hits: Sequence[Hit]) -> NDArray[np.float32]:
        """Returns (tokens, hits): the best cosine of each of the query's tokens that count."""
        text = folded(query)
        tokens = self._encoder.tokenize_whole([text], query=True)[0]
        ids = tokens.ids[: self._encoder.query_budget]
        (vectors,) = self._encoder.encode_token_vectors([ids], query=True)
        vectors = vectors[content_word_tokens(text, tokens, self._is_common)[: len(ids)]]
        texts = [reranker_text_of(hit) for hit in hits]
        found = self._stored.best_cosines(vectors, texts)
        return np.stack([found[text].cosines for text in texts], axis=1)


def candidates(collection: Collection, judged: Judged, query: str, compared: Compared) -> Candidates:
    """Searches a query's pool, and compares it."""
    text = judged.queries[query]
    hits = collection.search(
        text,
        k=POOL,
        stage=Stage.HYBRID,
        per_document=judged.per_document,
        relevance=False,
        copies="keep",
        syntax=Syntax.PLAIN,
    )
    found = {stage: [hit.stages.get(stage) for hit in hits] for stage in (Stage.DENSE, Stage.LEXICAL)}
    dense, bm25 = (np.array([one.score if one else 0.0 for one in scores]) for scores in found.values())
    ranks = np.array([[one.rank if one else NOT_FOUND for one in scores] for scores in found.values()])
    return Candidates(
        things=[[thing for thing, _ in judged.things(query, [hit])] for hit in hits],
        grades=judged.qrels[query],
        dense=dense,
        bm25=bm25,
        ranks=ranks,
        best=compared.best(text, hits),
        weights=hits.plan.weights or FusionWeights(),
        best_bm25=hits.plan.best_bm25 or 0.0,
    )


def value(pool: Candidates, order: Sequence[int] | NDArray[np.int64]) -> tuple[float, float]:
    """Returns nDCG@10 of candidates in an order, and whether one of the first 10 things is relevant."""
    things = list(dict.fromkeys(thing for place in order[:LOOKED_AT] for thing in pool.things[place]))
    grades = [pool.grades.get(thing, 0) for thing in things[:10]]
    return ndcg(grades, list(pool.grades.values())), float(any(grade > 0 for grade in grades))


def means(pools: Sequence[Candidates], choice: Choice | None) -> tuple[float, float]:
    """Returns both on the mean of a set; without a choice, of hybrid."""
    values = [value(pool, range(len(pool.dense)) if choice is None else choice.order(pool)) for pool in pools]
    ndcg_10, found = np.mean(values, axis=0)
    return float(ndcg_10), float(found)


def left_out(
    table: Mapping[Choice, Mapping[str, float]], hybrid: Mapping[str, float], names: Sequence[str]
) -> dict[str, dict[str, object]]:
    """Returns by set the choice that the others make, and what it gives there."""
    chosen: dict[str, dict[str, object]] = {}
    for name in names:
        others = [other for other in names if other != name]
        safe = [one for one in table if all(table[one][other] >= hybrid[other] - SAFE for other in others)]
        best = max(safe or table, key=lambda one: sum(table[one][other] for other in others))
        chosen[name] = {"chosen": asdict(best), "hybrid": hybrid[name], "rerank": table[best][name]}
    return chosen


def main() -> int:
    """Prints a line a set, and what the sets choose; keeps all of it in a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, required=True, help="folder for the collections, reused by the next run")
    parser.add_argument("--data", nargs="+", default=list(SETS), choices=SETS)
    parser.add_argument("--checks", nargs="*", default=[], help="more sets in BEIR layout, that choose nothing")
    parser.add_argument("--encoder", help="another encoder than the default one")
    parser.add_argument("--out", type=Path, default=Path("build/rerank_pool.json"))
    arguments = parser.parse_args()
    encoder = BiEncoder.load(arguments.encoder)
    hybrid: dict[str, float] = {}
    table: dict[Choice, dict[str, float]] = {choice: {} for choice in choices()}
    for name in [*arguments.data, *arguments.checks]:
        pools = pools_of(name, arguments.keep, encoder)
        hybrid[name], found = means(pools, None)
        print(name, "hybrid", round(hybrid[name], 4), "in the first 10", round(found, 4))
        for choice, row in table.items():
            row[name], found = means(pools, choice)
            if choice == Choice():
                print(name, "shipped", round(row[name], 4), "in the first 10", round(found, 4), flush=True)
    ranked = sorted(table, key=lambda one: -sum(table[one][name] for name in arguments.data))
    out = {
        "hybrid": hybrid,
        "left out": left_out(table, hybrid, arguments.data),
        "choices": [{**asdict(choice), "values": table[choice]} for choice in ranked],
    }
    print(json.dumps(out["left out"], indent=1))
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
