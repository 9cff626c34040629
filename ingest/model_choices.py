"""Holds which models read pictures and recordings in one ingest, and what that means for each file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from passagework.ingest.loaders import is_recording, may_hold_pictures, supported
from passagework.ingest.loaders.base import LoadOptions
from passagework.ingest.ocr_choice import OcrChoice
from passagework.ingest.speech_choice import SpeechChoice, SpeechModel
from passagework.ingest.workers import ParserPool
from passagework.retrieval.config import Settings
from passagework.retrieval.store.rows import NO_MODEL


@dataclass(frozen=True, slots=True)
class ModelChoices:
    """Holds the choices; `recordings` says that there are any, for the model is looked for, and fetched, only then."""

    ocr: OcrChoice
    speech: SpeechChoice
    recordings: bool = False

    def supported(self, path: Path) -> bool:
        """Tells whether files with such a name can be read."""
        return supported(path, self.ocr.effective, speech=self.speech.installed)

    def with_files(self, paths: Iterable[Path]) -> ModelChoices:
        """Returns the choices where these files are to be read."""
        return replace(self, recordings=any(map(is_recording, paths)))

    def read_by(self, path: Path) -> str:
        """Returns what is put on record of a file: how it was read."""
        if is_recording(path):
            model = self.speech.model
            return NO_MODEL if model is None else model.digest
        return self.ocr.effective.value if may_hold_pictures(path) else NO_MODEL

    def compared(self, path: Path) -> str | None:
        """Returns how a file must have been read to be left alone; None where any way will do."""
        if is_recording(path):
            return self.speech.compared
        mode = self.ocr.compared if may_hold_pictures(path) else None
        return None if mode is None else mode.value

    @property
    def memory(self) -> int:
        """Returns the bytes that a parser may take for models, beside what a document needs."""
        return self.ocr.memory + (0 if self._model is None else self._model.memory)

    @property
    def files(self) -> list[Path]:
        """Returns the models' files, which a parser may read beside Python's own."""
        return [] if self._model is None else self._model.files

    def load_options(self, pdf_password: str | None) -> LoadOptions:
        """Returns what loaders are told."""
        folder, name = (None, "") if self._model is None else (str(self._model.folder), self._model.name)
        return LoadOptions(pdf_password=pdf_password, ocr=self.ocr.asked, speech_model=folder, speech_name=name)

    def parsers(self, settings: Settings) -> ParserPool:
        """Returns the processes that read the files, with memory and files for the models."""
        timeout, memory = settings.parse_timeout, settings.parse_memory
        more, readable = self.memory, self.files
        return ParserPool(settings.workers, timeout=timeout, memory_limit=memory, model_memory=more, readable=readable)

    @property
    def _model(self) -> SpeechModel | None:
        return self.speech.model if self.recordings else None
