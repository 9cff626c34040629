"""Turns files into a searchable collection: scan, compare, load, chunk, encode, commit; resumable at any point."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from passagework.ingest.file_ingest import FileIngest, name_title, record_part
from passagework.ingest.left_out import ignored_lines, ignored_sources
from passagework.ingest.loaders import supported
from passagework.ingest.loaders.base import LoadOptions, RecordFailure
from passagework.ingest.report import Problem, Progress, Report
from passagework.ingest.run_progress import RunProgress
from passagework.ingest.scan import Scan, absolute, scan
from passagework.ingest.sync import State, SyncEntry, classify, is_beneath, missing_sources
from passagework.ingest.workers import Loaded, LoadRequest, ParserPool
from passagework.ingest.writing.chunk_settings import chunking_options
from passagework.ingest.writing.destination import Destination
from passagework.ingest.writing.opening import collection_exists, open_destination, open_dry_run
from passagework.retrieval.config import Settings
from passagework.retrieval.errors import ConfigError, IngestError
from passagework.retrieval.folder import UPLOADS
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.store import SourceRow, SourceState
from passagework.retrieval.text import counted


def ingest(
    paths: str | Path | Sequence[str | Path],
    collection: str | Path,
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    delete_missing: bool = False,
    no_ignore: bool = False,
    dry_run: bool = False,
    encoder: Encoder | str | None = None,
    window: int | None = None,
    passage_tokens: int | None = None,
    overlap: int | None = None,
    whole: bool | None = None,
    token_vectors: bool | None = None,
    pdf_password: str | None = None,
    settings: Settings | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Report:
    """Brings a collection up to date with files and folders (one, or several); only what changed is done again.

    `include` and `exclude` are globs on paths. What `.gitignore` names, installed packages and what programs built are
    left out, but with `no_ignore`; a path that is given is taken. Files that are gone, or are left out now, are taken
    out with `delete_missing`, and only beneath `paths`. `dry_run` loads documents to tell what would happen, and writes
    nothing. `encoder`, `window`, `passage_tokens`, `overlap` and `whole` (one passage a document) shape a new
    collection, in tokens; they can be left out later, and must match where given. `token_vectors` has the collection
    keep those that reranking needs, from now on and for what is there already, or no longer; None leaves that as it is.
    A document that fails costs only itself, and is in the report. Killed at any point, the next run goes on from the
    last commit. Where no file is found that can be read, and there is no collection, none is made.
    Raises IngestError where a path doesn't exist or `delete_missing` would act on an absent folder, IndexMismatchError
    for another encoder or chunking than the collection's, ConfigError for token vectors of an encoder that gives none,
    StoreError where the collection can't be written.
    """
    settings = settings or Settings.from_environment()
    started = time.monotonic()
    several = [paths] if isinstance(paths, str | Path) else paths
    roots = [absolute(Path(path)) for path in several]
    _refuse_overlap(roots, Path(collection))
    told = RunProgress(progress, started)
    told.found(0)
    found = scan(roots, include=include, exclude=exclude, supported=supported, no_ignore=no_ignore, found=told.found)
    scanned = _without_collection(found, Path(collection))
    report = Report(dry_run=dry_run)
    if not scanned.files and not collection_exists(Path(collection)):
        report.no_collection = True
        _note_unread(report, scanned)
        report.ignored = ignored_lines(scanned.ignored, {})
        report.seconds = time.monotonic() - started
        return report
    with ExitStack() as stack:
        opened: AbstractContextManager[Destination] = (open_dry_run if dry_run else open_destination)(
            Path(collection),
            encoder=encoder,
            window=window,
            chunking=chunking_options(passage_tokens=passage_tokens, overlap=overlap, whole=whole),
            settings=settings,
            token_vectors=token_vectors,
        )
        destination = stack.enter_context(opened)
        recorded = destination.sources()
        if delete_missing:
            _check_roots(roots, scanned, recorded)
        run = _Run(destination, scanned, report, delete_missing, told)
        destination.on_progress(told.tell)
        pool = stack.enter_context(
            ParserPool(settings.workers, timeout=settings.parse_timeout, memory_limit=settings.parse_memory)
        )
        run.sync(pool, classify(scanned.files, recorded), LoadOptions(pdf_password=pdf_password))
        run.remove_missing(missing_sources(roots, recorded))
        run.remove_ignored(scanned, recorded)
        told.index()
        destination.complete(told.fill)
        report.token_vectors = destination.counts.token_vectors
    report.seconds = time.monotonic() - started
    return report


class _Run:
    """Carries out one ingest."""

    def __init__(
        self,
        destination: Destination,
        scanned: Scan,
        report: Report,
        delete_missing: bool,
        progress: RunProgress,
    ) -> None:
        self.destination = destination
        self.report = report
        self.delete_missing = delete_missing
        self.progress = progress
        self.moved: set[int] = set()
        progress.read(scanned.files, destination.counts)
        _note_unread(report, scanned)

    def sync(self, pool: ParserPool, entries: Iterator[SyncEntry], options: LoadOptions) -> None:
        """Does what each file's state asks for; files that must be read are read ahead by the pool."""
        waiting: list[SyncEntry] = []

        def requests() -> Iterator[LoadRequest]:
            for entry in entries:
                if self._needs_loading(entry):
                    waiting.append(entry)
                    yield LoadRequest(entry.file.path, options)

        for loaded in pool.load_all(requests()):
            self._load(waiting.pop(0), loaded)
        self.destination.flush()
        counts = self.destination.counts
        self.report.passages, self.report.encoded, self.report.cut = counts.passages, counts.encoded, counts.cut
        self.progress.tell()

    def remove_missing(self, gone: Sequence[SourceRow]) -> None:
        """Takes out the files that are no longer there, or counts them."""
        for source in gone:
            if source.id not in self.moved:
                self.report.gone += self._without(source)

    def remove_ignored(self, scanned: Scan, recorded: Sequence[SourceRow]) -> None:
        """Names what was left out; of that, takes out the files that are on record, or counts their documents."""
        on_record = ignored_sources(scanned, recorded)
        kept = {path: sum(map(self._without, sources)) for path, sources in on_record.items()}
        self.report.ignored = ignored_lines(scanned.ignored, kept)

    def _without(self, source: SourceRow) -> int:
        """Takes a file out with `delete_missing`, or returns how many of its documents are kept for want of that."""
        count = len(self.destination.document_hashes(source))
        if count and not self.delete_missing:
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
            or (renamed and not all(record_part(uri) for uri in documents))
        )
        if moved:
            self.moved.add(entry.source.id)
        if moved or entry.source.path != entry.file.relative:
            uri, path = entry.file.uri, entry.file.relative
            self.destination.move_source(entry.source, uri=uri, path=path, reread=reread)
        if reread:
            return True
        count = len(documents)
        if moved:
            self.report.moved += count
        else:
            self.report.unchanged += count
            self.report.notes.extend(Problem(entry.file.relative, note) for note in entry.source.notes)
        self.progress.finish(entry.file)
        return False

    def _load(self, entry: SyncEntry, loaded: Loaded) -> None:
        file = FileIngest(entry, self.destination, self.report, delete_missing=self.delete_missing)
        failure: IngestError | None = None
        self.progress.begin(entry.file)
        try:
            for position, item in enumerate(loaded.items):
                self.progress.take(item)
                if isinstance(item, RecordFailure):
                    file.fail(item.reason)
                else:
                    file.add(item, position)
        except IngestError as error:
            failure = error
        file.finish(failure)
        self.progress.finish(entry.file)


