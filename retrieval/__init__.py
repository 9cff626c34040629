"""Find the passages that answer a query: `from retrieval import Collection`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retrieval.errors import (
    ConfigError,
    EvaluationError,
    FilterError,
    IndexMismatchError,
    IngestError,
    ModelUnavailableError,
    PassageworkError,
    StoreError,
)

if TYPE_CHECKING:
    from retrieval.collection import Collection
    from retrieval.encoder import BiEncoder
    from retrieval.reranker import CrossEncoderReranker
    from retrieval.types import Citation, Context, Fusion, Hit, Hits, Passage, Stage

_HOMES = {
    "BiEncoder": "retrieval.encoder",
    "Citation": "retrieval.types",
    "Collection": "retrieval.collection",
    "Context": "retrieval.types",
    "CrossEncoderReranker": "retrieval.reranker",
    "Fusion": "retrieval.types",
    "Hit": "retrieval.types",
    "Hits": "retrieval.types",
    "Passage": "retrieval.types",
    "Stage": "retrieval.types",
}

__all__ = [
    "BiEncoder",
    "Citation",
    "Collection",
    "ConfigError",
    "Context",
    "CrossEncoderReranker",
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
]


def __getattr__(name: str) -> Any:
    """The public names, loaded when first asked for: importing this package loads neither torch nor faiss."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
