"""What a database says of its own soundness, and the SQL that mends what can be made again from the rest of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from sqlalchemy import delete, exists, func, insert, or_, select, text, update

from passagework.retrieval.store import schema as t
from passagework.retrieval.store.indexed_words import index_words_anew, indexed_columns
from passagework.retrieval.store.metadata_fields import flatten
from passagework.retrieval.store.snapshot import Snapshot
from passagework.retrieval.store.writer import Writer
from passagework.retrieval.types import Json


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage's own row, as it is."""

    id: int
    ordinal: int
    start: int
    end: int
    text: str
    title: str
    headings: str
    hash: bytes


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """Holds what a document's row says of it, and its file's row of the file."""

    sha256: str
    uri: str
    path: str
    name: str | None
    length: int
    source_uri: str
    source_path: str


def structure_problems(snapshot: Snapshot, most: int) -> list[str]:
    """Runs SQLite's own check of every page, table and index: at most so many lines, [] where all is sound."""
    rows = snapshot.connection.exec_driver_sql(f"PRAGMA integrity_check({most})").scalars()
    return [line for row in rows for line in str(row).split("\n") if line not in ("ok", "") and line[:3] != "***"]


def tree_names(snapshot: Snapshot) -> dict[int, str]:
    """Returns what stands on each root page: the table or index that SQLite's check calls by number."""
    rows = snapshot.connection.exec_driver_sql("SELECT rootpage, name FROM sqlite_master WHERE rootpage > 0")
    return {row[0]: row[1] for row in rows}


def broken_references(snapshot: Snapshot) -> Counter[tuple[str, str]]:
    """Counts the rows that name a row that isn't there, by (table, table it should be in)."""
    return Counter((row[0], row[2]) for row in snapshot.connection.exec_driver_sql("PRAGMA foreign_key_check"))


def document_ids(snapshot: Snapshot) -> list[int]:
    """Returns every document, in order of id."""
    return list(snapshot.connection.execute(select(t.documents.c.id).order_by(t.documents.c.id)).scalars())


def stored_document(snapshot: Snapshot, document_id: int) -> StoredDocument:
    """Returns a document's row, and that of its file."""
    d, f = t.documents.c, t.sources.c
    query = select(d.sha256, d.uri, d.path, d.name, d.length, f.uri, f.path).join(t.sources, f.id == d.source_id)
    return StoredDocument(*snapshot.connection.execute(query.where(d.id == document_id)).one())


def reused_ids(snapshot: Snapshot) -> list[str]:
    """Returns the tables whose next id is not above the ids that are there."""
    rows = snapshot.connection.exec_driver_sql("SELECT name, seq FROM sqlite_sequence")
    sequences = {row[0]: row[1] for row in rows}
    tables = (t.sources, t.documents, t.passages, t.changes, t.generations)
    highest = {table.name: snapshot.connection.execute(select(func.max(table.c.id))).scalar() or 0 for table in tables}
    return [name for name, most in highest.items() if sequences.get(name, 0) < most]


def stored_passages(snapshot: Snapshot, document_id: int) -> list[StoredPassage]:
    """Returns a document's passages, in order."""
    p = t.passages.c
    query = select(p.id, p.ordinal, p.start, p.end, p.text, p.title, p.headings, p.hash).where(
        p.document_id == document_id
    )
    return [StoredPassage(*row) for row in snapshot.connection.execute(query.order_by(p.ordinal))]


def fields_agree(snapshot: Snapshot, document_id: int, metadata: Mapping[str, Json]) -> bool:
    """Tells whether the rows that filters look at say what the document's metadata says."""
    f = t.fields.c
    rows = snapshot.connection.execute(select(f.key, f.type, f.value).where(f.document_id == document_id))
    return Counter(repr(tuple(row)) for row in rows) == Counter(
        repr((key, kind.value, value)) for key, kind, value in flatten(metadata)
    )


def documents_without_vectors(snapshot: Snapshot) -> dict[int, int]:
    """Maps documents of which passages have no vector to how many."""
    p = t.passages.c
    missing = ~exists().where(t.vectors.c.hash == p.hash)
    query = select(p.document_id, func.count()).where(missing).group_by(p.document_id)
    return {row[0]: row[1] for row in snapshot.connection.execute(query)}


