"""A benchmark small enough to judge by hand, in BEIR layout."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

RECORDS = {
    "d1": ("Owls", "owls hoot at night in the forest"),
    "d2": ("Dogs", "dogs bark at night in the village"),
    "d3": ("Cats", "cats purr by the stove"),
    "d4": ("Whales", "whales sing in the deep sea"),
    "d5": ("Gulls", "gulls cry above the harbour"),
}
QUERIES = {"q1": "owls hoot", "q2": "dogs bark", "q3": "gulls cry", "q4": "cats purr", "unjudged": "whales"}
GRADES = [("q1", "d1", 2), ("q1", "d2", 1), ("q2", "d1", 1), ("q3", "d5", 1), ("q3", "gone", 1), ("lost", "d1", 1),
          ("q4", "d3", 0)]  # fmt: skip


def write_beir(folder: Path, *, split: str = "test") -> Path:
    """The folder, filled."""
    (folder / "qrels").mkdir(parents=True)
    records = ({"_id": one, "title": title, "text": text} for one, (title, text) in RECORDS.items())
    _write(folder / "corpus.jsonl", records)
    _write(folder / "queries.jsonl", ({"_id": one, "text": text} for one, text in QUERIES.items()))
    rows = "".join(f"{query}\t{document}\t{grade}\n" for query, document, grade in GRADES)
    (folder / "qrels" / f"{split}.tsv").write_text("query-id\tcorpus-id\tscore\n" + rows)
    return folder


def _write(path: Path, records: Iterable[dict[str, str]]) -> None:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
