"""Settles which model writes down what is said: what was asked for, what is installed, and where its files are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from passagework.ingest.loaders.speech.speech_extra import can_transcribe
from passagework.retrieval.config import DEFAULT_SPEECH_MODEL, Settings
from passagework.retrieval.errors import ModelUnavailableError
from passagework.retrieval.extras import require
from passagework.retrieval.files import digest_file
from passagework.retrieval.models.weights import hub_answers, hub_snapshot, model_folder

WEIGHTS = "model.bin"
"""CTranslate2's own format: raw arrays behind their names, and nothing that runs."""
_FILES = ("config.json", WEIGHTS, "tokenizer.json")
_WANTED = (*_FILES, "preprocessor_config.json", "vocabulary.*")
_WAY_OUT = "`hf download {}` where there is a network, or give the folder of a model"
_MEMORY, _TIMES_WEIGHTS = 2 << 30, 3
"""Bytes of address space that listening takes beside the weights, which stand there in two precisions for a moment."""


@dataclass(frozen=True, slots=True)
class SpeechModel:
    """A folder with a Whisper model for CTranslate2. `digest` is the beginning of its weights' sha256."""

    name: str
    folder: Path
    digest: str

    @property
    def files(self) -> list[Path]:
        """Returns its files, where they really lie: in the hub's cache a folder holds links."""
        return sorted({self.folder, *(path.resolve() for path in self.folder.iterdir())})

    @property
    def memory(self) -> int:
        """Returns the bytes that a parser may take for it, beside what a document needs."""
        return _MEMORY + _TIMES_WEIGHTS * (self.folder / WEIGHTS).stat().st_size


@dataclass(frozen=True)
class SpeechChoice:
    """Holds which model was `asked` for, and whether the extra is `installed` that it takes."""

    asked: str | None
    settings: Settings
    installed: bool

    @classmethod
    def of(cls, speech_model: str | None, settings: Settings) -> SpeechChoice:
        """Returns the choice; raises ConfigError where a model is named by the call, and the extra is missing."""
        if speech_model is not None:
            require("audio")
        return cls(speech_model or settings.speech_model, settings, can_transcribe())

    @cached_property
    def model(self) -> SpeechModel | None:
        """The model, found when it is first wanted; None where none was asked for, and the default can't be had.

        Raises ModelUnavailableError for a model that was asked for and can't be had.
        """
        if not self.installed:
            return None
        try:
            return _found(self.asked or DEFAULT_SPEECH_MODEL, self.settings)
        except ModelUnavailableError:
            if self.asked is not None:
                raise
            return None

    @property
    def compared(self) -> str | None:
        """Returns what must have written recordings down for them to be left alone; None where any model will do."""
        return self.model.digest if self.asked is not None and self.model is not None else None


def _found(name: str, settings: Settings) -> SpeechModel:
    """Finds a model's folder: one that is given, the hub's cache, the hub. Raises ModelUnavailableError."""
    folder = model_folder(name)
    if folder is None and (name.startswith((".", "/", "~")) or name.count("/") != 1):
        raise ModelUnavailableError(f"no speech model at {name}: give a folder, or a hub name with one slash")
    shown = name if folder is None else folder.resolve().name
    folder = folder or _snapshot(name, settings)
    missing = [file for file in _FILES if not (folder / file).is_file()]
    if missing:
        raise ModelUnavailableError(f"{name} is no Whisper model for CTranslate2: it has no {missing[0]}")
    return SpeechModel(shown, folder.absolute(), digest_file(folder / WEIGHTS)[:16])


def _snapshot(name: str, settings: Settings) -> Path:
    cached = hub_snapshot(name, None, settings, local=True, patterns=_WANTED)
    if cached is not None and (cached / WEIGHTS).is_file():
        return cached
    why = "offline is set" if settings.offline else "the hub can't be reached"
    fetched = None
    if not settings.offline and hub_answers():
        fetched = hub_snapshot(name, None, settings, local=False, patterns=_WANTED)
    if fetched is None:
        raise ModelUnavailableError(f"{name} is not in the hub's cache, and {why}: {_WAY_OUT.format(name)}")
    return fetched
