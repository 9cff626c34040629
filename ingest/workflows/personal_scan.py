"""Looks for personal data in files, without bringing them into a collection, and in what a collection holds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from passagework.ingest.document_limits import limit_document
from passagework.ingest.file_ingest import addressed
from passagework.ingest.loaders.base import OcrMode, RecordFailure
from passagework.ingest.model_choices import ModelChoices
from passagework.ingest.ocr_choice import OcrChoice
from passagework.ingest.personal_data.detector import Detector
from passagework.ingest.personal_data.scan_report import ScanReport
from passagework.ingest.recordings import settled_recordings
from passagework.ingest.report import Problem
from passagework.ingest.scan import FoundFile, absolute, scan
from passagework.ingest.speech_choice import SpeechChoice
from passagework.ingest.workers import Loaded, LoadRequest
from passagework.retrieval.config import Settings
from passagework.retrieval.errors import IngestError, NoTextError
from passagework.retrieval.store import Snapshot
from passagework.retrieval.store.conditions import Condition
from passagework.retrieval.types import Document


def scan_files(
    paths: str | Path | Sequence[str | Path],
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    no_ignore: bool = False,
    names: str | None = None,
    kinds: Sequence[str] = (),
    pdf_password: str | None = None,
    settings: Settings | None = None,
) -> ScanReport:
    """Returns the personal data in files and folders, which are read as an ingest reads them, and kept nowhere.

    `names` is a spaCy model that finds names of people, places and organisations: a folder, or an installed package.
    `kinds` limits what is looked for (see `PERSONAL_DATA_KINDS`). Raises ConfigError for an unknown kind and without
    the extra that it takes (`pii`, for names `privacy`), ModelUnavailableError without that model, IngestError where a
    path doesn't exist.
    """
    started = time.monotonic()
    settings = settings or Settings.from_environment()
    detector = Detector.of(names=names, kinds=kinds)
    report = ScanReport(names=detector.names is not None)
    models = ModelChoices(OcrChoice.of(OcrMode.AUTO), SpeechChoice.of(None, settings))
    roots = [absolute(Path(path)) for path in ([paths] if isinstance(paths, str | Path) else paths)]
    found = scan(roots, include=include, exclude=exclude, supported=models.supported, no_ignore=no_ignore)
    scanned = settled_recordings(found, models.speech, no_ignore=no_ignore)
    models = models.with_files(file.path for file in scanned.files)
    report.failed += [Problem(unread.relative, unread.reason) for unread in scanned.failed]
    report.skipped += [Problem(unread.relative, unread.reason) for unread in scanned.skipped]
    requests = (LoadRequest(file.path, models.load_options(pdf_password)) for file in scanned.files)
    with models.parsers(settings) as pool:
        for file, loaded in zip(scanned.files, pool.load_all(requests), strict=True):
            _scan_file(file, loaded, detector, report)
    report.seconds = time.monotonic() - started
    return report


def scan_snapshot(snapshot: Snapshot, detector: Detector, condition: Condition | None) -> ScanReport:
    """Returns the personal data in the stored texts of documents, of those that fulfil a condition."""
    started = time.monotonic()
    report = ScanReport(names=detector.names is not None)
    for row in snapshot.documents(condition):
        text = snapshot.text(row.id, 0, row.length)
        report.take(row.path, row.uri if row.name is None else row.name, text, detector.find(text))
    report.seconds = time.monotonic() - started
    return report


def _scan_file(file: FoundFile, loaded: Loaded, detector: Detector, report: ScanReport) -> None:
    try:
        for item in loaded.items:
            if isinstance(item, RecordFailure):
                report.failed.append(Problem(file.relative, item.reason))
            elif isinstance(item, Document):
                document = addressed(limit_document(item), file)
                name = document.uri if document.name is None else document.name
                report.take(document.path, name, document.text, detector.find(document.text))
    except NoTextError as error:
        report.skipped.append(Problem(file.relative, str(error)))
    except IngestError as error:
        report.failed.append(Problem(file.relative, str(error)))
