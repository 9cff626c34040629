"""Cited text for a language model, and where each part of it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from passagework.retrieval.also_in import AlsoIn
from passagework.retrieval.plan import Plan
from passagework.retrieval.text import address, counted, place_list, shortened
from passagework.retrieval.types import Hidden, HiddenReason, Injection, Json, Ocr


@dataclass(frozen=True, slots=True)
class Citation:
    """Tells where the text behind a `[number]` comes from: document, pages, and `[start, end)` of its text.

    `document` is a record's `_id`, else the URI; `uri` tells the file and which record of it, `#row=4` or `#_id`.
    `text` is what is quoted, and `metadata` the document's. `hidden` is what was left out of the text, because a reader
    of the document does not see it. `root` tells the folder ingested, where a file of another one has the same path.
    `lines` and `seconds` are the first and the last, of source code and of what is spoken.
    `ocr` tells that it was read by OCR, and how surely; `relevance` is that of its most relevant passage. `also_in` are
    places where the same text stands. `injection` is what of it seems to instruct a language model. `collection` is the
    name of its collection, where several were searched.
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
    text: str
    metadata: Mapping[str, Json]
    hidden: tuple[Hidden, ...] = ()
    root: str = ""
    lines: tuple[int, ...] = ()
    seconds: tuple[float, ...] = ()
    ocr: Ocr | None = None
    relevance: float | None = None
    also_in: tuple[AlsoIn, ...] = ()
    collection: str = ""
    injection: tuple[Injection, ...] = ()

    @property
    def place(self) -> str:
        """Returns where it stands in its document: `p. 3`, `lines 12-40`, `0:01:23-0:02:05`, or nothing."""
        return place_list(self.pages, self.lines, self.seconds)

    @property
    def address(self) -> str:
        """Returns what lists call its document: the path, with collection, record and root where they are needed."""
        return address(self.path, self.uri, self.root, self.collection)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Citation:
        """Returns what `to_json` gave, without copies and OCR; raises KeyError, TypeError or ValueError for another."""
        given = {name: value[name] for name in ("document", "uri", "path", "title", "text", "metadata", "relevance")}
        return cls(
            number=int(value["number"]),
            start=int(value["start"]),
            end=int(value["end"]),
            score=float(value["score"]),
            pages=tuple(value["pages"]),
            lines=tuple(value["lines"]),
            seconds=tuple(value["seconds"]),
            headings=tuple(value["headings"]),
            hidden=tuple(Hidden(one["start"], one["end"], HiddenReason(one["reason"])) for one in value["hidden"]),
            **given,
        )

    def to_json(self) -> dict[str, Json]:
        """Returns what the context JSON has under `citations` of it."""
        return {
            "number": self.number,
            "document": self.document,
            "uri": self.uri,
            "path": self.path,
            "title": self.title,
            "pages": list(self.pages),
            "lines": list(self.lines),
            "seconds": list(self.seconds),
            "start": self.start,
            "end": self.end,
            "headings": list(self.headings),
            "score": self.score,
            "relevance": self.relevance,
            "text": self.text,
            "metadata": dict(self.metadata),
            "hidden": [span.to_json() for span in self.hidden],
            "also_in": [copy.to_json() for copy in self.also_in],
            **({} if self.ocr is None else {"ocr": self.ocr.to_json()}),
            **({"collection": self.collection} if self.collection else {}),
            **({"injection": [span.to_json() for span in self.injection]} if self.injection else {}),
        }


@dataclass(frozen=True, slots=True, repr=False)
class Context:
    """Holds cited text for a language model: `tokens` of at most `max_tokens`, as the named tokenizer counts.

    `relevant` of the passages that it could be made of are relevant by the default threshold: of none, where nothing in
    the collection answers the query, there is no text either. In the formats of an API `blocks` are the content blocks
    of a message, and `text` is their JSON.
    """

    query: str
    text: str
    tokens: int
    max_tokens: int
    citations: tuple[Citation, ...]
    plan: Plan
    relevant: int | None = 0
    blocks: tuple[Mapping[str, Json], ...] | None = None

    def __repr__(self) -> str:
        """Returns one line: the query, how many tokens of how many, and how many citations."""
        counts = f"{self.tokens} of {self.max_tokens} tokens, {counted(len(self.citations), 'citation')}"
        return f"<Context of {shortened(self.query)!r}: {counts}>"

    def __str__(self) -> str:
        """Returns the text, as a language model gets it."""
        return self.text

    def to_json(self) -> dict[str, Json]:
        """Returns the context JSON."""
        return {
            "query": self.query,
            "text": self.text,
            "tokens": self.tokens,
            "max_tokens": self.max_tokens,
            "citations": [citation.to_json() for citation in self.citations],
            "plan": self.plan.to_json(),
            "relevant": self.relevant,
            **({"blocks": [dict(block) for block in self.blocks]} if self.blocks is not None else {}),
        }
