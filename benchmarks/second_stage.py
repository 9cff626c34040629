"""The default rerank stage against hybrid on five sets, as `evaluate` measures both; then its parts, one by one.

    python -m benchmarks.second_stage --keep DIR [--data NAME ...] [--parts] [--token-bits 4,2] [--out FILE.json]

nDCG@10 of documents (of answer spans for chunking-eval), for FinanceBench the share of questions with an evidence page
in the first 10 places; p by a paired randomisation test. With --parts, each part is tried alone on the same candidates,
and the weights that the other four sets would have chosen are tried on the fifth: no set tunes itself. With
--token-bits, the shipped weights are tried on token vectors as a collection keeps them, in so many bits a coordinate,
beside the vectors themselves; nothing else is measured then.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text as sql

from benchmarks.datasets import documents_of
from benchmarks.first_stage_sets import LIMITS, Set, judged_of, loaded, ndcg, shipped_words
from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval import BiEncoder, Stage
from passagework.retrieval.config import CANDIDATES, CONVEX_WEIGHT
from passagework.retrieval.evaluation import evaluate
from passagework.retrieval.evaluation.compare import p_value
from passagework.retrieval.late_interaction.codec import LEVELS, TokenCodec
from passagework.retrieval.late_interaction.late_interaction import BLEND, DEPTH, SHARPNESS
from passagework.retrieval.late_interaction.stored_tokens import new_record
from passagework.retrieval.lexical.bm25 import content_words
from passagework.retrieval.models.reranker_input import reranker_text_of
from passagework.retrieval.store import Snapshot

MOST = 100
"""Candidates of a query whose token vectors are read."""

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Asked:
    """A query with its candidates, best first as hybrid has them; `best` is (tokens, first MOST candidates)."""

    query: str
    candidates: NDArray[np.int64]
    cosines: Scores
    bm25: Scores
    best: NDArray[np.float32]
    rarity: Scores
    """Of the word that each token belongs to; 0 for a stop word's and for punctuation."""
    coded: Mapping[int, NDArray[np.float32]]
    """As `best`, of token vectors in so many bits a coordinate."""


@dataclass(frozen=True, slots=True)
class Variant:
    """Weights, and how a token's weight follows from its word's rarity."""

    weighting: str = "stop words"
    sharpness: float = SHARPNESS
    lexical: float = BLEND.lexical
    reranked: float = BLEND.reranked
    depth: int = DEPTH

    def order(self, one: Asked) -> NDArray[np.int64]:
        """The candidates, the first `depth` of them in a new order."""
        depth = min(self.depth, one.best.shape[1])
        weights = {
            "none": np.ones(len(one.rarity)),
            "stop words": (one.rarity > 0).astype(np.float64),
            "root": np.sqrt(one.rarity),
            "whole": one.rarity,
        }[self.weighting]
        if not weights.any():
            weights = np.ones(len(one.rarity))
        late = np.zeros(depth)
        if len(weights):
            late = (weights / weights.sum()) @ np.clip(one.best[:, :depth], 0, 1).astype(np.float64) ** self.sharpness
        scores = one.cosines[:depth] + self.lexical * one.bm25[:depth] + self.reranked * late
        return np.concatenate([one.candidates[:depth][np.argsort(-scores, kind="stable")], one.candidates[depth:]])


