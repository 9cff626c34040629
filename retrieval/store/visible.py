"""A moment of a collection as somebody sees it who may see some of its documents alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from functools import cached_property

import numpy as np
from sqlalchemy import Column, ColumnElement, Connection, Select, func, select

from passagework.retrieval.errors import StoreError
from passagework.retrieval.store import schema as t
from passagework.retrieval.store.conditions import All, Condition
from passagework.retrieval.store.filter_sql import filter_sql
from passagework.retrieval.store.rows import DocumentRow, RootRow, SourceRow
from passagework.retrieval.store.snapshot import Snapshot
from passagework.retrieval.types import Document, Ids
from passagework.retrieval.words.code_names import CODE
from passagework.retrieval.words.indexed import INDEXED_LANGUAGES

_d = t.documents.c


class VisibleSnapshot(Snapshot):
    """Tells nothing of documents that don't fulfil a condition: neither their text nor their fields, nor how many.

    What is asked of a document by its number is answered: such numbers come from what was let through. BM25 weighs a
    word by the passages of the whole collection.
    """

    def __init__(self, connection: Connection, visible: Condition) -> None:
        super().__init__(connection)
        self.visible: Condition = visible

    @cached_property
    def _documents_seen(self) -> Select[tuple[int]]:
        """Selects the ids of the documents that may be seen."""
        return select(_d.id).where(filter_sql(self.visible)).correlate(None)

    @cached_property
    def _passages_seen(self) -> Ids:
        return super().matching(self.visible)

    # searching

    def matching(self, condition: Condition) -> Ids:
        """Returns the ids of the passages seen that fulfil a condition, ascending."""
        return super().matching(self._seen(condition))

    def passing(self, ids: Sequence[int] | Ids, condition: Condition) -> Ids:
        """Returns those of `ids` that are seen and fulfil a condition, ascending."""
        return super().passing(ids, self._seen(condition))

    def match_text(self, terms: Sequence[str], k: int, condition: Condition | None) -> list[tuple[int, float]]:
        """Returns the `k` best seen that hold one of the terms, and equals of the last, as (id, BM25); ties by id."""
        return super().match_text(terms, k, self.visible if condition is None else self._seen(condition))

    def count_holding(self, terms: Sequence[str], most: int) -> int:
        """Returns how many passages seen hold one of the terms, and `most` where it is that many or more."""
        return min(most, len(self.match_text(terms, min(most, self.passage_count() + 1), None)))

    def match_word(self, word: str) -> list[tuple[int, float]]:
        """Returns every passage seen that holds one word of a query, as (id, share of BM25), ascending."""
        gains = super().match_word(word)
        seen = np.isin([passage for passage, _ in gains], self._passages_seen)
        return [gain for gain, is_seen in zip(gains, seen, strict=True) if is_seen]

    def least_hashes(self, most: int) -> list[bytes]:
        """Returns the least hashes of what was encoded of the passages seen, ascending, each once."""
        hashes = t.passages.c.hash
        inside = t.passages.c.document_id.in_(self._documents_seen)
        query = select(hashes).where(inside).distinct().order_by(hashes).limit(most)
        return list(self.connection.execute(query).scalars())

    # what there is

    def passage_count(self) -> int:
        """Returns how many passages are seen."""
        return len(self._passages_seen)

    def document_count(self) -> int:
        """Returns how many documents are seen."""
        return sum(self._languages_seen.values())

    def counts(self) -> dict[str, int]:
        """Returns the sizes for `status`, of what is seen."""
        rows = list(self.documents())
        return {
            "files": len({row.source_id for row in rows}),
            "failed": 0,
            "documents": len(rows),
            "passages": self.passage_count(),
            "cut": sum(row.cut for row in rows),
            "vectors": self.passage_count(),
        }

    def languages(self) -> tuple[str, ...]:
        """Returns the languages, by their codes, of documents seen whose words are indexed by stems, or as code."""
        return tuple(sorted(self.document_languages().keys() & INDEXED_LANGUAGES))

    @cached_property
    def is_code(self) -> bool:
        """Tells whether more of the documents seen are source code than not."""
        return 2 * self._languages_seen.get(CODE, 0) > self.document_count()

    def document_languages(self) -> dict[str, int]:
        """Returns how many documents seen are in each language, by its code, most first."""
        return dict(self._languages_seen)

    @cached_property
    def _languages_seen(self) -> dict[str, int]:
        language = func.coalesce(func.nullif(_d.language, ""), "und")
        query = select(language, func.count()).where(_d.id.in_(self._documents_seen)).group_by(language)
        rows = self.connection.execute(query.order_by(func.count().desc(), language))
        return {row[0]: row[1] for row in rows}

    def field_names(self) -> list[str]:
        """Returns every metadata field that a document seen has, sorted."""
        f = t.fields.c
        query = select(f.key).where(f.document_id.in_(self._documents_seen)).distinct().order_by(f.key)
        return list(self.connection.execute(query).scalars())

    def former_field_names(self) -> list[str]:
        """Returns none: whose fields they were is not known."""
        return []

    def had_field(self, key: str) -> bool:  # noqa: ARG002 - of any
        """Returns that no document had a field: whose it was is not known."""
        return False

    def _has_key(self, column: Column[str], key: str) -> bool:
        seen = t.fields.c.document_id.in_(self._documents_seen)
        query = select(column).where(t.key_or_below(column, key), seen).limit(1)
        return self.connection.execute(query).first() is not None

    def folders_named(self, names: Sequence[str]) -> list[str]:  # noqa: ARG002 - of any
        """Returns none: which folders there are is not told."""
        return []

    # documents

    def document(self, document_id: int) -> Document:
        """Returns a document whole; raises StoreError where it is not seen, as if it were gone."""
        if self.connection.execute(self._documents_seen.where(_d.id == document_id)).first() is None:
            raise StoreError(f"no document {document_id}: it may have been deleted")
        return super().document(document_id)

    def sources(self) -> list[SourceRow]:
        """Returns the files of documents that are seen, in order of uri."""
        sources = {row.source_id for row in self.documents()}
        return [source for source in super().sources() if source.id in sources]

    def root_rows(self) -> list[RootRow]:
        """Returns none: where files came from is not told."""
        return []

    def shared_roots(self, documents: Set[tuple[str, str]]) -> dict[str, str]:  # noqa: ARG002 - of any
        """Returns none: a root tells that there is another file of the same path."""
        return {}

    def _documents(self, condition: ColumnElement[bool]) -> Iterator[DocumentRow]:
        return super()._documents(condition & _d.id.in_(self._documents_seen))

    def _seen(self, condition: Condition) -> Condition:
        """Returns the condition with that of what is seen, once."""
        if isinstance(condition, All) and any(part is self.visible for part in condition.parts):
            return condition
        return All((self.visible, condition))
