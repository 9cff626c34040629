"""nDCG@10 of the shipped query path on SciFact, Cranfield and squad-dev, whole records and as a user would have them.

    python -m benchmarks.reference [--keep DIR] [--chunked]

Each record one passage cut at the window (`--whole`), as in the reference table of the README; then cut by default
settings, documents ranked by their best passage. Of squad-dev every 21st query.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import ir_measures
from ir_measures import nDCG

from benchmarks.datasets import data_folder, queries_and_qrels
from ingest import ingest
from retrieval import BiEncoder, Collection, Fusion, Stage

REFERENCE = {
    "scifact": {"dense": 0.646, "lexical": 0.687, "rrf": 0.717, "hybrid": 0.737},
    "cranfield": {"dense": 0.398, "lexical": 0.377, "rrf": 0.432, "hybrid": 0.437},
    "squad-dev": {"dense": 0.772, "lexical": 0.870, "rrf": 0.863, "hybrid": 0.901},
}
EVERY = {"squad-dev": 21}
SETTINGS = {
    "dense": (Stage.DENSE, Fusion.CONVEX),
    "lexical": (Stage.LEXICAL, Fusion.CONVEX),
    "rrf": (Stage.HYBRID, Fusion.RRF),
    "hybrid": (Stage.HYBRID, Fusion.CONVEX),
}
DEPTH = 100


def measure(folder: Path, collection: Path, encoder: BiEncoder, *, whole: bool) -> dict[str, float]:
    """nDCG@10 by setting, and the seconds that ingest took."""
    started = time.monotonic()
    report = ingest([folder / "corpus.jsonl"], collection, encoder=encoder, whole=whole or None)
    found = {"ingest_s": time.monotonic() - started, "passages": float(report.passages)}
    queries, qrels = queries_and_qrels(folder)
    chosen = list(queries)[:: EVERY.get(folder.name, 1)]
    with Collection.open(collection, encoder=encoder) as opened:
        for name, (stage, fusion) in SETTINGS.items():
            run: dict[str, dict[str, float]] = {}
            times = []
            for query in chosen:
                hits = opened.search(queries[query], k=DEPTH, stage=stage, fusion=fusion, per_document=1)
                run[query] = {hit.document: hit.score - hit.rank * 1e-9 for hit in hits}
                times.append(hits.timings_ms["total"])
            judged = {query: qrels[query] for query in chosen}
            found[name] = float(ir_measures.calc_aggregate([nDCG @ 10], judged, run)[nDCG @ 10])
            found[f"{name}_ms_p50"] = statistics.median(times)
    return found


def main() -> int:
    """Prints a row a dataset and a setting; exits 1 where a figure misses its bar."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, help="folder for the collections, reused by the next run")
    parser.add_argument("--chunked", action="store_true", help="only the run with passages, not whole records")
    parser.add_argument("--datasets", nargs="+", default=list(REFERENCE), choices=list(REFERENCE))
    arguments = parser.parse_args()
    keep = arguments.keep or Path(tempfile.mkdtemp(prefix="passagework-"))
    encoder = BiEncoder.load()
    print(f"encoder {encoder.fingerprint.describe()}, {encoder.backend}")
    missed = 0
    for name in arguments.datasets:
        folder = data_folder() / "beir" / name
        for whole in [False] if arguments.chunked else [True, False]:
            label = "whole" if whole else "passages"
            found = measure(folder, keep / f"{name}-{label}", encoder, whole=whole)
            print(json.dumps({"dataset": name, "cut": label, **{key: round(value, 4) for key, value in found.items()}}))
            sys.stdout.flush()
            for setting, reference in REFERENCE[name].items():
                low = reference - 0.003 if whole else reference - 0.005
                high = reference + 0.003 if whole else 1.0
                if (whole or setting == "hybrid") and not low <= found[setting] <= high:
                    missed += 1
                    print(f"MISSED {name} {label} {setting}: {found[setting]:.4f}, reference {reference}")
    if arguments.keep is None:
        shutil.rmtree(keep)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
