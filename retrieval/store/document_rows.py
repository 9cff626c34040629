"""Documents as rows, table by table: to be kept elsewhere, and put into a database again as they were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import Connection, Table, create_engine, select
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect, insert
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateIndex, CreateTable

from passagework.retrieval.store import schema as t
from passagework.retrieval.store.batches import batches, in_ids

Rows: TypeAlias = "dict[str, list[list[Any]]]"
"""The rows of each table, by its name; values as the database has them, in the order of the table's columns."""

OF_DOCUMENTS = (t.pages, t.headings, t.hidden, t.tables, t.places, t.ocr, t.masked, t.surroundings, t.fields)
"""The tables that have rows of a document, beside its texts and its passages."""

_TABLES: Mapping[str, Table] = t.metadata.tables


def document_rows(connection: Connection, document: int) -> Rows:
    """Returns the rows of a document and of the file that it came from, without its text and its passages."""
    d = t.documents
    source = select(d.c.source_id).where(d.c.id == document).scalar_subquery()
    rows = {
        "sources": _read(connection, t.sources, t.sources.c.id == source),
        "documents": _read(connection, d, d.c.id == document),
        "ocr_modes": _read(connection, t.ocr_modes, t.ocr_modes.c.source_id == source),
    }
    for table in OF_DOCUMENTS:
        rows[table.name] = _read(connection, table, table.c.document_id == document)
    return {name: found for name, found in rows.items() if found}


def segment_rows(connection: Connection, document: int) -> list[list[Any]]:
    """Returns the rows of a document's text, in order."""
    return sorted(_read(connection, t.segments, t.segments.c.document_id == document), key=lambda row: int(row[1]))


def passage_rows(connection: Connection, ids: Sequence[int]) -> dict[int, Rows]:
    """Returns the rows of each passage: its own, what instructs in it, and what a reranker reads of it."""
    by_id: dict[int, Rows] = {}
    for batch in batches(ids):
        for row in _read(connection, t.passages, in_ids(t.passages.c.id, batch)):
            by_id[row[0]] = {"passages": [row]}
        for table in (t.injections, t.readings):
            for row in _read(connection, table, in_ids(table.c.passage_id, batch)):
                by_id[row[0]].setdefault(table.name, []).append(row)
        v, r = t.token_vectors, t.readings.c
        query = select(r.passage_id, v).join(v, v.c.hash == r.hash).where(in_ids(r.passage_id, batch))
        for passage, *row in connection.execute(query):
            by_id[passage]["token_vectors"] = [list(row)]
    return by_id


def indexed_text(passage: Sequence[Any]) -> tuple[int, str, str, str]:
    """Returns id, title, headings and text of a passage's row, as a text index has them."""
    row = dict(zip((column.name for column in t.passages.columns), passage, strict=True))
    written = ((row[name], row[f"indexed_{name}"]) for name in ("title", "headings", "text"))
    title, headings, text = (stored if indexed is None else indexed for stored, indexed in written)
    return row["id"], title, headings, text


def put_rows(connection: Connection, rows: Rows) -> None:
    """Puts rows into a database of this layout; those that are there already stay as they are."""
    for name in sorted(rows, key=_order):
        table = _TABLES[name]
        names = [column.name for column in table.columns]
        listed = [dict(zip(names, row, strict=True)) for row in rows[name]]
        if listed:
            connection.execute(insert(table).on_conflict_do_nothing(), listed)


def merged(several: Sequence[Rows]) -> Rows:
    """Returns the rows of several in one."""
    together: Rows = {}
    for rows in several:
        for name, found in rows.items():
            together.setdefault(name, []).extend(found)
    return together


def _order(name: str) -> int:
    """Orders tables so that a row comes after those that it refers to."""
    return [table.name for table in t.metadata.sorted_tables].index(name)


def _read(connection: Connection, table: Table, condition: Any) -> list[list[Any]]:
    return [list(row) for row in connection.execute(select(table).where(condition))]


@contextmanager
def memory_database() -> Iterator[Connection]:
    """Gives a connection to an empty database of this layout, without a text index, that lasts as long."""
    engine = create_engine("sqlite://", poolclass=NullPool)
    with engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        driver.executescript(_script())
        yield connection


@lru_cache(maxsize=1)
def _script() -> str:
    dialect = sqlite_dialect()
    tables = [str(CreateTable(table).compile(dialect=dialect)) for table in t.metadata.sorted_tables]
    indexes = [CreateIndex(index) for table in t.metadata.sorted_tables for index in table.indexes]
    return ";\n".join([*tables, *(str(index.compile(dialect=dialect)) for index in indexes)])
