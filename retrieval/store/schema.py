"""The tables, as the code sees them. What a database really holds is made by the migrations; a test compares both."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    and_,
    exists,
    or_,
)
from sqlalchemy.types import UserDefinedType

REVISION = "0013"
"""The newest migration. A database at another revision is migrated, or refused where this code doesn't know it."""

READABLE = frozenset({"0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011", "0012"})
"""Older layouts that lack tables, columns and instants: where one can't be migrated, it is read as if those were empty,
and these computed."""

SEGMENT_CHARS = 1 << 20
"""Code points of one row of a document's text: a slice never loads a book."""


class AnyValue(UserDefinedType[Any]):
    """A column that keeps each value's own type: BLOB affinity converts nothing, so '7' and 7 stay apart."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Returns the type as written in CREATE TABLE."""
        return "BLOB"


metadata = MetaData()

meta = Table("meta", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

sources = Table(
    "sources",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("uri", Text, nullable=False, unique=True),
    Column("path", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("state", Text, nullable=False),  # partial: documents still to come; done; failed
    Column("reason", Text),
    Column("notes", Text, nullable=False),  # JSON list: what could not be read, record by record or page by page
    Index("sources_sha256", "sha256"),
    Index("sources_path", "path"),
    sqlite_autoincrement=True,
)

documents = Table(
    "documents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source_id", Integer, ForeignKey("sources.id", ondelete="CASCADE"), nullable=False),
    Column("uri", Text, nullable=False, unique=True),
    Column("name", Text),  # a record's _id; a file has none
    Column("path", Text, nullable=False),
    Column("position", Integer, nullable=False),  # of the record in its file
    Column("media_type", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("sha256", Text, nullable=False),  # of everything that search can show of it
    Column("metadata", Text, nullable=False),
    Column("length", Integer, nullable=False),  # code points
    Column("language", Text),  # its code (ISO 639-1), "" where that can't be told; null: nobody looked
    Index("documents_language", "language"),
    Index("documents_source", "source_id"),
    Index("documents_path", "path"),
    Index("documents_name", "name"),
    sqlite_autoincrement=True,
)

segments = Table(
    "segments",
    metadata,
    Column("document_id", Integer, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("text", Text, nullable=False),
)

pages = Table(
    "pages",
    metadata,
    Column("document_id", Integer, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("label", Text, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
)

headings = Table(
    "headings",
    metadata,
    Column("document_id", Integer, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("level", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
)

hidden = Table(
    "hidden",
    metadata,
    Column("document_id", Integer, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("reason", Text, nullable=False),  # why a reader doesn't see it: a value of HiddenReason
)

tables = Table(
    "tables",
    metadata,
    Column("document_id", Integer, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("columns", Text, nullable=False),  # their names, in one line
)

places = Table(
    "places",
    metadata,
    Column("document_id", Integer, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("unit", Text, nullable=False),  # a PlaceUnit: what `first` and `last` count
    Column("first", Float, nullable=False),
    Column("last", Float, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
)

ocr = Table(
    "ocr",
    metadata,
    Column("document_id", Integer, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("start", Integer, primary_key=True),
    Column("end", Integer, nullable=False),
    Column("confidence", Float, nullable=False),
    # shares of the page's picture, from the left and the top; without a picture there are none
    Column("left", Float),
    Column("top", Float),
    Column("width", Float),
    Column("height", Float),
)

ocr_modes = Table(
    "ocr_modes",
    metadata,
    Column("source_id", Integer, ForeignKey("sources.id", ondelete="CASCADE"), primary_key=True),
    Column("mode", Text, nullable=False),  # an OcrMode: what of the file was read by OCR; without a row, nothing
)

masked = Table(
    "masked",
    metadata,
    Column("document_id", Integer, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("start", Integer, primary_key=True),  # of the placeholder
    Column("end", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("original_start", Integer, nullable=False),  # of what it stands for, in the text as it was read
    Column("original_end", Integer, nullable=False),
)

surroundings = Table(
    "surroundings",
    metadata,
    Column("document_id", Integer, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("text", Text, nullable=False),  # what a page shows around its content
)

fields = Table(
    "fields",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("document_id", Integer, ForeignKey("documents.id", ondelete="CASCADE"), nullable=False),
    Column("key", Text, nullable=False),  # dotted where metadata is nested
    Column("type", Text, nullable=False),  # a FieldType
    Column("value", AnyValue),
    Index("fields_value", "key", "type", "value", "document_id"),
    Index("fields_document", "document_id"),
)

former_fields = Table("former_fields", metadata, Column("key", Text, primary_key=True))
"""The fields of documents that went, or that came anew: a filter may still name them."""

passages = Table(
    "passages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("document_id", Integer, ForeignKey("documents.id", ondelete="CASCADE"), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("title", Text, nullable=False),  # title and headings stand here too, for FTS reads its old row from here
    Column("headings", Text, nullable=False),  # one a line, outermost first
    Column("hash", LargeBinary, nullable=False),  # of the exact string encoded
    Column("cut", Integer, nullable=False),  # 1 where that string did not fit the window
    # what the text index has of them, where that is something else: see `retrieval/words`
    Column("indexed_title", Text),
    Column("indexed_headings", Text),
    Column("indexed_text", Text),
    Index("passages_document", "document_id", "ordinal"),
    Index("passages_hash", "hash"),
    sqlite_autoincrement=True,
)

vectors = Table(
    "vectors",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("vector", LargeBinary, nullable=False),  # float32, little-endian, unit length
)

token_vectors = Table(
    "token_vectors",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("hash", LargeBinary, nullable=False, unique=True),  # of the exact text that a reranker reads
    Column("tokens", Integer, nullable=False),
    Column("codes", LargeBinary, nullable=False),  # as TokenCodec makes them
)

readings = Table(
    "readings",
    metadata,
    Column("passage_id", Integer, ForeignKey("passages.id", ondelete="CASCADE"), primary_key=True),
    Column("hash", LargeBinary, nullable=False),  # of the text that a reranker reads of the passage
    Index("readings_hash", "hash"),
)

injections = Table(
    "injections",
    metadata,
    Column("passage_id", Integer, ForeignKey("passages.id", ondelete="CASCADE"), primary_key=True),
    Column("start", Integer, primary_key=True),  # of what instructs a language model, in the document's text
    Column("end", Integer, nullable=False),
    Column("sign", Text, nullable=False),  # an InjectionSign
)

LATER = (
    *(hidden, tables, places, ocr, ocr_modes, masked, surroundings),
    *(injections, token_vectors, readings, former_fields),
)
"""The tables that readable layouts may lack."""

changes = Table(
    "changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),  # add or remove
    Column("first", Integer, nullable=False),  # passages first..last came or went
    Column("last", Integer, nullable=False),
    sqlite_autoincrement=True,
)

generations = Table(
    "generations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("file", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("change", Integer, nullable=False),  # the last change that it covers
    Column("recall", Float, nullable=False),  # at 10, against exact search
    Column("parameters", Text, nullable=False),
    Column("created", Text, nullable=False),
    sqlite_autoincrement=True,
)


def unused_token_vectors() -> ColumnElement[bool]:
    """Returns a condition on token vectors: no passage reads their text."""
    return ~exists().where(readings.c.hash == token_vectors.c.hash)


def key_or_below(column: Column[str], key: str) -> ColumnElement[bool]:
    """Returns a condition on a column of keys: this key, or one nested in it."""
    return or_(column == key, and_(column > f"{key}.", column < f"{key}/"))  # "/" follows ".": nested keys lie between
