"""What is stored of a document beside its text: rows of pages, headings and fields, and of spans that are marked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Table

from passagework.retrieval.store import schema as t
from passagework.retrieval.store.metadata_fields import flatten
from passagework.retrieval.types import Document, Json

Rows = Iterator[dict[str, Any]]


def structure_rows(document_id: int, document: Document) -> Iterator[tuple[Table, Rows]]:
    """Yields each table with the rows that a document puts into it."""
    of_document = {"document_id": document_id}
    yield t.pages, ({**of_document, **asdict(page)} for page in document.pages)
    for table, spans in (
        (t.headings, (asdict(heading) for heading in document.headings)),
        (t.hidden, ({**asdict(span), "reason": span.reason.value} for span in document.hidden)),
        (t.tables, (asdict(table) for table in document.tables)),
        (t.places, ({**asdict(place), "unit": place.unit.value} for place in document.places)),
    ):
        yield table, ({**of_document, "ordinal": ordinal, **span} for ordinal, span in enumerate(spans))
    yield t.ocr, _ocr_rows(document_id, document)
    yield t.masked, ({**of_document, **asdict(mask)} for mask in document.masked)
    if document.surroundings:
        yield t.surroundings, iter(({**of_document, "text": document.surroundings},))
    yield t.fields, field_rows(document_id, document.metadata)


def field_rows(document_id: int, metadata: Mapping[str, Json]) -> Rows:
    """Yields a row for each scalar of a document's metadata, by which filters find it."""
    for key, kind, value in flatten(metadata):
        yield {"document_id": document_id, "key": key, "type": kind.value, "value": value}


def _ocr_rows(document_id: int, document: Document) -> Rows:
    for span in document.ocr:
        left, top, width, height = span.box or (None,) * 4
        yield {
            "document_id": document_id,
            "start": span.start,
            "end": span.end,
            "confidence": span.confidence,
            "left": left,
            "top": top,
            "width": width,
            "height": height,
        }
