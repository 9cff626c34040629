"""The benchmark data, as far as these scripts need it."""

from __future__ import annotations

import csv
import json
import os
import sys
from pathlib import Path

from passagework.retrieval.evaluation import Benchmark, load_beir
from passagework.retrieval.evaluation.judgments import Judgment


def data_folder() -> Path:
    """The folder that PASSAGEWORK_TEST_DATA names; ends the script with one line where it doesn't."""
    folder = os.environ.get("PASSAGEWORK_TEST_DATA")
    if not folder:
        sys.exit("set PASSAGEWORK_TEST_DATA to the folder of benchmark data")
    return Path(folder)


def beir(name: str, *, every: int = 1) -> Benchmark:
    """The test split of a benchmark; of its judged queries every so many."""
    whole = load_beir(data_folder() / "beir" / name)
    return whole.only(list(whole.queries)[::every])


def financebench() -> list[Judgment]:
    """56 analysts' questions on 16 SEC filings, with their evidence pages."""
    questions = (data_folder() / "files" / "financebench" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        Judgment(question["question"], f"{one['doc_name']}.pdf", page=one["evidence_page_num"] + 1)
        for question in map(json.loads, questions)
        for one in question["evidence"]
    ]


def chunking_eval() -> list[Judgment]:
    """472 questions on 5 corpora, with the characters that answer them."""
    with (data_folder() / "files" / "chunking-eval" / "questions.csv").open(encoding="utf-8", newline="") as file:
        return [
            Judgment(
                row["question"],
                f"{row['corpus_id']}.md",
                start=one["start_index"],
                end=one["end_index"],
                quote=one["content"],
            )
            for row in csv.DictReader(file)
            for one in json.loads(row["references"])
        ]


def documents_of(name: str) -> Path:
    """What is ingested for a set."""
    files = data_folder() / "files"
    own = {"financebench": files / "financebench" / "pdfs", "chunking-eval": files / "chunking-eval" / "corpora"}
    return own.get(name, data_folder() / "beir" / name / "corpus.jsonl")
