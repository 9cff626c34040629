"""Token vectors as a collection could keep them, each variant tried by the order that reranking gives on several sets.

    python -m benchmarks.token_codes --keep DIR [--data NAME ...] [--encoder MODEL] [--documents N]
        [--out FILE.json]

For every query the best of hybrid are searched once, and the token vectors of those passages encoded once (kept in DIR
for the next run). Then each variant drops tokens, joins similar ones and codes the rest, and the passages are ordered
by the shipped blend: nDCG@10 of documents, of evidence pages for financebench, of answer spans for chunking-eval.
`left out` is the variant that the other sets choose by their mean, and its value on the set left out. Depths and blends
are chosen by `benchmarks.rerank_pool`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from benchmarks.datasets import beir, chunking_eval, documents_of, financebench
from benchmarks.first_stage_sets import ndcg
from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval import BiEncoder, Hit, Stage
from passagework.retrieval.evaluation.judged import Judged, JudgedDocuments
from passagework.retrieval.evaluation.judged_places import JudgedPlaces
from passagework.retrieval.folder import current_version
from passagework.retrieval.late_interaction.codec import LEVELS, TokenCodec
from passagework.retrieval.late_interaction.kept_tokens import content_word_tokens
from passagework.retrieval.late_interaction.late_interaction import BLEND, DEPTH, SHARPNESS
from passagework.retrieval.lexical.common_words import CommonWords
from passagework.retrieval.models.reranker_input import reranker_text_of
from passagework.retrieval.plan import FusionWeights
from passagework.retrieval.store import Store
from passagework.retrieval.types import Vectors

EVERY = {"scifact": 5, "cranfield": 1, "squad-dev": 21, "financebench": 1, "chunking-eval": 6}
"""Of a set's queries every so many."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Asked:
    """A query: its hits as hybrid has them, the weights of both retrievers, and `vectors` of its content words."""

    query: str
    hits: Sequence[Hit]
    weights: FusionWeights
    best_bm25: float
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class TokenSet:
    """A set's queries, and by passage the vectors of its tokens (fp16) and which of them are of content words."""

    name: str
    judged: Judged
    queries: Sequence[Asked]
    vectors: Mapping[int, NDArray[np.float16]]
    content: Mapping[int, Mask]


@dataclass(frozen=True, slots=True)
class Variant:
    """Says what is kept: of `content` words or of all, one vector for each `pooled`, in `bits`; 32 is as they are."""

    bits: int = 32
    content: bool = False
    pooled: int = 1

    def __str__(self) -> str:
        bits = "as they are" if self.bits == 32 else f"{self.bits} bits" if self.bits > 1 else "1 bit"
        kept = "content words" if self.content else "all tokens"
        return f"{bits}, {kept}" + (f", joined by {self.pooled}" if self.pooled > 1 else "")


def variants() -> list[Variant]:
    """Returns what is tried, the vectors themselves first."""
    plain = [Variant(bits, content) for bits, content in product((32, 4, 2, 1), (False, True))]
    return plain + [Variant(1, content, by) for by in (2, 3) for content in (False, True)]


def token_set(name: str, keep: Path, encoder: BiEncoder, depth: int, documents: int | None) -> TokenSet:
    """Returns a set with what variants are tried on, of `depth` hits a query, encoded now or by an earlier run."""
    folder = keep / name
    if not folder.exists():
        ingest([_corpus(name, keep / f"{name}.jsonl", documents)], folder, encoder=encoder)
    with Collection.open(folder, encoder=encoder) as collection:
        judged = _judged(name, collection)
        with Store.open(current_version(folder) / "store.db") as store, store.read() as snapshot:
            common = CommonWords(snapshot)
            queries = [_asked(collection, judged, encoder, query, depth, common) for query in judged.queries]
    texts = {hit.id: reranker_text_of(hit) for asked in queries for hit in asked.hits}
    vectors = _vectors(keep / f"{name}.npz", encoder, texts)
    tokens = dict(zip(texts, encoder.tokenize_whole(list(texts.values())), strict=True))
    content = {
        passage: content_word_tokens(text, tokens[passage])[: len(vectors[passage])] for passage, text in texts.items()
    }
    return TokenSet(name, judged, queries, vectors, content)


