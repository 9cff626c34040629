"""What this project adds to its encoder: to an ingest, and to a warm dense search.

    python -m benchmarks.overhead [--data scifact] [--queries 150]

An ingest of a whole set with the encoder loaded before, beside the bare encoding of the very texts that it stored,
their token ids given; then each query encoded alone, and searched, in turns of all queries. Prints seconds,
milliseconds and ratios.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from benchmarks.datasets import beir, documents_of
from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval import BiEncoder
from passagework.retrieval.folder import current_version
from passagework.retrieval.models.reranker_input import reranker_text
from passagework.retrieval.store import Store
from passagework.retrieval.types import TokenIds

ROUNDS = 4


def stored_token_ids(folder: Path, encoder: BiEncoder) -> list[TokenIds]:
    """The token ids of every passage of a collection, below its title and headings."""
    with Store.open(current_version(folder) / "store.db") as store, store.read() as snapshot:
        rows = snapshot.passages(snapshot.passage_vectors()[0].tolist())
    texts = [reranker_text(row.title, row.headings, row.text) for row in rows]
    return [tokens.ids[: encoder.passage_budget] for tokens in encoder.tokenize(texts)]


def ingesting(name: str, folder: Path, encoder: BiEncoder) -> dict[str, float]:
    """Seconds of the ingest and of the bare encoder, and the share that the encoder alone takes of the ingest."""
    start = time.perf_counter()
    ingest([documents_of(name)], folder, encoder=encoder)
    whole = time.perf_counter() - start
    ids = stored_token_ids(folder, encoder)
    start = time.perf_counter()
    encoder.encode_tokens(ids)
    bare = time.perf_counter() - start
    tokens = sum(map(len, ids))
    return {"passages": len(ids), "tokens": tokens, "ingest_s": whole, "encoder_s": bare, "share": bare / whole}


def searching(queries: Sequence[str], folder: Path, encoder: BiEncoder) -> dict[str, float]:
    """Medians over the rounds of the median milliseconds of both, and of their ratios."""
    with Collection.open(folder, encoder=encoder) as collection:

        def search(query: str) -> object:
            return collection.search(query, stage="dense")

        def encode(query: str) -> object:
            return encoder.encode_queries([query])

        milliseconds(search, queries)
        rounds = [(milliseconds(encode, queries), milliseconds(search, queries)) for _ in range(ROUNDS)]
    return {
        "encode_ms": median(encoded for encoded, _ in rounds),
        "dense_ms": median(searched for _, searched in rounds),
        "ratio": median(searched / encoded for encoded, searched in rounds),
    }


def milliseconds(ask: Callable[[str], object], queries: Sequence[str]) -> float:
    """Of the median query."""
    taken = []
    for query in queries:
        start = time.perf_counter()
        ask(query)
        taken.append((time.perf_counter() - start) * 1000)
    return median(taken)


def main() -> int:
    """Prints both as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="scifact")
    parser.add_argument("--queries", type=int, default=150)
    arguments = parser.parse_args()
    encoder = BiEncoder.load()
    asked = list(beir(arguments.data).queries.values())[: arguments.queries]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "collection"
        found = {"ingest": ingesting(arguments.data, folder, encoder), "search": searching(asked, folder, encoder)}
    print(json.dumps({part: {key: float(f"{one:.4g}") for key, one in own.items()} for part, own in found.items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
