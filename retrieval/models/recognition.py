"""Recognises known models: by hub name, by a folder's name or config, by the name that a server gives them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from passagework.retrieval.models.facts import ModelFacts
from passagework.retrieval.models.known_models import KNOWN_MODELS
from passagework.retrieval.types import Json


def facts_of(name: str, folder: Path | None = None) -> ModelFacts | None:
    """Returns what is known of the model of a hub name, or in a folder; None where it is not recognised.

    A folder is recognised by its name (`e5-base-v2`, `intfloat--e5-base-v2`, or that of a hub cache), else by the name
    in its own config.json; in either case its vectors must be as wide as those of the model.
    """
    known = _by_name()
    if name in known:
        return known[name]
    if folder is None:
        return known.get(_short(name))
    config = _config(folder)
    for candidate in (*_folder_names(folder.absolute()), str(config.get("_name_or_path") or "")):
        facts = known.get(candidate) or known.get(_short(candidate))
        if facts is not None and config.get("hidden_size", config.get("hidden_dim")) == facts.dimension:
            return facts
    return None


def facts_by_last_part(name: str) -> ModelFacts | None:
    """Returns what is known of a model that a server serves, by the last part of its name.

    `e5-base-v2:latest` and `my/e5-base-v2` are both intfloat/e5-base-v2.
    """
    return _by_name().get(_short(name.partition(":")[0]))


def _folder_names(folder: Path) -> Sequence[str]:
    """Returns what a folder may be called by: in a hub cache the model's name is two folders further up."""
    named = folder.parent.parent.name if folder.parent.name == "snapshots" else folder.name
    return [named.removeprefix("models--").replace("--", "/", 1)]


def _config(folder: Path) -> dict[str, Json]:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return config if isinstance(config, dict) else {}


def _short(name: str) -> str:
    return name.rsplit("/", 1)[-1].lower()


@cache
def _by_name() -> dict[str, ModelFacts]:
    """Returns the models by their hub names, and by the last parts of these in lower case."""
    return {key: facts for facts in KNOWN_MODELS for key in (facts.name, _short(facts.name))}
