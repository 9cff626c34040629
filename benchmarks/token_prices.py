"""What token vectors cost at an ingest, on disk and in a search, beside the same without them, in one run.

    python -m benchmarks.token_prices [--data scifact] [--documents 1500] [--queries 100] [--rounds 2] [--encoder MODEL]
        [--out FILE.json]

The first so many records are ingested by turns without token vectors and with them, by one loaded encoder; the ratio is
of the shortest times. Then both collections are asked the same queries by turns: hybrid, and rerank at its default
depth, once with its cache of token vectors emptied before each query, which is what a new query costs. Last, each query
is compared with stored codes alone: CPU milliseconds of reading, decoding and comparing so many passages.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks.datasets import beir, data_folder
from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval import BiEncoder, Stage
from passagework.retrieval.folder import current_version
from passagework.retrieval.late_interaction.kept_tokens import content_word_tokens
from passagework.retrieval.late_interaction.late_interaction import token_cache
from passagework.retrieval.late_interaction.stored_tokens import StoredTokens
from passagework.retrieval.models.reranker_input import reranker_text_of
from passagework.retrieval.store import Store

WITHOUT, WITH = "without", "with"

COMPARED = (20, 100)
"""Passages that a query is compared with."""


def ingest_seconds(corpus: Path, folder: Path, encoder: BiEncoder, rounds: int) -> dict[str, list[float]]:
    """Returns the seconds of each ingest, without token vectors and with them; the last of each stays in `folder`."""
    seconds: dict[str, list[float]] = {WITHOUT: [], WITH: []}
    for number in range(rounds):
        for kind, times in seconds.items():
            path = folder / (kind if number == rounds - 1 else f"{kind}-{number}")
            started = time.perf_counter()
            ingest([corpus], path, encoder=encoder, token_vectors=kind == WITH)
            times.append(time.perf_counter() - started)
    return seconds


def search_milliseconds(collections: Mapping[str, Collection], queries: list[str]) -> dict[str, list[float]]:
    """Returns the milliseconds of each query: hybrid, and rerank without stored token vectors and with them."""
    found: dict[str, list[float]] = {"hybrid": [], f"rerank {WITHOUT}": [], f"rerank {WITH}": []}
    for query in [*queries[:3], *queries]:
        hybrid = collections[WITH].search(query, stage=Stage.HYBRID)
        found["hybrid"].append(hybrid.timings_ms["total"])
        for kind, collection in collections.items():
            collection._models._memory = token_cache()
            found[f"rerank {kind}"].append(collection.search(query).timings_ms["total"])
    return {key: times[3:] for key, times in found.items()}  # the first load and warm up


def comparing_milliseconds(
    collection: Collection, folder: Path, encoder: BiEncoder, queries: list[str]
) -> dict[str, float]:
    """Returns by how many passages a query is compared with the CPU milliseconds of the median query."""
    taken: dict[int, list[float]] = {passages: [] for passages in COMPARED}
    with Store.open(current_version(folder) / "store.db") as store, store.read() as snapshot:
        stored = StoredTokens.of(snapshot)
        if stored is None:
            return {}
        for query in queries:
            texts = [reranker_text_of(hit) for hit in collection.search(query, k=max(COMPARED), stage=Stage.HYBRID)]
            tokens = encoder.tokenize_whole([query], query=True)[0]
            (vectors,) = encoder.encode_token_vectors([tokens.ids[: encoder.query_budget]], query=True)
            vectors = vectors[content_word_tokens(query, tokens)[: len(vectors)]]
            for passages, times in taken.items():
                start = time.process_time()
                stored.best_cosines(vectors, texts[:passages])
                times.append((time.process_time() - start) * 1000)
    return {str(passages): round(float(np.median(times)), 2) for passages, times in taken.items() if times}


def prices(data: str, documents: int, queries: int, rounds: int, model: str | None) -> dict[str, object]:
    """Returns all figures of a set."""
    encoder = BiEncoder.load(model)
    with tempfile.TemporaryDirectory(prefix="token-prices-") as name:
        folder = Path(name)
        corpus = folder / "corpus.jsonl"
        with (data_folder() / "beir" / data / "corpus.jsonl").open(encoding="utf-8") as lines:
            corpus.write_text("".join(islice(lines, documents)), encoding="utf-8")
        seconds = ingest_seconds(corpus, folder, encoder, rounds)
        texts = list(beir(data).queries.values())[:queries]
        with (
            Collection.open(folder / WITHOUT, encoder=encoder) as plain,
            Collection.open(folder / WITH, encoder=encoder) as kept,
        ):
            status = kept.status()
            times = search_milliseconds({WITHOUT: plain, WITH: kept}, texts)
            comparing = comparing_milliseconds(kept, folder / WITH, encoder, texts)
        size = 0 if status.token_vectors is None else status.token_vectors.bytes
    p50 = {key: round(float(np.percentile(found, 50)), 1) for key, found in times.items()}
    return {
        "data": data,
        "passages": status.passages,
        "ingest seconds": {kind: [round(one, 1) for one in found] for kind, found in seconds.items()},
        "ingest ratio": round(min(seconds[WITH]) / min(seconds[WITHOUT]), 3),
        "bytes a passage": round(size / max(1, status.passages)),
        "queries": len(texts),
        "ms_p50": p50,
        "cpu_ms_p50 of comparing": comparing,
        "rerank to hybrid": round(p50[f"rerank {WITH}"] / p50["hybrid"], 2),
    }


def main() -> int:
    """Prints the figures, and keeps them in a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="scifact")
    parser.add_argument("--documents", type=int, default=1500)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--encoder", help="another encoder than the default one")
    parser.add_argument("--out", type=Path, default=Path("build/token_prices.json"))
    arguments = parser.parse_args()
    found = prices(arguments.data, arguments.documents, arguments.queries, arguments.rounds, arguments.encoder)
    print(json.dumps(found, indent=1))
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
