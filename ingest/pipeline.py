"""Turns files into a searchable collection: scan, compare, load, chunk, encode, commit; resumable at any point."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path

from passagework.ingest.encoding_cost import EncodingCost
from passagework.ingest.file_digests import FileDigests
from passagework.ingest.given import Given
from passagework.ingest.ingest_run import IngestRun
from passagework.ingest.left_out import ignored_lines, note_unread
from passagework.ingest.loaders.base import OcrMode
from passagework.ingest.model_choices import ModelChoices
from passagework.ingest.ocr_choice import OcrChoice
from passagework.ingest.path_checks import check_roots, named_roots, without_collection
from passagework.ingest.personal_data.policy import PiiMode
from passagework.ingest.personal_data.treatment import Treatment
from passagework.ingest.recordings import settled_recordings
from passagework.ingest.report import Problem, Progress, Report
from passagework.ingest.run_progress import RunProgress
from passagework.ingest.scan import Scan
from passagework.ingest.sources.addresses import PathOrSource
from passagework.ingest.speech_choice import SpeechChoice
from passagework.ingest.sync import classify
from passagework.ingest.writing.chunk_settings import chunking_options
from passagework.ingest.writing.destination import Destination, DryRun
from passagework.ingest.writing.languages import check_language
from passagework.ingest.writing.opening import (
    OpenRequest,
    collection_exists,
    open_destination,
    open_dry_run,
    remote_encoder,
)
from passagework.ingest.writing.recorded_roots import widened_paths
from passagework.retrieval.config import Settings
from passagework.retrieval.folder import given_folder
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.encoder_options import EncoderOptions


def ingest(
    paths: PathOrSource | Iterable[PathOrSource],
    collection: str | Path,
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    delete_missing: bool = False,
    no_ignore: bool = False,
    dry_run: bool = False,
    encoder: Encoder | str | None = None,
    window: int | None = None,
    dimensions: int | None = None,
    query_prompt: str | None = None,
    passage_prompt: str | None = None,
    passage_tokens: int | None = None,
    overlap: int | None = None,
    whole: bool | None = None,
    token_vectors: bool | None = None,
    language: str | None = None,
    pdf_password: str | None = None,
    ocr: OcrMode | str = OcrMode.AUTO,
    speech_model: str | None = None,
    pii: PiiMode | str | None = None,
    pii_kinds: Sequence[str] = (),
    names: str | None = None,
    pii_originals: str | Path | None = None,
    root: str | Path | Sequence[str | Path] = (),
    settings: Settings | None = None,
    digests: FileDigests | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Report:
    """Brings a collection up to date with files and folders (one, or several); only what changed is done again.

    `include` and `exclude` are globs on paths. What `.gitignore` names, installed packages and what programs built are
    left out, but with `no_ignore`; a path that is given is taken. Files that are gone, or are left out now, are taken
    out with `delete_missing`, and only beneath `paths` and beneath `root`: folders that were ingested before, and may
    be gone themselves. `dry_run` loads documents to tell what would happen, and writes nothing. `encoder`, `window`,
    `dimensions`, `query_prompt` and `passage_prompt` (see `BiEncoder.load`), `passage_tokens`, `overlap` and `whole`
    (one passage a document) shape a new collection, in tokens; they can be left out later, and must match where given.
    `token_vectors` has the collection keep those that reranking needs, from now on and for what is there already, or no
    longer; None leaves that as it is. `language` says in which all documents of the collection are, by whose stems
    their words are found: `auto` (each tells its own), a code such as `de`, or `other`. `ocr` says which pictures of
    text are read; files that were read in another mode are read again, but not by `auto` without the extra.
    `speech_model` writes down what is said in recordings: the folder of a Whisper model for CTranslate2, or its name on
    the hub; recordings that another one wrote down are read again where it is named. `pii` says what becomes of
    personal data in a new collection (flag, mask, refuse), of `pii_kinds` or of all; `names` is a spaCy model that
    finds names, `pii_originals` a file that keeps what is masked. A document that fails costs only itself, and is in
    the report. Killed at any point, the next run goes on from the last commit. Where no file is found that can be read,
    and there is no collection, none is made. A file's path is relative to the widest folder ingested that it lies in.
    `digests` of earlier runs of this program spare reading files that nobody touched. `progress` may raise
    IngestStopped, which passes through when what was read is committed.
    Raises IngestError where a path doesn't exist or `delete_missing` would act on an absent folder, IndexMismatchError
    for another encoder or chunking than the collection's, ConfigError for token vectors of an encoder that gives none,
    StoreError where the collection can't be written.
    """
    settings = settings or Settings.from_environment()
    check_language(language)
    models = ModelChoices(OcrChoice.of(ocr), SpeechChoice.of(speech_model, settings))
    started = time.monotonic()
    collection = given_folder(collection)
    opening = OpenRequest(
        collection,
        encoder=encoder,
        options=EncoderOptions(window, dimensions, query_prompt, passage_prompt),
        chunking=chunking_options(passage_tokens=passage_tokens, overlap=overlap, whole=whole),
        settings=settings,
        token_vectors=token_vectors,
        pii=Treatment.chosen(pii, pii_kinds, names, pii_originals, collection),
    )
    given = Given(paths, collection)
    told = RunProgress(progress, started)
    told.found(0)
    found = given.scan(
        include=include, exclude=exclude, supported=models.supported, no_ignore=no_ignore, found=told.found
    )
    scanned = settled_recordings(without_collection(found, collection), models.speech, no_ignore=no_ignore)
    models = models.with_files(file.path for file in scanned.files)
    report = Report(dry_run=dry_run)
    if not scanned.files and not collection_exists(collection):
        note_unread(report, scanned)
        report.no_collection, report.ignored = True, ignored_lines(scanned.ignored, {})
        report.seconds = time.monotonic() - started
        return report
    with ExitStack() as stack:
        stack.callback(given.close)
        if not dry_run and remote_encoder(opening) is not None:
            report.cost = _cost(opening, scanned, models, pdf_password)
            told.price(report.cost)
        opened: AbstractContextManager[Destination] = (open_dry_run if dry_run else open_destination)(opening)
        destination = stack.enter_context(opened)
        destination.settle_languages(language)
        recorded = destination.sources()
        deleting = [*given.uris, *named_roots(root, recorded, delete_missing)]
        if delete_missing:
            check_roots(given.roots, scanned, recorded)
        scanned = replace(scanned, files=widened_paths(destination, scanned, given.roots, recorded))
        run = IngestRun(destination, scanned, report, delete_missing, told, models)
        destination.on_progress(told.tell)
        pool = stack.enter_context(models.parsers(settings))
        run.sync(pool, classify(scanned.files, recorded, models.compared, digests), models.load_options(pdf_password))
        run.remove_missing([source for source in recorded if given.is_gone(source)], deleting)
        run.remove_ignored(scanned, recorded)
        told.index()
        destination.complete(told.fill)
        report.token_vectors = destination.counts.token_vectors
        report.notes.extend(Problem("encoder", note) for note in destination.counts.encoder_notes)
        report.cost = destination.cost if isinstance(destination, DryRun) else report.cost
    report.seconds = time.monotonic() - started
    return report


def _cost(opening: OpenRequest, scanned: Scan, models: ModelChoices, pdf_password: str | None) -> EncodingCost | None:
    """Reads what is new as a dry run does, to tell what a server is to encode before any of it is sent."""
    with open_dry_run(opening) as counting, models.parsers(opening.settings) as pool:
        recorded = counting.sources()
        run = IngestRun(counting, scanned, Report(dry_run=True), False, RunProgress(None, time.monotonic()), models)
        run.sync(pool, classify(scanned.files, recorded, models.compared), models.load_options(pdf_password))
        return counting.cost
