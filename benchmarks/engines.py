"""A set of questions through engines beside the collection that lies here: the same answers, and what they take.

    python -m benchmarks.engines --set scifact --collection DIR --engine qdrant-edge=4 --engine postgres=ADDRESS

`--collection` is the set's, one passage a record; what is loaded goes into a temporary folder. A JSON line for each
engine: seconds of the load, bytes in the folder and in a database, bytes of memory that came to this process and that
the processes of a database have, milliseconds by filter here and there, what `fleet verify` found with
`--verify` of the questions, and nDCG@10 of hybrid, here and there. `--limit` asks fewer questions.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import psycopg

from benchmarks.datasets import beir
from benchmarks.first_stage_sets import ndcg
from passagework import Collection
from passagework.ingest.fleet import load_collection, verify_collection
from passagework.ingest.fleet.engine_verification import filters_of
from passagework.retrieval.folder import publish
from passagework.retrieval.types import Stage


def measured(
    collection: Collection, queries: Mapping[str, str], where: Any
) -> tuple[dict[str, list[str]], list[float]]:
    """The documents of the best hits for each question, and the milliseconds of each search."""
    found, took = {}, []
    for key, query in queries.items():
        began = time.perf_counter()
        hits = collection.search(query, k=10, stage=Stage.HYBRID, where=where, per_document=1)
        took.append(1000 * (time.perf_counter() - began))
        found[key] = [hit.document for hit in hits]
    return found, took


def mean_ndcg(found: Mapping[str, list[str]], qrels: Mapping[str, Mapping[str, int]]) -> float:
    """nDCG@10 over the questions."""
    scores = [
        ndcg([qrels[key].get(document, 0) for document in documents], list(qrels[key].values()))
        for key, documents in found.items()
    ]
    return round(float(np.mean(scores)), 4)


def percentiles(took: list[float]) -> list[float]:
    """The median and the 95th percentile, in milliseconds."""
    return [round(float(np.percentile(took, share)), 1) for share in (50, 95)]


def database_bytes(address: str, schema: str) -> int:
    """What tables and indexes of a schema take on disk."""
    query = (
        "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = %s AND c.relkind = 'r'"
    )
    with psycopg.connect(address) as connection:
        row = connection.execute(query, [schema]).fetchone()
    return int(row[0]) if row else 0


def database_memory() -> int:
    """What the processes of PostgreSQL on this machine have, shared memory once."""
    found = [process for process in psutil.process_iter(["name"]) if process.info["name"] == "postgres"]
    return sum(process.memory_full_info().pss for process in found)


def main() -> None:
    """Prints a line for each engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", required=True)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--collection", type=Path, required=True)
    parser.add_argument("--engine", action="append", required=True, metavar="NAME=ADDRESS")
    parser.add_argument("--limit", type=int, default=200)
    parser.add_argument("--verify", type=int, default=50)
    parser.add_argument("--timed", type=int, default=50)
    asked = parser.parse_args()
    benchmark = beir(asked.set, every=asked.every)
    queries = dict(list(benchmark.queries.items())[: asked.limit])
    for named in asked.engine:
        engine, _, address = named.partition("=")
        with tempfile.TemporaryDirectory() as folder:
            served = Path(folder) / f"{asked.set}-{time.time_ns()}"
            before = psutil.Process().memory_info().rss
            began = time.perf_counter()
            loaded = load_collection(asked.collection, served, engine=engine, address=address, name=served.name)
            out: dict[str, Any] = {"set": asked.set, "engine": engine, "passages": loaded.passages}
            out["load_seconds"] = round(time.perf_counter() - began, 1)
            out["passages_a_second"] = round(loaded.passages / (time.perf_counter() - began), 1)
            out["folder_bytes"] = sum(512 * path.stat().st_blocks for path in served.rglob("*") if path.is_file())
            if engine == "postgres":
                out["database_bytes"] = database_bytes(address, served.name)
            if asked.verify:
                chosen = list(queries.values())[: asked.verify]
                out["verified"] = verify_collection(asked.collection, served, queries=chosen).to_json()
            publish(served, served / "v0001")
            timed = dict(list(queries.items())[: asked.timed])
            with Collection.open(asked.collection) as here, Collection.open(served) as there:
                with here._reading() as (_, snapshot):
                    filters = filters_of(snapshot)
                both = {"here": here, "there": there}
                out["ms"] = {
                    name: {place: percentiles(measured(one, timed, where)[1]) for place, one in both.items()}
                    for name, where in filters.items()
                }
                out["nDCG@10"] = {
                    place: mean_ndcg(measured(one, queries, None)[0], benchmark.qrels) for place, one in both.items()
                }
            out["memory_bytes"] = psutil.Process().memory_info().rss - before
            if engine == "postgres":
                out["database_memory_bytes"] = database_memory()
            print(json.dumps(out), flush=True)


if __name__ == "__main__":
    main()
