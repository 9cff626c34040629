"""The pairs that the shipped reranker is trained on, from data whose licences allow it.

    python -m benchmarks.training_pairs OUT.jsonl

SQuAD 1.1 train (CC BY-SA 4.0): questions with answers. MedQuAD (CC BY 4.0): questions on diseases. PubMedQA (MIT): the
sentences of a study's conclusion as claims, its abstract as the text, the title being its question. A share of the
first two is turned into other kinds of queries (retrieval/training/variations.py).
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.datasets import data_folder
from passagework.retrieval.training.pairs import Pair, write_pairs
from passagework.retrieval.training.variations import SENTENCE, varied

SEED = 13
SQUAD_PASSAGES, QUESTIONS_A_PASSAGE = 9_000, 2
MEDQUAD_PASSAGES = 4_000
LEAST_WORDS = 20
"""Of a MedQuAD answer: shorter ones say that nothing is known."""


def squad() -> Iterator[Pair]:
    """Some questions of some paragraphs, of every article."""
    draw = random.Random(SEED)
    paragraphs = [one for one in _lines("squad-train") if one["questions"]]
    for one in draw.sample(paragraphs, SQUAD_PASSAGES):
        for asked in draw.sample(one["questions"], min(QUESTIONS_A_PASSAGE, len(one["questions"]))):
            answers = tuple(dict.fromkeys(text.strip() for text in asked["answers"] if text.strip()))
            if asked["text"].strip() and answers:
                yield Pair(asked["text"].strip(), one["passage"].strip(), title=one["title"], answers=answers)


def medquad() -> Iterator[Pair]:
    """One question of each of some diseases' answers."""
    long = [one for one in _lines("medquad") if len(one["passage"].split()) >= LEAST_WORDS]
    for one in random.Random(SEED).sample(long, MEDQUAD_PASSAGES):
        yield Pair(" ".join(one["question"].split()), one["passage"].strip(), title=one["title"])


def pubmedqa() -> Iterator[Pair]:
    """Up to three sentences of each conclusion."""
    for one in _lines("pubmedqa"):
        sentences = [found[0].strip() for found in SENTENCE.finditer(one["long_answer"])]
        for claim in [text for text in sentences if len(text.split()) >= 6][:3]:
            yield Pair(claim, " ".join(one["contexts"]), title=one["question"], kind="claim")


def _lines(name: str) -> Iterator[dict[str, Any]]:
    with gzip.open(data_folder() / "pairs" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def main() -> int:
    """Writes the pairs, and how many there are of each kind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    pairs = [*varied([*squad(), *medquad()], seed=SEED), *pubmedqa()]
    random.Random(SEED).shuffle(pairs)
    write_pairs(pairs, arguments.out)
    print(json.dumps({"pairs": len(pairs), **Counter(pair.kind for pair in pairs)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
