"""A document of the store as points of an engine: its rows, its text in parts, and its passages with their vectors."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from passagework.retrieval.errors import StoreError
from passagework.retrieval.remote.engine import BORN, CARD, ROWS, TOKENS, Engine, EnginePoint
from passagework.retrieval.remote.packed_rows import SEGMENTS, SPANS, packed, points_of, unpacked
from passagework.retrieval.remote.passage_card import PassageCard
from passagework.retrieval.remote.point_numbers import document_point, segment_point, version_of
from passagework.retrieval.remote.typed_tokens import SEGMENT, document_tokens, numbers_of, tokens_of
from passagework.retrieval.store import Snapshot, schema as t
from passagework.retrieval.store.conditions import Column
from passagework.retrieval.store.document_rows import (
    Rows,
    document_rows,
    indexed_text,
    merged,
    passage_rows,
    segment_rows,
)
from passagework.retrieval.store.metadata_fields import FieldType
from passagework.retrieval.store.rows import Location
from passagework.retrieval.types import Json, Vectors

DIGEST = "digest"
"""What a document's payload has as well: a digest of all that is kept of it, vectors apart."""


@dataclass(frozen=True, slots=True)
class DocumentParts:
    """Holds what is kept of a version of a document; `passages` has the rows of each, by its id, in order."""

    id: int
    rows: Rows
    segments: list[list[Any]]
    passages: Mapping[int, Rows]

    @classmethod
    def read(cls, snapshot: Snapshot, document: int) -> DocumentParts:
        """Reads a document from a store."""
        rows = document_rows(snapshot.connection, document)
        p = t.passages.c
        query = t.passages.select().with_only_columns(p.id).where(p.document_id == document).order_by(p.ordinal)
        ids = list(snapshot.connection.execute(query).scalars())
        of_passages = passage_rows(snapshot.connection, ids)
        passages = {passage: of_passages[passage] for passage in ids}
        rows[SPANS] = [_span(_row(t.passages, found["passages"][0])) for found in passages.values()]
        return cls(document, rows, segment_rows(snapshot.connection, document), passages)

    @classmethod
    def kept(cls, engine: Engine, version: int) -> tuple[DocumentParts, Vectors]:
        """Reads back what an engine keeps of a version, and the vectors of its passages; raises StoreError where it
        lacks a part.
        """
        rows = _unpacked(engine, [document_point(version)])
        if not rows:
            raise StoreError(f"the engine lacks a document, version {version}: load the collection again")
        document = int(rows["documents"][0][0])
        points = points_of(version, rows)
        passages = [span[0] for span in rows[SPANS]]
        segments = _unpacked(engine, points[1 : len(points) - len(passages)]).get(SEGMENTS, [])
        kept = {point.id: point for point in engine.fetch(passages, (ROWS,), vectors=True)}
        vectors = [kept[one].vector for one in passages if one in kept]
        whole = [vector for vector in vectors if vector is not None]
        if len(whole) < len(passages) or len(segments) < len(points) - len(passages) - 1:
            raise StoreError(f"the engine lacks a part of document {document}: load the collection again")
        of_passages = {one: unpacked(str(kept[one].payload[ROWS])) for one in passages}
        parts = cls(document, rows, sorted(segments, key=lambda row: int(row[1])), of_passages)
        return parts, np.stack(whole) if whole else np.empty((0, 0), np.float32)

    @property
    def version(self) -> int:
        """Returns what it goes by in an engine."""
        return version_of(self.id, list(self.passages))

    @property
    def digest(self) -> str:
        """Returns a digest of all of it."""
        parts = [packed(self.rows), packed({SEGMENTS: self.segments}), *map(packed, self.passages.values())]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def texts(self) -> list[tuple[int, str, str, str]]:
        """Returns id, title, headings and text of its passages, as a text index has them."""
        return [indexed_text(found["passages"][0]) for found in self.passages.values()]

    def points(self, vectors: Vectors, words: Mapping[int, Mapping[int, float]], moment: int) -> list[EnginePoint]:
        """Returns its points, answered from a moment on; `vectors` (n, dim) and `words` are those of its passages."""
        described = _row(t.documents, self.rows["documents"][0])
        named = document_tokens(self.id, described["name"], described["uri"], described["path"])
        kept: dict[str, Json] = {BORN: moment, ROWS: packed(self.rows), TOKENS: [*named], DIGEST: self.digest}
        points = [EnginePoint(document_point(self.version), kept)]
        for row in self.segments:
            text: dict[str, Json] = {BORN: moment, ROWS: packed({SEGMENTS: [row]}), TOKENS: [SEGMENT]}
            points.append(EnginePoint(segment_point(self.version, row[1]), text))
        for (passage, rows), vector in zip(self.passages.items(), vectors, strict=True):
            card = self._card(described, rows, moment)
            payload: dict[str, Json] = {CARD: card.to_text(), BORN: moment, ROWS: packed(rows)}
            payload[TOKENS] = [*tokens_of(card)]
            payload.update({key: [*numbers] for key, numbers in numbers_of(card).items()})
            points.append(EnginePoint(passage, payload, np.asarray(vector, np.float32), words[passage]))
        return points

    def _card(self, described: Mapping[str, Any], rows: Rows, moment: int) -> PassageCard:
        passage = _row(t.passages, rows["passages"][0])
        start, end = passage["start"], passage["end"]
        pages = (_row(t.pages, row) for row in self.rows.get("pages", ()))
        fields = (_row(t.fields, row) for row in self.rows.get("fields", ()))
        around = [_row(t.surroundings, row)["text"] for row in self.rows.get("surroundings", ())]
        name = described["name"]
        return PassageCard(
            id=passage["id"],
            version=self.version,
            place=Location(self.id, described["path"], start, described["position"], described["uri"]),
            columns={
                Column.PATH: described["path"],
                Column.DOCUMENT: described["uri"] if name is None else name,
                Column.TITLE: described["title"],
                Column.MEDIA_TYPE: described["media_type"],
                **({Column.SURROUNDINGS: around[0]} if around else {}),
            },
            fields=tuple((row["key"], FieldType(row["type"]), row["value"]) for row in fields),
            pages=tuple(
                page["number"]
                for page in pages
                if page["start"] < end and page["end"] > start and page["start"] < page["end"]
            ),
            instructs=bool(rows.get("injections")),
            born=moment,
        )


def _unpacked(engine: Engine, numbers: Sequence[int]) -> Rows:
    return merged([unpacked(str(point.payload[ROWS])) for point in engine.fetch(numbers, (ROWS,))])


def _span(row: Mapping[str, Any]) -> list[int]:
    return [row["id"], row["start"], row["end"], row["cut"]]


def _row(table: Any, row: Sequence[Any]) -> dict[str, Any]:
    return dict(zip((column.name for column in table.columns), row, strict=True))
