"""Benchmark folders in BEIR layout, as far as these scripts need them."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections import defaultdict
from pathlib import Path


def data_folder() -> Path:
    """The folder that PASSAGEWORK_TEST_DATA names; ends the script with one line where it doesn't."""
    folder = os.environ.get("PASSAGEWORK_TEST_DATA")
    if not folder:
        sys.exit("set PASSAGEWORK_TEST_DATA to the folder of benchmark data")
    return Path(folder)


def queries_and_qrels(folder: Path) -> tuple[dict[str, str], dict[str, dict[str, int]]]:
    """The judged queries of the test split, and query -> document -> grade."""
    qrels: dict[str, dict[str, int]] = defaultdict(dict)
    with (folder / "qrels" / "test.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if int(row["score"]) > 0:
                qrels[row["query-id"]][row["corpus-id"]] = int(row["score"])
    with (folder / "queries.jsonl").open(encoding="utf-8") as file:
        texts = {row["_id"]: row["text"] for row in map(json.loads, file)}
    return {query: texts[query] for query in qrels if query in texts}, dict(qrels)
