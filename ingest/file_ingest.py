"""Ingests one file: compares its documents with those on record, one by one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from passagework.ingest.document_limits import limit_document
from passagework.ingest.loaders import media_type
from passagework.ingest.loaders.base import RecordFailure
from passagework.ingest.report import Problem, Report
from passagework.ingest.scan import FoundFile
from passagework.ingest.sync import State, SyncEntry
from passagework.ingest.writing.commit_group import SourceFile
from passagework.ingest.writing.destination import Destination
from passagework.ingest.writing.document_hash import document_hash
from passagework.retrieval.errors import IngestError, NoTextError
from passagework.retrieval.store import SourceState
from passagework.retrieval.store.rows import NO_MODEL
from passagework.retrieval.text import one_line
from passagework.retrieval.types import Document

MAX_NOTES = 1_000
"""Failed records of one file, and notes about it, that its record and the report name; the others are counted."""


CHANGED_MEANWHILE = "changed while it was read: the next ingest reads it again"


class FileIngest:
    """Reads a file in: its documents are compared with those on record, one by one."""

    def __init__(
        self,
        entry: SyncEntry,
        destination: Destination,
        report: Report,
        *,
        delete_missing: bool,
        read_by: str = NO_MODEL,
    ) -> None:
        self._entry = entry
        self._destination = destination
        self._report = report
        self._delete_missing = delete_missing
        self._recorded = destination.document_hashes(entry.source) if entry.source else {}
        if entry.state is State.MOVED:  # a dry run has not moved them
            self._recorded = {entry.file.uri + record_part(uri): recorded for uri, recorded in self._recorded.items()}
        self._uris: set[str] = set()
        self._failures: list[str] = []
        self._failed = 0
        self._notes: list[str] = []
        self._source = SourceFile(
            entry.file.uri, entry.file.relative, entry.sha256, media_type(entry.file.path), read_by=read_by
        )

    def fail(self, reason: str) -> None:
        """Notes a record that can't be a document."""
        self._failed += 1
        if self._failed <= MAX_NOTES:
            self._failures.append(reason)
            self._report.failed.append(Problem(self._entry.file.relative, reason))

    def add(self, document: Document, position: int) -> None:
        """Queues a document that is new or different, and counts it."""
        report, file = self._report, self._entry.file
        treated = self._destination.treated(addressed(limit_document(document), file), report)
        if isinstance(treated, RecordFailure):
            self.fail(treated.reason)
            return
        document = treated
        if document.uri in self._uris:
            self.fail(one_line(f"two records are named {document.name!r}"))
            return
        notes = document.notes[: MAX_NOTES - len(self._notes)]
        self._notes.extend(notes)
        report.notes.extend(Problem(file.relative, note) for note in notes)
        self._uris.add(document.uri)
        sha256 = document_hash(document)
        replaces, before = self._recorded.get(document.uri, (None, ""))
        moved = self._entry.state is State.MOVED
        if moved:
            report.moved += 1
        elif replaces is None:
            report.added += 1
        elif sha256 == before:
            report.unchanged += 1
        else:
            report.updated += 1
        if sha256 != before:
            self._destination.add(self._source, document, sha256=sha256, position=position, replaces=replaces)

    def finish(self, failure: IngestError | None) -> None:
        """Records the file; with `delete_missing`, documents that it no longer has go, if all of it could be read.

        One that changed since it was hashed is recorded without a hash, so that the next run reads it again.
        """
        if self._entry.has_changed:
            self._source = replace(self._source, sha256="")
            self._report.notes.append(Problem(self._entry.file.relative, CHANGED_MEANWHILE))
        if isinstance(failure, NoTextError):
            self._finish_empty(str(failure))
            return
        reason = None if failure is None else str(failure)
        if reason is not None:
            self._report.failed.append(Problem(self._entry.file.relative, reason))
        if self._failed > MAX_NOTES:
            more = f"and {self._failed - MAX_NOTES:,} more records"
            self._report.failed.append(Problem(self._entry.file.relative, more))
        stale = [recorded[0] for uri, recorded in self._recorded.items() if uri not in self._uris]
        whole = reason is None and not self._failures
        remove: list[int] = []
        if whole and stale:
            if self._delete_missing:
                remove = stale
                self._report.deleted += len(stale)
            else:
                self._report.gone += len(stale)
                whole = False  # to be read again, or a later run could not tell that they are gone
        nothing = reason is not None or (self._failures and not self._uris)
        state = SourceState.DONE if whole else SourceState.FAILED if nothing else SourceState.PARTIAL
        shown = reason or (self._failures[0] if self._failures else None)
        notes = tuple((self._failures + self._notes)[:MAX_NOTES])
        self._destination.finish_file(replace(self._source, state=state, reason=shown, notes=notes), remove=remove)

    def _finish_empty(self, reason: str) -> None:
        """Records a file that holds no text any more, or never did: its document goes, which would answer with the old.

        Records are gone from it, as if a line of many had been taken out.
        """
        kept = [uri for uri in self._recorded if record_part(uri) and not self._delete_missing]
        remove = [recorded[0] for uri, recorded in self._recorded.items() if uri not in kept]
        self._report.skipped.append(Problem(self._entry.file.relative, reason))
        self._report.gone += len(kept)
        self._report.deleted += len(remove)
        self._destination.finish_file(replace(self._source, state=SourceState.EMPTY, notes=(reason,)), remove=remove)


def addressed(document: Document, file: FoundFile) -> Document:
    """Returns the document with its address, what its origin knows, and a title: without one it goes by its name."""
    if file.origin is not None:
        known = file.origin.metadata(file, document.metadata)
        document = replace(document, metadata={**document.metadata, **known})
    if document.name is not None:
        return replace(document, uri=f"{file.uri}#{quote(document.name, safe='')}", path=file.relative)
    title = document.title if document.uri else document.title or name_title(file.relative)
    return replace(document, uri=file.uri + document.uri, path=file.relative, title=title)


def is_here(file: FoundFile, report: Report) -> bool:
    """Has a file fetched that lies elsewhere, and tells whether it could be; the report says why not."""
    try:
        if file.origin is not None:
            file.origin.fetch(file)
    except IngestError as error:
        report.failed.append(Problem(file.relative, str(error)))
        return False
    return True


def name_title(path: str) -> str:
    """Returns a file's name as a title, without its suffix and with spaces."""
    return Path(path).stem.replace("_", " ").strip()


def record_part(uri: str) -> str:
    """Returns the part of a record's URI that its file's lacks: "#" and the record's name, "" for a file."""
    return "#" + uri.partition("#")[2] if "#" in uri else ""
