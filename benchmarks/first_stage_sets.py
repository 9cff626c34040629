"""Five sets with every passage's cosine to every query, so that first stages can be tried without searching anew."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text as sql

from benchmarks.datasets import beir, chunking_eval, documents_of, financebench
from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval import BiEncoder, Hit
from passagework.retrieval.config import CONVEX_WEIGHT
from passagework.retrieval.evaluation.judged import Judged, JudgedDocuments
from passagework.retrieval.evaluation.judged_places import JudgedPlaces
from passagework.retrieval.folder import current_version
from passagework.retrieval.lexical.bm25 import match_expression
from passagework.retrieval.store import Snapshot, Store
from passagework.retrieval.types import Ids, Vectors

Scores = NDArray[np.float64]
Fusion = Callable[[Scores, Scores, int], Scores]
"""Cosines and BM25 scores of the candidates (0 where no word matched) and the query's number of words, to one score."""

Words = Callable[[str], str]
"""A query as an FTS5 expression."""

LIMITS = {"scifact": None, "cranfield": None, "squad-dev": 500, "financebench": None, "chunking-eval": None}


@dataclass(frozen=True, slots=True)
class Set:
    """A set's passages in the order that breaks ties, its queries, and `cosines` (queries, passages)."""

    name: str
    judged: Judged
    queries: tuple[str, ...]
    hits: Sequence[Hit]
    ids: Ids
    vectors: Vectors
    query_vectors: Vectors
    cosines: Vectors
    snapshot: Snapshot
    positions: Mapping[int, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "positions", {int(one): place for place, one in enumerate(self.ids)})

    def lexical(self, words: Words, columns: tuple[float, ...], k: int) -> list[dict[int, float]]:
        """BM25 of the best passages by query, with FTS5's weights of title, headings and text."""
        score = f"-bm25(passages_fts{''.join(f', {one}' for one in columns)})"
        query = f"SELECT rowid, {score} FROM passages_fts WHERE passages_fts MATCH :e ORDER BY 2 DESC, 1 LIMIT {k}"
        found = []
        for name in self.queries:
            expression = words(self.judged.queries[name])
            rows = self.snapshot.connection.execute(sql(query), {"e": expression}).all() if expression else []
            found.append({self.positions[row[0]]: row[1] for row in rows if row[0] in self.positions})
        return found

    def fused(self, row: int, pool: Mapping[int, float], k: int) -> tuple[NDArray[np.int64], Scores, Scores]:
        """A query's candidates as hybrid has them, best first: positions, cosines, BM25 by the query's best."""
        candidates = self.candidates(row, pool, k)
        top = max(pool.values(), default=1.0)
        bm25 = np.array([pool.get(int(one), 0.0) / top for one in candidates])
        cosines = self.cosines[row][candidates].astype(np.float64)
        order = np.argsort(-(cosines + CONVEX_WEIGHT * bm25), kind="stable")
        return candidates[order], cosines[order], bm25[order]

    def candidates(self, row: int, pool: Mapping[int, float], k: int, near: Vectors | None = None) -> NDArray[np.int64]:
        """Positions of the `k` nearest of a query, by `near` if it isn't by the cosines, and of the lexical pool's."""
        scores = (self.cosines if near is None else near)[row]
        nearest = np.argpartition(-scores, min(k, len(scores) - 1))[:k]
        return np.union1d(nearest, np.array(list(pool), dtype=np.int64))

    def quality(
        self, pools: Sequence[Mapping[int, float]], fusion: Fusion, k: int, cosines: Vectors | None = None
    ) -> float:
        """nDCG@10 of the fused candidates; of FinanceBench the share with an evidence page in the first 10 passages."""
        near = self.cosines if cosines is None else cosines
        values = []
        for row, (query, pool) in enumerate(zip(self.queries, pools, strict=True)):
            first = dict(list(pool.items())[:k])
            candidates = self.candidates(row, first, k, near)
            bm25 = np.array([first.get(int(one), 0.0) for one in candidates])
            words = len(set(re.findall(r"\w+", self.judged.queries[query].lower())))
            scores = fusion(near[row][candidates].astype(np.float64), bm25, words)
            values.append(self._value(query, candidates[np.argsort(-scores, kind="stable")]))
        return float(np.mean(values))

    def _value(self, query: str, order: Ids) -> float:
        grades = self.judged.qrels[query]
        depth = 10 if self.name == "financebench" else 60
        names = [name for name, _ in self.judged.things(query, [self.hits[one] for one in order[:depth]])]
        if self.name == "financebench":
            return float(any(grades.get(name, 0) > 0 for name in names))
        return ndcg([grades.get(name, 0) for name in names], list(grades.values()))


def ndcg(found: Sequence[int], judged: Sequence[int]) -> float:
    """nDCG@10 as trec_eval has it: gain is the grade, discount log2 of the rank plus one."""

    def gain(grades: Sequence[int]) -> float:
        return sum(max(grade, 0) / math.log2(rank + 1) for rank, grade in enumerate(grades[:10], start=1))

    ideal = gain(sorted(judged, reverse=True))
    return gain(found) / ideal if ideal else 0.0


@contextmanager
def loaded(name: str, keep: Path, encoder: BiEncoder) -> Iterator[Set]:
    """A set, cut as by default into a collection in `keep`."""
    folder = keep / f"{name}-200-32"
    ingest([documents_of(name)], folder, encoder=encoder)
    with (
        Store.open(current_version(folder) / "store.db") as store,
        Collection.open(folder, encoder=encoder) as collection,
        store.read() as snapshot,
    ):
        judged = judged_of(name, collection)
        ids, vectors = snapshot.passage_vectors()
        rows = snapshot.passages(ids.tolist())
        order = np.array(sorted(range(len(rows)), key=lambda one: (rows[one].path, rows[one].start)))
        hits = [
            Hit(
                rank=0, score=0.0, text="", document=row.document, path=row.path, title="", pages=row.pages,
                start=row.start, end=row.end, headings=(), metadata={}, stages={}, id=row.id, uri=row.uri,
            )
            for row in (rows[one] for one in order)
        ]  # fmt: skip
        queries = tuple(judged.queries)
        asked = np.vstack([encoder.encode_queries([judged.queries[query]]) for query in queries])
        sorted_vectors = vectors[order]
        yield Set(name, judged, queries, hits, ids[order], sorted_vectors, asked, asked @ sorted_vectors.T, snapshot)


def judged_of(name: str, collection: Collection) -> Judged:
    """What is judged of a set, in a collection of it."""
    if name in ("financebench", "chunking-eval"):
        judgments = financebench() if name == "financebench" else chunking_eval()
        return JudgedPlaces(collection, judgments, name=name)
    return JudgedDocuments(beir(name).limited(LIMITS[name]))


def every_word(query: str) -> str:
    """The expression without the rule about stop words."""
    words = dict.fromkeys(re.findall(r"\w+", query.lower()))
    return " OR ".join(f'"{word}"' for word in words)


def shipped_words(query: str) -> str:
    """The expression that ships."""
    return match_expression(query)
