"""A collection as LangChain asks it: a retriever."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, field_validator

from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.filters.compiler import Where
from passagework.retrieval.integrations.passage_metadata import passage_id, passage_metadata
from passagework.retrieval.integrations.passage_search import PassageSearch, opened
from passagework.retrieval.types import Stage


class PassageworkRetriever(BaseRetriever):
    """Finds the passages of a collection that answer a query, best first.

    `collection` is an open Collection, or the folder of one, which is then opened; the other fields mean what they do
    in `Collection.search`. `invoke` and `ainvoke` take `k` and `where` too: that filter only narrows the field's.
    A document's `id` is the passage's name in the collection, its `metadata` what the search JSON says of it.
    Raises StoreError where there is no collection, and as `Collection.search` does.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    collection: Collection
    k: int = 10
    stage: Stage | None = None
    where: dict[str, Any] | None = None
    min_relevance: float | None = None
    per_document: int | None = None

    @field_validator("collection", mode="before")
    @classmethod
    def _opened(cls, collection: Collection | str | Path) -> Collection:
        return opened(collection)

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,
        k: int | None = None,
        where: Where | None = None,
    ) -> list[Document]:
        return self._documents(query, k, where)

    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun,
        k: int | None = None,
        where: Where | None = None,
    ) -> list[Document]:
        return await asyncio.to_thread(self._documents, query, k, where)

    def _documents(self, query: str, k: int | None, where: Where | None) -> list[Document]:
        search = PassageSearch(self.collection, self.k, self.stage, self.where, self.min_relevance, self.per_document)
        return [
            Document(id=passage_id(hit), page_content=hit.text, metadata=passage_metadata(hit))
            for hit in search.hits(query, k=k, where=where)
        ]
