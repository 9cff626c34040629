"""Makes a new collection of Parquet files: checked row by row, and there only once it is whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import numpy as np

from passagework.ingest.injection.injection_screen import with_injection
from passagework.ingest.maintenance.exchange.export_files import ExportFiles
from passagework.ingest.maintenance.exchange.export_layout import (
    DOCUMENTS,
    OPTIONAL_FACTS,
    PASSAGES,
    SOURCES,
    TOKENS,
    Exchanged,
    written_whole,
)
from passagework.ingest.maintenance.exchange.exporting import size_of
from passagework.ingest.maintenance.exchange.side_files import LINES, copy_side_files
from passagework.ingest.writing.languages import WORDS, identified
from passagework.ingest.writing.refresh import refresh_index
from passagework.retrieval.dense.index.vector_index import UNIT_TOLERANCE
from passagework.retrieval.errors import StoreError
from passagework.retrieval.folder import next_version, publish
from passagework.retrieval.late_interaction.stored_tokens import TOKEN_RECORD, NoTokenVectors, TokenRecord
from passagework.retrieval.models.identity import SAME_WEIGHTS_COSINE
from passagework.retrieval.models.reranker_input import reranker_text
from passagework.retrieval.store import NewPassage, Store, VersionState, Writer, token_rows
from passagework.retrieval.store.rows import NO_MODEL, SourceState, recorded
from passagework.retrieval.store.token_rows import TokenCodes
from passagework.retrieval.text import text_hash
from passagework.retrieval.types import Document, Injection, InjectionSign, Json
from passagework.retrieval.words.file_names import searched_title
from passagework.retrieval.words.indexed import WORDS_VERSION

COMMIT = 256
"""Documents between two commits."""

CODES = 1_000
"""Texts whose token vectors are stored in one commit: 5 MB of the default encoder's."""


def import_collection(source: str | Path, collection: str | Path) -> Exchanged:
    """Makes a new collection of an export's folder; it answers as the exported one did, with the same encoder.

    Where the exported one kept token vectors, the next ingest makes them.

    Nothing is left where anything is wrong. Raises StoreError where `source` is no whole export, and where something
    lies at `collection` already or it can't be written; ConfigError where pyarrow is missing.
    """
    source = Path(source)
    ExportFiles(source)
    return import_shards([source], collection, side_files=source)


