"""Reads the files of an export, row by row: of its columns, whole, and each document as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from passagework.ingest.maintenance.exchange.export_layout import (
    DOCUMENTS,
    PASSAGES,
    SOURCES,
    TOKENS,
    load_arrow,
    read_facts,
    schemas,
)
from passagework.ingest.writing.document_hash import is_hash_of
from passagework.retrieval.errors import StoreError
from passagework.retrieval.models.weights import Fingerprint
from passagework.retrieval.store.rows import source_place
from passagework.retrieval.types import (
    Document,
    Heading,
    Hidden,
    HiddenReason,
    Json,
    Masked,
    OcrSpan,
    Page,
    Table,
)

ROWS = 2_000
LATER = ("surroundings", "injection", "masked", "ocr", "language", "places", "tables", "hidden")
"""The columns of the documents that exports of earlier formats lack, the newest first; their files lack `ocr`, too."""


class ExportFiles:
    """Reads the files of an export; raises StoreError where one is missing, of other columns, or made otherwise."""

    def __init__(self, folder: Path) -> None:
        self._arrow, parquet = load_arrow()
        if not folder.is_dir():
            kind = "a single file, which holds passages without their documents" if folder.is_file() else "not there"
            raise StoreError(f"{folder} is {kind}: name the folder of an export")
        self.folder = folder
        self.has_tokens = (folder / TOKENS).is_file()
        names = (SOURCES, DOCUMENTS, PASSAGES, *((TOKENS,) if self.has_tokens else ()))
        self._files = {name: self._opened(parquet, name) for name in names}
        facts_by_file = {name: read_facts(file.schema_arrow, folder / name) for name, file in self._files.items()}
        self.facts: dict[str, Json] = facts_by_file[PASSAGES]
        self.encoder = Fingerprint.from_json(self.facts["encoder"])
        if any(facts != self.facts for facts in facts_by_file.values()):
            raise StoreError(f"{folder} holds files of different exports: their encoders or settings differ")
        expected = schemas(self._arrow, self.encoder.dimension, self.facts)
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

    def document(self, row: dict[str, Any]) -> Document:
        """Returns the document of a row; raises StoreError where it is none, or not what was exported."""
        try:
            document = _document(row)
            same = is_hash_of(document, row["sha256"])
        except (TypeError, ValueError) as error:
            raise StoreError(f"{self.folder / DOCUMENTS} has a row that is no document: {_line(error)}") from error
        if not same:
            raise StoreError(f"{document.uri} is not what was exported: its text, title, pages or metadata changed")
        return document


def _document(row: dict[str, Any]) -> Document:
    return Document(
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
        places=tuple(source_place(**place) for place in row.get("places", ())),
        masked=tuple(Masked(**mask) for mask in row.get("masked", ())),
        surroundings=row.get("surroundings") or "",
        ocr=tuple(OcrSpan(o["start"], o["end"], o["confidence"], _box(o["box"])) for o in row.get("ocr", ())),
    )


def _box(shares: list[float] | None) -> tuple[float, float, float, float] | None:
    if shares is None:
        return None
    left, top, width, height = shares
    return left, top, width, height


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
