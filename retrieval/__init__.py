"""Find the passages that answer a query: `from passagework import Collection`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from passagework.retrieval.errors import (
    ConfigError,
    EncodingError,
    EvaluationError,
    FilterError,
    IndexMismatchError,
    IngestError,
    ModelUnavailableError,
    PassageworkError,
    StoreError,
    TrainingError,
)

if TYPE_CHECKING:
    from passagework.retrieval.collection.collection import Collection
    from passagework.retrieval.hits import Citation, Context, Hit, Hits
    from passagework.retrieval.models.bi_encoder import BiEncoder
    from passagework.retrieval.models.cross_encoder import CrossEncoderReranker
    from passagework.retrieval.types import Fusion, Passage, Stage

if __name__ == "retrieval":  # in a checkout, by the folder's own name
    raise ImportError("`retrieval` is a part of passagework: write `from passagework import Collection`")

_MODULES = {
    "BiEncoder": "models.bi_encoder",
    "Citation": "hits",
    "Collection": "collection.collection",
    "Context": "hits",
    "CrossEncoderReranker": "models.cross_encoder",
    "Fusion": "types",
    "Hit": "hits",
    "Hits": "hits",
    "Passage": "types",
    "Stage": "types",
}

__all__ = [
    "BiEncoder",
    "Citation",
    "Collection",
    "ConfigError",
    "Context",
    "CrossEncoderReranker",
    "EncodingError",
    "EvaluationError",
    "FilterError",
    "Fusion",
    "Hit",
    "Hits",
    "IndexMismatchError",
    "IngestError",
    "ModelUnavailableError",
    "Passage",
    "PassageworkError",
    "Stage",
    "StoreError",
    "TrainingError",
]


def __getattr__(name: str) -> Any:
    """Loads a public name when it is first asked for: importing this package loads neither torch nor FAISS."""
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