def import_shards(
    shards: Sequence[Path],
    collection: str | Path,
    *,
    meta: Mapping[str, Json] | None = None,
    side_files: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> Exchanged:
    """Makes a new collection of several exports of the same encoder and settings, in their order; raises as above.

    Their token vectors are taken over where they have them. `meta` is recorded beside their facts; `progress` is told
    how many passages are stored.
    """
    collection = Path(collection)
    with written_whole(collection) as place:
        place.mkdir()
        folder = next_version(place)
        documents = passages = 0
        with Store.create(folder / "store.db") as store:
            first: ExportFiles | None = None
            for shard in shards:
                files = ExportFiles(shard)
                if first is None:
                    first = files
                    _put_facts(store, files, meta or {})
                _check_alike(first, files)
                for written in _fill(store, files):
                    documents += 1
                    passages += written
                if progress is not None:
                    progress(passages)
            _settle(store)
            if passages:
                refresh_index(store, folder)
            store.checkpoint()
        carried = () if side_files is None else copy_side_files(side_files, place, LINES)
        publish(place, folder)
    return Exchanged(str(collection), documents, passages, size_of(collection), carried)


def _check_alike(first: ExportFiles, files: ExportFiles) -> None:
    """Raises StoreError where the vectors of two exports can't be compared, or their documents were treated otherwise.

    Backends may differ, as those of one collection may.
    """
    if files is first:
        return
    alike = ("window", "chunking", *(fact for fact in OPTIONAL_FACTS if fact != TOKEN_RECORD))
    other = next((fact for fact in alike if files.facts.get(fact) != first.facts.get(fact)), None)
    if other is not None or not files.encoder.same_as(first.encoder):
        raise StoreError(f"{files.folder} was made with another {other or 'encoder'} than {first.folder}")
    probes = [np.asarray(one.facts["probe"], dtype=np.float32) for one in (first, files)]
    cosine = float(probes[0] @ probes[1])
    if not cosine >= SAME_WEIGHTS_COSINE:
        raise StoreError(
            f"the encoder gave other vectors for {files.folder} than for {first.folder}: the probe's cosine is "
            f"{cosine:.4f}, expected at least {SAME_WEIGHTS_COSINE}"
        )


def _put_facts(store: Store, files: ExportFiles, meta: Mapping[str, Json]) -> None:
    with store.write() as writer:
        for fact, value in {**files.facts, **meta}.items():
            writer.set_meta(fact, value)
        writer.set_meta(WORDS, WORDS_VERSION)
        if not NoTokenVectors.says(files.facts.get(TOKEN_RECORD)):
            record = TokenRecord.from_json(files.facts[TOKEN_RECORD])
            writer.set_meta(TOKEN_RECORD, record.unfilled().to_json())


def _settle(store: Store) -> None:
    """Records that the collection is whole, and whether its passages have their token vectors."""
    with store.write() as writer:
        recorded_tokens = writer.meta(TOKEN_RECORD)
        if not NoTokenVectors.says(recorded_tokens) and not token_rows.passages_without(writer, most=1):
            writer.set_meta(TOKEN_RECORD, TokenRecord.from_json(recorded_tokens).complete().to_json())
        writer.set_meta("state", VersionState.READY.value)


def _fill(store: Store, files: ExportFiles) -> Iterator[int]:
    """Writes an export into the database; yields the number of passages of each document."""
    sources: dict[int, int] = {}
    with store.write() as writer:
        for row in files.rows(SOURCES):
            fields = {key: row[key] for key in ("uri", "path", "sha256", "media_type", "reason", "notes")}
            mode = row.get("ocr", NO_MODEL)
            sources[row["id"]] = writer.put_source(state=recorded(SourceState, row["state"]), read_by=mode, **fields)
    if files.has_tokens:
        _put_codes(store, files)
    by_document = groupby(files.rows(PASSAGES), key=lambda row: int(row["document"]))
    waiting = next(by_document, None)
    rows = files.rows(DOCUMENTS)
    more = True
    while more:
        with store.write() as writer:
            more = False
            for number, row in enumerate(rows, start=1):
                if waiting is None or waiting[0] != row["id"]:
                    raise StoreError(f"{files.folder / PASSAGES} has no passages of {row['uri']}, or in another order")
                if row["source"] not in sources:
                    raise StoreError(f"{files.folder / SOURCES} lacks the file of {row['uri']}")
                yield _put(writer, files, sources[row["source"]], row, list(waiting[1]))
                waiting = next(by_document, None)
                if number == COMMIT:
                    more = True
                    break
    if waiting is not None:
        raise StoreError(f"{files.folder / PASSAGES} has passages of a document that {DOCUMENTS} lacks")


def _put_codes(store: Store, files: ExportFiles) -> None:
    rows = files.rows(TOKENS)
    while batch := list(islice(rows, CODES)):
        with store.write() as writer:
            writer.expect_unused()
            token_rows.put_codes(writer, {row["hash"]: TokenCodes(row["tokens"], row["codes"]) for row in batch})


def _put(
    writer: Writer, files: ExportFiles, source: int, row: dict[str, Any], passages: Sequence[dict[str, Any]]
) -> int:
    document = files.document(row)
    for ordinal, passage in enumerate(passages):
        if passage["ordinal"] != ordinal or document.text[passage["start"] : passage["end"]] != passage["text"]:
            raise StoreError(
                f"passage {passage['id']} of {document.uri} is not a slice of its text: the export was changed"
            )
    shape = len(passages), files.encoder.dimension
    vectors = np.array([passage["vector"] for passage in passages], dtype=np.float32).reshape(shape)
    lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
    if not np.all(np.abs(lengths - 1.0) <= UNIT_TOLERANCE):
        raise StoreError(f"a vector of {document.uri} is not of length 1: the export was changed")
    writer.put_vectors([passage["hash"] for passage in passages], vectors)
    cut = [
        NewPassage(
            passage["start"],
            passage["end"],
            tuple(passage["headings"]),
            passage["hash"],
            bool(passage["cut"]),
            _reading(document, passage) if files.has_tokens else None,
        )
        for passage in passages
    ]
    found = row.get("injection", ())
    injection = [Injection(span["start"], span["end"], InjectionSign(span["sign"])) for span in found]
    return writer.put_document(
        source,
        document,
        with_injection(cut, injection),
        sha256=row["sha256"],
        position=row["position"],
        language=row["language"] if "language" in row else identified(document.text, document.media_type),
    )


def _reading(document: Document, passage: Mapping[str, Any]) -> bytes:
    """Returns the hash of what a reranker reads of a passage."""
    return text_hash(reranker_text(searched_title(document), passage["headings"], passage["text"]))
