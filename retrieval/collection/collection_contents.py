"""What a collection holds, read as it is: documents, sources, and passages around a hit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import AbstractContextManager

from passagework.retrieval.choices import choose
from passagework.retrieval.citations import Citation
from passagework.retrieval.collection.live_version import LiveVersion
from passagework.retrieval.document_map.document_map import DocumentMap, map_documents
from passagework.retrieval.duplicates.duplicate_search import Duplicates, DuplicatesOf, find_duplicates
from passagework.retrieval.duplicates.similar_documents import SimilarDocument, similar_documents
from passagework.retrieval.filters.compiler import Where, compile_filter
from passagework.retrieval.filters.hints import filter_hints
from passagework.retrieval.hits import Hit
from passagework.retrieval.memory import enough_memory
from passagework.retrieval.store import COMMITS, DocumentRow, PassageRow, RootRow, Snapshot, SourceRow
from passagework.retrieval.types import Document

_TOO_LARGE = "memory ran out over the duplicates: end other programs, or compare a part, by a filter"

_TOO_LARGE_A_MAP = "memory ran out over the map of documents: end other programs"


class CollectionContents(ABC):
    """Reads a collection's documents; each call sees one moment of it."""

    @abstractmethod
    def _reading(self) -> AbstractContextManager[tuple[LiveVersion, Snapshot]]:
        """Gives the live version and one moment of it."""

    def neighbours(self, hit: Hit, *, before: int = 1, after: int = 1) -> list[PassageRow]:
        """Returns the passages around a hit in its document, itself included, in order; [] where it is gone."""
        with self._reading() as (_, snapshot):
            rows = snapshot.passages([hit.id])
            if not rows or (rows[0].uri, rows[0].start, rows[0].text) != (hit.uri, hit.start, hit.text):
                return []  # another version counts its passages anew
            ordinal = rows[0].ordinal
            return snapshot.neighbours(rows[0].document_id, range(max(0, ordinal - before), ordinal + after + 1))

    def passages(self, document: int, *, first: int = 0, most: int = 100) -> list[PassageRow]:
        """Returns the passages of a document, by the number that `documents` gives, from `first` on, in order."""
        with self._reading() as (_, snapshot):
            return snapshot.neighbours(document, range(first, first + most))

    def documents(self, *, where: Where | None = None) -> list[DocumentRow]:
        """Returns every document, or those that a filter lets through, in order of path, without their text.

        Raises FilterError for a filter that makes no sense.
        """
        with self._reading() as (_, snapshot):
            return list(snapshot.documents(None if where is None else compile_filter(where, snapshot)))

    def filter_hints(self, where: Where) -> list[str]:
        """Returns what a filter may have meant that asks for what no document has: a line on each such thing.

        That is a field named nearly as another, and a folder in place of a document's path. Raises as `documents` does.
        """
        with self._reading() as (_, snapshot):
            return list(filter_hints(compile_filter(where, snapshot), snapshot))

    def documents_named(self, names: Iterable[str]) -> dict[str, list[DocumentRow]]:
        """Returns the documents that each name stands for; names of none are left out.

        A name is a record's `_id`, a URI, a path, or `path#record` as hits show it. Where no document is spelled like
        it, those stand for it that are in another of Unicode's normal forms.
        """
        with self._reading() as (_, snapshot):
            return snapshot.documents_by_name([names] if isinstance(names, str) else names)

    def document(self, document: int | str | Hit | Citation) -> Document:
        """Returns one document whole: of a hit, of a citation, by a name, or by the number that `documents` gives.

        A name is a record's `_id`, a URI, a path, or `path#record`. Raises StoreError where there is none, or several.
        """
        with self._reading() as (_, snapshot):
            if isinstance(document, int):
                return snapshot.document(document)
            return snapshot.document_named(document if isinstance(document, str) else document.uri)

    def duplicates(
        self,
        *,
        of: DuplicatesOf | str = DuplicatesOf.PASSAGES,
        threshold: float | None = None,
        where: Where | None = None,
    ) -> Duplicates:
        """Returns clusters of passages, or of documents, that say the same: exact, near and semantic duplicates.

        It takes what is stored, texts and vectors, and encodes nothing. `threshold` is the least cosine of two members
        (default: by what is usual among these texts, which the answer explains); `where` leaves out what a filter
        doesn't let through. Passages of one document that overlap are no duplicates. Raises ConfigError for a
        threshold out of range, FilterError for a filter that makes no sense.
        """
        with self._reading() as (_, snapshot), enough_memory(_TOO_LARGE):
            return find_duplicates(snapshot, choose(DuplicatesOf, of, "of"), threshold=threshold, where=where)

    def document_map(self) -> DocumentMap:
        """Returns a map of all documents: groups of those that are about the same, named by words, and their places.

        It takes stored vectors, and encodes nothing.
        """
        with self._reading() as (_, snapshot), enough_memory(_TOO_LARGE_A_MAP):
            return map_documents(snapshot)

    def similar(
        self, document: int | str | Hit | Citation, *, k: int = 10, where: Where | None = None
    ) -> list[SimilarDocument]:
        """Returns the `k` documents most like one, the nearest first; that is told as in `document`.

        What the index finds near its passages is compared whole: the means of the passages' vectors. Raises StoreError
        where there is no such document, or several, and otherwise as `duplicates` does.
        """
        with self._reading() as (live, snapshot):
            if isinstance(document, int):
                snapshot.document(document)  # raises where there is none that may be seen
            else:
                document = snapshot.id_named(document if isinstance(document, str) else document.uri)
            return similar_documents(snapshot, live.index(snapshot), document, k=k, where=where)

    def sources(self) -> list[SourceRow]:
        """Returns every file ingested, with its state and the reason where it failed."""
        with self._reading() as (_, snapshot):
            return snapshot.sources()

    def roots(self) -> list[RootRow]:
        """Returns the folders that files came from, and of how many documents the file is no longer there."""
        with self._reading() as (_, snapshot):
            return snapshot.root_rows()

    def moment(self) -> str:
        """Returns a text that changes with every commit: what was read of the collection holds as long as it stays."""
        with self._reading() as (live, snapshot):
            return f"{live.folder.name} {snapshot.meta('created')} {snapshot.meta(COMMITS)}"

    def languages(self) -> tuple[str, ...]:
        """Returns the languages, by their codes, by whose stems a query's words are looked for as well."""
        with self._reading() as (_, snapshot):
            return snapshot.languages()
