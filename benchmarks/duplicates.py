"""Measures duplicates: how well cosines tell paraphrases, and the time and recall of all pairs of many vectors.

    python -m benchmarks.duplicates --quality [--encoder M]...
    python -m benchmarks.duplicates --collection DIR... --sizes 10000 36000 100000 1000000
    python -m benchmarks.duplicates --sentences 10000

Vectors beyond those of the collections are made of them, as in `benchmarks.scale_data`. Recall is that of the pairs
of 500 rows drawn, which are compared with all others.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import resource
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.stats import rankdata, spearmanr

from benchmarks.datasets import data_folder
from benchmarks.scale_data import NEAR, Base, made_vectors
from passagework.retrieval import BiEncoder
from passagework.retrieval.dense.index import ExactIndex
from passagework.retrieval.duplicates.duplicate_threshold import SHARE
from passagework.retrieval.duplicates.near_pairs import NearPairs, near_pairs
from passagework.retrieval.duplicates.paraphrases import paraphrases
from passagework.retrieval.folder import current_version
from passagework.retrieval.store import Store
from passagework.retrieval.types import Vectors

COMPARED = 500


def quality(model: str | None) -> None:
    """Spearman's correlation on STS-B, AUROC on MSRP, and what the threshold lets through."""
    encoder = BiEncoder.load(model)
    with (data_folder() / "similar/stsb/stsb-en-test.csv").open(encoding="utf-8", newline="") as file:
        judged = list(csv.reader(file))
    grades = np.array([float(row[2]) for row in judged])
    first, second = (encoder.encode_queries([row[at] for row in judged]) for at in (0, 1))
    cosines = (first * second).sum(axis=1)
    usual = float(np.median(first[:700] @ second[700:].T))
    reached = cosines >= usual + SHARE * (1 - usual)
    print(encoder.fingerprint.model)
    print(f"  STS-B: Spearman {spearmanr(cosines, grades).statistic:.3f}; of pairs at the threshold or above", end=" ")
    print(f"{(grades[reached] >= 3).mean():.3f} judged 3 or more, {(grades[reached] >= 4).mean():.3f} judged 4 or more")
    lines = [
        line.split("\t")
        for part in ("train", "val")
        for line in (data_folder() / f"similar/msrp/msr-para-{part}.tsv").read_text("utf-8-sig").splitlines()[1:]
    ]
    same = np.array([line[0] == "1" for line in lines])
    first, second = (encoder.encode_queries([line[at] for line in lines]) for at in (3, 4))
    ranks = rankdata((first * second).sum(axis=1))
    positives, negatives = int(same.sum()), int((~same).sum())
    area = (ranks[same].sum() - positives * (positives + 1) / 2) / (positives * negatives)
    print(f"  MSRP: AUROC {area:.3f} of {len(lines):,} pairs")


def stored_vectors(collections: Sequence[Path]) -> Vectors:
    """The vectors of all passages of some collections."""
    parts = []
    for collection in collections:
        with Store.open(current_version(collection) / "store.db") as store, store.read() as snapshot:
            parts.append(snapshot.passage_vectors()[1])
    return np.concatenate(parts)


def speed(real: Vectors, sizes: Sequence[int], threshold: float) -> None:
    """Seconds, processor seconds, pairs and recall of all near pairs among so many vectors."""
    near = ExactIndex(np.arange(len(real)), real).search(real, NEAR + 1).ids if max(sizes) > len(real) else None
    for size in sizes:
        vectors = real[:size] if near is None or size <= len(real) else _made(Base(real, near), size)
        started, used = time.perf_counter(), time.process_time()
        found = near_pairs(vectors, threshold)
        seconds, processor = time.perf_counter() - started, time.process_time() - used
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(
            f"{size:>9,} vectors, threshold {found.threshold:.3f}: {len(found.first):,} pairs in {seconds:.1f} s "
            f"({processor:.1f} processor s, load {os.getloadavg()[0]:.1f}), recall {_recall(vectors, found):.4f}, "
            f"{memory:.1f} GB",
            flush=True,
        )


def _made(base: Base, size: int) -> Vectors:
    vectors = np.empty((size, base.vectors.shape[1]), np.float32)
    start = 0
    for part in made_vectors(base, size):
        vectors[start : start + len(part)] = part
        start += len(part)
    return vectors


def _recall(vectors: Vectors, found: NearPairs) -> float:
    rows = np.random.default_rng(0).choice(len(vectors), COMPARED, replace=False)
    cosines = vectors[rows] @ vectors.T
    at, other = np.nonzero(cosines >= np.float32(found.threshold))
    own = rows[at]
    apart = own != other
    low, high = np.minimum(own, other)[apart], np.maximum(own, other)[apart]
    keys = found.first * len(vectors) + found.second
    expected = np.unique(low * len(vectors) + high)
    return float(np.isin(expected, keys).mean()) if len(expected) else float("nan")


def sentences(count: int) -> None:
    """Seconds from so many questions to their clusters, and of those the seconds that encoding takes."""
    with gzip.open(data_folder() / "pairs/squad-train.jsonl.gz", "rt", encoding="utf-8") as file:
        texts = [question["text"] for line in file for question in json.loads(line)["questions"]]
    texts = list(dict.fromkeys(" ".join(text.split()) for text in texts))[:count]
    encoder = BiEncoder.load()
    encoder.encode_queries(texts[:32])
    started = time.perf_counter()
    encoder.encode_queries(texts)
    encoding = time.perf_counter() - started
    found = paraphrases(texts, encoder)
    seconds = time.perf_counter() - started - encoding
    print(f"{len(texts):,} questions: {seconds:.1f} s end to end, encoding alone {encoding:.1f} s", end="; ")
    print(f"{len(found.clusters):,} clusters at {found.threshold:.3f}; load {os.getloadavg()[0]:.1f}")


def main() -> None:
    """Runs what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quality", action="store_true")
    parser.add_argument("--encoder", action="append")
    parser.add_argument("--collection", type=Path, nargs="+", default=[])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000])
    parser.add_argument("--threshold", type=float, default=0.87)
    parser.add_argument("--sentences", type=int, default=0)
    chosen = parser.parse_args()
    for model in chosen.encoder or ([None] if chosen.quality else []):
        quality(model)
    if chosen.collection:
        speed(stored_vectors(chosen.collection), chosen.sizes, chosen.threshold)
    if chosen.sentences:
        sentences(chosen.sentences)


if __name__ == "__main__":
    main()
