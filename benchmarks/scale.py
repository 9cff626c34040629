"""How a collection grows: 10,000, 100,000 and a million passages made of real ones, measured through the product.

    python -m benchmarks.scale --keep DIR [--passages 10000 100000 1000000] [--base 30000] [--queries 200] [--out FILE]

Writes collections into DIR (8 GB for a million) and uses them again. Queries are real questions; times include the
encoding of the query, and are taken one query at a time. A made passage has the token vectors of the real one that it
is made of: what reranking costs is measured, not what it finds. `--likeness` compares made vectors with real ones.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.scale_collections import PASSAGES_A_DOCUMENT, build, key, put, uri
from benchmarks.scale_data import (
    Base,
    Texts,
    likeness,
    made_texts,
    made_vectors,
    real_codes,
    real_texts,
    real_vectors,
)
from passagework import Collection
from passagework.retrieval import BiEncoder
from passagework.retrieval.collection.opened import OpenedVersion
from passagework.retrieval.dense.index import ExactIndex
from passagework.retrieval.folder import current_version
from passagework.retrieval.lexical.bm25 import Bm25
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.store import Store, Writer, token_rows

FILTERS: Mapping[str, Mapping[str, Any] | None] = {
    "none": None,
    "0.1%": {"thousandth": 7},
    "10%": {"tenth": 3},
    "90%": {"tenth": {"$gte": 1}},
}
STAGES = ("hybrid", "rerank")
CHANGED, FIRST_CHANGED = 1_000, 90_000_000
"""Passages added, and taken out again, to time that; and the number of the first."""


def measure(folder: Path, texts: Texts, base: Base, encoder: Encoder, queries: Sequence[str]) -> dict[str, Any]:
    """Everything about one collection but how it was made."""
    version = current_version(folder)
    start = time.perf_counter()
    live = OpenedVersion(version)
    with live.store.read() as snapshot:
        opened = live.opened(snapshot)
        lexical = live.lexical(snapshot)
        lexical.search(snapshot, "first", 1, None)
    found: dict[str, Any] = {"open_s": time.perf_counter() - start, "index": opened.derived.kind.value}
    with live.store.read() as snapshot:
        saved = [*snapshot.generations()[:1], *snapshot.postings_generations()[:1]]
        count = snapshot.passage_count()
        found["passages"] = count
        token_bytes = token_rows.bytes_stored(snapshot)
        found["bytes_a_passage"] = {
            "database": ((version / "store.db").stat().st_size - token_bytes) / count,
            "token_vectors": token_bytes / count,
            **{each.kind: (version / "index" / each.file).stat().st_size / count for each in saved},
        }
        found["recall@10"], found["parameters"] = saved[0].recall, dict(saved[0].parameters)
        found["lexical_ms"] = spread(lambda query: lexical.search(snapshot, query, 200, None), queries)
        found["fts5_ms"] = spread(lambda query: Bm25().search(snapshot, query, 200, None), queries[:10])
        found["encode_ms"] = spread(lambda query: encoder.encode_queries([query]), queries)
        found["pool_recall"] = pool_recall(opened.derived, snapshot.passage_vectors(), encoder, queries[:50])
    live.close()
    with Collection.open(folder, encoder=encoder) as collection:
        for name, where in FILTERS.items():
            for stage in STAGES:
                found[f"{stage}_{name}"] = searched(collection, queries, stage, where)
        found["changes"] = change(version, collection, texts, base, queries)
    return found


def searched(
    collection: Collection, queries: Sequence[str], stage: str, where: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Milliseconds of searches, after five that aren't counted, and of their parts at the median."""
    for query in queries[:5]:
        collection.search(query, stage=stage, where=where)
    plans: list[Any] = []

    def ask(query: str) -> None:
        hits = collection.search(query, stage=stage, where=where)
        plans.append((hits.plan.to_json(), dict(hits.timings_ms), len(hits)))

    timed = spread(ask, queries)
    parts = sorted({part for _, timings, _ in plans for part in timings})
    return {
        **timed,
        "stages_p50": {
            key: round(float(np.median([t.get(key, 0.0) for _, t, _ in plans])), 2) for key in sorted(parts)
        },
        "plans": sorted({str((plan.get("filter") or {}).get("strategy")) for plan, _, _ in plans}),
        "token_vectors": sorted({str(plan.get("token_vectors")) for plan, _, _ in plans}),
        "least_hits": min(hits for _, _, hits in plans),
    }


