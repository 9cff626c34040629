"""Puts what a program holds into a collection: texts, records and documents, each with an id."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise, repeat
from pathlib import Path
from typing import TypeAlias

from passagework.ingest.document_limits import limit_document
from passagework.ingest.loaders.base import RecordFailure
from passagework.ingest.loaders.encoding import clean
from passagework.ingest.loaders.records.record import Records
from passagework.ingest.report import Problem, Report
from passagework.ingest.workers.messages import item_to_json, items_from_json
from passagework.ingest.writing.chunk_settings import chunking_options
from passagework.ingest.writing.commit_group import SourceFile
from passagework.ingest.writing.destination import CollectionDestination
from passagework.ingest.writing.document_hash import document_hash
from passagework.ingest.writing.opening import OpenRequest, open_destination
from passagework.retrieval.config import Settings
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.encoder_options import EncoderOptions
from passagework.retrieval.roots import record_uri
from passagework.retrieval.store import SourceState
from passagework.retrieval.text import one_line, storable
from passagework.retrieval.types import Document, Heading, Hidden, Json, OcrSpan, Page, SourcePlace, Table

NewDocument: TypeAlias = "str | Mapping[str, Json] | Document"
"""What a program adds: a text, a record (`_id`, `title`, `text`, `metadata`, as a line of JSONL), or a document."""


def put_documents(
    path: Path,
    documents: NewDocument | Iterable[NewDocument],
    *,
    ids: Sequence[str] | None,
    metadata: Mapping[str, Json] | Sequence[Mapping[str, Json]] | None,
    replacing: bool,
    encoder: Encoder,
    settings: Settings,
) -> Report:
    """Adds documents to the collection at `path`, with `replacing` in place of those that have their ids.

    Raises ConfigError where a document or an id is none, or where an id is there with another text and stays.
    """
    started = time.monotonic()
    report = Report()
    named = _named(_listed(documents), ids, metadata, report)
    chunking = chunking_options(passage_tokens=None, overlap=None, whole=None)
    request = OpenRequest(path, encoder=encoder, options=EncoderOptions(), chunking=chunking, settings=settings)
    with open_destination(request) as destination:
        destination.settle_languages(None)
        _write(destination, list(_treated(named, destination, report)), report, replacing=replacing)
    report.seconds = time.monotonic() - started
    return report


def _listed(documents: object) -> list[NewDocument]:
    if isinstance(documents, str | Mapping | Document):
        return [documents]
    if isinstance(documents, bytes) or not isinstance(documents, Iterable):
        raise ConfigError(f"{type(documents).__name__} is no document: give texts, records, or Documents")
    return list(documents)


def _named(
    documents: Sequence[NewDocument],
    ids: Sequence[str] | None,
    metadata: Mapping[str, Json] | Sequence[Mapping[str, Json]] | None,
    report: Report,
) -> list[Document]:
    """Returns the documents with their ids; raises ConfigError for what is none, or for an id that comes twice."""
    _check_ids(ids)
    if ids is not None and len(ids) != len(documents):
        raise ConfigError(f"{len(ids)} ids for {len(documents)} documents: give one for each")
    if metadata is not None and not isinstance(metadata, Mapping) and len(metadata) != len(documents):
        raise ConfigError(f"{len(metadata)} metadata for {len(documents)} documents: give one for each, or one for all")
    of_each = repeat(metadata or {}) if metadata is None or isinstance(metadata, Mapping) else iter(metadata)
    records = Records("application/json", "record")
    named = []
    for number, (given, fields, name) in enumerate(zip(documents, of_each, ids or repeat(None), strict=False), start=1):
        document = _document(given, number, records)
        if isinstance(document, RecordFailure):
            report.failed.append(Problem(name or f"record {number}", document.reason))
            continue
        if not isinstance(fields, Mapping) or not all(isinstance(key, str) for key in fields):
            raise ConfigError(f"the metadata of document {number} are none: give a dict of names and values")
        name = storable(name or document.name or document.uri or _made_id(document))
        named.append(
            limit_document(
                replace(
                    document,
                    name=name,
                    path=name,
                    uri=record_uri(name),
                    metadata={**document.metadata, **fields},
                )
            )
        )
    by_name: dict[str | None, Document] = {}
    for document in named:
        if by_name.setdefault(document.name, document) != document:
            raise ConfigError(f"the id {document.name!r} is given twice")
    report.unchanged += len(named) - len(by_name)  # the same text several times
    return list(by_name.values())


def _check_ids(ids: object) -> None:
    if ids is None:
        return
    if isinstance(ids, str) or not isinstance(ids, Sequence):
        raise ConfigError("ids is no list of texts: give one for each document")
    for name in ids:
        if not isinstance(name, str) or not name.strip():
            raise ConfigError(f"{name!r} is no id: give a text that is not empty")


def _document(given: object, number: int, records: Records) -> Document | RecordFailure:
    match given:
        case str():
            text = clean(given)
            return Document(text, "text/plain") if text.strip() else RecordFailure(f"record {number}: no text")
        case Document():
            return _checked(given, number) if given.text else RecordFailure(f"record {number}: no text")
        case Mapping():
            read = records.read(given, number)
            return read if isinstance(read, RecordFailure) else replace(read, uri="")
        case _:
            raise ConfigError(f"document {number} is {type(given).__name__}: give text, a record, or a Document")


def _checked(document: Document, number: int) -> Document | RecordFailure:
    """Returns a document that a parser could have made; raises ConfigError for another: a page beyond its text, say."""
    try:
        [checked] = items_from_json([item_to_json(document)], "")
        _check_order(document)
    except (TypeError, ValueError, AttributeError) as error:
        raise ConfigError(one_line(f"document {number} is none: {error}")) from error
    if isinstance(checked, Document) and not checked.text.strip():
        return RecordFailure(f"record {number}: no text")
    return checked


def _check_order(document: Document) -> None:
    """Raises ValueError where what lies in the text comes before its turn, or overlaps what it may not."""
    places: dict[str, Sequence[Page | Table | SourcePlace | OcrSpan | Heading | Hidden]] = {
        "pages": document.pages,
        "tables": document.tables,
        "places": document.places,
        "ocr": document.ocr,
        "headings": document.headings,
        "hidden": document.hidden,
    }
    for name, spans in places.items():
        for before, span in pairwise(spans):
            if span.start < (before.end if isinstance(span, Page | Table | SourcePlace | OcrSpan) else before.start):
                raise ValueError(f"its {name} are not in order, or overlap, at {span.start} of its text")


def _treated(documents: Sequence[Document], destination: CollectionDestination, report: Report) -> Iterator[Document]:
    """Yields the documents as their personal data have them stored; those refused have failed."""
    for document in documents:
        treated = destination.treated(document, report)
        if isinstance(treated, RecordFailure):
            report.failed.append(Problem(document.path, treated.reason))
        else:
            yield treated


def _made_id(document: Document) -> str:
    return hashlib.sha256(document.text.encode("utf-8", "replace")).hexdigest()[:16]


def _write(
    destination: CollectionDestination, documents: Sequence[Document], report: Report, *, replacing: bool
) -> None:
    with destination.store.read() as snapshot:
        recorded = snapshot.hashes_of([document.uri for document in documents])
    for document in () if replacing else documents:
        if document.uri in recorded and recorded[document.uri][1] != document_hash(document):
            raise ConfigError(f"there is a document with the id {document.name!r}, and it differs: upsert replaces it")
    for document in documents:
        sha256 = document_hash(document)
        replaces, before = recorded.get(document.uri, (None, ""))
        if sha256 == before:
            report.unchanged += 1
            continue
        report.added += replaces is None
        report.updated += replaces is not None
        report.notes.extend(Problem(document.path, note) for note in document.notes)
        file = SourceFile(document.uri, document.path, sha256, document.media_type)
        destination.add(file, document, sha256=sha256, position=0, replaces=replaces)
        destination.finish_file(replace(file, state=SourceState.DONE), remove=())
    destination.flush()
    destination.complete()
    counts = destination.counts
    report.passages, report.encoded, report.cut = counts.passages, counts.encoded, counts.cut
    report.token_vectors = counts.token_vectors
