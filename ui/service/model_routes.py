"""Models in OpenAI's shapes, and rerankers in Jina's and Cohere's: embeddings of texts, and scores of them."""

from __future__ import annotations

import base64
import uuid
from http import HTTPStatus
from typing import Any, Literal

import numpy as np
from fastapi import APIRouter, Response
from pydantic import Field

from passagework.retrieval.late_interaction.late_interaction import LateInteractionReranker
from passagework.retrieval.models.encoder import Encoder, gives_token_vectors
from passagework.retrieval.models.reranker import Reranker
from passagework.retrieval.types import Json, Vectors
from passagework.ui.service.json_requests import JsonRoute
from passagework.ui.service.problems import RefusedError, json_answer
from passagework.ui.service.request_bodies import RequestBody
from passagework.ui.service.serving_state import Asking

router = APIRouter(route_class=JsonRoute)

MOST_TEXTS = 2048
"""Texts of one request, as at OpenAI; so many documents of a rerank request, too."""


class EmbeddingsBody(RequestBody):
    """Holds the parameters of embeddings; `input_type` tells whether texts are encoded as passages or as queries."""

    input: Any
    model: str
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None
    user: str | None = None
    input_type: Literal["query", "passage"] = "passage"


class RerankBody(RequestBody):
    """Holds the parameters of a rerank; documents are texts, or objects with a `text`."""

    model: str | None = None
    query: str = Field(min_length=1)
    documents: list[str | dict[str, Any]] = Field(min_length=1, max_length=MOST_TEXTS)
    top_n: int | None = Field(None, ge=1)
    return_documents: bool = False
    max_tokens_per_doc: int | None = Field(None, ge=1)


@router.get("/v1/models")
async def models(caller: Asking) -> Response:
    """Lists the encoders of the collections."""
    encoders = await caller.run(caller.encoders)
    listed: list[Json] = [
        {"id": name, "object": "model", "created": 0, "owned_by": "passagework"} for name in sorted(encoders)
    ]
    return json_answer({"object": "list", "data": listed})


@router.post("/v1/embeddings")
async def embeddings(body: EmbeddingsBody, caller: Asking) -> Response:
    """Encodes texts; none is cut: one that the encoder can't read whole is refused."""
    texts = _texts_in(body.input)
    encoder = _encoder_named(body.model, await caller.run(caller.encoders))
    if body.dimensions not in (None, encoder.dim):
        detail = f"dimensions: {body.model} gives {encoder.dim}, not {body.dimensions}"
        raise RefusedError(HTTPStatus.BAD_REQUEST, detail, param="dimensions")
    vectors, tokens = await caller.run(lambda: _encoded(encoder, texts, as_queries=body.input_type == "query"))
    data: list[Json] = [
        {"object": "embedding", "index": index, "embedding": _written(row, body.encoding_format)}
        for index, row in enumerate(vectors)
    ]
    usage: dict[str, Json] = {"prompt_tokens": tokens, "total_tokens": tokens}
    return json_answer({"object": "list", "data": data, "model": body.model, "usage": usage})


@router.post("/v1/rerank")
@router.post("/v2/rerank", name="rerank_v2")
async def rerank(body: RerankBody, caller: Asking) -> Response:
    """Scores documents for a query, the best first, from 0 to 1; each is read to its end."""
    texts = [_text_of(document) for document in body.documents]
    encoders = await caller.run(caller.encoders)
    reranker = caller.reranker
    encoder = _encoder_named(body.model, encoders, also=None if reranker is None else reranker.name)
    scores = await caller.run(lambda: _scores(reranker, encoder, body, texts))
    best = sorted(range(len(texts)), key=lambda index: (-scores[index], index))[: body.top_n]
    results: list[Json] = [
        {
            "index": index,
            "relevance_score": scores[index],
            **({"document": {"text": texts[index]}} if body.return_documents else {}),
        }
        for index in best
    ]
    return json_answer({"id": str(uuid.uuid4()), "results": results})


def _texts_in(given: Any) -> list[str]:
    """Returns the texts of an input; raises RefusedError for token ids, which belong to another model's tokenizer."""
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or len(texts) > MOST_TEXTS:
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"input: give a text, or 1 to {MOST_TEXTS} texts", param="input")
    if any(isinstance(text, int | list) for text in texts):
        detail = "input: token ids are those of another model; send texts (langchain: check_embedding_ctx_length=False)"
        raise RefusedError(HTTPStatus.BAD_REQUEST, detail, param="input")
    if not all(isinstance(text, str) and text.strip() for text in texts):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "input: a text is empty, or none", param="input")
    return texts


def _encoded(encoder: Encoder, texts: list[str], *, as_queries: bool) -> tuple[Vectors, int]:
    """Returns the texts' vectors and how many tokens they have; raises RefusedError for one that is too long."""
    budget = encoder.query_budget if as_queries else encoder.passage_budget
    counts = [len(tokens) for tokens in encoder.tokenize(texts)]
    for number, count in enumerate(counts):
        if count > budget:
            detail = f"input: text {number} has {count} tokens, and the encoder reads {budget}"
            raise RefusedError(HTTPStatus.BAD_REQUEST, detail, param="input")
    return encoder.encode_queries(texts) if as_queries else encoder.encode_passages(texts), sum(counts)


def _written(row: Vectors, encoding_format: str) -> Json:
    """Returns a vector as numbers, or as base64 of little-endian float32."""
    if encoding_format == "base64":
        return base64.b64encode(row.astype("<f4").tobytes()).decode()
    return [float(number) for number in row]


def _encoder_named(name: str | None, encoders: dict[str, Encoder], also: str | None = None) -> Encoder:
    """Returns the encoder of a name, the first for None or for `also`; raises RefusedError (404) for another."""
    if encoders and name in (None, also):
        return next(iter(encoders.values()))
    if name not in encoders or name is None:
        known = ", ".join(sorted({*encoders, *([also] if also else [])}))
        raise RefusedError(HTTPStatus.NOT_FOUND, f"there is no model {name!r}; there are: {known}", param="model")
    return encoders[name]


def _text_of(document: str | dict[str, Any]) -> str:
    text = document if isinstance(document, str) else document.get("text")
    if not isinstance(text, str):
        detail = 'documents: give texts, or objects such as {"text": "..."}'
        raise RefusedError(HTTPStatus.BAD_REQUEST, detail, param="documents")
    return text


def _scores(reranker: Reranker | None, encoder: Encoder, body: RerankBody, texts: list[str]) -> list[float]:
    """Returns a score for each text from 0 to 1, by the reranker that was named, else by late interaction."""
    if reranker is None:
        if not gives_token_vectors(encoder):
            detail = f"{encoder.fingerprint.model} can't rerank: serve with --reranker"
            raise RefusedError(HTTPStatus.BAD_REQUEST, detail, param="model")
        reranker = LateInteractionReranker(encoder)
    if body.max_tokens_per_doc is not None:
        tokens = encoder.tokenize(texts)
        ends = [one.ends[: body.max_tokens_per_doc] for one in tokens]
        texts = [text[: int(end[-1])] if len(end) else text for text, end in zip(texts, ends, strict=True)]
    scores = reranker.rerank(body.query, texts).probabilities
    return [round(float(score), 6) for score in np.clip(scores, 0.0, 1.0)]
