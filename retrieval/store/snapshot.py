"""Reading: every statement of a Snapshot sees the same moment of the collection."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from sqlalchemy import Column, ColumnElement, Connection, Select, bindparam, exists, func, select

from passagework.retrieval.errors import StoreError
from passagework.retrieval.store import schema as t
from passagework.retrieval.store.batches import BATCH, batches, in_ids
from passagework.retrieval.store.conditions import Condition
from passagework.retrieval.store.filter_sql import filter_sql
from passagework.retrieval.store.fulltext import any_of, best_passages, holding_ids, word_gains
from passagework.retrieval.store.indexed_words import indexed_languages, indexed_texts, is_mostly_code
from passagework.retrieval.store.matching import first_matching, matching_ids, matching_query, passing_ids
from passagework.retrieval.store.passages import PassageReader
from passagework.retrieval.store.prepared import PreparedStatement, bound_ids, in_bound_ids
from passagework.retrieval.store.rows import Change, ChangeKind, Generation, Location, SourceState, recorded
from passagework.retrieval.store.seal import COMMITS, commits_in
from passagework.retrieval.store.vocabulary import WordReader, word_reader
from passagework.retrieval.types import Ids, Json, Vectors

WORDS = "words"
"""The kind of a generation that holds the postings of frequent words, not vectors."""

Columns: TypeAlias = "tuple[str, str, str]"
"""The title, the headings and the text of a passage: words that follow one another stand in one of them."""

FOLDERS = 3
"""Folders that are told of a filter that names them in place of documents."""

_p, _d, _g = t.passages.c, t.documents.c, t.generations.c

META = PreparedStatement(select(t.meta.c.value).where(t.meta.c.key == bindparam("key")))
LAST_CHANGE = PreparedStatement(select(func.coalesce(func.max(t.changes.c.id), 0)))
LAST_WORDS = PreparedStatement(select(func.coalesce(func.max(_g.id), 0)).where(_g.kind == bindparam("kind")))
LOCATIONS = PreparedStatement(
    select(_p.id, _p.document_id, _d.path, _p.start, _d.position, _d.uri)
    .join(t.documents, _d.id == _p.document_id)
    .where(in_bound_ids(_p.id))
)


class Snapshot(PassageReader):
    """A collection at one moment; lives as long as the transaction that it was made in."""

    visible: Condition | None = None
    """What documents must fulfil to be seen; None where all are (see `visible`)."""

    @cached_property
    def dim(self) -> int:
        """Returns the numbers of a vector, by the record of the encoder; raises StoreError where that is damaged."""
        record = self.meta("encoder")
        dimension = record.get("dimension") if isinstance(record, dict) else None
        if not isinstance(dimension, int):
            raise StoreError("the collection's record of its encoder is damaged")
        return dimension

    def whole(self) -> Connection:
        """Returns a connection to all of the collection; raises StoreError where an engine has it."""
        return self.connection

    # what changed

    def last_change(self) -> int:
        """Returns the newest change, 0 where there was none."""
        return int(LAST_CHANGE.rows(self.connection)[0][0])

    def changes_since(self, change: int) -> list[Change]:
        """Returns the changes after `change`, oldest first."""
        rows = self.connection.execute(select(t.changes).where(t.changes.c.id > change).order_by(t.changes.c.id))
        return [Change(row.id, recorded(ChangeKind, row.kind), row.first, row.last) for row in rows]

    def generations(self) -> list[Generation]:
        """Returns the saved vector indexes, newest first."""
        return self._generations(t.generations.c.kind != WORDS)

    def postings_generations(self) -> list[Generation]:
        """Returns the saved postings, newest first."""
        return self._generations(t.generations.c.kind == WORDS)

    def last_postings_generation(self) -> int:
        """Returns the id of the newest saved postings, 0 where there are none."""
        return int(LAST_WORDS.rows(self.connection, kind=WORDS)[0][0])

    def _generations(self, condition: ColumnElement[bool]) -> list[Generation]:
        rows = self.connection.execute(select(t.generations).where(condition).order_by(t.generations.c.id.desc()))
        return [Generation(**{**row._asdict(), "parameters": json.loads(row.parameters)}) for row in rows]

    # vectors

    def passage_count(self) -> int:
        """Returns how many passages there are."""
        return int(self.connection.execute(select(func.count()).select_from(t.passages)).scalar_one())

    def passage_vectors(
        self, *, first: int = 0, last: int = (1 << 63) - 1, room: Callable[[int, int], Vectors] | None = None
    ) -> tuple[Ids, Vectors]:
        """Returns ids and vectors of the passages `first` to `last`, ascending: (n,) int64 and (n, dim) float32.

        `room` gives the array for so many vectors of so many numbers, where it is not to be in memory.
        """
        inside = t.passages.c.id.between(first, last)
        count = int(self.connection.execute(select(func.count()).where(inside)).scalar_one())
        ids = np.empty(count, dtype=np.int64)
        matrix = np.empty((count, self.dim), dtype=np.float32) if room is None else room(count, self.dim)
        query = (
            select(t.passages.c.id, t.vectors.c.vector)
            .join(t.vectors, t.vectors.c.hash == t.passages.c.hash)
            .where(inside)
            .order_by(t.passages.c.id)
        )
        rows = self.connection.execute(query.execution_options(yield_per=4096))
        filled = 0
        for part in rows.partitions():
            ids[filled : filled + len(part)] = [row[0] for row in part]
            matrix[filled : filled + len(part)] = _matrix([row[1] for row in part], self.dim)
            filled += len(part)
        return ids[:filled], matrix[:filled]

    def vectors_of(self, ids: Sequence[int] | Ids) -> Vectors:
        """Returns the vectors of these passages, in the order given: (n, dim) float32."""
        vectors: dict[int, bytes] = {}
        for batch in batches(ids):
            query = (
                select(t.passages.c.id, t.vectors.c.vector)
                .join(t.vectors, t.vectors.c.hash == t.passages.c.hash)
                .where(in_ids(t.passages.c.id, batch))
            )
            vectors.update({row[0]: row[1] for row in self.connection.execute(query)})
        return _matrix([vectors[int(passage)] for passage in ids], self.dim)

    def vectors_by_hash(self, hashes: Sequence[bytes]) -> dict[bytes, bytes]:
        """Returns the stored vectors, as bytes, of those hashes that have one."""
        vectors: dict[bytes, bytes] = {}
        for batch in batches(hashes):
            query = select(t.vectors.c.hash, t.vectors.c.vector).where(t.vectors.c.hash.in_(batch))
            vectors.update({row[0]: row[1] for row in self.connection.execute(query)})
        return vectors

    def known_hashes(self, hashes: Sequence[bytes]) -> set[bytes]:
        """Returns those of the hashes whose text is encoded already."""
        stored: set[bytes] = set()
        for batch in batches(hashes):
            query = select(t.vectors.c.hash).where(t.vectors.c.hash.in_(batch))
            stored.update(self.connection.execute(query).scalars())
        return stored

    # searching

    def matching(self, condition: Condition) -> Ids:
        """Returns the ids of the passages that fulfil a condition, ascending."""
        return matching_ids(self.connection, filter_sql(condition))

    def passing(self, ids: Sequence[int] | Ids, condition: Condition) -> Ids:
        """Returns those of `ids` that fulfil a condition, ascending; for a few of many."""
        sql = filter_sql(condition, one_by_one=True)
        passing = [passing_ids(self.connection, batch, sql) for batch in batches(ids)]
        return np.sort(np.concatenate([np.empty(0, np.int64), *passing]))

    def first_matching(self, condition: Condition, k: int) -> list[int]:
        """Returns the first `k` passages that fulfil a condition, in the order of documents (see `Location.order`)."""
        return first_matching(self.connection, filter_sql(condition), k)

    def match_text(self, terms: Sequence[str], k: int, condition: Condition | None) -> list[tuple[int, float]]:
        """Returns the `k` best passages that hold one of the terms, and equals of the last, as (id, BM25); ties by id.

        A term is a word, several that follow one another, or ends in `*`: its last word may go on.
        """
        allowed = None if condition is None else matching_query(filter_sql(condition))
        return best_passages(self.connection, any_of(terms), k, allowed)

    def count_holding(self, terms: Sequence[str], most: int) -> int:
        """Returns how many passages hold one of the terms, and `most` where it is that many or more."""
        query = "SELECT count(*) FROM (SELECT rowid FROM passages_fts WHERE passages_fts MATCH ? LIMIT ?)"
        return int(self._driver.execute(query, (any_of(terms), most)).fetchone()[0])

    def holding(self, terms: Sequence[str], most: int) -> Ids:
        """Returns the first `most` passages that hold one of the terms, ascending."""
        return holding_ids(self._driver, terms, most)

    def match_word(self, word: str) -> list[tuple[int, float]]:
        """Returns every passage that holds one word of a query, as (id, share of BM25), ascending."""
        return word_gains(self._driver, word)

    @contextmanager
    def words(self) -> Iterator[WordReader]:
        """Gives a reader of the text index, at this moment."""
        with word_reader(self._driver) as reader:
            yield reader

    def columns_of(self, ids: Ids) -> Iterator[tuple[int, Columns]]:
        """Yields the passages with these ids, ascending, with what stands in each."""
        query = "SELECT id, title, headings, text FROM passages WHERE id IN (SELECT value FROM json_each(?))"
        for start in range(0, len(ids), BATCH):
            listed = f"[{','.join(map(str, ids[start : start + BATCH].tolist()))}]"
            for passage, *columns in self._driver.execute(f"{query} ORDER BY id", (listed,)):
                yield passage, tuple(columns)

    def every_text(self) -> Iterator[str]:
        """Yields the text of every passage."""
        return (row[0] for row in self._driver.execute("SELECT text FROM passages"))

    def passage_texts(self, *, first: int) -> Iterator[tuple[int, str, str, str]]:
        """Yields id, title, headings and text, as the text index has them, of the passages from `first`, ascending."""
        return indexed_texts(self.connection, first=first)

    def languages(self) -> tuple[str, ...]:
        """Returns the languages, by their codes, of documents whose words are indexed by stems, or as code."""
        return indexed_languages(self._driver)

    @cached_property
    def is_code(self) -> bool:
        """Tells whether more documents are source code than not."""
        return is_mostly_code(self._driver)

    def has_field(self, key: str) -> bool:
        """Tells whether any document has this metadata field, or one nested in it."""
        return self._has_key(t.fields.c.key, key)

    def had_field(self, key: str) -> bool:
        """Tells whether a document had this metadata field, or one nested in it, that went or came anew since."""
        return self._has_key(t.former_fields.c.key, key)

    def _has_key(self, column: Column[str], key: str) -> bool:
        query = select(column).where(t.key_or_below(column, key)).limit(1)
        return self.connection.execute(query).first() is not None

    def field_names(self) -> list[str]:
        """Returns every metadata field that some document has, sorted."""
        return list(self.connection.execute(select(t.fields.c.key).distinct().order_by(t.fields.c.key)).scalars())

    def former_field_names(self) -> list[str]:
        """Returns every metadata field of documents that went or came anew, sorted; some document may have it still."""
        return list(self.connection.execute(select(t.former_fields.c.key).order_by(t.former_fields.c.key)).scalars())

    def folders_named(self, names: Sequence[str]) -> list[str]:
        """Returns the first few of these that are the folder of a document, and no document's own path."""
        named = func.json_each(json.dumps(names)).table_valued("value").c.value
        beneath = _d.path.between(named.concat("/"), named.concat("0")) & (_d.path != named.concat("0"))  # "0" follows
        query = select(named).where(exists().where(beneath), ~exists().where(_d.path == named)).limit(FOLDERS)
        return list(self.connection.execute(query).scalars()) if names else []

    def locations(self, ids: Sequence[int]) -> dict[int, Location]:
        """Returns where each passage stands; passages that are gone are left out."""
        locations: dict[int, Location] = {}
        for batch in batches(ids):
            for row in LOCATIONS.rows(self.connection, ids=bound_ids(batch)):
                locations[row[0]] = Location(*row[1:])
        return locations

    def counts(self) -> dict[str, int]:
        """Returns the sizes for `status`."""
        return {
            "files": self._count(select(func.count()).select_from(t.sources)),
            "failed": self._count(select(func.count()).where(t.sources.c.state == SourceState.FAILED.value)),
            "documents": self.document_count(),
            "passages": self.passage_count(),
            "cut": self._count(select(func.coalesce(func.sum(t.passages.c.cut), 0))),
            "vectors": self._count(select(func.count()).select_from(t.vectors)),
        }

    def document_count(self) -> int:
        """Returns how many documents there are."""
        return self._count(select(func.count()).select_from(t.documents))

    def meta(self, key: str) -> Json:
        """Returns a fact about the collection, None where it isn't recorded."""
        rows = META.rows(self.connection, key=key)
        return json.loads(rows[0][0]) if rows else None

    def commits(self) -> int:
        """Returns how many commits the database has seen: as long as it is the same number, everything is."""
        return commits_in(self.meta(COMMITS))

    @property
    def _driver(self) -> Any:
        return self.connection.connection.dbapi_connection

    def _count(self, query: Select[Any]) -> int:
        return int(self.connection.execute(query).scalar_one())


def _matrix(blobs: Sequence[bytes], dim: int) -> Vectors:
    return np.frombuffer(b"".join(blobs), dtype="<f4").reshape(-1, dim).astype(np.float32, copy=False)
