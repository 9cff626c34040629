"""A reranker as LlamaIndex asks it: a postprocessor of nodes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from llama_index.core.bridge.pydantic import PrivateAttr, field_serializer
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import MetadataMode, NodeWithScore, QueryBundle

from passagework.retrieval.errors import ConfigError
from passagework.retrieval.integrations.named_models import loaded_reranker
from passagework.retrieval.integrations.text_ranking import ranked_texts, text_with_context
from passagework.retrieval.models.reranker import Reranker


class PassageworkRerank(BaseNodePostprocessor):
    """Puts the nodes that any retriever found in order, best first, and keeps the first `top_n` (default: all).

    `reranker` is an object, a folder or a hub name (default: late interaction of `encoder`, which is named in the same
    ways, and by default the default encoder). Each node is read to its end, below the title and headings in its
    metadata, and its score becomes the reranker's, 0 to 1. A dump has the models' folders or names, and loads these.
    Raises ModelUnavailableError where weights are missing, ConfigError where there is no query.
    """

    reranker: Any = None
    encoder: Any = None
    top_n: int | None = None
    _loaded: Reranker = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        """Loads the reranker that the fields name."""
        super().model_post_init(context)
        self._loaded = loaded_reranker(self.reranker, self.encoder)

    @field_serializer("reranker", "encoder")
    def _name_of(self, model: Any) -> str | None:
        if model is None or isinstance(model, str | Path):
            return None if model is None else str(model)
        return str(model.fingerprint.model if hasattr(model, "fingerprint") else model.name)

    @classmethod
    def class_name(cls) -> str:
        """Returns the name under which LlamaIndex serialises it."""
        return "PassageworkRerank"

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        if query_bundle is None:
            raise ConfigError("nodes are reranked for a query: give query_bundle or query_str")
        texts = [text_with_context(node.node.get_content(MetadataMode.NONE), node.node.metadata) for node in nodes]
        return [
            NodeWithScore(node=nodes[ranked.position].node, score=ranked.score)
            for ranked in ranked_texts(self._loaded, query_bundle.query_str, texts, most=self.top_n)
        ]