def asked(one: Set, encoder: BiEncoder, bits: Sequence[int] = ()) -> Iterator[Asked]:
    """Every query with what the second stage knows of its candidates; of token vectors in so many `bits` too."""
    rows = {row.id: row for row in one.snapshot.passages(one.ids.tolist())}
    vectors: dict[int, NDArray[np.float16]] = {}
    codecs = {width: TokenCodec(new_record(encoder).dim, width) for width in bits}
    codes: dict[int, dict[int, bytes]] = {width: {} for width in bits}
    for place, (query, pool) in enumerate(zip(one.queries, one.lexical(shipped_words, (), CANDIDATES), strict=True)):
        candidates, cosines, bm25 = one.fused(place, pool, CANDIDATES)
        missing = [int(found) for found in candidates[:MOST] if int(found) not in vectors]
        texts = [reranker_text_of(rows[int(one.ids[found])]) for found in missing]
        ids = [tokens.ids[: encoder.passage_budget] for tokens in encoder.tokenize(texts)]
        for found, own in zip(missing, encoder.encode_token_vectors(ids), strict=True):
            vectors[found] = own.astype(np.float16)
            for width, codec in codecs.items():
                codes[width][found] = codec.encode(own)
        text = one.judged.queries[query]
        tokens = encoder.tokenize([text])[0]
        read = tokens.ids[: encoder.query_budget]
        (vector,) = encoder.encode_token_vectors([read], query=True)
        best = [(vector @ vectors[int(found)].astype(np.float32).T).max(axis=1) for found in candidates[:MOST]]
        coded = {}
        for width, codec in codecs.items():
            there = [codes[width][int(found)] for found in candidates[:MOST]]
            products = codec.products(codec.rotate(vector), there)
            coded[width] = np.stack([cosines.max(axis=1) for cosines in products], axis=1)
        rarity = np.zeros(len(tokens))
        for word in content_words(text):
            inside = (tokens.starts < word.end()) & (tokens.ends > word.start())
            rarity[inside] = word_rarity(one.snapshot, word[0])
        yield Asked(query, candidates, cosines, bm25, np.stack(best, axis=1), rarity[: len(read)], coded)


def word_rarity(snapshot: Snapshot, word: str) -> float:
    """The word's inverse document frequency, ln(1 + (n - df + 0.5) / (df + 0.5)), passages being the documents."""
    count = sql("SELECT count(*) FROM passages_fts WHERE passages_fts MATCH :word")
    holding = snapshot.connection.execute(count, {"word": f'"{word}"'}).scalar_one()
    return math.log1p((snapshot.passage_count() - holding + 0.5) / (holding + 0.5))


def value(one: Set, query: str, order: NDArray[np.int64]) -> float:
    """nDCG@10, or whether an evidence page is in the first 10 places."""
    grades = one.judged.qrels[query]
    names = [name for name, _ in one.judged.things(query, [one.hits[found] for found in order[:MOST]])]
    if one.name == "financebench":
        return float(any(grades.get(name, 0) > 0 for name in names[:10]))
    return ndcg([grades.get(name, 0) for name in names], list(grades.values()))


def variants() -> list[Variant]:
    """Each part alone and changed, and the grid that weights are chosen from."""
    ablation = [
        Variant(weighting="none"),
        Variant(weighting="root"),
        Variant(weighting="whole"),
        Variant(sharpness=1),
        Variant(sharpness=3),
        Variant(lexical=0.0),
        Variant(lexical=CONVEX_WEIGHT),
        Variant(reranked=0.0),
        Variant(reranked=100.0, lexical=0.0),
        *(Variant(depth=depth) for depth in (10, 20, 50, 100)),
    ]
    weightings, sharpnesses = ("stop words", "root", "whole"), (1, 2, 3)
    lexical, reranked = (0.1, 0.2, 0.3, 0.4), (0.8, 1.2, 1.6, 2.0)
    return [Variant(), *ablation, *(Variant(*one) for one in product(weightings, sharpnesses, lexical, reranked))]


def measured(name: str, keep: Path) -> dict[str, object]:
    """The shipped stages, through a collection."""
    encoder = BiEncoder.load()
    folder = keep / f"{name}-200-32"
    ingest([documents_of(name)], folder, encoder=encoder)
    with Collection.open(folder, encoder=encoder) as collection:
        measure = "Success@10" if name == "financebench" else "nDCG@10"
        found = evaluate(collection, judged_of(name, collection), stages=["hybrid", "rerank"], measures=[measure])
    hybrid, rerank = (found.stages[stage] for stage in (Stage.HYBRID, Stage.RERANK))
    pairs = [(rerank.per_query[measure][one], hybrid.per_query[measure][one]) for one in found.queries]
    return {
        "data": name,
        "queries": len(found.queries),
        "hybrid": round(hybrid.means[measure], 4),
        "rerank": round(rerank.means[measure], 4),
        "p": round(p_value(np.array([a - b for a, b in pairs])), 4),
        "ms_p50": {"hybrid": round(hybrid.ms_p50, 1), "rerank": round(rerank.ms_p50, 1)},
        "ms_p95": {"hybrid": round(hybrid.ms_p95, 1), "rerank": round(rerank.ms_p95, 1)},
    }


