"""Loads the encoder or the reranker that is named, whatever kind it is."""

from __future__ import annotations

from passagework.retrieval.config import DEFAULT_ENCODER, Settings
from passagework.retrieval.models.bi_encoder import bi_encoder
from passagework.retrieval.models.cross_encoder import CrossEncoderReranker
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.encoder_options import EncoderOptions
from passagework.retrieval.models.remote.address import is_remote
from passagework.retrieval.models.remote.remote_encoder import RemoteEncoder
from passagework.retrieval.models.remote.remote_reranker import RemoteReranker
from passagework.retrieval.models.reranker import Reranker
from passagework.retrieval.models.weights import resolve_model


def load_encoder(model: str | None, options: EncoderOptions, settings: Settings) -> Encoder:
    """Returns the encoder of a folder, a hub name or an address, or the default one, ready to encode.

    Raises ModelUnavailableError where weights are missing or refused, ConfigError for options that it can't have.
    """
    name = model or settings.encoder or DEFAULT_ENCODER
    if is_remote(name):
        return RemoteEncoder.load(name, options, settings)
    return bi_encoder(resolve_model(name, settings), options, settings)


def load_reranker(model: str, settings: Settings) -> Reranker:
    """Returns the reranker of a folder, a hub name or an address, ready to score; raises as `load_encoder` does."""
    if is_remote(model):
        return RemoteReranker.load(model, settings)
    return CrossEncoderReranker.load(model, settings=settings)
