"""The table of models that people name; what each card says (`ModelFacts.source`), and nothing that it doesn't."""

from __future__ import annotations

from passagework.retrieval.models.facts import ModelFacts, ModelKind, Prompts

APACHE, MIT, NON_COMMERCIAL = "Apache-2.0", "MIT", "CC-BY-NC-4.0"

_E5 = Prompts("query: ", "passage: ")
_NOMIC = Prompts("search_query: ", "search_document: ")
_INSTRUCT = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"
_REPRESENT = Prompts("Represent this sentence for searching relevant passages: ", "")
_NONE = Prompts("", "")


def _e5(name: str, parameters: float, dimension: int, languages: str) -> ModelFacts:
    return ModelFacts(
        name=f"intfloat/{name}",
        parameters=parameters,
        dimension=dimension,
        window=512,
        languages=languages,
        licence=MIT,
        prompts=_E5,
    )


def _represent(name: str, parameters: float, dimension: int, licence: str, sizes: tuple[int, ...] = ()) -> ModelFacts:
    """Returns an English BERT whose queries begin with the sentence that BGE introduced."""
    return ModelFacts(
        name=name,
        parameters=parameters,
        dimension=dimension,
        window=512,
        languages="en",
        licence=licence,
        matryoshka=sizes,
        prompts=_REPRESENT,
    )


def _plain(
    name: str, parameters: float, dimension: int, window: int, languages: str, licence: str | None = APACHE
) -> ModelFacts:
    """Returns an encoder without prompts."""
    return ModelFacts(
        name=name,
        parameters=parameters,
        dimension=dimension,
        window=window,
        languages=languages,
        licence=licence,
        prompts=_NONE,
    )


def _static(name: str, parameters: float, dimension: int, languages: str = "en") -> ModelFacts:
    """Returns a model of word vectors: no window, and no vectors of tokens in their sentence."""
    return ModelFacts(
        name=f"minishlab/{name}",
        parameters=parameters,
        dimension=dimension,
        window=None,
        languages=languages,
        licence=MIT,
        token_vectors=False,
        prompts=_NONE,
    )


def _qwen(size: str, parameters: float, dimension: int) -> ModelFacts:
    return ModelFacts(
        name=f"Qwen/Qwen3-Embedding-{size}",
        parameters=parameters,
        dimension=dimension,
        window=32768,
        any_from=32,
        languages="100+",
        licence=APACHE,
        prompts=Prompts(_INSTRUCT, ""),
    )


def _reranker(
    name: str, parameters: float, window: int, languages: str, licence: str = APACHE, *, remote_code: bool = False
) -> ModelFacts:
    return ModelFacts(
        name=name,
        kind=ModelKind.RERANKER,
        parameters=parameters,
        window=window,
        languages=languages,
        licence=licence,
        remote_code=remote_code,
    )


