"""passagework in Haystack, see docs/integrations.md; without haystack-ai, importing it raises ConfigError."""

from passagework.retrieval.extras import require

require("haystack")

from passagework.retrieval.integrations.haystack.haystack_embedders import (  # noqa: E402
    PassageworkDocumentEmbedder,
    PassageworkTextEmbedder,
)
from passagework.retrieval.integrations.haystack.haystack_ranker import PassageworkRanker  # noqa: E402
from passagework.retrieval.integrations.haystack.haystack_retriever import PassageworkRetriever  # noqa: E402

__all__ = ["PassageworkDocumentEmbedder", "PassageworkRanker", "PassageworkRetriever", "PassageworkTextEmbedder"]
