"""What is known of models that people name: prompts, windows, dimensions, licences.

The table is `known_models.py`. A fact stands there only where the model's card says it; None is not known. What a
model's own files say goes first.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

from passagework.retrieval.types import Json


class ModelKind(str, Enum):
    """Names what a model does, and can be trained for: to score pairs of query and passage, or to encode texts."""

    RERANKER = "reranker"
    ENCODER = "encoder"


@dataclass(frozen=True, slots=True)
class Prompts:
    """Holds what goes before every query, and before every passage; `""` is nothing."""

    query: str
    passage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """Says what is known of a model, `name` being its hub name; None is not known.

    `parameters` are millions; `window` is in tokens, None for a model of word vectors, which has none. `matryoshka` are
    the dimensions that its vectors were trained to be cut to, least first; with `any_from` any of so many or more will
    do. `languages` are codes of ISO 639-1, or how many there are. `remote_code` tells that it runs only with code of
    its own folder, which is refused here; `token_vectors` whether its tokens have vectors that late interaction can
    compare.
    """

    name: str
    kind: ModelKind = ModelKind.ENCODER
    parameters: float
    dimension: int | None = None
    window: int | None
    matryoshka: tuple[int, ...] = ()
    any_from: int | None = None
    prompts: Prompts | None = None
    languages: str
    licence: str | None
    remote_code: bool = False
    token_vectors: bool | None = None

    @property
    def source(self) -> str:
        """Returns the address of the model card that the facts are from."""
        return f"https://huggingface.co/{self.name}"

    def can_be_cut_to(self, dimensions: int) -> bool:
        """Tells whether its vectors were trained to be cut to so many dimensions, or have just so many."""
        enough = self.any_from is not None and dimensions >= self.any_from
        return enough or dimensions == self.dimension or dimensions in self.matryoshka

    def to_json(self) -> dict[str, Json]:
        """Returns what the JSON of `passagework models` has of it."""
        return {
            "name": self.name,
            "kind": self.kind.value,
            "parameters": self.parameters,
            "dimension": self.dimension,
            "window": self.window,
            "matryoshka": list(self.matryoshka),
            "any_from": self.any_from,
            "query_prompt": None if self.prompts is None else self.prompts.query,
            "passage_prompt": None if self.prompts is None else self.prompts.passage,
            "languages": self.languages,
            "licence": self.licence,
            "remote_code": self.remote_code,
            "token_vectors": self.token_vectors,
            "source": self.source,
        }


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
    from passagework.retrieval.models.known_models import KNOWN_MODELS

    return {key: facts for facts in KNOWN_MODELS for key in (facts.name, _short(facts.name))}
