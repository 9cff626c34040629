"""A reranker as LangChain asks it: a compressor of documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.callbacks import Callbacks
from langchain_core.documents import BaseDocumentCompressor, Document
from pydantic import ConfigDict, PrivateAttr

from passagework.retrieval.integrations.named_models import loaded_reranker
from passagework.retrieval.integrations.text_ranking import ranked_texts, text_with_context
from passagework.retrieval.models.reranker import Reranker


class PassageworkRerank(BaseDocumentCompressor):
    """Puts the documents that any retriever found in order, best first, and keeps the first `top_n` (default: all).

    `reranker` is an object, a folder or a hub name (default: late interaction of `encoder`, which is named in the same
    ways, and by default the default encoder). Each document is read to its end, below the title and headings in its
    metadata, and gets a `rerank_score` from 0 to 1 there. Raises ModelUnavailableError where weights are missing.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    reranker: Any = None
    encoder: Any = None
    top_n: int | None = None
    _loaded: Reranker = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        """Loads the reranker that the fields name."""
        self._loaded = loaded_reranker(self.reranker, self.encoder)

    def compress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks = None
    ) -> list[Document]:
        """Returns copies of the documents, best first."""
        texts = [text_with_context(document.page_content, document.metadata) for document in documents]
        return [
            documents[ranked.position].model_copy(
                update={"metadata": {**documents[ranked.position].metadata, "rerank_score": ranked.score}}
            )
            for ranked in ranked_texts(self._loaded, query, texts, most=self.top_n)
        ]
