"""Exports a collection to Parquet files: one snapshot, read piece by piece, whoever writes meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from passagework.ingest.maintenance.exchange.export_layout import (
    DOCUMENTS,
    FACTS,
    OPTIONAL_FACTS,
    PASSAGES,
    SOURCES,
    SUFFIX,
    TOKENS,
    Exchanged,
    load_arrow,
    schemas,
    written_whole,
)
from passagework.ingest.maintenance.exchange.side_files import ALL, LINES, copy_side_files, describe_side_files
from passagework.retrieval.errors import StoreError
from passagework.retrieval.folder import BENCHMARK, current_version
from passagework.retrieval.late_interaction.stored_tokens import recorded_tokens
from passagework.retrieval.store import PassageRow, Snapshot, Store, schema as t, token_rows
from passagework.retrieval.store.generations import check_whole
from passagework.retrieval.types import Document

ROWS = 2_000
"""Passages of one row group: 3 MB of vectors of the default encoder."""

CHARACTERS = 16_000_000
"""The characters of documents in one row group; a longer document has one of its own."""


def export_collection(collection: str | Path, out: str | Path, *, token_vectors: bool = False) -> Exchanged:
    """Writes a collection to `out`: a folder that `import_collection` takes, or with the suffix .parquet its passages.

    A folder takes the judgments and preferences along; uploaded files and measured runs are named as left out. Without
    `token_vectors` these stay behind too: an import records that they are kept, and the next ingest makes them.

    What lies there already is left alone. Raises StoreError where there is no collection, or it is damaged, or `out`
    can't be written; ConfigError where pyarrow is missing.
    """
    arrow, parquet = load_arrow()
    out = Path(out)
    with Store.open(current_version(Path(collection)) / "store.db") as store:
        check_whole(store)
        with store.read() as snapshot, written_whole(out) as place:
            facts = {fact: snapshot.meta(fact) for fact in FACTS}
            facts |= {fact: value for fact in OPTIONAL_FACTS if (value := snapshot.meta(fact)) is not None}
            columns = schemas(arrow, snapshot.dim, facts)
            alone = out.suffix.lower() == SUFFIX
            tables = {PASSAGES: _passages, **({} if alone else {SOURCES: _sources, DOCUMENTS: _documents})}
            if token_vectors and recorded_tokens(snapshot) is not None:
                tables[TOKENS] = _tokens
            if not alone:
                place.mkdir()
            try:
                for name, rows in tables.items():
                    file = place if alone else place / name
                    with parquet.ParquetWriter(
                        file, columns[name], compression="zstd", write_page_checksum=True
                    ) as writer:
                        for batch in rows(snapshot):
                            writer.write_table(arrow.Table.from_pylist(batch, schema=columns[name]))
            except arrow.ArrowException as error:
                raise StoreError(f"{out} can't be written: {error}") from error
            counts = snapshot.counts()
            carried = () if alone else copy_side_files(Path(collection), place, LINES)
    omitted = describe_side_files(Path(collection), [name for name in ALL if name not in (*carried, BENCHMARK)])
    return Exchanged(str(out), counts["documents"], counts["passages"], size_of(out), carried, omitted)


def size_of(out: Path) -> int:
    """Returns the size in bytes of a file, or of all files beneath a folder."""
    files = [out] if out.is_file() else [file for file in out.rglob("*") if file.is_file()]
    total = 0
    for file in files:
        with suppress(OSError):
            total += file.stat().st_size
    return total


def _sources(snapshot: Snapshot) -> Iterator[list[dict[str, Any]]]:
    yield [
        {
            "id": source.id,
            "uri": source.uri,
            "path": source.path,
            "sha256": source.sha256,
            "media_type": source.media_type,
            "state": source.state.value,
            "reason": source.reason,
            "notes": list(source.notes),
            "ocr": source.read_by,
        }
        for source in snapshot.sources()
    ]


def _documents(snapshot: Snapshot) -> Iterator[list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    characters = 0
    for row in sorted(snapshot.documents(), key=lambda row: row.id):
        document = snapshot.document(row.id)
        rows.append(
            {
                "id": row.id,
                "source": row.source_id,
                "uri": row.uri,
                "name": row.name,
                "path": row.path,
                "position": row.position,
                "media_type": row.media_type,
                "title": row.title,
                "sha256": row.sha256,
                "metadata": json.dumps(dict(row.metadata), ensure_ascii=False),
                "language": row.language,
                **_structure(document),
                "injection": [span.to_json() for span in snapshot.injection(row.id, 0, row.length)],
                "text": document.text,
            }
        )
        characters += len(document.text)
        if characters >= CHARACTERS or len(rows) >= ROWS:
            yield rows
            rows, characters = [], 0
    yield rows


def _structure(document: Document) -> dict[str, Any]:
    return {
        "hidden": [{"start": h.start, "end": h.end, "reason": h.reason.value} for h in document.hidden],
        "tables": [{"start": b.start, "end": b.end, "columns": b.columns} for b in document.tables],
        "places": [
            {"unit": p.unit.value, "first": p.first, "last": p.last, "start": p.start, "end": p.end}
            for p in document.places
        ],
        "ocr": [{"start": o.start, "end": o.end, "confidence": o.confidence, "box": o.box} for o in document.ocr],
        "masked": [asdict(mask) for mask in document.masked],
        "surroundings": document.surroundings,
        "pages": [{"number": p.number, "label": p.label, "start": p.start, "end": p.end} for p in document.pages],
        "headings": [{"level": h.level, "title": h.title, "start": h.start, "end": h.end} for h in document.headings],
    }


def _passages(snapshot: Snapshot) -> Iterator[list[dict[str, Any]]]:
    p = t.passages.c
    ids = snapshot.connection.execute(select(p.id).order_by(p.document_id, p.ordinal)).scalars()
    while some := list(islice(ids, ROWS)):
        passages = snapshot.passages(some)
        yield [_passage(row, vector) for row, vector in zip(passages, snapshot.vectors_of(some), strict=True)]


def _tokens(snapshot: Snapshot) -> Iterator[list[dict[str, Any]]]:
    rows = token_rows.every_text(snapshot)
    while batch := list(islice(rows, ROWS)):
        yield [{"hash": key, "tokens": stored.tokens, "codes": stored.codes} for key, stored in batch]


def _passage(row: PassageRow, vector: np.ndarray) -> dict[str, Any]:
    return {
        "id": row.id,
        "document": row.document_id,
        "name": row.document,
        "path": row.path,
        "title": row.title,
        "ordinal": row.ordinal,
        "start": row.start,
        "end": row.end,
        "pages": list(row.pages),
        "headings": list(row.headings),
        "metadata": json.dumps(dict(row.metadata), ensure_ascii=False),
        "text": row.text,
        "cut": row.cut,
        "hash": row.hash,
        "vector": vector,
    }
