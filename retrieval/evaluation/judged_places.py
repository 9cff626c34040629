"""Finds judged pages and characters of documents again, in the collection as it is now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.errors import EvaluationError
from passagework.retrieval.evaluation.benchmark import Benchmark, Qrels, evenly_spaced
from passagework.retrieval.evaluation.judgments import Judgment, query_texts, with_query_ids
from passagework.retrieval.evaluation.measures import SPAN_DEPTH, TOKEN_IOU, TOKEN_PRECISION, TOKEN_RECALL
from passagework.retrieval.hits import Hit
from passagework.retrieval.store import DocumentRow
from passagework.retrieval.text import address
from passagework.retrieval.types import Document

REMEMBERED = 64
"""Documents whose tokens are kept at once."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Place:
    """A document, a page of it, or `[start, end)` of its text."""

    name: str
    page: int | None = None
    span: Span | None = None

    def is_found_by(self, hit: Hit) -> bool:
        """Tells whether a hit touches the page, or holds half of the characters, or they hold half of it."""
        if self.page is not None:
            return self.page in hit.pages
        if self.span is None:
            return True
        start, end = self.span
        shared = min(end, hit.end) - max(start, hit.start)
        return shared > 0 and 2 * shared >= min(end - start, hit.end - hit.start)


class JudgedPlaces:
    """Resolves judgments in the collection they are of; `drifted` has a line for each that no longer holds.

    A judgment whose document is gone, whose page does not exist, or whose quote is not in the text any more is left
    out and told, and never counts as a miss. Where a quote has moved, its new place is judged.
    Raises EvaluationError where no judgment holds.
    """

    def __init__(
        self, collection: Collection, judgments: Sequence[Judgment], *, name: str, limit: int | None = None
    ) -> None:
        self._collection = collection
        self._name = name
        self.drifted: list[str] = []
        self._places: dict[str, dict[str, list[Place]]] = {}
        self._qrels: dict[str, dict[str, int]] = {}
        self._rows = collection.documents_named(judgment.document for judgment in judgments)
        self._tokens = lru_cache(REMEMBERED)(self._token_spans)
        self._document = lru_cache(1)(collection.document)
        texts = query_texts(judgments)
        by_document = sorted(with_query_ids(judgments), key=lambda item: item[1].document)
        for query, judgment in by_document:  # a document's text is read once
            self._resolve(query, judgment)
        resolved = [query for query in texts if query in self._qrels]
        self._queries = {query: texts[query] for query in evenly_spaced(resolved, limit)}
        self._qrels = {query: self._qrels[query] for query in self._queries}
        if not self._queries:
            raise EvaluationError(f"{name}: no judgment holds in this collection: {'; '.join(self.drifted[:3])}")

    @property
    def name(self) -> str:
        """Returns the name of the file of judgments."""
        return self._name

    @property
    def queries(self) -> Mapping[str, str]:
        """Returns the texts of the queries by id."""
        return self._queries

    @property
    def qrels(self) -> Qrels:
        """Returns grades by query and place."""
        return self._qrels

    @property
    def per_document(self) -> int | None:
        """Returns None: every passage may hold another place."""
        return None

    def benchmark(self) -> Benchmark:
        """Returns queries and grades alone, for runs that were written before; its notes say what no longer holds."""
        return Benchmark(self._name, self._queries, self._qrels, tuple(f"drifted: {line}" for line in self.drifted))

    def things(self, query: str, hits: Sequence[Hit]) -> list[tuple[str, float]]:
        """Returns places in order of the first hit that finds them; a hit that finds none anew stands for itself."""
        scores: dict[str, float] = {}
        grades = self._qrels[query]
        for hit in hits:
            places = [place for place in self._places[query].get(hit.uri, ()) if place.is_found_by(hit)]
            new = sorted({place.name for place in places} - scores.keys(), key=lambda name: (-grades[name], name))
            for name in new or [f"{hit.document}#char={hit.start}-{hit.end}"]:
                scores.setdefault(name, hit.score)
        return list(scores.items())

    def answers(self, query: str, hit: Hit) -> bool:
        """Tells whether a hit finds a place that was judged to answer the query."""
        places = self._places[query].get(hit.uri, ())
        return any(place.is_found_by(hit) and self._qrels[query][place.name] > 0 for place in places)

    def token_measures(self, query: str, hits: Sequence[Hit]) -> dict[str, float]:
        """Returns recall, precision and IoU in tokens of the first 5 passages against the characters judged relevant.

        Tokens of several passages count once as found, and every time as retrieved. No judged characters give {}.
        Source: Smith and Troynikov 2024, section on metrics.
        """
        answers: dict[str, list[Span]] = {}
        for uri, places in self._places[query].items():
            spans = [place.span for place in places if place.span is not None and self._qrels[query][place.name] > 0]
            if spans:
                answers[uri] = spans
        if not answers:
            return {}
        retrieved: dict[str, list[Span]] = {}
        for hit in hits[:SPAN_DEPTH]:
            retrieved.setdefault(hit.uri, []).append((hit.start, hit.end))
        relevant = sum(self._count(uri, _union(spans)) for uri, spans in answers.items())
        shown = sum(self._count(uri, [span]) for uri, spans in retrieved.items() for span in spans)
        shared = sum(
            self._count(uri, _intersection(_union(spans), _union(retrieved.get(uri, ()))))
            for uri, spans in answers.items()
        )
        return {
            TOKEN_RECALL: shared / relevant if relevant else 0.0,
            TOKEN_PRECISION: shared / shown if shown else 0.0,
            TOKEN_IOU: shared / (relevant + shown - shared) if relevant + shown else 0.0,
        }

    def _resolve(self, query: str, judgment: Judgment) -> None:
        rows = self._rows.get(judgment.document, [])
        if len(rows) != 1:
            why = "is not in the collection" if not rows else f"names {len(rows)} documents"
            self.drifted.append(f"{query}: document {judgment.document!r} {why}")
            return
        place = self._place(query, judgment, rows[0])
        if place is not None:
            self._places.setdefault(query, {}).setdefault(rows[0].uri, []).append(place)
            grades = self._qrels.setdefault(query, {})
            grades[place.name] = max(judgment.grade or 0, grades.get(place.name, 0))

    def _place(self, query: str, judgment: Judgment, row: DocumentRow) -> Place | None:
        # One name however it was called, so that a place judged twice is one place.
        aliases = (alias for alias in (row.path, address(row.path, row.uri)) if len(self._rows.get(alias, [])) == 1)
        name = row.name or next(aliases, row.uri)
        if judgment.page is not None:
            document: Document = self._document(row.id)
            if any(page.number == judgment.page for page in document.pages):
                return Place(f"{name}#page={judgment.page}", page=judgment.page)
            self.drifted.append(f"{query}: {name!r} has no page {judgment.page}, only {len(document.pages)} pages")
            return None
        if judgment.start is None or judgment.end is None:
            return Place(name)
        text = self._document(row.id).text
        span = _relocated(text, judgment.start, judgment.end, judgment.quote)
        if span is None:
            where = f"characters {judgment.start} to {judgment.end} of {name!r}"
            problem = "no longer hold the quote" if judgment.quote else f"lie behind its end at {len(text)}"
            self.drifted.append(f"{query}: {where} {problem}")
            return None
        return Place(f"{name}#char={span[0]}-{span[1]}", span=span)

    def _count(self, uri: str, spans: Iterable[Span]) -> int:
        """Counts the tokens of which a character lies in a span."""
        starts, ends = self._tokens(uri)
        return sum(
            max(0, int(np.searchsorted(starts, end)) - int(np.searchsorted(ends, start, side="right")))
            for start, end in spans
        )

    def _token_spans(self, uri: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Returns where each token of a document begins and ends, tokenizing a piece of text at a time."""
        text = self._document(self._collection.documents_named([uri])[uri][0].id).text
        encoder = self._collection.encoder()
        starts, ends = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        start = 0
        while start < len(text):
            end = start + 100_000
            end = text.rfind(" ", start + 1, end) + 1 or end if end < len(text) else len(text)
            tokens = encoder.tokenize([text[start:end]])[0]
            starts.append(tokens.starts.astype(np.int64) + start)
            ends.append(tokens.ends.astype(np.int64) + start)
            start = end
        return np.concatenate(starts), np.concatenate(ends)


def _relocated(text: str, start: int, end: int, quote: str | None) -> Span | None:
    """Returns where the span is now: in its place, else where its quote stands nearest to it."""
    if quote is None:
        return (start, end) if end <= len(text) else None
    if text[start:end] == quote:
        return start, end
    before, behind = text.rfind(quote, 0, start + len(quote)), text.find(quote, start)
    positions = [position for position in (before, behind) if position >= 0]
    if not positions:
        return None
    nearest = min(positions, key=lambda position: (abs(position - start), position))
    return nearest, nearest + len(quote)


def _union(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _intersection(a: Sequence[Span], b: Sequence[Span]) -> list[Span]:
    shared = [(max(span_a[0], span_b[0]), min(span_a[1], span_b[1])) for span_a in a for span_b in b]
    return [(start, end) for start, end in shared if start < end]
