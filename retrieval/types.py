"""The values that travel between stages: frozen, validated where they enter, plain everywhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.text import address, in_two_lines, page_list, visible

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Vectors: TypeAlias = NDArray[np.float32]
"""(n, dim) float32, unit rows."""
Ids: TypeAlias = NDArray[np.int64]
TokenIds: TypeAlias = NDArray[np.int32]


class Stage(str, Enum):
    """How far a query goes. Each later stage contains the earlier ones."""

    DENSE = "dense"
    LEXICAL = "lexical"
    HYBRID = "hybrid"
    RERANK = "rerank"


class Fusion(str, Enum):
    """How the scores of the two first-stage retrievers become one."""

    CONVEX = "convex"
    RRF = "rrf"


@dataclass(frozen=True, slots=True)
class Page:
    """A physical page: `number` from 1, `label` as printed, `[start, end)` in code points of the document's text."""

    number: int
    label: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: `level` from 1 (outermost), its own characters at `[start, end)` of the document's text."""

    level: int
    title: str
    start: int
    end: int


class Unseen(str, Enum):
    """Why a reader of the document does not see some of its text, although it is text for a program."""

    INVISIBLE = "invisible"  # drawn or set so that nothing shows, or in a slide, sheet, row or column that is hidden
    TRANSPARENT = "transparent"
    BACKGROUND = "background colour"  # its colour is that of what it stands on
    TINY = "tiny"
    OUTSIDE = "outside the page"
    CHARACTERS = "invisible characters"


@dataclass(frozen=True, slots=True)
class Hidden:
    """Text at `[start, end)` of the document's text that a reader does not see, and why."""

    start: int
    end: int
    reason: Unseen

    def to_json(self) -> dict[str, Json]:
        """As in the search JSON."""
        return {"start": self.start, "end": self.end, "reason": self.reason.value}


@dataclass(frozen=True, slots=True)
class Document:
    """A source file or one record of it, as text with its structure.

    `uri` is absolute and unique in a collection; `path` is `/`-separated and relative to the path ingested;
    `name` is a record's `_id` (None for a file). `pages`, `headings` and `hidden` are in order of `start`, pages don't
    overlap. `notes` are lines for the report about what could not be read.
    """

    text: str
    media_type: str
    title: str = ""
    name: str | None = None
    uri: str = ""
    path: str = ""
    metadata: Mapping[str, Json] = field(default_factory=dict)
    pages: Sequence[Page] = ()
    headings: Sequence[Heading] = ()
    notes: Sequence[str] = ()
    hidden: Sequence[Hidden] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """The retrievable unit: `document.text[start:end] == text`, never blank.

    `headings` is the path of headings above it, outermost first. `pages` are the physical pages it touches, from 1.
    """

    ordinal: int
    start: int
    end: int
    text: str
    headings: tuple[str, ...] = ()
    pages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text's tokens without special tokens: ids and `[start, end)` in code points, each (n,) int32."""

    ids: NDArray[np.int32]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class StageScore:
    """A hit's `rank` (from 1) and `score` (higher is better) at one stage.

    `probability` is the reranker's score as 0..1, and None at every other stage.
    """

    rank: int
    score: float
    probability: float | None = None

    def to_json(self) -> dict[str, Json]:
        """As in the search JSON."""
        out: dict[str, Json] = {"rank": self.rank, "score": self.score}
        if self.probability is not None:
            out["probability"] = self.probability
        return out


Trace: TypeAlias = "Mapping[Stage, StageScore]"
"""A hit's story: its rank and score at every stage it passed."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that answers a query, with its rank from 1, its score, and its trace in `stages`.

    `document` is the record's `_id`, else the absolute URI. `id` is the passage's id, never reused. `hidden` is what a
    reader of the document does not see of `[start, end)`, in the same offsets.
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

    def __str__(self) -> str:
        """Rank, score and place, and how the passage begins, in two lines."""
        place = (address(self.path, self.uri), page_list(self.pages), *self.headings)
        return in_two_lines(f"{self.rank:>2}  {self.score:.3f}", place, self.text)

    def to_json(self) -> dict[str, Json]:
        """As in the search JSON."""
        return {
            "rank": self.rank,
            "score": self.score,
            "text": self.text,
            "document": self.document,
            "path": self.path,
            "title": self.title,
            "pages": list(self.pages),
            "start": self.start,
            "end": self.end,
            "headings": list(self.headings),
            "metadata": dict(self.metadata),
            "stages": {stage.value: score.to_json() for stage, score in self.stages.items()},
            "hidden": [span.to_json() for span in self.hidden],
        }


@dataclass(frozen=True, slots=True)
class Hits(Sequence[Hit]):
    """The answer to one query: hits in order of rank, the plan that found them, and milliseconds per stage."""

    query: str
    hits: tuple[Hit, ...]
    plan: Mapping[str, Json]
    timings_ms: Mapping[str, float]

    @overload
    def __getitem__(self, index: int) -> Hit: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Hit, ...]: ...
    def __getitem__(self, index: int | slice) -> Hit | tuple[Hit, ...]:
        return self.hits[index]

    def __len__(self) -> int:
        return len(self.hits)

    def __str__(self) -> str:
        """The ranking, to look at: rank, score, place, and how each passage begins."""
        return "\n".join([visible(self.query), *map(str, self.hits)])

    def to_json(self) -> dict[str, Json]:
        """The search JSON: `query`, `plan`, `timings_ms`, `hits`."""
        return {
            "query": self.query,
            "plan": dict(self.plan),
            "timings_ms": dict(self.timings_ms),
            "hits": [hit.to_json() for hit in self.hits],
        }


@dataclass(frozen=True, slots=True)
class Citation:
    """Where the text behind a `[number]` of a context comes from: document, pages, and `[start, end)` of its text.

    `document` is a record's `_id`, else the URI; `uri` tells the file and which record of it, `#row=4` or `#_id`.
    `hidden` is what was left out of the text, because a reader of the document does not see it.
    """

    number: int
    document: str
    uri: str
    path: str
    title: str
    pages: tuple[int, ...]
    start: int
    end: int
    headings: tuple[str, ...]
    score: float
    hidden: tuple[Hidden, ...] = ()

    def to_json(self) -> dict[str, Json]:
        """As in the context JSON."""
        return {
            "number": self.number,
            "document": self.document,
            "uri": self.uri,
            "path": self.path,
            "title": self.title,
            "pages": list(self.pages),
            "start": self.start,
            "end": self.end,
            "headings": list(self.headings),
            "score": self.score,
            "hidden": [span.to_json() for span in self.hidden],
        }


@dataclass(frozen=True, slots=True)
class Context:
    """Cited text for a language model: `tokens` of at most `max_tokens`, counted by the collection's encoder."""

    query: str
    text: str
    tokens: int
    max_tokens: int
    citations: tuple[Citation, ...]
    plan: Mapping[str, Json]

    def to_json(self) -> dict[str, Any]:
        """The context JSON."""
        return {
            "query": self.query,
            "text": self.text,
            "tokens": self.tokens,
            "max_tokens": self.max_tokens,
            "citations": [citation.to_json() for citation in self.citations],
            "plan": dict(self.plan),
        }
