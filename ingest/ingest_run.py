"""Carries out one ingest: reads what is new, writes it, and takes out what is gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from passagework.ingest.file_ingest import FileIngest, is_here, name_title, record_part
from passagework.ingest.left_out import ignored_lines, ignored_sources, note_unread
from passagework.ingest.loaders.base import LoadOptions, PartsRead, RecordFailure
from passagework.ingest.model_choices import ModelChoices
from passagework.ingest.report import IngestStopped, Problem, Report
from passagework.ingest.run_progress import RunProgress
from passagework.ingest.scan import Scan
from passagework.ingest.sync import State, SyncEntry
from passagework.ingest.workers import Loaded, LoadRequest, ParserPool
from passagework.ingest.writing.destination import Destination
from passagework.retrieval.errors import IngestError
from passagework.retrieval.roots import is_beneath, root_of
from passagework.retrieval.store import SourceRow, SourceState


class IngestRun:
    """Carries out one ingest."""

    def __init__(
        self,
        destination: Destination,
        scanned: Scan,
        report: Report,
        delete_missing: bool,
        progress: RunProgress,
        models: ModelChoices,
    ) -> None:
        self.destination = destination
        self.report = report
        self.delete_missing = delete_missing
        self.progress = progress
        self.models = models
        self.moved: set[int] = set()
        self.moved_roots: dict[str, str] = {}
        self.uris = {file.uri for file in scanned.files}
        progress.read(scanned.files, destination.counts)
        note_unread(report, scanned)

    def sync(self, pool: ParserPool, entries: Iterator[SyncEntry], options: LoadOptions) -> None:
        """Does what each file's state asks for; files that must be read are read ahead by the pool."""
        waiting: list[SyncEntry] = []

        def requests() -> Iterator[LoadRequest]:
            for entry in entries:
                if self._needs_loading(entry):
                    if is_here(entry.file, self.report):
                        waiting.append(entry)
                        yield LoadRequest(entry.file.path, options)
                    else:
                        self.progress.finish(entry.file)

        try:
            for loaded in pool.load_all(requests()):
                self._load(waiting.pop(0), loaded)
            self.destination.flush()
        except IngestStopped:
            self.destination.flush()
            raise
        counts = self.destination.counts
        self.report.passages, self.report.encoded, self.report.cut = counts.passages, counts.encoded, counts.cut
        self.progress.tell()

    def remove_missing(self, gone: Sequence[SourceRow], deleting: Sequence[str]) -> None:
        """Takes out the files that are no longer there, or counts them.

        With `delete_missing` those beneath a root in `deleting` go, and those of a folder that was moved to where a
        file of the same path lies now.
        """
        for source in gone:
            if source.id in self.moved:
                continue
            successor = f"{self.moved_roots.get(source.root)}{source.uri[len(source.root) :]}"
            kept = self._without(source, take_out=is_beneath(source.uri, deleting) or successor in self.uris)
            self.report.gone += kept
            if kept:
                self.report.gone_from[source.root] += kept

    def remove_ignored(self, scanned: Scan, recorded: Sequence[SourceRow]) -> None:
        """Names what was left out; of that, takes out the files that are on record, or counts their documents."""
        on_record = ignored_sources(scanned, recorded)
        kept = {path: sum(map(self._without, sources)) for path, sources in on_record.items()}
        self.report.ignored = ignored_lines(scanned.ignored, kept)

    def _without(self, source: SourceRow, *, take_out: bool = True) -> int:
        """Takes a file out with `delete_missing`, or returns how many of its documents are kept for want of that."""
        count = len(self.destination.document_hashes(source))
        if count and not (self.delete_missing and take_out):
            return count
        self.report.deleted += count
        self.destination.remove_source(source)
        return 0

    def _needs_loading(self, entry: SyncEntry) -> bool:
        """Tells whether a file must be read, and finishes it where it need not be."""
        if entry.state is State.UNREADABLE:
            self.progress.finish(entry.file)
            self.report.failed.append(Problem(entry.file.relative, entry.reason))
            return False
        if entry.source is None or entry.state is State.CHANGED:
            if entry.source is not None and entry.place_changed:
                self.destination.move_source(entry.source, uri=entry.file.uri, path=entry.file.relative, reread=True)
            return True
        moved = entry.state is State.MOVED
        documents = self.destination.document_hashes(entry.source)
        renamed = name_title(entry.source.path) != name_title(entry.file.relative)
        retyped = Path(entry.source.path).suffix.lower() != entry.file.path.suffix.lower()
        # A file without a title goes by its name, and so do its passages; with another ending it is read otherwise.
        reread = moved and (
            entry.sha256 != entry.source.sha256
            or entry.source.state is not SourceState.DONE
            or retyped
            or entry.other_model
            or (renamed and not all(record_part(uri) for uri in documents))
        )
        if moved:
            self.moved.add(entry.source.id)
            if entry.source.path == entry.file.relative:
                self.moved_roots[entry.source.root] = root_of(entry.file.uri, entry.file.relative)
        moved = moved or entry.place_changed
        if moved:
            self.destination.move_source(entry.source, uri=entry.file.uri, path=entry.file.relative, reread=reread)
        if reread:
            return True
        count = len(documents)
        if moved:
            self.report.moved += count
        else:
            self.report.unchanged += count
            told = self.report.skipped if entry.source.state is SourceState.EMPTY else self.report.notes
            told.extend(Problem(entry.file.relative, note) for note in entry.source.notes)
        self.progress.finish(entry.file)
        return False

    def _load(self, entry: SyncEntry, loaded: Loaded) -> None:
        read_by = entry.file.read_as or self.models.read_by(entry.file.path)
        file = FileIngest(entry, self.destination, self.report, delete_missing=self.delete_missing, read_by=read_by)
        failure: IngestError | None = None
        self.progress.begin(entry.file)
        try:
            position = 0
            for item in loaded.items:
                if isinstance(item, PartsRead):
                    self.progress.read_part(item)
                    continue
                self.progress.take(item)
                if isinstance(item, RecordFailure):
                    file.fail(item.reason)
                else:
                    file.add(item, position)
                position += 1
        except IngestError as error:
            failure = error
        file.finish(failure)
        self.progress.finish(entry.file)
