"""Takes the documents of an ingest: into a collection, or nowhere in a dry run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from passagework.ingest.encoding_cost import EncodingCost
from passagework.ingest.loaders.base import RecordFailure
from passagework.ingest.personal_data.treatment import UNTREATED, Treatment
from passagework.ingest.report import Report
from passagework.ingest.writing.commit_group import SourceFile
from passagework.ingest.writing.cost_counter import CostCounter
from passagework.ingest.writing.languages import settle_languages
from passagework.ingest.writing.passage_writer import PassageWriter
from passagework.ingest.writing.refresh import refresh_index
from passagework.ingest.writing.write_counts import WriteCounts
from passagework.retrieval.store import ROOTS, SourceRow, Store
from passagework.retrieval.types import Document


class Destination(Protocol):
    """Defines what an ingest compares with, and writes to."""

    @property
    def counts(self) -> WriteCounts:
        """Returns what was written so far."""

    def sources(self) -> list[SourceRow]:
        """Returns every file on record."""

    def roots(self) -> list[str]:
        """Returns the URIs of the folders that were ingested so far."""

    def record_roots(self, roots: Sequence[str]) -> None:
        """Records which folders were ingested."""

    def document_hashes(self, source: SourceRow) -> Mapping[str, tuple[int, str]]:
        """Returns the documents on record of a file: uri to (id, sha256)."""

    def settle_languages(self, said: str | None) -> None:
        """Records in what language the documents are, where somebody says so; see `languages`."""

    def treated(self, document: Document, report: Report) -> Document | RecordFailure:
        """Returns a document as its personal data have it stored, or why it isn't; the report counts them."""

    def move_source(self, source: SourceRow, *, uri: str, path: str, reread: bool) -> None:
        """Records that a file lies elsewhere now; with `reread`, it isn't done before it was read again."""

    def remove_source(self, source: SourceRow) -> None:
        """Forgets a file, with all that came of it."""

    def add(self, file: SourceFile, document: Document, *, sha256: str, position: int, replaces: int | None) -> None:
        """Takes a document in, in place of the one with the id `replaces`."""

    def finish_file(self, file: SourceFile, *, remove: Sequence[int]) -> None:
        """Records a file after its documents, and takes out the old documents with these ids."""

    def flush(self) -> None:
        """Commits what was taken in."""

    def complete(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Saves the indexes where they lag behind, then makes the token vectors that passages lack.

        `progress` is told how many passages have theirs, of how many.
        """

    def on_progress(self, call: Callable[[], None]) -> None:
        """Has `call` called after every commit, and while a long document is cut."""


class Records:
    """Reads the records of a collection; of one that is yet to be made, `store` is None and there are none."""

    def __init__(self, store: Store | None, treatment: Treatment) -> None:
        self._store = store
        self._treatment = treatment

    def treated(self, document: Document, report: Report) -> Document | RecordFailure:
        """Returns a document as its personal data have it stored, or why it isn't; the report counts them."""
        return self._treatment.of(document, report)

    def sources(self) -> list[SourceRow]:
        """Returns every file on record."""
        if self._store is None:
            return []
        with self._store.read() as snapshot:
            return snapshot.sources()

    def roots(self) -> list[str]:
        """Returns the URIs of the folders that were ingested so far."""
        if self._store is None:
            return []
        with self._store.read() as snapshot:
            return snapshot.roots()

    def document_hashes(self, source: SourceRow) -> Mapping[str, tuple[int, str]]:
        """Returns the documents on record of a file: uri to (id, sha256)."""
        if self._store is None:
            return {}
        with self._store.read() as snapshot:
            return snapshot.document_hashes(source.id)


class CollectionDestination(Records):
    """Writes to an open collection, as its only writer."""

    def __init__(self, store: Store, writer: PassageWriter, treatment: Treatment = UNTREATED) -> None:
        super().__init__(store, treatment)
        self.store = store
        self.writer = writer

    @property
    def counts(self) -> WriteCounts:
        """Returns what was written so far."""
        return self.writer.counts

    def record_roots(self, roots: Sequence[str]) -> None:
        """Records which folders were ingested."""
        with self.store.write() as writer:
            writer.set_meta(ROOTS, list(roots))

    def settle_languages(self, said: str | None) -> None:
        """Records in what language the documents are, where somebody says so; see `languages`."""
        settle_languages(self.store, said)

    def move_source(self, source: SourceRow, *, uri: str, path: str, reread: bool) -> None:
        """Records that a file lies elsewhere now; with `reread`, it isn't done before it was read again."""
        with self.store.write() as writer:
            writer.move_source(source.id, uri=uri, path=path)
            if reread:
                writer.mark_partial(source.id)

    def remove_source(self, source: SourceRow) -> None:
        """Forgets a file, with all that came of it."""
        with self.store.write() as writer:
            writer.remove_source(source.id)

    def add(self, file: SourceFile, document: Document, *, sha256: str, position: int, replaces: int | None) -> None:
        """Queues a document for the next commit."""
        self.writer.add(file, document, sha256=sha256, position=position, replaces=replaces)

    def finish_file(self, file: SourceFile, *, remove: Sequence[int]) -> None:
        """Queues what is to be recorded of a file."""
        self.writer.finish_file(file, remove=remove)

    def flush(self) -> None:
        """Commits what is queued."""
        self.writer.flush()

    def complete(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Saves the index where enough has changed, and makes the token vectors that passages lack."""
        refresh_index(self.store, self.store.path.parent)
        self.writer.fill_derived_data(progress)

    def on_progress(self, call: Callable[[], None]) -> None:
        """Has `call` called after every commit, and while a long document is cut."""
        self.writer.on_progress = call


class DryRun(Records):
    """Writes nothing: what it is given is counted by the run, and by `counter` where a server would encode it."""

    def __init__(
        self, store: Store | None, counter: CostCounter | None = None, treatment: Treatment = UNTREATED
    ) -> None:
        super().__init__(store, treatment)
        self.counts = WriteCounts()
        self._counter = counter

    @property
    def cost(self) -> EncodingCost | None:
        """Returns what a server would have to encode; None where none is asked."""
        return None if self._counter is None else self._counter.cost()

    def record_roots(self, roots: Sequence[str]) -> None:
        """Writes nothing."""

    def settle_languages(self, said: str | None) -> None:
        """Writes nothing."""

    def move_source(self, source: SourceRow, *, uri: str, path: str, reread: bool) -> None:
        """Writes nothing."""

    def remove_source(self, source: SourceRow) -> None:
        """Writes nothing."""

    def add(
        self,
        file: SourceFile,  # noqa: ARG002
        document: Document,
        *,
        sha256: str,  # noqa: ARG002
        position: int,  # noqa: ARG002
        replaces: int | None,  # noqa: ARG002
    ) -> None:
        """Counts it, where a server would encode it, and writes nothing."""
        if self._counter is not None:
            self._counter.add(document)

    def finish_file(self, file: SourceFile, *, remove: Sequence[int]) -> None:
        """Writes nothing."""

    def flush(self) -> None:
        """Writes nothing."""

    def complete(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Writes nothing."""

    def on_progress(self, call: Callable[[], None]) -> None:
        """Ignores `call`: nothing is ever written."""
