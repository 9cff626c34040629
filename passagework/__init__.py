"""Semantic search over your own documents, and the retrieval half of RAG.

    from passagework import Collection, ingest

    ingest("docs/", collection="handbook")
    with Collection.open("handbook") as collection:
        hits = collection.search("who approves travel?")

docs/python.md describes every name, with an example. They are those of `passagework.retrieval`, which finds, and
`passagework.ingest`, which brings in. Beside them stands `passagework.ui`: the command line and the pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from passagework import ingest as _ingest, retrieval as _retrieval

if TYPE_CHECKING:
    from passagework.ingest import *
    from passagework.retrieval import *

if not TYPE_CHECKING:  # so that a type checker knows which names there are
    __all__ = sorted({*dir(_ingest), *dir(_retrieval)})

    def __getattr__(name: str) -> Any:
        """Loads a public name when it is first asked for: importing this package loads neither torch nor FAISS."""
        for package in (_ingest, _retrieval):
            if name in dir(package):
                return getattr(package, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return __all__
