"""What a worker does with a unit: its files into a collection of their own, and that into Parquet files."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from passagework.ingest.distributed.job_folder import JobFolder, Unit
from passagework.ingest.ingest_run import IngestRun
from passagework.ingest.maintenance.exchange import export_collection
from passagework.ingest.model_choices import ModelChoices
from passagework.ingest.ocr_choice import OcrChoice
from passagework.ingest.personal_data.treatment import Treatment
from passagework.ingest.report import Problem, Report
from passagework.ingest.run_progress import RunProgress
from passagework.ingest.scan import FoundFile, Scan
from passagework.ingest.sources.source import LocalCopies
from passagework.ingest.speech_choice import SpeechChoice
from passagework.ingest.sync import classify
from passagework.ingest.workers import ParserPool
from passagework.ingest.writing.chunk_settings import chunking_options
from passagework.ingest.writing.opening import OpenRequest, open_destination
from passagework.retrieval.config import Settings
from passagework.retrieval.errors import PassageworkError
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.encoder_loading import load_encoder
from passagework.retrieval.models.encoder_options import EncoderOptions
from passagework.retrieval.models.encoder_scale import ENCODER_SCALE
from passagework.retrieval.roots import FILE_SCHEME
from passagework.retrieval.store import Store
from passagework.retrieval.types import Json

ERROR = "error"
"""What an answer has instead where a worker can't go on: one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitOptions:
    """Says how every unit is to be ingested; see `ingest` for each."""

    encoder: str | None = None
    window: int | None = None
    dimensions: int | None = None
    query_prompt: str | None = None
    passage_prompt: str | None = None
    passage_tokens: int | None = None
    overlap: int | None = None
    whole: bool | None = None
    token_vectors: bool | None = None
    language: str | None = None
    pdf_password: str | None = field(default=None, repr=False)
    ocr: str = "auto"
    speech_model: str | None = None
    pii: str | None = None
    pii_kinds: Sequence[str] = ()
    names: str | None = None

    def models(self, settings: Settings) -> ModelChoices:
        """Returns the models that read pictures and recordings."""
        return ModelChoices(OcrChoice.of(self.ocr), SpeechChoice.of(self.speech_model, settings))

    def opening(self, collection: Path, encoder: Encoder | None, settings: Settings) -> OpenRequest:
        """Returns how a collection is to be made; raises ConfigError for what is not known."""
        options = EncoderOptions(self.window, self.dimensions, self.query_prompt, self.passage_prompt)
        cut_as = chunking_options(passage_tokens=self.passage_tokens, overlap=self.overlap, whole=self.whole)
        return OpenRequest(
            collection,
            encoder=encoder or self.encoder,
            options=options if encoder is None else EncoderOptions(),
            chunking=cut_as,
            settings=settings,
            token_vectors=self.token_vectors,
            pii=Treatment.chosen(self.pii, self.pii_kinds, self.names, None, collection),
        )

    def to_json(self) -> dict[str, Json]:
        """Returns what is on record of them: all that shapes a collection, and no password."""
        shaping = (name for name in self.__slots__ if name != "pdf_password")
        options: dict[str, Json] = {name: getattr(self, name) for name in shaping}
        return {**options, "pii_kinds": list(self.pii_kinds), "passagework": version("passagework")}


class UnitWorker:
    """Ingests one unit after another with an encoder and parsers of its own; what it can't do it answers in a line.

    `cpus` is how many processors it has to itself; `recordings` says that there are any among the files.
    """

    def __init__(self, work: Path, options: UnitOptions, settings: Settings, *, cpus: float, recordings: bool) -> None:
        self._job = JobFolder(work)
        self._options = options
        self._settings = replace(settings, workers=max(1, min(settings.workers, math.ceil(cpus))))
        self._recordings = recordings

    def ready(self) -> dict[str, Json]:
        """Loads the encoder; returns what must be the same of all workers."""
        try:
            return {
                "passagework": version("passagework"),
                "weights": self._encoder.fingerprint.weights,
                "ocr": self._models.ocr.effective.value,
            }
        except PassageworkError as error:
            return {ERROR: str(error)}

    def ingest(self, unit: Unit) -> dict[str, Json]:
        """Ingests a unit and records it; returns its manifest."""
        try:
            with tempfile.TemporaryDirectory(prefix="passagework-unit-") as folder, closing(LocalCopies()) as copies:
                manifest = self._ingest(unit.number, [_placed(file, copies) for file in unit.files], Path(folder) / "c")
            self._job.finish(unit.number, manifest)
        except (PassageworkError, OSError) as error:
            return {ERROR: str(error)}
        return manifest

    def _ingest(self, unit: int, files: Sequence[FoundFile], place: Path) -> dict[str, Json]:
        options, models, started, report = self._options, self._models, time.monotonic(), Report()
        with open_destination(options.opening(place, self._encoder, self._settings)) as destination:
            destination.settle_languages(options.language)
            scanned = Scan(tuple(files), (), (), ())
            run = IngestRun(destination, scanned, report, False, RunProgress(None, started), models)
            run.sync(self._pool, classify(files, (), models.compared), models.load_options(options.pdf_password))
            report.token_vectors = destination.counts.token_vectors
            report.notes.extend(Problem("encoder", note) for note in destination.counts.encoder_notes)
            scale = _scale(destination.store)
        report.seconds = time.monotonic() - started
        shard = self._job.new_shard(unit)
        exported = export_collection(place, shard, token_vectors=True)
        counts: dict[str, Json] = {"documents": exported.documents, "passages": exported.passages}
        return {"shard": shard.name, **counts, "meta": {ENCODER_SCALE: scale}, "report": report.to_json()}

    @cached_property
    def _encoder(self) -> Encoder:
        options = self._options.opening(Path(), None, self._settings).options
        return load_encoder(self._options.encoder, options, self._settings)

    @cached_property
    def _models(self) -> ModelChoices:
        return replace(self._options.models(self._settings), recordings=self._recordings)

    @cached_property
    def _pool(self) -> ParserPool:
        return self._models.parsers(self._settings)


def _scale(store: Store) -> Json:
    with store.read() as snapshot:
        return snapshot.meta(ENCODER_SCALE)


def _placed(file: FoundFile, copies: LocalCopies) -> FoundFile:
    """Returns a file with its place on this machine, where it is fetched from elsewhere."""
    return file if file.uri.startswith(FILE_SCHEME) else replace(file, path=copies.place(file.relative))
