"""A reranker as Haystack asks it: a ranker component."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

from haystack import Document, component, default_from_dict, default_to_dict

from passagework.retrieval.integrations.haystack.dumped_models import dumped_name
from passagework.retrieval.integrations.named_models import loaded_reranker
from passagework.retrieval.integrations.text_ranking import ranked_texts, text_with_context
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.reranker import Reranker


@component
class PassageworkRanker:
    """Puts the documents that any retriever found in order, best first, and keeps the first `top_k` (default: all).

    `reranker` is a folder, a hub name or an object (default: late interaction of `encoder`, which is named in the same
    ways, and by default the default encoder), loaded when the pipeline warms up. Each document is read to its end,
    below the title and headings in its meta, and its score becomes the reranker's, 0 to 1.
    """

    __module__ = "passagework.integrations.haystack"  # what a dumped pipeline names, and programs import

    def __init__(
        self,
        *,
        reranker: Reranker | str | Path | None = None,
        encoder: Encoder | str | Path | None = None,
        top_k: int | None = None,
    ) -> None:
        self.reranker = reranker
        self.encoder = encoder
        self.top_k = top_k
        self._loaded: Reranker | None = None

    def warm_up(self) -> None:
        """Loads the reranker; raises ModelUnavailableError where weights are missing or refused."""
        if self._loaded is None:
            self._loaded = loaded_reranker(self.reranker, self.encoder)

    def to_dict(self) -> dict[str, Any]:
        """Returns the component as a dumped pipeline holds it; raises ConfigError for models given as objects."""
        names = {"reranker": dumped_name(self.reranker), "encoder": dumped_name(self.encoder)}
        dumped: dict[str, Any] = default_to_dict(self, **names, top_k=self.top_k)
        return dumped

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> PassageworkRanker:
        """Returns the component that a dumped pipeline holds."""
        loaded: PassageworkRanker = default_from_dict(cls, data)
        return loaded

    @component.output_types(documents=list[Document])
    def run(self, query: str, documents: list[Document], top_k: int | None = None) -> dict[str, list[Document]]:
        """Returns copies of the documents, best first."""
        self.warm_up()
        assert self._loaded is not None  # for mypy: warm_up loaded it
        texts = [text_with_context(document.content or "", document.meta) for document in documents]
        ranking = ranked_texts(self._loaded, query, texts, most=self.top_k if top_k is None else top_k)
        return {"documents": [replace(documents[ranked.position], score=ranked.score) for ranked in ranking]}

    @component.output_types(documents=list[Document])
    async def run_async(
        self, query: str, documents: list[Document], top_k: int | None = None
    ) -> dict[str, list[Document]]:
        """Returns the same, made in a thread of its own."""
        return await asyncio.to_thread(self.run, query, documents, top_k)