def _corpus(name: str, sample: Path, documents: int | None) -> Path:
    """Returns what is ingested: of records, where so many are asked for, all that are judged and then the first."""
    whole = documents_of(name)
    if documents is None or whole.suffix != ".jsonl":
        return whole
    judged = {document for grades in beir(name, every=EVERY[name]).qrels.values() for document in grades}
    lines = whole.read_text(encoding="utf-8").splitlines(keepends=True)
    lines.sort(key=lambda line: json.loads(line)["_id"] not in judged)
    sample.write_text("".join(lines[: max(documents, len(judged))]), encoding="utf-8")
    return sample


def _judged(name: str, collection: Collection) -> Judged:
    if name == "financebench":
        return JudgedPlaces(collection, financebench(), name=name)
    if name == "chunking-eval":
        judgments = chunking_eval()
        questions = list(dict.fromkeys(judgment.query for judgment in judgments))[:: EVERY[name]]
        chosen = set(questions)
        return JudgedPlaces(collection, [one for one in judgments if one.query in chosen], name=name)
    return JudgedDocuments(beir(name, every=EVERY[name]))


def _asked(
    collection: Collection,
    judged: Judged,
    encoder: BiEncoder,
    query: str,
    depth: int,
    is_common: Callable[[str], bool],
) -> Asked:
    text = judged.queries[query]
    hits = collection.search(text, k=depth, stage=Stage.HYBRID, per_document=judged.per_document)
    tokens = encoder.tokenize_whole([text], query=True)[0]
    ids = tokens.ids[: encoder.query_budget]
    (vectors,) = encoder.encode_token_vectors([ids], query=True)
    mask = content_word_tokens(text, tokens, is_common)[: len(ids)]
    return Asked(query, list(hits), hits.plan.weights or FusionWeights(), hits.plan.best_bm25 or 0.0, vectors[mask])


def _vectors(path: Path, encoder: BiEncoder, texts: Mapping[int, str]) -> dict[int, NDArray[np.float16]]:
    """Returns the token vectors of the texts' first windows, in fp16."""
    if path.exists():
        kept = np.load(path)
        parts = np.split(kept["vectors"], np.cumsum(kept["counts"])[:-1])
        by_passage = dict(zip(kept["passages"].tolist(), parts, strict=True))
        if texts.keys() <= by_passage.keys():
            return by_passage
    ids = [tokens.ids[: encoder.passage_budget] for tokens in encoder.tokenize_whole(list(texts.values()))]
    matrices = [
        matrix.astype(np.float16)
        for start in range(0, len(ids), 64)
        for matrix in encoder.encode_token_vectors(ids[start : start + 64])
    ]
    counts = np.array([len(matrix) for matrix in matrices])
    np.savez(path, vectors=np.concatenate(matrices), counts=counts, passages=np.array(list(texts)))
    return dict(zip(texts, matrices, strict=True))


