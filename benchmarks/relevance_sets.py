"""What relevance is fitted on and judged by: collections, the questions that they answer, and questions of others."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets import beir, chunking_eval, documents_of, financebench
from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval import Hit, Stage
from passagework.retrieval.evaluation.judged import Judged, JudgedDocuments
from passagework.retrieval.evaluation.judged_places import JudgedPlaces
from passagework.retrieval.evaluation.judgments import read_judgments
from passagework.retrieval.search.calibration import Calibration, fitted_calibration
from passagework.retrieval.search.relevance import COMPARED

SAMPLE = Path(__file__).parent.parent / "data"
EVALUATED = ("scifact", "cranfield", "financebench", "chunking-eval", "sample", "squad-dev")
OWN, FOREIGN = 300, 60
"""Questions of a set that it is asked, and of every other that it is asked as well."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for a question: of the first passages (n,) closeness, coverage, relevance and whether they answer.

    `own` tells that the question is of the collection, `source` the set that it is of.
    """

    question: str
    source: str
    own: bool
    told: float
    closeness: Floats
    coverage: Floats
    relevance: Floats
    answers: NDArray[np.bool_]
    first: str
    """The beginning of the first passage."""


def evaluated(name: str, keep: Path, encoder: str | None, stage: Stage) -> list[Answer]:
    """Asks a collection its own questions, and those of the other sets."""
    source = SAMPLE / "sample" if name == "sample" else documents_of(name)
    with opened(source, keep, encoder) as collection:
        judged = _judged(name, collection)
        own = list(judged.queries)[:: max(1, len(judged.queries) // OWN)][:OWN]
        answers = [answer(collection, judged.queries[one], name, stage, _right(judged, one)) for one in own]
        foreign = [(other, text) for other in (*EVALUATED, "cosqa-dev") if other != name for text in _texts(other)]
        return answers + [answer(collection, text, other, stage) for other, text in foreign]


def corrected(
    name: str, keep: Path, encoder: str | None, stage: Stage
) -> tuple[Calibration, list[Answer], list[Answer]]:
    """A correction by every other own question; the other half and the foreign ones, as they come and corrected."""
    answers = evaluated(name, keep, encoder, stage)
    own = [one for one in answers if one.own]
    seen = [one for one in own[::2] if len(one.relevance)]
    calibration = fitted_calibration([one.relevance for one in seen], [one.answers for one in seen])
    left = [*own[1::2], *(one for one in answers if not one.own)]
    return calibration, left, [replace(one, relevance=_corrected(calibration, one.relevance)) for one in left]


def _corrected(calibration: Calibration, relevance: Floats) -> Floats:
    return np.array([calibration.corrected(float(one)) for one in relevance])


def opened(source: Path, keep: Path, encoder: str | None) -> Collection:
    """The collection kept, which is made where there is none."""
    if not (keep / "CURRENT").exists():
        ingest([source], keep, encoder=encoder)
    return Collection.open(keep)


def answer(
    collection: Collection, text: str, source: str, stage: Stage, right: Callable[[Hit], bool] | None = None
) -> Answer:
    """What comes back for a question; `right` tells of a hit whether it answers one of the collection's own."""
    hits = collection.search(text, k=COMPARED, stage=stage)
    estimates = [hit.estimate for hit in hits if hit.estimate is not None]
    return Answer(
        question=text,
        source=source,
        own=right is not None,
        told=hits.plan.told or 0.0,
        closeness=np.array([np.nan if one.closeness is None else one.closeness for one in estimates]),
        coverage=np.array([one.coverage for one in estimates]),
        relevance=np.array([one.probability for one in estimates]),
        answers=np.array([right is not None and right(hit) for hit in hits], np.bool_),
        first=" ".join(hits[0].text.split())[:100] if hits else "",
    )


def _right(judged: Judged, query: str) -> Callable[[Hit], bool]:
    def right(hit: Hit) -> bool:
        return judged.qrels[query].get(judged.things(query, [hit])[0][0], 0) > 0

    return right


def _judged(name: str, collection: Collection) -> Judged:
    if name == "financebench":
        return JudgedPlaces(collection, financebench(), name=name)
    if name == "chunking-eval":
        return JudgedPlaces(collection, chunking_eval(), name=name)
    if name == "sample":
        return JudgedPlaces(collection, read_judgments(SAMPLE / "sample-judgments.jsonl"), name=name)
    return JudgedDocuments(beir(name))


def _texts(name: str) -> Sequence[str]:
    """FOREIGN different questions of a set."""
    if name in ("financebench", "chunking-eval", "sample"):
        own = {"financebench": financebench, "chunking-eval": chunking_eval}
        judgments = own[name]() if name in own else read_judgments(SAMPLE / "sample-judgments.jsonl")
        texts = {judgment.query for judgment in judgments}
    else:
        texts = set(beir(name).queries.values())
    chosen = sorted(texts)
    random.Random(7).shuffle(chosen)
    return chosen[:FOREIGN]
