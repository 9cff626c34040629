"""Encoders and rerankers behind an address: OpenAI's embeddings, and the rerank call that Jina and Cohere share."""