def by_bits(name: str, keep: Path, bits: Sequence[int]) -> dict[str, object]:
    """Means of the shipped weights on a set: hybrid, of the token vectors themselves, and of coded ones by bits."""
    encoder, shipped = BiEncoder.load(), Variant()
    with loaded(name, keep, encoder) as one:
        queries = list(asked(one, encoder, bits))
        orders: dict[str, list[NDArray[np.int64]]] = {
            "hybrid": [query.candidates for query in queries],
            "as they are": [shipped.order(query) for query in queries],
        }
        for width in bits:
            orders[f"{width} bits"] = [shipped.order(replace(query, best=query.coded[width])) for query in queries]
        values = {
            key: [value(one, query.query, order) for query, order in zip(queries, found, strict=True)]
            for key, found in orders.items()
        }
    exact = values["as they are"]
    changed = {key: sum(a != b for a, b in zip(found, exact, strict=True)) for key, found in values.items()}
    means = {key: round(float(np.mean(found)), 4) for key, found in values.items()}
    return {"data": name, "queries": len(queries), **means, "queries that differ": changed}


def parts(names: Sequence[str], keep: Path) -> dict[str, object]:
    """Means by variant and set, and what leaving one set out chooses for it."""
    means: dict[Variant, dict[str, float]] = {one: {} for one in variants()}
    base: dict[str, float] = {}
    encoder = BiEncoder.load()
    for name in names:
        with loaded(name, keep, encoder) as one:
            queries = list(asked(one, encoder))
            base[name] = float(np.mean([value(one, query.query, query.candidates) for query in queries]))
            for variant, found in means.items():
                found[name] = float(np.mean([value(one, query.query, variant.order(query)) for query in queries]))
    grid = variants()[1:]
    left_out = {}
    for name in names:
        others = [other for other in names if other != name]
        safe = [one for one in grid if one.depth == DEPTH and all(means[one][o] > base[o] - 0.003 for o in others)]
        chosen = max(safe or grid, key=lambda one: float(np.mean([means[one][other] for other in others])))
        left_out[name] = {"chosen": str(chosen), "hybrid": base[name], "rerank": means[chosen][name]}
    return {"hybrid": base, "left out": left_out, "variants": {str(one): found for one, found in means.items()}}


def main() -> int:
    """Prints a line a set, then the parts; keeps all of it in a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, required=True, help="folder for the collections, reused by the next run")
    parser.add_argument("--data", nargs="+", default=list(LIMITS), choices=list(LIMITS))
    parser.add_argument("--parts", action="store_true", help="the ablation as well")
    bits = parser.add_argument("--token-bits", help="bits of coded token vectors, such as 4,2; measures them alone")
    parser.add_argument("--out", type=Path, default=Path("build/second_stage.json"))
    arguments = parser.parse_args()
    if arguments.token_bits is not None:
        try:
            widths = [int(one) for one in arguments.token_bits.split(",")]
        except ValueError:
            widths = [0]
        if not set(widths) <= set(LEVELS):
            parser.error(f"argument {bits.option_strings[0]}: give some of {', '.join(map(str, LEVELS))}")
        coded = []
        for name in arguments.data:
            coded.append(by_bits(name, arguments.keep, widths))
            print(json.dumps(coded[-1]), flush=True)
        written(arguments.out, {"token bits": coded})
        return 0
    out: dict[str, object] = {"shipped": []}
    shipped = []
    for name in arguments.data:
        shipped.append(measured(name, arguments.keep))
        print(json.dumps(shipped[-1]), flush=True)
    out["shipped"] = shipped
    if arguments.parts:
        out["parts"] = parts(arguments.data, arguments.keep)
        print(json.dumps(out["parts"], indent=1))
    written(arguments.out, out)
    return 0


def written(path: Path, out: dict[str, object]) -> None:
    """Keeps what was measured in a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
