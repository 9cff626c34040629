"""LlamaIndex: a retriever over a collection, filters, embeddings, and a reranker of nodes."""
