"""The answer to a query: hits with their traces, and the plan that found them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, overload

from passagework.retrieval.also_in import AlsoIn
from passagework.retrieval.config import RELEVANT
from passagework.retrieval.plan import Plan
from passagework.retrieval.text import address, in_two_lines, place_list, shortened, visible
from passagework.retrieval.types import Hidden, Injection, Json, Ocr, Stage


@dataclass(frozen=True, slots=True)
class StageScore:
    """Holds a hit's `rank` (from 1) and `score` (higher is better) at one stage.

    `probability` is the reranker's score from 0 to 1, and None at every other stage.
    """

    rank: int
    score: float
    probability: float | None = None

    def to_json(self) -> dict[str, Json]:
        """Returns what the search JSON has of it."""
        out: dict[str, Json] = {"rank": self.rank, "score": self.score}
        if self.probability is not None:
            out["probability"] = self.probability
        return out


@dataclass(frozen=True, slots=True)
class Relevance:
    """Holds the estimated probability, 0 to 1, that a passage answers the query, and what it is estimated by.

    `closeness` is how near it is to the query, on the encoder's scale from what has nothing to do with it (0) to what
    answers (1), and None where no vectors were compared; `coverage` how much of the query's telling words it has.
    `uncorrected` is what the probability would be without the collection's judgments, None where they correct nothing.
    """

    probability: float
    closeness: float | None
    coverage: float
    uncorrected: float | None = None

    def to_json(self) -> dict[str, Json]:
        """Returns what the search JSON has under `evidence`."""
        corrected = {} if self.uncorrected is None else {"uncorrected": self.uncorrected}
        return {"closeness": self.closeness, "coverage": self.coverage, **corrected}


Trace: TypeAlias = "Mapping[Stage, StageScore]"
"""A hit's story: its rank and score at every stage it passed."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Is a passage that answers a query, with its rank from 1, its score, and its trace in `stages`.

    `document` is the record's `_id`, else the absolute URI. `id` is the passage's id, never reused. `hidden` is what a
    reader of the document does not see of `[start, end)`, in the same offsets. `root` tells the folder ingested, where
    a file of another folder has the same path. `lines` are the first and the last line of source code, from 1, and
    `seconds` the first and the last of what is spoken; both are empty for other documents.
    `ocr` tells that it was read by OCR, and how surely; `estimate` how relevant it is, and by what. `also_in` are the
    places of its copies, best first. `collection` is the name of its collection, where several were searched.
    `original` is where it stood in the text as it was read, where placeholders stand for personal data of its document;
    None elsewhere, where that is `[start, end)`. `injection` is what of it seems to instruct a language model, in the
    same offsets as `hidden`. `searched_title` is the title as models and words read it: with the name of the
    document's file, where that says more.
    """

    rank: int
    score: float
    text: str
    document: str
    path: str
    title: str
    pages: tuple[int, ...]
    start: int
    end: int
    headings: tuple[str, ...]
    metadata: Mapping[str, Json]
    stages: Trace
    id: int
    uri: str
    hidden: tuple[Hidden, ...] = ()
    root: str = ""
    lines: tuple[int, ...] = ()
    seconds: tuple[float, ...] = ()
    ocr: Ocr | None = None
    also_in: tuple[AlsoIn, ...] = ()
    estimate: Relevance | None = None
    collection: str = ""
    original: tuple[int, int] | None = None
    injection: tuple[Injection, ...] = ()
    searched_title: str = ""

    @property
    def relevance(self) -> float | None:
        """Returns the estimated probability that it answers the query, the same at every stage and for every encoder.

        From 0 to 1; None where it was not to be estimated.
        """
        return None if self.estimate is None else self.estimate.probability

    @property
    def place(self) -> str:
        """Returns where it stands in its document: `p. 3`, `lines 12-40`, `0:01:23-0:02:05`, or nothing."""
        return place_list(self.pages, self.lines, self.seconds)

    @property
    def address(self) -> str:
        """Returns what lists call its document: the path, with collection, record and root where they are needed."""
        return address(self.path, self.uri, self.root, self.collection)

    def __str__(self) -> str:
        """Returns rank, score and place, and how the passage begins, in two lines."""
        place = (self.address, self.place, *self.headings)
        return in_two_lines(f"{self.rank:>2}  {self.score:.3f}", place, self.text)

    def to_json(self) -> dict[str, Json]:
        """Returns what the search JSON has of it."""
        return {
            "rank": self.rank,
            "score": self.score,
            "relevance": self.relevance,
            "text": self.text,
            "document": self.document,
            "path": self.path,
            "title": self.title,
            "pages": list(self.pages),
            "lines": list(self.lines),
            "seconds": list(self.seconds),
            "start": self.start,
            "end": self.end,
            "headings": list(self.headings),
            "metadata": dict(self.metadata),
            "stages": {stage.value: score.to_json() for stage, score in self.stages.items()},
            "hidden": [span.to_json() for span in self.hidden],
            "also_in": [copy.to_json() for copy in self.also_in],
            **({} if self.ocr is None else {"ocr": self.ocr.to_json()}),
            **({"injection": [span.to_json() for span in self.injection]} if self.injection else {}),
            **({} if self.original is None else {"original": dict(zip(("start", "end"), self.original, strict=True))}),
            **({} if self.estimate is None else {"evidence": self.estimate.to_json()}),
            **({"collection": self.collection} if self.collection else {}),
        }


def is_relevant(hit: Hit) -> bool:
    """Tells whether a hit is relevant by the default threshold, RELEVANT."""
    return hit.relevance is not None and hit.relevance >= RELEVANT


@dataclass(frozen=True, slots=True, repr=False)
class Hits(Sequence[Hit]):
    """Holds the answer to one query: hits in order of rank, the plan that found them, and milliseconds per stage."""

    query: str
    hits: tuple[Hit, ...]
    plan: Plan
    timings_ms: Mapping[str, float]

    @overload
    def __getitem__(self, index: int) -> Hit: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Hit, ...]: ...
    def __getitem__(self, index: int | slice) -> Hit | tuple[Hit, ...]:
        return self.hits[index]

    def __len__(self) -> int:
        return len(self.hits)

    @property
    def relevant(self) -> int | None:
        """Returns how many of the hits are of a relevance of RELEVANT at least; None where none was estimated."""
        if self.hits and all(hit.estimate is None for hit in self.hits):
            return None
        return sum(is_relevant(hit) for hit in self.hits)

    def __repr__(self) -> str:
        """Returns one line: the query, the number of hits, their stage, and milliseconds where they were taken."""
        total = self.timings_ms.get("total")
        time = "" if total is None else f", {total:.0f} ms"
        return f"<Hits of {shortened(self.query)!r}: {len(self.hits)}, {self.plan.used.value}{time}>"

    def __str__(self) -> str:
        """Returns the ranking, to look at: rank, score, place, and how each passage begins."""
        return "\n".join([visible(self.query), *map(str, self.hits)])

    def to_json(self) -> dict[str, Json]:
        """Returns the search JSON: `query`, `plan`, `timings_ms`, `hits`, `relevant`."""
        return {
            "query": self.query,
            "plan": self.plan.to_json(),
            "timings_ms": dict(self.timings_ms),
            "hits": [hit.to_json() for hit in self.hits],
            "relevant": self.relevant,
        }
