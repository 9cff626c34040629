"""A collection as LlamaIndex asks it: a retriever."""

from __future__ import annotations

import asyncio
from pathlib import Path

from llama_index.core.callbacks import CallbackManager
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import (
    NodeRelationship,
    NodeWithScore,
    ObjectType,
    QueryBundle,
    RelatedNodeInfo,
    TextNode,
)
from llama_index.core.vector_stores import MetadataFilters

from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.filters.compiler import Where
from passagework.retrieval.hits import Hit
from passagework.retrieval.integrations.llamaindex.llamaindex_filters import where_of
from passagework.retrieval.integrations.passage_metadata import passage_id, passage_metadata
from passagework.retrieval.integrations.passage_search import PassageSearch, opened
from passagework.retrieval.types import Stage

FOR_LANGUAGE_MODELS = frozenset({"title", "path", "pages", "headings"})
"""What a language model reads of a node's metadata; the rest is for programs."""

FOR_ENCODERS = frozenset({"title", "headings"})
"""What an encoder reads of it, as when the collection was made."""


class PassageworkRetriever(BaseRetriever):
    """Finds the passages of a collection that answer a query, best first; a node's score is its relevance, 0 to 1.

    `collection` is an open Collection, or the folder of one, which is then opened. `filters` may be set anew between
    queries, and only narrow `where`; the other options mean what they do in `Collection.search`.
    Raises StoreError where there is no collection, FilterError for filters that make no sense, and as
    `Collection.search` does.
    """

    def __init__(
        self,
        collection: Collection | str | Path,
        *,
        k: int = 10,
        stage: Stage | str | None = None,
        where: Where | None = None,
        filters: MetadataFilters | None = None,
        min_relevance: float | None = None,
        per_document: int | None = None,
        callback_manager: CallbackManager | None = None,
    ) -> None:
        super().__init__(callback_manager=callback_manager)
        self.collection = opened(collection)
        self.filters = filters
        self._search = PassageSearch(self.collection, k, stage, where, min_relevance, per_document)

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        where = None if self.filters is None else where_of(self.filters)
        return [
            NodeWithScore(node=node_of(hit), score=hit.relevance)
            for hit in self._search.hits(query_bundle.query_str, where=where)
        ]

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await asyncio.to_thread(self._retrieve, query_bundle)


def node_of(hit: Hit) -> TextNode:
    """Returns a hit as a node: its id names the passage in the collection, its source is the document."""
    metadata = passage_metadata(hit)
    return TextNode(
        id_=passage_id(hit),
        text=hit.text,
        metadata=metadata,
        start_char_idx=hit.start,
        end_char_idx=hit.end,
        excluded_llm_metadata_keys=[key for key in metadata if key not in FOR_LANGUAGE_MODELS],
        excluded_embed_metadata_keys=[key for key in metadata if key not in FOR_ENCODERS],
        relationships={
            NodeRelationship.SOURCE: RelatedNodeInfo(
                node_id=hit.document,
                node_type=ObjectType.DOCUMENT,
                metadata={"title": hit.title, "path": hit.path},
            )
        },
    )