def unused_vectors(snapshot: Snapshot) -> int:
    """Counts the vectors that no passage uses."""
    unused = ~exists().where(t.passages.c.hash == t.vectors.c.hash)
    return int(snapshot.connection.execute(select(func.count()).select_from(t.vectors).where(unused)).scalar_one())


def misshapen_vectors(snapshot: Snapshot, dim: int) -> list[bytes]:
    """Returns the hashes of the vectors that haven't 4 bytes for each of `dim` numbers."""
    v = t.vectors.c
    wrong = or_(func.typeof(v.vector) != "blob", func.length(v.vector) != 4 * dim)
    return list(snapshot.connection.execute(select(v.hash).where(wrong)).scalars())


def hashes_of(snapshot: Snapshot, passage_ids: Sequence[int]) -> list[bytes]:
    """Returns the hashes under which the vectors of these passages are stored."""
    query = select(t.passages.c.hash).where(t.passages.c.id.in_(list(passage_ids))).distinct()
    return list(snapshot.connection.execute(query).scalars())


def documents_of_hashes(snapshot: Snapshot, hashes: Sequence[bytes]) -> set[int]:
    """Returns the documents whose passages' vectors are stored under these."""
    p = t.passages.c
    query = select(p.document_id).distinct()
    return {row for key in hashes for row in snapshot.connection.execute(query.where(p.hash == key)).scalars()}


def text_index_problem(driver: Any, *, wait_ms: int, then_ms: int) -> str | None:
    """Tells how FTS5's index differs from the passages, None where it doesn't; on a driver's connection.

    It takes a write transaction, and rolls it back. Raises sqlite3.OperationalError where it can't have one.
    """
    driver.execute(f"PRAGMA busy_timeout={wait_ms}").close()
    try:
        driver.execute("BEGIN IMMEDIATE").close()
        try:
            # rank 1: against the passages themselves, for the index keeps no text of its own
            driver.execute("INSERT INTO passages_fts (passages_fts, rank) VALUES ('integrity-check', 1)").close()
        except driver.DatabaseError as error:
            if isinstance(error, driver.OperationalError):
                raise
            return str(error)
        finally:
            driver.execute("ROLLBACK").close()
    finally:
        driver.execute(f"PRAGMA busy_timeout={then_ms}").close()
    return None


# mending


def rebuild_text_index(writer: Writer) -> None:
    """Makes FTS5's index again, from the passages and their words."""
    index_words_anew(writer.connection.connection.dbapi_connection)
    writer.connection.execute(text("INSERT INTO passages_fts (passages_fts) VALUES ('rebuild')"))


def rebuild_table_indexes(writer: Writer) -> None:
    """Makes SQLite's own indexes again, from their tables."""
    writer.connection.exec_driver_sql("REINDEX")
    writer.set_meta("reindexed", datetime.now(timezone.utc).isoformat(timespec="seconds"))  # a change that counts


def correct_passage(writer: Writer, passage_id: int, *, start: int, end: int, text: str, title: str) -> None:
    """Puts a passage right. Follow it with `rebuild_text_index`: the old row may not be the one that was indexed."""
    p, d = t.passages.c, t.documents.c
    query = select(p.headings, d.language).where(p.id == passage_id, d.id == p.document_id)
    headings, language = writer.connection.execute(query).one()
    words = indexed_columns(title, headings, text, language or "")
    row = {"start": start, "end": end, "text": text, "title": title, **words}
    writer.connection.execute(update(t.passages).where(t.passages.c.id == passage_id).values(row))


def correct_fields(writer: Writer, document_id: int, metadata: Mapping[str, Json]) -> None:
    """Makes the rows that filters look at again, from the document's metadata."""
    writer.connection.execute(delete(t.fields).where(t.fields.c.document_id == document_id))
    rows = [
        {"document_id": document_id, "key": key, "type": kind.value, "value": v} for key, kind, v in flatten(metadata)
    ]
    if rows:
        writer.connection.execute(insert(t.fields), rows)


def drop_vectors(writer: Writer, hashes: Sequence[bytes]) -> None:
    """Takes out vectors that are to be made again."""
    for key in hashes:
        writer.connection.execute(delete(t.vectors).where(t.vectors.c.hash == key))