ENCODERS = (
    ModelFacts(
        name="sentence-transformers/all-MiniLM-L6-v2",
        parameters=22.7,
        dimension=384,
        window=256,
        languages="en",
        licence=APACHE,
        token_vectors=True,  # docs/second-stage.md measures them
        prompts=_NONE,
    ),
    _plain("sentence-transformers/all-MiniLM-L12-v2", 33.4, 384, 128, "en"),
    _plain("sentence-transformers/all-mpnet-base-v2", 109, 768, 384, "en"),
    _plain("sentence-transformers/multi-qa-MiniLM-L6-cos-v1", 22.7, 384, 512, "en", None),
    _plain("sentence-transformers/multi-qa-mpnet-base-cos-v1", 109, 768, 512, "en", None),
    _plain("sentence-transformers/multi-qa-mpnet-base-dot-v1", 109, 768, 512, "en", None),
    _plain("sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2", 118, 384, 128, "50+"),
    _plain("sentence-transformers/paraphrase-multilingual-mpnet-base-v2", 278, 768, 128, "50+"),
    _plain("sentence-transformers/LaBSE", 471, 768, 256, "109"),
    _e5("e5-small-v2", 33.4, 384, "en"),
    _e5("e5-base-v2", 109, 768, "en"),
    _e5("e5-large-v2", 335, 1024, "en"),
    _e5("multilingual-e5-small", 118, 384, "100"),
    _e5("multilingual-e5-base", 278, 768, "100"),
    _e5("multilingual-e5-large", 560, 1024, "100"),
    ModelFacts(
        name="intfloat/multilingual-e5-large-instruct",
        parameters=560,
        dimension=1024,
        window=512,
        languages="100",
        licence=MIT,
        prompts=Prompts(f"{_INSTRUCT} ", ""),
    ),
    _represent("BAAI/bge-small-en-v1.5", 33.4, 384, MIT),
    _represent("BAAI/bge-base-en-v1.5", 109, 768, MIT),
    _represent("BAAI/bge-large-en-v1.5", 335, 1024, MIT),
    _plain("BAAI/bge-m3", 568, 1024, 8192, "100+", MIT),
    _plain("thenlper/gte-small", 33.4, 384, 512, "en", MIT),
    _plain("thenlper/gte-base", 109, 768, 512, "en", MIT),
    _plain("thenlper/gte-large", 335, 1024, 512, "en", MIT),
    _plain("Alibaba-NLP/gte-modernbert-base", 149, 768, 8192, "en"),
    ModelFacts(
        name="nomic-ai/modernbert-embed-base",
        parameters=149,
        dimension=768,
        window=8192,
        matryoshka=(256, 768),
        languages="en",
        licence=APACHE,
        prompts=_NOMIC,
    ),
    ModelFacts(
        name="nomic-ai/nomic-embed-text-v1.5",
        parameters=137,
        dimension=768,
        window=8192,
        matryoshka=(64, 128, 256, 512, 768),
        languages="en",
        licence=APACHE,
        remote_code=True,
        prompts=_NOMIC,
    ),
    ModelFacts(
        name="nomic-ai/nomic-embed-text-v2-moe",
        parameters=475,
        dimension=768,
        window=512,
        matryoshka=(256, 768),
        languages="100",
        licence=APACHE,
        remote_code=True,
        prompts=_NOMIC,
    ),
    ModelFacts(
        name="jinaai/jina-embeddings-v3",
        parameters=572,
        dimension=1024,
        window=8192,
        matryoshka=(32, 64, 128, 256, 512, 768, 1024),
        prompts=Prompts(
            "Represent the query for retrieving evidence documents: ", "Represent the document for retrieval: "
        ),
        languages="89",
        licence=NON_COMMERCIAL,
        remote_code=True,
    ),
    ModelFacts(
        name="jinaai/jina-embeddings-v2-base-en",
        parameters=137,
        dimension=768,
        window=8192,
        languages="en",
        licence=APACHE,
        remote_code=True,
        prompts=_NONE,
    ),
    _represent("Snowflake/snowflake-arctic-embed-m-v1.5", 109, 768, APACHE, (256, 768)),
    ModelFacts(
        name="Snowflake/snowflake-arctic-embed-m-v2.0",
        parameters=305,
        dimension=768,
        window=8192,
        matryoshka=(256, 768),
        prompts=Prompts("query: ", ""),
        languages="74",
        licence=APACHE,
        remote_code=True,
    ),
    ModelFacts(
        name="Snowflake/snowflake-arctic-embed-l-v2.0",
        parameters=568,
        dimension=1024,
        window=8192,
        matryoshka=(256, 1024),
        prompts=Prompts("query: ", ""),
        languages="74",
        licence=APACHE,
    ),
    _represent("mixedbread-ai/mxbai-embed-large-v1", 335, 1024, APACHE, (512, 1024)),
    ModelFacts(
        name="google/embeddinggemma-300m",
        parameters=308,
        dimension=768,
        window=2048,
        matryoshka=(128, 256, 512, 768),
        prompts=Prompts("task: search result | query: ", "title: none | text: "),
        languages="100+",
        licence="Gemma",
    ),
    _qwen("0.6B", 596, 1024),
    _qwen("4B", 4020, 2560),
    _qwen("8B", 7570, 4096),
    _static("potion-base-8M", 7.6, 256),
    _static("potion-base-32M", 32.3, 512),
    _static("potion-retrieval-32M", 32.3, 512),
    _static("potion-multilingual-128M", 128, 256, "101"),
)

RERANKERS = (
    _reranker("cross-encoder/ms-marco-MiniLM-L6-v2", 22.7, 512, "en"),
    _reranker("cross-encoder/ms-marco-MiniLM-L12-v2", 33.4, 512, "en"),
    _reranker("mixedbread-ai/mxbai-rerank-base-v1", 184, 512, "en"),
    _reranker("mixedbread-ai/mxbai-rerank-large-v1", 435, 512, "en"),
    _reranker("mixedbread-ai/mxbai-rerank-base-v2", 494, 8192, "100+"),
    _reranker("mixedbread-ai/mxbai-rerank-large-v2", 1544, 8192, "100+"),
    _reranker("BAAI/bge-reranker-base", 278, 512, "en, zh", MIT),
    _reranker("BAAI/bge-reranker-large", 560, 512, "en, zh", MIT),
    _reranker("BAAI/bge-reranker-v2-m3", 568, 8192, "100+"),
    _reranker("Alibaba-NLP/gte-reranker-modernbert-base", 149, 8192, "en"),
    _reranker("jinaai/jina-reranker-v1-turbo-en", 37.8, 8192, "en", remote_code=True),
    _reranker("jinaai/jina-reranker-v2-base-multilingual", 278, 1024, "100+", NON_COMMERCIAL, remote_code=True),
)

KNOWN_MODELS = (*ENCODERS, *RERANKERS)
