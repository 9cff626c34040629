"""Reranking by token vectors: the comparison, the vectors, how a collection keeps them, and their codes."""
