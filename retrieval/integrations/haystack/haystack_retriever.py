"""A collection as Haystack asks it: a retriever component."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from haystack import Document, component, default_from_dict, default_to_dict

from passagework.retrieval.choices import choose
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.filters.compiler import Where
from passagework.retrieval.hits import Hit
from passagework.retrieval.integrations.haystack.haystack_filters import where_of
from passagework.retrieval.integrations.passage_metadata import passage_id, passage_metadata
from passagework.retrieval.integrations.passage_search import PassageSearch, opened
from passagework.retrieval.types import Stage


@component
class PassageworkRetriever:
    """Finds the passages of a collection that answer a query, best first; a document's score is its relevance, 0 to 1.

    `collection` is the folder of a collection, opened when the pipeline warms up, or an open Collection, of which a
    dumped pipeline names the folder. `top_k` is the `k` of `Collection.search`, and the other options mean what they do
    there. The filters of a run only narrow `where`, whatever the pipeline does with filters.
    """

    __module__ = "passagework.integrations.haystack"  # what a dumped pipeline names, and programs import

    def __init__(
        self,
        collection: Collection | str | Path,
        *,
        top_k: int = 10,
        stage: Stage | str | None = None,
        where: Where | None = None,
        min_relevance: float | None = None,
        per_document: int | None = None,
    ) -> None:
        self.collection = collection
        self.top_k = top_k
        self.stage = None if stage is None else choose(Stage, stage, "stage").value
        self.where = where
        self.min_relevance = min_relevance
        self.per_document = per_document
        self._search: PassageSearch | None = None

    def warm_up(self) -> None:
        """Opens the collection; raises StoreError where there is none."""
        if self._search is None:
            self._search = PassageSearch(
                opened(self.collection), self.top_k, self.stage, self.where, self.min_relevance, self.per_document
            )

    def to_dict(self) -> dict[str, Any]:
        """Returns the component as a dumped pipeline holds it."""
        collection = self.collection.path if isinstance(self.collection, Collection) else self.collection
        dumped: dict[str, Any] = default_to_dict(
            self,
            collection=str(collection),
            top_k=self.top_k,
            stage=self.stage,
            where=None if self.where is None else dict(self.where),
            min_relevance=self.min_relevance,
            per_document=self.per_document,
        )
        return dumped

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> PassageworkRetriever:
        """Returns the component that a dumped pipeline holds."""
        loaded: PassageworkRetriever = default_from_dict(cls, data)
        return loaded

    @component.output_types(documents=list[Document])
    def run(
        self, query: str, filters: dict[str, Any] | None = None, top_k: int | None = None
    ) -> dict[str, list[Document]]:
        """Returns the documents found; raises FilterError for filters that make no sense, and as a search does."""
        self.warm_up()
        assert self._search is not None  # for mypy: warm_up opened it
        where = where_of(filters) if filters else None
        return {"documents": [document_of(hit) for hit in self._search.hits(query, k=top_k, where=where)]}

    @component.output_types(documents=list[Document])
    async def run_async(
        self, query: str, filters: dict[str, Any] | None = None, top_k: int | None = None
    ) -> dict[str, list[Document]]:
        """Returns the same, searched for in a thread of its own."""
        return await asyncio.to_thread(self.run, query, filters, top_k)


def document_of(hit: Hit) -> Document:
    """Returns a hit as a document: its id names the passage in the collection.

    The score of the last stage is left out: a flattened document has one `score`, which is its relevance.
    """
    meta = {name: value for name, value in passage_metadata(hit).items() if name != "score"}
    return Document(id=passage_id(hit), content=hit.text, meta=meta, score=hit.relevance)
