"""What is known of models that people name: prompts, windows, dimensions, licences.

The table is `known_models.py`. A fact stands there only where the model's card says it; None is not known. What a
model's own files say goes first.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

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
