"""Haystack: components over a collection, its encoder and its reranker."""