def pooled(vectors: Vectors, by: int) -> Vectors:
    """Returns the unit means of similar vectors, n / `by` of them (Ward 1963; Clavié et al. 2024)."""
    if len(vectors) <= by:
        return vectors
    groups = fcluster(linkage(vectors, "ward"), len(vectors) // by, "maxclust") - 1
    sums = np.zeros((groups.max() + 1, vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, groups, vectors)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.asarray(sums / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def best_cosines(one: TokenSet, variant: Variant) -> tuple[list[NDArray[np.float32]], float]:
    """Returns by query (tokens, hits) the best cosine in each, and the bytes of a passage on the mean."""
    dim = next(iter(one.vectors.values())).shape[1]
    codec = TokenCodec(dim, variant.bits) if variant.bits in LEVELS else None
    kept: dict[int, Vectors] = {}
    size = 0
    for passage in dict.fromkeys(hit.id for asked in one.queries for hit in asked.hits):
        chosen = one.vectors[passage].astype(np.float32)
        if variant.content:
            chosen = chosen[one.content[passage]]
        if variant.pooled > 1:
            chosen = pooled(chosen, variant.pooled)
        if codec is not None:
            coded = codec.encode(chosen)
            size += len(coded)
            chosen = codec.decode(coded)
        else:
            size += 4 * chosen.size
        kept[passage] = chosen
    out = []
    for asked in one.queries:
        query = asked.vectors if codec is None else codec.rotate(asked.vectors)
        parts = [kept[hit.id] for hit in asked.hits]
        starts = np.cumsum([0, *(len(part) for part in parts[:-1])])
        cosines = query @ np.concatenate(parts).T
        out.append(np.maximum.reduceat(cosines, starts, axis=1).astype(np.float32))
    return out, size / len(kept)


def mean_ndcg(one: TokenSet, best: Sequence[NDArray[np.float32]]) -> float:
    """Returns nDCG@10 of the set's queries, their hits in the order that these cosines give."""
    values = []
    for asked, cosines in zip(one.queries, best, strict=True):
        hits = _reranked(asked, cosines)
        grades = one.judged.qrels[asked.query]
        names = [name for name, _ in one.judged.things(asked.query, hits)]
        values.append(ndcg([grades.get(name, 0) for name in names], list(grades.values())))
    return float(np.mean(values))


def _reranked(asked: Asked, cosines: NDArray[np.float32]) -> list[Hit]:
    """Returns the hits best first, by the shipped blend; as they were, where there are no cosines."""
    if not cosines.size:
        return list(asked.hits)
    blend = BLEND.following(asked.weights)
    late = np.mean(np.clip(cosines, 0, 1) ** SHARPNESS, axis=0)
    scale = blend.lexical / asked.best_bm25 if asked.best_bm25 > 0 else 0.0
    scored = []
    for place, hit in enumerate(asked.hits):
        dense = hit.stages[Stage.DENSE].score if Stage.DENSE in hit.stages else 0.0
        words = hit.stages[Stage.LEXICAL].score if Stage.LEXICAL in hit.stages else 0.0
        scored.append((blend.dense * dense + scale * words + blend.reranked * float(late[place]), -place))
    return [asked.hits[-place] for _, place in sorted(scored, reverse=True)]


def left_out(table: Mapping[str, Mapping[str, float]], names: Sequence[str]) -> dict[str, dict[str, object]]:
    """Returns by set the row that the other sets choose by their mean, and its value on the set."""
    chosen = {}
    for name in names:
        others = [other for other in names if other != name]
        row = max(table, key=lambda key: float(np.mean([table[key][other] for other in others or [name]])))
        chosen[name] = {"chosen": row, "value": table[row][name]}
    return chosen


def main() -> int:
    """Prints a line a set and variant, then what leaving a set out chooses; keeps all of it in a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, required=True, help="folder for collections and token vectors, reused")
    parser.add_argument("--data", nargs="+", default=list(EVERY), choices=list(EVERY))
    parser.add_argument("--encoder", help="another encoder than the default one")
    parser.add_argument("--documents", type=int, help="so many records of a set that has records, judged ones first")
    parser.add_argument("--out", type=Path, default=Path("build/token_codes.json"))
    arguments = parser.parse_args()
    encoder = BiEncoder.load(arguments.encoder)
    table: dict[str, dict[str, float]] = {}
    sizes: dict[str, dict[str, float]] = {}
    arguments.keep.mkdir(parents=True, exist_ok=True)
    for name in arguments.data:
        one = token_set(name, arguments.keep, encoder, DEPTH, arguments.documents)
        empty = [np.empty((0, len(asked.hits)), np.float32) for asked in one.queries]
        table.setdefault("hybrid", {})[name] = mean_ndcg(one, empty)
        for variant in variants():
            best, size = best_cosines(one, variant)
            row = str(variant)
            table.setdefault(row, {})[name] = mean_ndcg(one, best)
            sizes.setdefault(row, {})[name] = size
            print(name, variant, round(size), round(table[row][name], 4), flush=True)
    means = {row: float(np.mean(list(values.values()))) for row, values in table.items()}
    found = {row: {**values, "mean": means[row], "bytes": sizes.get(row, {})} for row, values in table.items()}
    out = {"rows": found, "left out": left_out(table, arguments.data)}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(out["left out"], indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
