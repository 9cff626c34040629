"""What relevance is fitted on: collections of training pairs, their own questions, and questions on other matters."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.datasets import data_folder
from benchmarks.relevance_sets import Answer, answer, opened
from passagework.retrieval import Hit, Stage
from passagework.retrieval.training.pairs import Pair
from passagework.retrieval.training.variations import keywords

TOPICS = {"large": (0, 110), "middle": (110, 140), "small": (140, 146), "sentences": (300, 330)}
"""The articles of SQuAD, in an order by chance, of which a collection is made; others are asked about, foreign ones."""

FITTED = (*(f"squad-{size}" for size in TOPICS), "medquad", "pubmedqa")
OTHER_TOPICS = (200, 300)
QUESTIONS = 150
SEED = 2


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and the records that answer it."""

    text: str
    records: frozenset[str] = frozenset()


def fitted(name: str, keep: Path, encoder: str | None, stage: Stage) -> list[Answer]:
    """Asks a collection of training pairs its own questions, whole and as keywords, and others."""
    records, own = _collection(name)
    keep.parent.mkdir(parents=True, exist_ok=True)
    source = keep.parent / f"{name}.jsonl"
    source.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    draw = random.Random(SEED)
    answers: list[Answer] = []
    with opened(source, keep, encoder) as collection:
        for question in own:

            def right(hit: Hit, question: Question = question) -> bool:
                return hit.document in question.records

            answers += [answer(collection, text, name, stage, right) for text in _ways(question.text, draw)]
        for text in _foreign(name):
            answers += [answer(collection, way, "other", stage) for way in _ways(text, draw)]
    return answers


def _ways(text: str, draw: random.Random) -> Iterator[str]:
    """A question as it is, and as one types it."""
    yield text
    if typed := keywords(Pair(text, ""), draw):
        yield typed.query


def _collection(name: str) -> tuple[list[dict[str, str]], Sequence[Question]]:
    """The records of a training set, and QUESTIONS on them."""
    make = {"medquad": _medquad, "pubmedqa": _pubmedqa}.get(name, lambda: _squad(name.removeprefix("squad-")))
    records, questions = make()
    return records, random.Random(SEED).sample(questions, QUESTIONS)


def _medquad() -> tuple[list[dict[str, str]], list[Question]]:
    rows = _lines("medquad")[:1500]
    answering: dict[str, set[str]] = {}
    for number, row in enumerate(rows):
        answering.setdefault(" ".join(row["question"].split()), set()).add(f"m{number}")
    records = [{"_id": f"m{number}", "text": row["passage"]} for number, row in enumerate(rows)]
    return records, [Question(text, frozenset(ids)) for text, ids in answering.items()]


def _pubmedqa() -> tuple[list[dict[str, str]], list[Question]]:
    rows = _lines("pubmedqa")[:700]
    records = [{"_id": f"p{number}", "text": "\n\n".join(row["contexts"])} for number, row in enumerate(rows)]
    return records, [Question(row["question"], frozenset((f"p{number}",))) for number, row in enumerate(rows)]


def _squad(size: str) -> tuple[list[dict[str, str]], list[Question]]:
    """Paragraphs of some articles, or every two sentences of them: there the right one has many like it."""
    records: list[dict[str, str]] = []
    questions: list[Question] = []
    for number, row in _of_topics(*TOPICS[size]):
        sentences = re.split(r"(?<=[.!?])\s+(?=[A-Z])", row["passage"])
        step = 2 if size == "sentences" else len(sentences)
        parts = {f"s{number}-{at}": " ".join(sentences[at : at + step]) for at in range(0, len(sentences), step)}
        records += [{"_id": part, "title": row["title"], "text": text} for part, text in parts.items()]
        for asked in row["questions"]:
            holding = frozenset(part for part, text in parts.items() if asked["answers"][0] in text)
            if holding and asked["text"].strip():
                questions.append(Question(asked["text"].strip(), holding))
    return records, questions


def _foreign(name: str) -> list[str]:
    """Questions on what is in none of the collections: of articles, diseases and studies that were left out."""
    squad = [asked["text"].strip() for _, row in _of_topics(*OTHER_TOPICS) for asked in row["questions"]]
    sets = {
        "squad": [text for text in squad if text],
        "medquad": [" ".join(row["question"].split()) for row in _lines("medquad")[3000:3400]],
        "pubmedqa": [row["question"] for row in _lines("pubmedqa")[700:]],
    }
    draw = random.Random(SEED)
    # what is left out of MedQuAD and PubMedQA is answered by what isn't, as often as not
    others = [other for other in sets if other == "squad" or other != name]
    return [text for other in others for text in draw.sample(sets[other], QUESTIONS // len(others))]


def _of_topics(first: int, last: int) -> Iterator[tuple[int, dict[str, Any]]]:
    rows = _lines("squad-train")
    titles = sorted({row["title"] for row in rows})
    random.Random(SEED).shuffle(titles)
    chosen = set(titles[first:last])
    return ((number, row) for number, row in enumerate(rows) if row["title"] in chosen)


def _lines(name: str) -> list[dict[str, Any]]:
    with gzip.open(data_folder() / "pairs" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    if name != "squad-train":
        random.Random(SEED).shuffle(rows)
    return rows
