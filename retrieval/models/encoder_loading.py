"""Loads the encoder that is named, whatever kind it is."""

from __future__ import annotations

from passagework.retrieval.config import DEFAULT_ENCODER, Settings
from passagework.retrieval.models.bi_encoder import BiEncoder
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.encoder_options import EncoderOptions
from passagework.retrieval.models.weights import resolve_model


def load_encoder(model: str | None, options: EncoderOptions, settings: Settings) -> Encoder:
    """Returns the encoder of a folder or a hub name, or the default one, ready to encode.

    Raises ModelUnavailableError where weights are missing or refused, ConfigError for options that it can't have.
    """
    return BiEncoder.of(resolve_model(model or settings.encoder or DEFAULT_ENCODER, settings), options, settings)
