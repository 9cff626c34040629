"""passagework in LlamaIndex, see docs/integrations.md; without llama-index-core, importing it raises ConfigError."""

from passagework.retrieval.extras import require

require("llamaindex")

from passagework.retrieval.integrations.llamaindex.llamaindex_embedding import PassageworkEmbedding  # noqa: E402
from passagework.retrieval.integrations.llamaindex.llamaindex_rerank import PassageworkRerank  # noqa: E402
from passagework.retrieval.integrations.llamaindex.llamaindex_retriever import PassageworkRetriever  # noqa: E402

__all__ = ["PassageworkEmbedding", "PassageworkRerank", "PassageworkRetriever"]
