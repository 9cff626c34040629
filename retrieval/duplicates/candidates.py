"""The texts among which duplicates are looked for: passages or documents of a collection, or lines of a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from passagework.retrieval.duplicates.document_vectors import mean_vectors
from passagework.retrieval.filters.compiler import Where, compile_filter
from passagework.retrieval.ids import Mask, rows_of
from passagework.retrieval.store import Snapshot
from passagework.retrieval.store.text_spans import document_digests, document_places, passage_spans
from passagework.retrieval.text import collapsed, text_hash
from passagework.retrieval.types import Ids, Json, Vectors


@dataclass(frozen=True, slots=True)
class TextPlace:
    """Tells where a text stands: its document and path as hits have them, and its span in code points."""

    document: str
    path: str
    start: int
    end: int
    uri: str
    line: int | None = None

    @property
    def order(self) -> tuple[str, int, str]:
        """Orders by path and start; like-named files by where they lie."""
        return self.path, self.start, self.uri

    def to_json(self) -> dict[str, Json]:
        """Returns what the JSON has of it; `line` counts from 1, where a text is a line of a file."""
        of_line: dict[str, Json] = {} if self.line is None else {"line": self.line}
        return {"document": self.document, "path": self.path, "start": self.start, "end": self.end, **of_line}


class Candidates(Protocol):
    """Texts with their vectors, a row each."""

    @property
    def vectors(self) -> Vectors:
        """Returns (n, dim) float32, unit rows."""

    @property
    def digests(self) -> Sequence[bytes]:
        """Returns a digest of each text without its layout: equal texts have the same."""

    def overlapping(self, first: Ids, second: Ids) -> Mask:
        """Tells which pairs of rows are parts of one document that overlap: what both say stands there once."""

    def texts(self, rows: Sequence[int]) -> dict[int, str]:
        """Returns the texts of rows."""

    def places(self, rows: Sequence[int]) -> dict[int, TextPlace]:
        """Returns where the texts of rows stand."""


def digest_of(text: str) -> bytes:
    """Returns 16 bytes that stand for a text without its layout: how lines are broken says nothing."""
    return text_hash(collapsed(text))


@dataclass(frozen=True, slots=True, eq=False)
class PassageCandidates:
    """Holds passages of a collection at one moment: their ids, documents and spans, (n,) each."""

    snapshot: Snapshot
    vectors: Vectors
    digests: Sequence[bytes]
    ids: Ids
    documents: Ids
    starts: Ids
    ends: Ids

    @classmethod
    def of(cls, snapshot: Snapshot, where: Where | None) -> PassageCandidates:
        """Returns all passages, or those that a filter lets through; raises FilterError."""
        spans = passage_spans(snapshot, digest_of)
        condition = snapshot.visible if where is None else compile_filter(where, snapshot)
        if condition is None:
            _, vectors = snapshot.passage_vectors()
            rows = np.arange(len(spans.ids))
        else:
            rows = rows_of(spans.ids, snapshot.matching(condition))
            vectors = snapshot.vectors_of(spans.ids[rows])
        digests = [spans.digests[row] for row in rows.tolist()]
        return cls(
            snapshot, vectors, digests, spans.ids[rows], spans.documents[rows], spans.starts[rows], spans.ends[rows]
        )

    def overlapping(self, first: Ids, second: Ids) -> Mask:
        """Tells which pairs are neighbours that share a part of their document."""
        same = self.documents[first] == self.documents[second]
        return np.asarray(same & (self.starts[first] < self.ends[second]) & (self.starts[second] < self.ends[first]))

    def texts(self, rows: Sequence[int]) -> dict[int, str]:
        """Returns the texts of the passages in these rows."""
        by_id = self.snapshot.texts([int(self.ids[row]) for row in rows])
        return {row: by_id[int(self.ids[row])] for row in rows}

    def places(self, rows: Sequence[int]) -> dict[int, TextPlace]:
        """Returns where the passages in these rows stand."""
        documents = {int(self.documents[row]) for row in rows}
        names = document_places(self.snapshot, sorted(documents))
        places = {}
        for row in rows:
            document, path, _, _, uri = names[int(self.documents[row])]
            places[row] = TextPlace(document, path, int(self.starts[row]), int(self.ends[row]), uri)
        return places


@dataclass(frozen=True, slots=True, eq=False)
class DocumentCandidates:
    """Holds documents of a collection at one moment; a document's vector is the mean of its passages'."""

    snapshot: Snapshot
    vectors: Vectors
    digests: Sequence[bytes]
    ids: Ids

    @classmethod
    def of(cls, snapshot: Snapshot, where: Where | None) -> DocumentCandidates:
        """Returns all documents that have passages, or those that a filter lets through; raises FilterError."""
        passages = PassageCandidates.of(snapshot, where)
        ids, vectors = mean_vectors(passages.documents, passages.vectors, passages.ends - passages.starts)
        digests = document_digests(snapshot, digest_of)
        return cls(snapshot, vectors, [digests[document] for document in ids.tolist()], ids)

    def overlapping(self, first: Ids, second: Ids) -> Mask:
        """Tells of no pair: documents have nothing in common."""
        del second
        mask: Mask = np.zeros(len(first), np.bool_)
        return mask

    def texts(self, rows: Sequence[int]) -> dict[int, str]:
        """Returns the whole texts of the documents in these rows."""
        documents = {row: int(self.ids[row]) for row in rows}
        return {
            row: self.snapshot.text(document, 0, self.snapshot.length(document)) for row, document in documents.items()
        }

    def places(self, rows: Sequence[int]) -> dict[int, TextPlace]:
        """Returns which documents are in these rows."""
        found = document_places(self.snapshot, [int(self.ids[row]) for row in rows])
        return {row: TextPlace(*found[int(self.ids[row])]) for row in rows}