def _note_unread(report: Report, scanned: Scan) -> None:
    report.skipped.extend(Problem(file.relative, file.reason) for file in scanned.skipped)
    report.failed.extend(Problem(file.relative, file.reason) for file in scanned.failed)


def _without_collection(scanned: Scan, collection: Path) -> Scan:
    """Returns the files outside the collection's own folder, which may stand among them, and those uploaded into it."""
    folder = collection.resolve()
    uploads = folder / UPLOADS
    return Scan(
        files=tuple(
            file
            for file in scanned.files
            if file.root.resolve().is_relative_to(uploads) or not file.path.resolve().is_relative_to(folder)
        ),
        skipped=tuple(file for file in scanned.skipped if not file.path.resolve().is_relative_to(folder)),
        failed=tuple(file for file in scanned.failed if not file.path.parent.resolve().is_relative_to(folder)),
        ignored=tuple(file for file in scanned.ignored if not file.path.resolve().is_relative_to(folder)),
    )


def _refuse_overlap(roots: Sequence[Path], collection: Path) -> None:
    """Refuses paths in the collection's own folder: its documents would be passed over."""
    folder = collection.resolve()
    for root in roots:
        if root.resolve().is_relative_to(folder) and not root.resolve().is_relative_to(folder / UPLOADS):
            raise ConfigError(f"{root} lies in the collection's folder: give the collection a folder of its own")


def _check_roots(roots: Sequence[Path], scanned: Scan, recorded: Sequence[SourceRow]) -> None:
    """Refuses to read an empty folder as «all was deleted»: a disk that isn't mounted looks like that."""
    for root in roots:
        prefix = [root.absolute().as_uri()]
        before = sum(is_beneath(source.uri, prefix) for source in recorded)
        present = any(is_beneath(file.uri, prefix) for file in scanned.files) or (root.is_dir() and any(root.iterdir()))
        if before and not present:
            raise IngestError(
                f"{root} is empty, but {counted(before, 'file')} came from it before: nothing was deleted; "
                "if it is meant to be empty, use `passagework delete`"
            )
