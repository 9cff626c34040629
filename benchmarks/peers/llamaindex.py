"""LlamaIndex: its default vector store, its embedding class for local models, and BM25 beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from llama_index.core import Document, Settings, StorageContext, VectorStoreIndex, load_index_from_storage
from llama_index.core.llms import MockLLM
from llama_index.core.retrievers import BaseRetriever, QueryFusionRetriever
from llama_index.core.schema import TextNode
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from llama_index.retrievers.bm25 import BM25Retriever

from benchmarks.peers.program import DENSE, HYBRID, LEXICAL, read, run

UNREAD = {"excluded_embed_metadata_keys": ["id"], "excluded_llm_metadata_keys": ["id"]}
"""The id is kept, but is no part of the text."""


class LlamaIndex:
    """Documents through the default splitter, or ready-made nodes; hybrid by reciprocal ranks, no language model."""

    packages = (
        "llama-index-core",
        "llama-index-embeddings-huggingface",
        "llama-index-retrievers-bm25",
        "bm25s",
        "torch",
    )
    stages = (DENSE, LEXICAL, HYBRID)

    def __init__(self, folder: Path, model: Path) -> None:
        self.folder = folder
        self.model = model

    def load(self) -> None:
        """The embedding model; batches of 32 instead of its 10, which is slower."""
        self.embedding = HuggingFaceEmbedding(model_name=str(self.model), embed_batch_size=32)
        Settings.embed_model = self.embedding

    def encode(self, texts: Sequence[str]) -> object:
        """Vectors by the embedding model."""
        return self.embedding.get_text_embedding_batch(list(texts))

    def ingest(self, records: Path, *, cut: bool) -> int:
        """Both indexes, persisted."""
        texts = read(records)
        if cut:
            index = VectorStoreIndex(
                [TextNode(id_=one.id, text=one.whole, metadata={"id": one.id}, **UNREAD) for one in texts]
            )
        else:
            index = VectorStoreIndex.from_documents(
                [Document(text=one.whole, metadata={"id": one.id}, **UNREAD) for one in texts]
            )
        index.storage_context.persist(persist_dir=str(self.folder / "vectors"))
        nodes = list(index.docstore.docs.values())
        BM25Retriever.from_defaults(nodes=nodes).persist(str(self.folder / "words"))
        return len(nodes)

    def open(self) -> None:
        """Both indexes, and the model."""
        self.load()
        self.index = load_index_from_storage(StorageContext.from_defaults(persist_dir=str(self.folder / "vectors")))
        self.words = BM25Retriever.from_persist_dir(str(self.folder / "words"))
        self.retrievers: dict[tuple[str, int], BaseRetriever] = {}

    def search(self, stage: str, query: str, k: int) -> list[str]:
        """Nodes of a retriever that is made once for each depth."""
        self.words.similarity_top_k = min(k, len(self.index.docstore.docs))  # it refuses more than there are
        if (stage, k) not in self.retrievers:
            self.retrievers[stage, k] = self._retriever(stage, k)
        return [str(found.node.metadata["id"]) for found in self.retrievers[stage, k].retrieve(query)]

    def _retriever(self, stage: str, k: int) -> BaseRetriever:
        vectors = self.index.as_retriever(similarity_top_k=k)
        if stage == HYBRID:
            return QueryFusionRetriever(
                [vectors, self.words],
                llm=MockLLM(),  # asks for one; it isn't called for a single query
                similarity_top_k=k,
                num_queries=1,
                mode="reciprocal_rerank",
                use_async=False,
            )
        return vectors if stage == DENSE else self.words


if __name__ == "__main__":
    run(LlamaIndex)
