"""FinanceBench: the share of questions whose evidence page is among the pages of the first 10 hits, per stage.

    python -m benchmarks.financebench [--keep DIR] [--passage-tokens N] [--overlap N]

56 analysts' questions on 16 SEC filings; every question is searched in all filings.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.datasets import data_folder
from ingest import ingest
from retrieval import Collection, Stage

BAR = 0.4


def main() -> int:
    """Prints a share a stage; exits 1 where hybrid misses its bar."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, help="folder for the collection, reused by the next run")
    parser.add_argument("--passage-tokens", type=int)
    parser.add_argument("--overlap", type=int)
    arguments = parser.parse_args()
    folder = data_folder() / "files" / "financebench"
    keep = arguments.keep or Path(tempfile.mkdtemp(prefix="passagework-"))
    report = ingest([folder / "pdfs"], keep, passage_tokens=arguments.passage_tokens, overlap=arguments.overlap)
    print(f"{report.added} added, {report.passages} passages in {report.seconds:.0f} s, failed: {report.failed}")
    questions = [json.loads(line) for line in (folder / "questions.jsonl").open(encoding="utf-8")]
    shares = {}
    with Collection.open(keep) as collection:
        for stage in (Stage.DENSE, Stage.LEXICAL, Stage.HYBRID):
            found = 0
            for question in questions:
                evidence = {(one["doc_name"], one["evidence_page_num"] + 1) for one in question["evidence"]}
                hits = collection.search(question["question"], k=10, stage=stage)
                pages = {(Path(hit.path).stem, page) for hit in hits for page in hit.pages}
                found += bool(evidence & pages)
            shares[stage.value] = round(found / len(questions), 4)
    print(json.dumps({"questions": len(questions), "evidence_page_in_10": shares}))
    if arguments.keep is None:
        shutil.rmtree(keep)
    return 0 if shares["hybrid"] >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
