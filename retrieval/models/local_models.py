"""Tells which of the known models lie on this machine, without loading or fetching any."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from passagework.retrieval.config import DEFAULT_ENCODER, Settings, hub_cache
from passagework.retrieval.models.facts import ModelFacts
from passagework.retrieval.models.known_models import KNOWN_MODELS
from passagework.retrieval.models.weights import bundled_folder
from passagework.retrieval.types import Json


@dataclass(frozen=True, slots=True)
class KnownModel:
    """Names a model that people use, what is known of it, and the folder of its weights here; None: not here.

    `default` marks the encoder and the reranker that are used where none is named, as the settings have it.
    """

    facts: ModelFacts
    folder: str | None
    default: bool

    def to_json(self) -> dict[str, Json]:
        """Returns what the JSON of `passagework models` has of it."""
        return {**self.facts.to_json(), "folder": self.folder, "default": self.default}


def known_models(settings: Settings | None = None) -> list[KnownModel]:
    """Returns the models of the table, encoders first, with where they lie; nothing is loaded, and nobody is asked."""
    settings = settings or Settings.from_environment()
    defaults = {settings.encoder or DEFAULT_ENCODER, settings.reranker}
    return [KnownModel(facts, _folder(facts.name, settings), facts.name in defaults) for facts in KNOWN_MODELS]


def _folder(name: str, settings: Settings) -> str | None:
    """Returns the newest snapshot in the hub's cache that has safetensors weights, or the bundled copy."""
    cached = (settings.cache or hub_cache()) / f"models--{name.replace('/', '--')}" / "snapshots"
    try:
        snapshots = sorted(cached.iterdir(), key=_changed, reverse=True)
    except OSError:
        snapshots = []
    found = next((folder for folder in snapshots if any(folder.rglob("*.safetensors"))), None)
    if found is None and name == DEFAULT_ENCODER:
        found = bundled_folder()
    return None if found is None else str(found)


def _changed(folder: Path) -> float:
    return folder.stat().st_mtime
