"""The answer to a query: hits with their traces, the plan that found them, and cited text made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import Enum
from typing import TypeAlias, overload

from passagework.retrieval.config import CONVEX_WEIGHT
from passagework.retrieval.text import address, in_two_lines, place_list, shortened, visible
from passagework.retrieval.types import Fusion, Hidden, Json, Ocr, Stage
from passagework.retrieval.understood import Understood


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


Trace: TypeAlias = "Mapping[Stage, StageScore]"
"""A hit's story: its rank and score at every stage it passed."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Is a passage that answers a query, with its rank from 1, its score, and its trace in `stages`.

    `document` is the record's `_id`, else the absolute URI. `id` is the passage's id, never reused. `hidden` is what a
    reader of the document does not see of `[start, end)`, in the same offsets. `root` tells the folder ingested, where
    a file of another folder has the same path. `lines` are the first and the last line of source code, from 1, and
    `seconds` the first and the last of what is spoken; both are empty for other documents.
    `ocr` tells that it was read by OCR, and how surely.
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

    @property
    def place(self) -> str:
        """Returns where it stands in its document: `p. 3`, `lines 12-40`, `0:01:23-0:02:05`, or nothing."""
        return place_list(self.pages, self.lines, self.seconds)

    @property
    def address(self) -> str:
        """Returns what lists call its document: the path, with the record, and with the root where that is needed."""
        return address(self.path, self.uri, self.root)

    def __str__(self) -> str:
        """Returns rank, score and place, and how the passage begins, in two lines."""
        place = (self.address, self.place, *self.headings)
        return in_two_lines(f"{self.rank:>2}  {self.score:.3f}", place, self.text)

    def to_json(self) -> dict[str, Json]:
        """Returns what the search JSON has of it."""
        return {
            "rank": self.rank,
            "score": self.score,
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
            **({} if self.ocr is None else {"ocr": self.ocr.to_json()}),
        }


class TokenVectorsUsed(str, Enum):
    """Tells of how many reranked passages the collection kept the token vectors."""

    STORED = "stored"
    PARTLY = "partly stored"


@dataclass(frozen=True, slots=True)
class FilterUse:
    """Tells how a search kept to its filter: the `strategy`, and how many passages matched where they were counted.

    `looked_at` counts the nearest passages that were held against the filter, where it was checked behind the search.
    """

    strategy: str
    matching: int | None = None
    looked_at: int | None = None

    def to_json(self) -> dict[str, Json]:
        """Returns what the plan's JSON has under `filter`."""
        counts = {"matching": self.matching, "looked_at": self.looked_at}
        return {**{name: count for name, count in counts.items() if count is not None}, "strategy": self.strategy}


@dataclass(frozen=True, slots=True)
class QueryCut:
    """Tells that a query has so many `tokens`, of which the encoder read the first `used`."""

    tokens: int
    used: int

    def to_json(self) -> dict[str, Json]:
        """Returns what the plan's JSON has under `query_cut`."""
        return {"tokens": self.tokens, "used": self.used}


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """Weighs the two scores of the first stage: dense x cosine + lexical x BM25 / the query's best."""

    dense: float = 1.0
    lexical: float = CONVEX_WEIGHT

    def to_json(self) -> dict[str, Json]:
        """Returns what the plan's JSON has under `weights`."""
        return {"dense": self.dense, "lexical": self.lexical}


@dataclass(frozen=True, slots=True)
class Blend:
    """Weighs scores that are added: dense x cosine + lexical x BM25 / the best + reranked x the reranker's score."""

    lexical: float
    reranked: float
    dense: float = 1.0

    def following(self, weights: FusionWeights) -> Blend:
        """Returns the blend for a query whose words weigh more than most beside its vector, or less; its sum stays.

        Beyond twice their even weight the vector tells so little that its tokens tell no more: words gain by the cube.
        """
        more = weights.lexical / weights.dense / CONVEX_WEIGHT
        lexical = self.lexical * more * max(1.0, more / 2) ** 2
        scale = (self.dense + self.lexical + self.reranked) / (self.dense + lexical + self.reranked)
        return Blend(round(lexical * scale, 6), round(self.reranked * scale, 6), round(self.dense * scale, 6))

    def to_json(self) -> dict[str, Json]:
        """Returns what the plan's JSON has under `blend`: the weight of each stage's score."""
        return {"dense": self.dense, "lexical": self.lexical, "rerank": self.reranked}


@dataclass(frozen=True, slots=True)
class Plan:
    """Tells how a search was done; what has no part in it is None.

    `requested` is the stage that was asked for, `used` the one that gave the hits, and `reason` why they differ.
    `candidates` is the pool per first-stage retriever, and `pool` how many passages both found; `index` is the kind of
    vector index, `best_bm25` what scores by words are divided by, `weights` what cosines and they count for.
    `rerank_depth` candidates were read by `reranker`, `reranked_in_windows` of them in several parts;
    `rerank_query_cut` tells that it read only part of the query. `languages` are those by whose stems the query's words
    were looked for as well, `unknown_tokens` how many of the query's tokens the encoder knows nothing of. `hints` say
    what a filter may have meant that asks for what no document has. `understood` is None where the query was read as
    words alone.
    """

    requested: Stage
    used: Stage
    candidates: int
    reason: str | None = None
    fusion: Fusion | None = None
    index: str | None = None
    filter: FilterUse | None = None
    query_cut: QueryCut | None = None
    best_bm25: float | None = None
    weights: FusionWeights | None = None
    pool: int | None = None
    reranker: str | None = None
    rerank_depth: int | None = None
    token_vectors: TokenVectorsUsed | None = None
    reranked_in_windows: int = 0
    rerank_query_cut: bool = False
    blend: Blend | None = None
    languages: tuple[str, ...] = ()
    unknown_tokens: int = 0
    hints: tuple[str, ...] = ()
    understood: Understood | None = None

    def to_json(self) -> dict[str, Json]:
        """Returns the plan as in the search JSON: what has no part in the search is left out."""
        out: dict[str, Json] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None or (field.name in _ONLY_WHERE_SO and not value):
                continue
            if isinstance(value, Enum):
                out[field.name] = value.value
            elif isinstance(value, tuple):
                out[field.name] = list(value)
            else:
                out[field.name] = value.to_json() if isinstance(value, _Part) else value
        return out


_ONLY_WHERE_SO = frozenset(("reranked_in_windows", "rerank_query_cut", "languages", "unknown_tokens", "hints"))
"""What of a plan the JSON leaves out where there is none."""

_Part = FilterUse | QueryCut | FusionWeights | Blend | Understood
"""What of a plan has a JSON object of its own."""


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

    def __repr__(self) -> str:
        """Returns one line: the query, the number of hits, their stage, and milliseconds where they were taken."""
        total = self.timings_ms.get("total")
        time = "" if total is None else f", {total:.0f} ms"
        return f"<Hits of {shortened(self.query)!r}: {len(self.hits)}, {self.plan.used.value}{time}>"

    def __str__(self) -> str:
        """Returns the ranking, to look at: rank, score, place, and how each passage begins."""
        return "\n".join([visible(self.query), *map(str, self.hits)])

    def to_json(self) -> dict[str, Json]:
        """Returns the search JSON: `query`, `plan`, `timings_ms`, `hits`."""
        return {
            "query": self.query,
            "plan": self.plan.to_json(),
            "timings_ms": dict(self.timings_ms),
            "hits": [hit.to_json() for hit in self.hits],
        }
