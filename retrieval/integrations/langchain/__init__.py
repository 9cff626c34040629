"""LangChain: a retriever over a collection, embeddings, and a reranker of documents."""
