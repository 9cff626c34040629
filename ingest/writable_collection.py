"""The collection of programs: searched as any, and written to beside the files that were ingested."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from passagework.retrieval.collection.call_forms import in_thread
from passagework.retrieval.collection.collection import Collection as SearchedCollection
from passagework.retrieval.filters.compiler import Where, compile_filter
from passagework.retrieval.forks import ForkSafeLock
from passagework.retrieval.store import DocumentRow
from passagework.retrieval.types import Json

if TYPE_CHECKING:  # a search alone needs nothing that writes
    from passagework.ingest.personal_data.scan_report import ScanReport
    from passagework.ingest.report import Report
    from passagework.ingest.writing.added_documents import NewDocument


class Collection(SearchedCollection):
    """Opens a searchable set of documents, and adds to it what a program holds; safe to share among threads.

    What is added keeps the promises of an ingest: a document comes whole or not at all, and what was committed stays.
    One writer at a time: threads that share it wait for one another, and a writer in another process is refused.
    """

    @cached_property
    def _writing(self) -> ForkSafeLock:
        return ForkSafeLock()

    def add(
        self,
        documents: NewDocument | Iterable[NewDocument],
        *,
        ids: Sequence[str] | None = None,
        metadata: Mapping[str, Json] | Sequence[Mapping[str, Json]] | None = None,
    ) -> Report:
        """Adds documents: one, or several. Those that are there already, the same in all, are counted as unchanged.

        An id is the caller's (`ids`), else the record's `_id` or the document's `name`, else made of the text. It is
        the `document` and the `path` of hits. `metadata` is for all of them, or for each its own, beside what it has.
        Raises ConfigError where an id is there with another text, or twice among them: nothing is added then.
        """
        return self._put(documents, ids, metadata, replacing=False)

    def upsert(
        self,
        documents: NewDocument | Iterable[NewDocument],
        *,
        ids: Sequence[str] | None = None,
        metadata: Mapping[str, Json] | Sequence[Mapping[str, Json]] | None = None,
    ) -> Report:
        """Adds documents as `add` does, in place of those that have their ids; the old text answers until then.

        One without text fails, and what was there under its id stays: `delete` takes it out.
        """
        return self._put(documents, ids, metadata, replacing=True)

    def delete(self, names: str | Sequence[str] = (), *, where: Where | None = None) -> list[DocumentRow]:
        """Takes out documents by id, URI or path, or those that a filter lets through; returns what went.

        Raises ConfigError for a name of none, and then nothing goes.
        """
        from passagework.ingest.maintenance.removal import delete

        with self._writing:
            self.moment()  # raises where it was closed
            return delete(self.path, [names] if isinstance(names, str) else names, where=where)

    def scan(self, *, where: Where | None = None, names: str | None = None, kinds: Sequence[str] = ()) -> ScanReport:
        """Returns the personal data in the stored texts of documents, of all or of those that a filter lets through.

        `names` and `kinds` are those of `scan_files`. Raises as that does, and FilterError for a filter that makes no
        sense.
        """
        from passagework.ingest.personal_data.detector import Detector
        from passagework.ingest.workflows.personal_scan import scan_snapshot

        detector = Detector.of(names=names, kinds=kinds)
        with self._reading() as (_, snapshot):
            condition = None if where is None else compile_filter(where, snapshot)
            return scan_snapshot(snapshot, detector, condition)

    add_async = in_thread(add)
    upsert_async = in_thread(upsert)
    delete_async = in_thread(delete)

    def _put(
        self,
        documents: NewDocument | Iterable[NewDocument],
        ids: Sequence[str] | None,
        metadata: Mapping[str, Json] | Sequence[Mapping[str, Json]] | None,
        *,
        replacing: bool,
    ) -> Report:
        from passagework.ingest.writing.added_documents import put_documents

        with self._writing:
            return put_documents(
                self.path,
                documents,
                ids=ids,
                metadata=metadata,
                replacing=replacing,
                encoder=self.encoder(),
                settings=self._settings,
            )
