"""Builds an index: its kind by size, its parameters by the number of vectors, its effort by measured recall."""

from __future__ import annotations

import dataclasses
import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from passagework.retrieval.dense.index.exact import ExactIndex
from passagework.retrieval.dense.index.faiss_index import EFFORT_NAMES, FaissIndex
from passagework.retrieval.dense.index.faiss_library import (
    centroid_assigner,
    faiss_available,
    load_faiss,
    reproducible_graphs,
)
from passagework.retrieval.dense.index.gpu import gpu_has_room
from passagework.retrieval.dense.index.live_index import LiveIndex
from passagework.retrieval.dense.index.scoring import cosines
from passagework.retrieval.dense.index.vector_index import IndexKind, Scores, VectorIndex, checked_ids, checked_vectors
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.extras import install_command
from passagework.retrieval.types import Ids, Vectors

logger = logging.getLogger(__name__)

MOST_EXACT = 1 << 27
"""Numbers (vectors x dimensions) that one exact query reads in 25 ms at 20 GB/s: 350,000 vectors of 384."""
LEAST_APPROXIMATE = 1024
"""Vectors: below, there is too little to train on and nothing to gain; an approximate kind becomes flat."""
TARGET = 0.98
"""Recall@10 that the effort is tuned to."""
NEAR_BEST = 0.005
"""Where codes keep the target out of reach, the effort is the least within this of the best recall."""
DEPTH = 10
TRAINING_ROWS_PER_LIST = 40
"""FAISS's own lower bound of training vectors per centroid is 39."""
MOST_CODE_TRAINING = 65_536
"""Vectors that train product codes: 256 for each of 256 centroids, FAISS's own upper bound."""
MOST_LISTS = 16_384
HNSW_LINKS, HNSW_BUILD_EFFORT, HNSW_MOST_EFFORT = 32, 80, 1024
PERTURBATION = 2.0
"""Length of the noise added to a passage's vector (length 1) to make a query of it: cosine 0.45 with that passage.

Such queries are as hard as real questions. 400 of these on 30,000 passages, ivf-sq8: 0.890, 0.950, 0.981 with 27, 62,
140 lists probed, and 0.900, 0.955, 0.980 by so much noise, but 0.942, 0.975, 0.987 by noise of length 1, with which a
million passages were probed until it said 0.981, when 200 questions found 0.930. For HNSW it is on the safe side.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Built:
    """Holds an index, its actual `kind`, its recall@10 against exact, and the parameters of build and search."""

    index: VectorIndex
    kind: IndexKind
    recall_at_10: float
    parameters: Mapping[str, int]


def automatic_kind(n: int, dim: int) -> IndexKind:
    """Returns exact while a query takes about 25 ms, or where a GPU has room for it; then ivf-sq8.

    Measured with 200,000 clustered vectors of 384 on 2 cores, the approximate kinds at recall@10 of 0.98:

    | kind     | ms a query | bytes a vector | seconds to build |
    | exact    | 9          | 1536           | 0                |
    | flat     | 27         | 1536           | 0.3              |
    | hnsw     | 1          | 1808           | 40               |
    | ivf-flat | 6          | 1566           | 7                |
    | ivf-sq8  | 6          | 414            | 7                |
    | ivf-pq   | 3, at 0.78 | 128            | 19               |

    Those vectors are hard: 22,000 real passages needed half as many lists probed as so many of them. An index is
    built anew whenever it has grown by a fifth, so build time and memory decide; numpy beats flat because FAISS runs
    a query on one thread.
    """
    if n * dim <= MOST_EXACT or gpu_has_room(n * dim):
        return IndexKind.EXACT
    if not faiss_available():
        logger.warning(
            "%d vectors are searched exactly, which is slow, for FAISS is missing: %s", n, install_command("cpu")
        )
        return IndexKind.EXACT
    return IndexKind.IVF_SQ8


def build_index(ids: Ids, vectors: Vectors, *, kind: IndexKind | None = None, sample: int = 200) -> Built:
    """Builds an index of `vectors` (n, dim), unit rows, maybe memory-mapped, with ascending `ids`: the same every time.

    `kind` None is automatic. Recall is measured with `sample` queries. An exact index keeps the arrays themselves.
    Raises ConfigError for bad input, and where the kind needs FAISS and it's missing.
    """
    vectors = checked_vectors(vectors, None, what="vectors")
    ids = checked_ids(ids, len(vectors), ascending=True)
    if sample < 1:
        raise ConfigError(f"sample is {sample}; at least 1 query is needed to measure recall")
    kind = kind or automatic_kind(*vectors.shape)
    if kind.approximate and len(ids) < LEAST_APPROXIMATE:
        kind = IndexKind.FLAT
    if kind is IndexKind.EXACT:
        return Built(ExactIndex(ids, vectors), kind, 1.0, {})
    index, parameters = _filled_index(kind, vectors)
    if kind is IndexKind.FLAT:
        return Built(FaissIndex(kind, ids, parameters, index), kind, 1.0, parameters)
    untuned = FaissIndex(kind, ids, {**parameters, EFFORT_NAMES[kind]: 1}, index)
    tuned, recall = _tuned(untuned, RecallSample.draw(ids, vectors, sample))
    return Built(tuned, kind, recall, tuned.parameters)


def _filled_index(kind: IndexKind, vectors: Vectors) -> tuple[Any, dict[str, int]]:
    """Returns FAISS's index with all vectors in it, in order, and its parameters."""
    faiss = load_faiss()
    dim = vectors.shape[1]
    if kind is IndexKind.FLAT:
        index = faiss.IndexFlatIP(dim)
        index.add(vectors)
        return index, {}
    if kind is IndexKind.HNSW:
        index = faiss.IndexHNSWFlat(dim, HNSW_LINKS, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = HNSW_BUILD_EFFORT
        with reproducible_graphs():
            # At once: one version of FAISS lost what earlier calls had added (faiss #5524).
            index.add(vectors)
        return index, {"M": HNSW_LINKS, "efConstruction": HNSW_BUILD_EFFORT}
    lists = _list_count(len(vectors))
    index, parameters = _untrained(kind, dim, lists)
    # Too few points per centroid cost recall, which is measured; FAISS would say so on stderr.
    index.cp.min_points_per_centroid = 1
    training = _random_rows(len(vectors), max(TRAINING_ROWS_PER_LIST * lists, MOST_CODE_TRAINING))
    index.clustering_index = centroid_assigner(dim)
    index.train(vectors[training])
    index.clustering_index = None
    index.add(vectors)
    # Position to code, so that vectors can be read back by number.
    index.make_direct_map()
    return index, {"nlist": lists, "training_rows": len(training), **parameters}


def _list_count(n: int) -> int:
    """Returns 4 sqrt(n) lists (the FAISS wiki advises 4 to 16 sqrt(n)), none with fewer than 39 training vectors."""
    return max(1, min(int(4 * math.sqrt(n)), n // 39, MOST_LISTS))


def _untrained(kind: IndexKind, dim: int, lists: int) -> tuple[Any, dict[str, int]]:
    faiss = load_faiss()
    coarse, metric = faiss.IndexFlatIP(dim), faiss.METRIC_INNER_PRODUCT
    if kind is IndexKind.IVF_FLAT:
        return faiss.IndexIVFFlat(coarse, dim, lists, metric), {}
    if kind is IndexKind.IVF_SQ8:
        code = faiss.ScalarQuantizer.QT_8bit
        return faiss.IndexIVFScalarQuantizer(coarse, dim, lists, code, metric, False), {}
    parts = _code_parts(dim)
    index = faiss.IndexIVFPQ(coarse, dim, lists, parts, 8, metric)
    index.pq.cp.min_points_per_centroid = 1
    return index, {"parts": parts}


def _code_parts(dim: int) -> int:
    """Returns the bytes of a product code: `dim` cut into equal parts, of 4 or the next more that divides it."""
    return next((dim // width for width in range(4, dim + 1) if dim % width == 0), 1)


def _random_rows(n: int, most: int) -> Ids:
    """Draws at most so many of n rows, always the same, ascending (a memory map is read in order)."""
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).choice(n, most, replace=False))


@dataclass(frozen=True, slots=True, eq=False)
class RecallSample:
    """Holds queries made of indexed vectors, the passage each was made of, and what a true hit scores at least."""

    ids: Ids
    vectors: Vectors
    queries: Vectors
    passages: Ids
    least: Scores

    @classmethod
    def draw(cls, ids: Ids, vectors: Vectors, sample: int) -> RecallSample:
        """Perturbs `sample` vectors, always the same; `least` is the exact score at rank 10, or of the last."""
        rows = _random_rows(len(ids), sample)
        noise = np.random.default_rng(1).standard_normal((len(rows), vectors.shape[1])).astype(np.float32)
        noise *= PERTURBATION / np.linalg.norm(noise, axis=1, keepdims=True)
        queries = vectors[rows] + noise
        queries /= np.linalg.norm(queries, axis=1, keepdims=True)
        best = ExactIndex(ids, vectors).search(queries, DEPTH + 1)
        least = [
            scores[hits != passage][:DEPTH][-1]
            for hits, scores, passage in zip(best.ids, best.scores, ids[rows], strict=True)
        ]
        return cls(ids, vectors, queries, ids[rows], np.asarray(least, np.float32))

    def recall(self, index: VectorIndex | LiveIndex) -> float:
        """Returns the share of the 10 nearest that `index` finds; one as near as the tenth counts, whichever it is."""
        results = index.search(self.queries, DEPTH + 1).ids
        true = 0
        for query, hits, passage, least in zip(self.queries, results, self.passages, self.least, strict=True):
            rows = np.searchsorted(self.ids, hits[hits != passage][:DEPTH])
            true += int(np.count_nonzero(cosines(query, self.vectors[rows]) >= least))
        return true / (DEPTH * len(self.queries))


def _tuned(index: FaissIndex, recall_sample: RecallSample) -> tuple[FaissIndex, float]:
    """Returns `index` with the least effort that reaches TARGET, else that comes near its best; and its recall."""
    tried: list[tuple[FaissIndex, float]] = []
    for effort in _efforts(index):
        candidate = dataclasses.replace(index, parameters={**index.parameters, EFFORT_NAMES[index.kind]: effort})
        tried.append((candidate, recall_sample.recall(candidate)))
        if tried[-1][1] >= TARGET:
            return tried[-1]
    enough = max(recall for _, recall in tried) - NEAR_BEST
    return next(pair for pair in tried if pair[1] >= enough)


def _efforts(index: FaissIndex) -> Iterator[int]:
    """Yields the efforts to try, each half as much again as the one before."""
    first, most = (48, HNSW_MOST_EFFORT) if index.kind is IndexKind.HNSW else (1, int(index.index.nlist))
    effort = first
    while effort < most:
        yield effort
        effort = -(-effort * 3 // 2)
    yield most
