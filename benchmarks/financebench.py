"""FinanceBench: the share of questions whose evidence page is among the first 10 places found, per stage.

    python -m benchmarks.financebench [--keep DIR] [--passage-tokens N] [--overlap N]

56 analysts' questions on 16 SEC filings; every question is searched in all filings.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from benchmarks.datasets import documents_of, financebench
from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval.evaluation import evaluate
from passagework.retrieval.evaluation.judged_places import JudgedPlaces
from passagework.retrieval.types import Stage

BAR = 0.4


def main() -> int:
    """Prints a share a stage; exits 1 where hybrid misses its bar."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, help="folder for the collection, reused by the next run")
    parser.add_argument("--passage-tokens", type=int)
    parser.add_argument("--overlap", type=int)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="passagework-") as temporary:
        keep = arguments.keep or Path(temporary) / "financebench"
        report = ingest(
            [documents_of("financebench")],
            keep,
            passage_tokens=arguments.passage_tokens,
            overlap=arguments.overlap,
        )
        print(f"{report.added} added, {report.passages} passages in {report.seconds:.0f} s, failed: {report.failed}")
        with Collection.open(keep) as collection:
            places = JudgedPlaces(collection, financebench(), name="financebench")
            found = evaluate(collection, places, measures=["Success@10"])
    shares = {stage.value: round(figures.means["Success@10"], 4) for stage, figures in found.stages.items()}
    print(json.dumps({"questions": len(found.queries), "evidence_page_in_10": shares, "drifted": places.drifted}))
    return 0 if shares[Stage.HYBRID.value] >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
