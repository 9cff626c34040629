"""Makes a new collection of Parquet files: checked row by row, and there only once it is whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from passagework.ingest.injection.injection_screen import with_injection
from passagework.ingest.maintenance.exchange.export_layout import (
    DOCUMENTS,
    PASSAGES,
    SOURCES,
    Exchanged,
    load_arrow,
    read_facts,
    schemas,
    written_whole,
)
from passagework.ingest.maintenance.exchange.exporting import size_of
from passagework.ingest.maintenance.exchange.side_files import LINES, copy_side_files
from passagework.ingest.writing.document_hash import is_hash_of
from passagework.ingest.writing.languages import WORDS, identified
from passagework.retrieval.dense.index.vector_index import UNIT_TOLERANCE
from passagework.retrieval.dense.saved_indexes import save_index
from passagework.retrieval.errors import StoreError
from passagework.retrieval.folder import next_version, publish
from passagework.retrieval.late_interaction.stored_tokens import TOKEN_RECORD, NoTokenVectors, TokenRecord
from passagework.retrieval.models.weights import Fingerprint
from passagework.retrieval.store import NewPassage, Store, VersionState, Writer
from passagework.retrieval.store.rows import NO_MODEL, SourceState, recorded
from passagework.retrieval.types import (
    Document,
    Heading,
    Hidden,
    HiddenReason,
    Injection,
    InjectionSign,
    Json,
    Masked,
    OcrSpan,
    Page,
    PlaceUnit,
    SourcePlace,
    Table,
)
from passagework.retrieval.words.indexed import WORDS_VERSION

ROWS = 2_000
LATER = ("surroundings", "injection", "masked", "ocr", "language", "places", "tables", "hidden")
"""The columns of the documents that exports of earlier formats lack, the newest first; their files lack `ocr`, too."""

COMMIT = 256
"""Documents between two commits."""


def import_collection(source: str | Path, collection: str | Path) -> Exchanged:
    """Makes a new collection of an export's folder; it answers as the exported one did, with the same encoder.

    Where the exported one kept token vectors, the next ingest makes them.

    Nothing is left where anything is wrong. Raises StoreError where `source` is no whole export, and where something
    lies at `collection` already or it can't be written; ConfigError where pyarrow is missing.
    """
    source, collection = Path(source), Path(collection)
    files = _Files(source)
    with written_whole(collection) as place:
        place.mkdir()
        folder = next_version(place)
        with Store.create(folder / "store.db") as store:
            documents, passages = _fill(store, files)
            if passages:
                save_index(store, folder / "index")
            store.checkpoint()
        carried = copy_side_files(source, place, LINES)
        publish(place, folder)
    return Exchanged(str(collection), documents, passages, size_of(collection), carried)


class _Files:
    """Reads the files of an export; raises StoreError where one is missing, of other columns, or made otherwise."""

    def __init__(self, folder: Path) -> None:
        self._arrow, parquet = load_arrow()
        if not folder.is_dir():
            kind = "a single file, which holds passages without their documents" if folder.is_file() else "not there"
            raise StoreError(f"{folder} is {kind}: name the folder of an export")
        self.folder = folder
        self._files = {name: self._opened(parquet, name) for name in (SOURCES, DOCUMENTS, PASSAGES)}
        facts_by_file = {name: read_facts(file.schema_arrow, folder / name) for name, file in self._files.items()}
        self.facts: dict[str, Json] = facts_by_file[PASSAGES]
        self.dim = Fingerprint.from_json(self.facts["encoder"]).dimension
        if any(facts != self.facts for facts in facts_by_file.values()):
            raise StoreError(f"{folder} holds files of different exports: their encoders or settings differ")
        expected = schemas(self._arrow, self.dim, self.facts)
        for name, file in self._files.items():
            known = [expected[name]]
            for column in LATER if name == DOCUMENTS else ("ocr",) if name == SOURCES else ():
                known.append(known[-1].remove(known[-1].get_field_index(column)))
            if not any(file.schema_arrow.equals(columns) for columns in known):
                raise StoreError(f"{folder / name} has other columns than an export")

    def _opened(self, parquet: Any, name: str) -> Any:
        try:
            return parquet.ParquetFile(self.folder / name, page_checksum_verification=True)
        except FileNotFoundError as error:
            raise StoreError(f"{self.folder} is not an export: it has no {name}") from error
        except (OSError, ValueError, self._arrow.ArrowException) as error:
            raise StoreError(f"{self.folder / name} can't be read: {_line(error)}") from error

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        """Yields the rows of a file, in order."""
        size = 16 if name == DOCUMENTS else ROWS  # a document may be a book
        try:
            for batch in self._files[name].iter_batches(batch_size=size):
                yield from batch.to_pylist()
        except (OSError, ValueError, self._arrow.ArrowException) as error:
            raise StoreError(f"{self.folder / name} can't be read: {_line(error)}") from error


def _fill(store: Store, files: _Files) -> tuple[int, int]:
    """Writes everything into the database; returns how many documents and passages there were."""
    sources: dict[int, int] = {}
    with store.write() as writer:
        for fact, value in files.facts.items():
            writer.set_meta(fact, value)
        writer.set_meta(WORDS, WORDS_VERSION)
        if not NoTokenVectors.says(files.facts.get(TOKEN_RECORD)):
            record = TokenRecord.from_json(files.facts[TOKEN_RECORD])
            writer.set_meta(TOKEN_RECORD, record.unfilled().to_json())
        for row in files.rows(SOURCES):
            fields = {key: row[key] for key in ("uri", "path", "sha256", "media_type", "reason", "notes")}
            mode = row.get("ocr", NO_MODEL)
            sources[row["id"]] = writer.put_source(state=recorded(SourceState, row["state"]), read_by=mode, **fields)
    by_document = groupby(files.rows(PASSAGES), key=lambda row: int(row["document"]))
    waiting = next(by_document, None)
    documents = passages = 0
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
                passages += _put(writer, files, sources[row["source"]], row, list(waiting[1]))
                documents += 1
                waiting = next(by_document, None)
                if number == COMMIT:
                    more = True
                    break
    if waiting is not None:
        raise StoreError(f"{files.folder / PASSAGES} has passages of a document that {DOCUMENTS} lacks")
    with store.write() as writer:
        writer.set_meta("state", VersionState.READY.value)
    return documents, passages


def _put(writer: Writer, files: _Files, source: int, row: dict[str, Any], passages: Sequence[dict[str, Any]]) -> int:
    document = _document(row, files)
    for ordinal, passage in enumerate(passages):
        if passage["ordinal"] != ordinal or document.text[passage["start"] : passage["end"]] != passage["text"]:
            raise StoreError(
                f"passage {passage['id']} of {document.uri} is not a slice of its text: the export was changed"
            )
    vectors = np.array([passage["vector"] for passage in passages], dtype=np.float32).reshape(len(passages), files.dim)
    lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
    if not np.all(np.abs(lengths - 1.0) <= UNIT_TOLERANCE):
        raise StoreError(f"a vector of {document.uri} is not of length 1: the export was changed")
    writer.put_vectors([passage["hash"] for passage in passages], vectors)
    cut = [
        NewPassage(passage["start"], passage["end"], tuple(passage["headings"]), passage["hash"], bool(passage["cut"]))
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


def _document(row: dict[str, Any], files: _Files) -> Document:
    try:
        document = Document(
            text=row["text"],
            media_type=row["media_type"],
            title=row["title"],
            name=row["name"],
            uri=row["uri"],
            path=row["path"],
            metadata=json.loads(row["metadata"]),
            pages=tuple(Page(**page) for page in row["pages"]),
            headings=tuple(Heading(**heading) for heading in row["headings"]),
            hidden=tuple(Hidden(h["start"], h["end"], HiddenReason(h["reason"])) for h in row.get("hidden", ())),
            tables=tuple(Table(**table) for table in row.get("tables", ())),
            places=tuple(
                SourcePlace(PlaceUnit(p["unit"]), p["first"], p["last"], p["start"], p["end"])
                for p in row.get("places", ())
            ),
            masked=tuple(Masked(**mask) for mask in row.get("masked", ())),
            surroundings=row.get("surroundings") or "",
            ocr=tuple(OcrSpan(o["start"], o["end"], o["confidence"], _box(o["box"])) for o in row.get("ocr", ())),
        )
        same = is_hash_of(document, row["sha256"])
    except (TypeError, ValueError) as error:
        raise StoreError(f"{files.folder / DOCUMENTS} has a row that is no document: {_line(error)}") from error
    if not same:
        raise StoreError(f"{document.uri} is not what was exported: its text, title, pages or metadata changed")
    return document


def _box(shares: list[float] | None) -> tuple[float, float, float, float] | None:
    if shares is None:
        return None
    left, top, width, height = shares
    return left, top, width, height


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
