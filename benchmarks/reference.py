"""nDCG@10 of the shipped query path on SciFact, Cranfield and squad-dev, whole records and as a user would have them.

    python -m benchmarks.reference [--keep DIR] [--chunked]

Each record one passage cut at the window (`--whole`), as in the reference table of the README; then cut by default
settings, documents ranked by their best passage. Of squad-dev every 21st query. The reference looks stop words up;
since they no longer are (docs/first-stage.md), what words take part in may lie above it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from benchmarks.datasets import beir, documents_of
from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval import BiEncoder, Fusion, Stage
from passagework.retrieval.evaluation import evaluate

REFERENCE = {
    "scifact": {"dense": 0.646, "lexical": 0.687, "rrf": 0.717, "hybrid": 0.737},
    "cranfield": {"dense": 0.398, "lexical": 0.377, "rrf": 0.432, "hybrid": 0.437},
    "squad-dev": {"dense": 0.772, "lexical": 0.870, "rrf": 0.863, "hybrid": 0.901},
}
EVERY = {"squad-dev": 21}


def measure(name: str, folder: Path, encoder: BiEncoder, *, whole: bool) -> dict[str, float]:
    """nDCG@10 and median milliseconds by setting, and the seconds that ingest took."""
    report = ingest([documents_of(name)], folder, encoder=encoder, whole=whole or None)
    found = {"ingest_s": report.seconds, "passages": float(report.passages)}
    benchmark = beir(name, every=EVERY.get(name, 1))
    with Collection.open(folder, encoder=encoder) as collection:
        stages = (Stage.DENSE, Stage.LEXICAL, Stage.HYBRID)
        default = evaluate(collection, benchmark, stages=stages, measures=["nDCG@10"])
        ranks = evaluate(collection, benchmark, stages=[Stage.HYBRID], measures=["nDCG@10"], fusion=Fusion.RRF)
    figures = {stage.value: one for stage, one in default.stages.items()} | {"rrf": ranks.stages[Stage.HYBRID]}
    for setting, one in figures.items():
        found[setting], found[f"{setting}_ms_p50"] = one.means["nDCG@10"], one.ms_p50
    return found


def main() -> int:
    """Prints a row a dataset and a setting; exits 1 where a figure misses its bar."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, help="folder for the collections, reused by the next run")
    parser.add_argument("--chunked", action="store_true", help="only the run with passages, not whole records")
    parser.add_argument("--datasets", nargs="+", default=list(REFERENCE), choices=list(REFERENCE))
    arguments = parser.parse_args()
    encoder = BiEncoder.load()
    print(f"encoder {encoder.fingerprint.describe()}, {encoder.backend}")
    missed = 0
    with tempfile.TemporaryDirectory(prefix="passagework-") as temporary:
        for name in arguments.datasets:
            for whole in [False] if arguments.chunked else [True, False]:
                label = "whole" if whole else "passages"
                found = measure(name, (arguments.keep or Path(temporary)) / f"{name}-{label}", encoder, whole=whole)
                rounded = {key: round(value, 4) for key, value in found.items()}
                print(json.dumps({"dataset": name, "cut": label, **rounded}), flush=True)
                for setting, reference in REFERENCE[name].items():
                    low = reference - 0.003 if whole else reference - 0.005
                    high = reference + 0.003 if setting == "dense" and whole else 1.0
                    if (whole or setting == "hybrid") and not low <= found[setting] <= high:
                        missed += 1
                        print(f"MISSED {name} {label} {setting}: {found[setting]:.4f}, reference {reference}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