def pool_recall(index: Any, stored: tuple[Any, Any], encoder: Encoder, queries: Sequence[str]) -> dict[str, float]:
    """Share of the true 10 and 200 nearest of real questions that the index finds in its pool of 200."""
    asked = np.vstack([encoder.encode_queries([query]) for query in queries])
    true = ExactIndex(*stored).search(asked, 200).ids
    got = index.search(asked, 200).ids
    return {
        f"at_{depth}": float(np.mean([len(set(a[:depth]) & set(b)) / depth for a, b in zip(true, got, strict=True)]))
        for depth in (10, 200)
    }


def change(version: Path, collection: Collection, texts: Texts, base: Base, queries: Sequence[str]) -> dict[str, float]:
    """Seconds to add and to take out passages, and of the first search that sees it; nothing is rebuilt."""
    store = Store.open(version / "store.db")
    group, rows = next(made_texts(texts, CHANGED, seed=99)), next(made_vectors(base, CHANGED, seed=99))
    found: dict[str, float] = {"passages": CHANGED}

    def add(writer: Writer) -> None:
        writer.put_vectors([key(FIRST_CHANGED + place) for place in range(CHANGED)], rows)
        put(writer, group, first=FIRST_CHANGED)

    def remove(writer: Writer) -> None:
        for source in writer.sources():
            if source.uri >= uri(FIRST_CHANGED // PASSAGES_A_DOCUMENT):
                writer.remove_source(source.id)

    try:
        for name, step in (("add", add), ("remove", remove)):
            start = time.perf_counter()
            with store.write() as writer:
                step(writer)
            committed = time.perf_counter()
            collection.search(queries[0], stage="hybrid")
            found[f"{name}_s"] = committed - start
            found[f"search_after_{name}_s"] = time.perf_counter() - committed
        with store.write() as writer:
            writer.sweep_vectors()
        store.checkpoint()
    finally:
        store.close()
    return found


def spread(ask: Callable[[str], object], queries: Sequence[str]) -> dict[str, float]:
    """Milliseconds of each query: median, 95th percentile, and how many were asked.

    Of the clock, and of the process's own time on all cores, which other programs disturb less.
    """
    taken, own = [], []
    for query in queries:
        start, start_own = time.perf_counter(), time.process_time()
        ask(query)
        taken.append((time.perf_counter() - start) * 1000)
        own.append((time.process_time() - start_own) * 1000)
    return {
        "p50": float(np.median(taken)),
        "p95": float(np.percentile(taken, 95)),
        "cpu_p50": float(np.median(own)),
        "cpu_p95": float(np.percentile(own, 95)),
        "queries": len(taken),
    }


def exponents(results: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """By which power of the number of passages each median (of own time) grows, from the least to the most."""
    first, last = results[0], results[-1]
    ratio = math.log(last["passages"] / first["passages"])
    names = ["lexical_ms", *(f"{stage}_{name}" for stage in STAGES for name in FILTERS)]
    return {name: math.log(last[name]["cpu_p50"] / first[name]["cpu_p50"]) / ratio for name in names}


def rounded(value: Any) -> Any:
    """Figures to four digits, for people."""
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    return float(f"{value:.4g}") if isinstance(value, float) else value


def run(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """A result for each size, smallest first."""
    texts = real_texts(arguments.base)
    encoder = BiEncoder.load()
    vectors = cache(partial(real_vectors, texts, arguments.keep))
    codes = cache(partial(real_codes, texts, arguments.keep, encoder))
    queries = texts.questions[:: max(1, len(texts.questions) // arguments.queries)][: arguments.queries]
    for count in sorted(arguments.passages):
        folder = arguments.keep / f"made-{count}"
        result: dict[str, Any] = {}
        if not folder.exists():
            result["build"] = build(folder, texts, vectors, codes, count, encoder)
        result |= measure(folder, texts, vectors(), encoder, queries)
        result["load"] = os.getloadavg()[0]
        yield rounded(result)


def main() -> int:
    """Prints a JSON line for each size, and the exponents."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, required=True, help="folder for the collections, reused by the next run")
    parser.add_argument("--passages", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--base", type=int, default=30_000, help="real passages that the others are made of")
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--out", type=Path, help="file for the results, JSON")
    parser.add_argument("--likeness", action="store_true", help="only compare made vectors with real ones")
    arguments = parser.parse_args()
    if arguments.likeness:
        print(json.dumps(rounded(likeness(real_vectors(real_texts(arguments.base), arguments.keep))), indent=1))
        return 0
    results = []
    for result in run(arguments):
        results.append(result)
        print(json.dumps(result), flush=True)
    summary = {"results": results, "exponents": rounded(exponents(results)) if len(results) > 1 else {}}
    print(json.dumps(summary["exponents"]))
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
