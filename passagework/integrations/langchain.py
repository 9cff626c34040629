"""passagework in LangChain, see docs/integrations.md; without langchain-core, importing it raises ConfigError."""

from passagework.retrieval.extras import require

require("langchain")

from passagework.retrieval.integrations.langchain.langchain_embeddings import PassageworkEmbeddings  # noqa: E402
from passagework.retrieval.integrations.langchain.langchain_rerank import PassageworkRerank  # noqa: E402
from passagework.retrieval.integrations.langchain.langchain_retriever import PassageworkRetriever  # noqa: E402

__all__ = ["PassageworkEmbeddings", "PassageworkRerank", "PassageworkRetriever"]
